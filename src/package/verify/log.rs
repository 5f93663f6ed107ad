//! The log as the package shows it: its checkpoint, the keys its own facts name, and whether it still is the log that the
//! department saw before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::History;
use super::report::Seen;
use super::{Finding, Work};
use crate::domain::{Event, Subject};
use crate::merkle::{Checkpoint, Note, VerifierKey, verify_consistency};
use crate::package::evidence::{self, CHECKPOINT, CONSISTENCY, Earlier};

/// The package's checkpoint.
pub(super) struct Log {
    note: String,
    pub(super) checkpoint: Checkpoint,
}

/// Every key that the log's facts name, with the index of the fact that names it.
pub(super) struct Keys(Vec<(u64, VerifierKey)>);

impl Keys {
    /// The key that signs the log of `size` facts.
    fn at_size(&self, size: u64) -> Option<&VerifierKey> {
        let named = self.0.partition_point(|(index, _)| *index < size);
        Some(&self.0.get(named.checked_sub(1)?)?.1)
    }
}

impl Work<'_> {
    /// Reads the checkpoint; without one nothing can be proved.
    pub(super) fn checkpoint(&mut self, seen: &mut Seen) -> Option<Log> {
        let bytes = self.read(CHECKPOINT)?;
        let about = || CHECKPOINT.to_owned();
        let read = String::from_utf8(bytes).map_err(|_| "UTF-8".to_owned());
        let read = read.and_then(|note| {
            let checkpoint = Checkpoint::parse_unverified(&note);
            let checkpoint = checkpoint.map_err(|error| error.to_string())?;
            Ok(Log { note, checkpoint })
        });
        match read {
            Ok(log) => {
                let Checkpoint { origin, size, root } = &log.checkpoint;
                seen.checkpoint = Some((origin.clone(), *size, hex::encode(root.0)));
                Some(log)
            }
            Err(reason) => {
                let about = about();
                self.findings.add(Finding::CheckpointForm { about, reason });
                None
            }
        }
    }

    /// Follows the log's keys from its opening, and checks the checkpoint's signature and that the trusted key is one
    /// of them.
    pub(super) fn keys(&mut self, log: &Log, history: &History) -> Option<Keys> {
        let keys = match chain(&log.checkpoint.origin, history) {
            Ok(keys) => Keys(keys),
            Err((about, reason)) => {
                self.trusted_alone(log);
                self.findings.add(Finding::LogFacts { about, reason });
                return None;
            }
        };
        if let Some(key) = keys.at_size(log.checkpoint.size)
            && Checkpoint::verify(&log.note, std::slice::from_ref(key)).is_err()
        {
            self.unsigned(key);
        }
        let known = |key: &VerifierKey| keys.0.iter().any(|(_, named)| named == key);
        if !self.trust.keys.is_empty() && !self.trust.keys.iter().any(known) {
            let about = log.checkpoint.origin.clone();
            self.findings.add(Finding::LogKeyUnknown { about });
        }
        Some(keys)
    }

    /// Without a chain of keys the checkpoint can still be held against the trusted ones.
    fn trusted_alone(&mut self, log: &Log) {
        let trust = self.trust;
        if let Some(key) = trust.keys.first()
            && Checkpoint::verify(&log.note, &trust.keys).is_err()
        {
            self.unsigned(key);
        }
    }

    fn unsigned(&mut self, key: &VerifierKey) {
        let about = CHECKPOINT.to_owned();
        let key = key.to_string();
        self.findings
            .add(Finding::CheckpointUnsigned { about, key });
    }

    /// Checks every proof from an earlier checkpoint, and holds the package against the one that was kept.
    pub(super) fn since(&mut self, log: &Log, keys: Option<&Keys>, seen: &mut Seen) {
        let now = &log.checkpoint;
        let kept = self.kept(now, keys);
        self.witnessed(now, seen);
        let mut found = None;
        let mut wrong = Vec::new();
        let read = evidence::earlier(self.source, |earlier| {
            let Earlier { size, root, path } = &earlier;
            if verify_consistency(*size, now.size, root, &now.root, path).is_err() {
                wrong.push(*size);
            }
            if kept.as_ref().is_some_and(|kept| kept.size == *size) {
                found = Some(earlier);
            }
        });
        if let Err(fault) = read {
            self.findings.add(Finding::Bag(fault));
        }
        for size in wrong {
            let about = CONSISTENCY.to_owned();
            self.findings.add(Finding::ConsistencyWrong { about, size });
        }
        if let Some(kept) = kept {
            self.extends(&kept, now, found);
        }
    }

    /// Whether every witness that was named cosigned the kept checkpoint.
    fn witnessed(&mut self, now: &Checkpoint, seen: &mut Seen) {
        let trust = self.trust;
        let note = trust.since.as_deref().map(Note::parse);
        for witness in &trust.witnesses {
            let found = match &note {
                Some(Ok(note)) => witness.cosignature(note),
                _ => Ok(None),
            };
            let (about, key) = (now.origin.clone(), witness.to_string());
            match found {
                Ok(Some(_)) => seen.cosigned_by.push(witness.name().to_owned()),
                Ok(None) => self.findings.add(Finding::WitnessMissing { about, key }),
                Err(_) => self.findings.add(Finding::CosignatureWrong { about, key }),
            }
        }
    }

    /// The kept checkpoint, if it is of this log and signed by it.
    fn kept(&mut self, now: &Checkpoint, keys: Option<&Keys>) -> Option<Checkpoint> {
        let note = self.trust.since.as_ref()?;
        let kept = match Checkpoint::parse_unverified(note) {
            Ok(kept) => kept,
            Err(error) => {
                let (about, reason) = (String::new(), error.to_string());
                self.findings.add(Finding::SinceForm { about, reason });
                return None;
            }
        };
        if kept.origin != now.origin {
            let about = now.origin.clone();
            let kept = kept.origin;
            self.findings.add(Finding::SinceOtherLog { about, kept });
            return None;
        }
        // A package that is older may not know the key that signed since.
        let key = keys.filter(|_| kept.size <= now.size);
        if let Some(key) = key.and_then(|keys| keys.at_size(kept.size))
            && Checkpoint::verify(note, std::slice::from_ref(key)).is_err()
        {
            let about = kept.origin.clone();
            self.findings.add(Finding::SinceUnsigned { about });
        }
        Some(kept)
    }

    fn extends(&mut self, kept: &Checkpoint, now: &Checkpoint, found: Option<Earlier>) {
        let about = now.origin.clone();
        let size = kept.size;
        if size > now.size {
            let (kept, size) = (size, now.size);
            self.findings.add(Finding::Older { about, kept, size });
            return;
        }
        let path = match found {
            _ if size == now.size => Vec::new(),
            Some(earlier) => earlier.path,
            None => {
                let kept = size;
                self.findings.add(Finding::NoConsistency { about, kept });
                return;
            }
        };
        if verify_consistency(size, now.size, &kept.root, &now.root, &path).is_err() {
            let kept = size;
            self.findings.add(Finding::Forked { about, kept });
        }
    }
}

