//! What is said of a package at the end.

use std::path::Path;

use super::finding::Finding;
use crate::domain::{Date, DepartmentCode, Digest, Month, SiteCode, Timestamp, TransferId};

/// With what a package was compared beside itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// A key of the log.
    pub log_key: bool,
    /// An earlier checkpoint.
    pub since: bool,
    /// Known signers.
    pub signers: bool,
    /// Witnesses that have to have cosigned the earlier checkpoint.
    pub witnesses: bool,
}

/// The judgement in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds against what the department kept.
    Holds,
    /// Everything fits together, but nothing was given to compare it with: whoever made it could have made all of it.
    OnlyItself,
    /// Something is wrong.
    Wrong,
}

/// What was seen in the package, as far as the judgement came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Payload files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Facts with a proof that holds.
    pub facts: u64,
    /// Cases on the round when it was sealed.
    pub cases: u64,
    /// The log's origin, the size of the checkpoint and its root in hexadecimal digits.
    pub checkpoint: Option<(String, u64, String)>,
    /// The round.
    pub transfer: Option<TransferId>,
    /// From where.
    pub site: Option<SiteCode>,
    /// To whom.
    pub department: Option<DepartmentCode>,
    /// Of which month.
    pub month: Option<Month>,
    /// The last day for it.
    pub due: Option<Date>,
    /// SHA-256 of the payload manifest as it is in the package.
    pub package: Option<Digest>,
    /// When the content was sealed.
    pub sealed: Option<Timestamp>,
    /// Slips of the round whose two signatures hold.
    pub signed_slips: u64,
    /// Slips of the round that the department signed, each with papers taken and papers that stayed.
    pub received: Vec<(String, u32, u32)>,
    /// Discrepancies that are open.
    pub open_discrepancies: u64,
    /// Witnesses named by the reader whose cosignature of the kept checkpoint holds.
    pub cosigned_by: Vec<String>,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The package's place.
    pub name: String,
    /// What was seen.
    pub seen: Seen,
    /// With what it was compared.
    pub compared: Compared,
    /// What is wrong, the first thing first.
    pub findings: Vec<Finding>,
    /// Findings beyond the limit.
    pub left_out: u64,
}

impl Report {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            seen: Seen::default(),
            compared: Compared::default(),
            findings: Vec::new(),
            left_out: 0,
        }
    }

    pub(super) fn end(&mut self, findings: Findings) {
        self.findings = findings.kept;
        self.left_out = findings.left_out;
    }

    /// The judgement in one word.
    pub fn verdict(&self) -> Verdict {
        if !self.findings.is_empty() || self.left_out > 0 {
            Verdict::Wrong
        } else if self.compared.log_key || self.compared.since {
            Verdict::Holds
        } else {
            Verdict::OnlyItself
        }
    }

    /// The judgement for a department officer, in Chinese.
    pub fn zh(&self) -> String {
        match self.verdict() {
            Verdict::Holds => {
                "核验通过：内容与封装时一致，每条事实都在大厅的日志中，签名成立".to_owned()
            }
            Verdict::OnlyItself => {
                "内部一致，但只与自身比对：没有给出日志密钥或保存的检查点，不能证明来自大厅；请用 --log-key 或 --since 再核验".to_owned()
            }
            Verdict::Wrong => format!("核验未通过，{} 处问题；请先处理第一处", self.count()),
        }
    }

    /// The judgement for a department officer, in English.
    pub fn en(&self) -> String {
        match self.verdict() {
            Verdict::Holds => {
                "it holds: the content is what was sealed, every fact is in the hall's log, the signatures are good".to_owned()
            }
            Verdict::OnlyItself => {
                "it fits together, but was compared only with itself: no key of the log and no kept checkpoint was given, so it is not shown to come from the hall; verify again with --log-key or --since".to_owned()
            }
            Verdict::Wrong => format!("it does not hold, {} findings; see to the first one first", self.count()),
        }
    }

    fn count(&self) -> u64 {
        self.findings.len() as u64 + self.left_out
    }
}

/// Collects findings up to a limit.
pub(super) struct Findings {
    kept: Vec<Finding>,
    left_out: u64,
    max: usize,
}

impl Findings {
    pub(super) fn new(max: usize) -> Self {
        Self {
            kept: Vec::new(),
            left_out: 0,
            max: max.max(1),
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.kept.len() >= self.max {
            self.left_out += 1;
        } else if !self.kept.contains(&finding) {
            self.kept.push(finding);
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        other.kept.into_iter().for_each(|one| self.add(one));
        self.left_out += other.left_out;
    }

    pub(super) fn count(&self) -> u64 {
        self.kept.len() as u64 + self.left_out
    }
}
