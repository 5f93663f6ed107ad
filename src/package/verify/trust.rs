//! What the department kept and believes. Where its files lie is the caller's to know.

use std::collections::{BTreeMap, HashSet};

use super::report::Compared;
use crate::domain::StaffId;
use crate::domain::staff::PublicKey;
use crate::merkle::{Checkpoint, VerifierKey, WitnessKey};

/// What a package is compared with.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Keys of the hall's log (C2SP verifier keys), any of those it ever had.
    pub keys: Vec<VerifierKey>,
    /// The signed note of a checkpoint that was kept from an earlier package or sheet.
    pub since: Option<String>,
    /// Public keys by person, as the department knows them itself; empty where it keeps no list.
    pub signers: BTreeMap<StaffId, HashSet<PublicKey>>,
    /// Witnesses that have to have cosigned the kept checkpoint.
    pub witnesses: Vec<WitnessKey>,
}

/// A file of trust that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFault {
    /// Not a verifier key.
    #[error(
        "第 {line} 行不是日志验证密钥（形如 名称+编号+密钥）；请检查 (line {line} is not a verifier key of a log, as name+id+key; check it)"
    )]
    Key {
        /// Which line.
        line: usize,
    },
    /// Nothing in it.
    #[error("没有任何密钥；请检查文件 (there is no key in it; check the file)")]
    Empty,
    /// Not a checkpoint.
    #[error(
        "不是日志检查点（{reason}）；请给出大厅发给您的检查点文件 (not a checkpoint ({reason}); name the file the hall gave you)"
    )]
    Since {
        /// Why.
        reason: String,
    },
    /// Not a witness's key.
    #[error(
        "第 {line} 行不是见证人的验证密钥（形如 名称+编号+密钥）；请检查 (line {line} is not a verifier key of a witness, as name+id+key; check it)"
    )]
    Witness {
        /// Which line.
        line: usize,
    },
    /// Not a line of signers.
    #[error(
        "第 {line} 行不是“人员编号 公钥（64 位十六进制）”；请改正 (line {line} is not a staff id, a blank and a public key of 64 hexadecimal digits; correct it)"
    )]
    Signer {
        /// Which line.
        line: usize,
    },
}

impl Trust {
    /// Takes keys from a text: one a line; empty lines and lines that begin with `#` do not count.
    pub fn with_keys(mut self, text: &str) -> Result<Self, TrustFault> {
        for (line, text) in lines(text) {
            let key = text.parse().map_err(|_| TrustFault::Key { line })?;
            self.keys.push(key);
        }
        match self.keys.is_empty() {
            true => Err(TrustFault::Empty),
            false => Ok(self),
        }
    }

    /// Takes the signed note of a kept checkpoint. One over no facts says nothing and is refused.
    pub fn with_since(mut self, note: &str) -> Result<Self, TrustFault> {
        let fault = |reason: String| TrustFault::Since { reason };
        let kept = Checkpoint::parse_unverified(note).map_err(|error| fault(error.to_string()))?;
        if kept.size == 0 {
            return Err(fault("0 条事实 no facts".to_owned()));
        }
        self.since = Some(note.to_owned());
        Ok(self)
    }

    /// Takes known signers from a text: a staff id, a blank and the public key in hexadecimal digits a line; somebody
    /// with several keys has several lines.
    pub fn with_signers(mut self, text: &str) -> Result<Self, TrustFault> {
        for (line, text) in lines(text) {
            let fault = || TrustFault::Signer { line };
            let (staff, key) = text.split_once([' ', '\t']).ok_or_else(fault)?;
            let staff = staff.parse().map_err(|_| fault())?;
            let key: PublicKey = key.trim().parse().map_err(|_| fault())?;
            self.signers.entry(staff).or_default().insert(key);
        }
        match self.signers.is_empty() {
            true => Err(TrustFault::Empty),
            false => Ok(self),
        }
    }

    /// Takes witnesses from a text: one key a line.
    pub fn with_witnesses(mut self, text: &str) -> Result<Self, TrustFault> {
        for (line, text) in lines(text) {
            let key = text.parse().map_err(|_| TrustFault::Witness { line })?;
            self.witnesses.push(key);
        }
        match self.witnesses.is_empty() {
            true => Err(TrustFault::Empty),
            false => Ok(self),
        }
    }

    pub(super) fn compared(&self) -> Compared {
        Compared {
            log_key: !self.keys.is_empty(),
            since: self.since.is_some(),
            signers: !self.signers.is_empty(),
            witnesses: !self.witnesses.is_empty(),
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}