/// The log's keys, oldest first; fails with the fact that breaks the chain and why.
fn chain(origin: &str, history: &History) -> Result<Vec<(u64, VerifierKey)>, (String, String)> {
    let mut keys: Vec<(u64, VerifierKey)> = Vec::new();
    let facts = history.of(&Subject::Log);
    for fact in facts {
        let broken = |reason: &str| {
            let about = super::finding::fact(fact.index, Some(&Subject::Log));
            (about, reason.to_owned())
        };
        let named = match (&fact.entry.event, keys.last()) {
            (
                Event::LogOpened {
                    origin: opened,
                    key,
                },
                None,
            ) => {
                if fact.index != 0 || opened != origin {
                    return Err(broken("另一日志 of another log"));
                }
                key
            }
            (
                Event::KeyRotated {
                    old,
                    new,
                    signature,
                },
                Some((_, current)),
            ) => {
                let signature = STANDARD.decode(signature).unwrap_or_default();
                let held = current.verify(new.as_bytes(), &signature);
                if current.to_string() != *old || held.is_err() {
                    return Err(broken("旧密钥的签名不成立 the old key did not sign it"));
                }
                new
            }
            _ => return Err(broken("不是密钥的事实 not about its keys")),
        };
        let key: Option<VerifierKey> = named.parse().ok();
        let key = key.filter(|key| key.name() == origin);
        keys.push((fact.index, key.ok_or_else(|| broken("不是密钥 no key"))?));
    }
    match keys.is_empty() {
        true => Err((
            origin.to_owned(),
            "没有开立的事实 no fact of its opening".to_owned(),
        )),
        false => Ok(keys),
    }
}
