//! The facts of a package: each is proved against the checkpoint before it is believed, and each history is without
//! gaps. What is needed later is kept; of cases and scans only what they name.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::finding::fact;
use super::log::Log;
use super::report::Seen;
use super::{Finding, Work};
use crate::domain::custody::{Bundles, fold_bundle};
use crate::domain::staff::{StaffState, fold as fold_staff};
use crate::domain::{CaseNo, Digest, Entry, Event, StaffId, Subject};
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::package::evidence::{self, FACTS, Proven};

/// Facts between two questions whether to stop.
const STOP_EVERY: u64 = 1_024;

/// A proven fact.
pub(super) struct At {
    pub(super) index: u64,
    pub(super) entry: Entry,
}

/// A scan that was filed with a case.
pub(super) struct Filed {
    pub(super) scan: Digest,
    /// The index of the fact that filed it there.
    pub(super) from: u64,
    /// The index of the fact that it was another case's.
    pub(super) until: Option<u64>,
}

impl Filed {
    /// Whether it had not left the case in a log of this size.
    pub(super) fn stays(&self, log_size: u64) -> bool {
        self.until.is_none_or(|until| until >= log_size)
    }
}

/// What the proven facts say.
#[derive(Default)]
pub(super) struct History {
    /// Histories of everything but cases and scans.
    pub(super) kept: BTreeMap<Subject, Vec<At>>,
    /// The scans of each case, with the facts between which they were filed there.
    pub(super) scans: BTreeMap<CaseNo, Vec<Filed>>,
    /// Every digest that a fact of a case or a scan names.
    pub(super) named: HashSet<Digest>,
    /// Whether reading stopped before the end.
    pub(super) torn: bool,
    next: HashMap<Subject, u32>,
}

impl History {
    /// The facts about a subject, oldest first.
    pub(super) fn of(&self, subject: &Subject) -> &[At] {
        self.kept
            .get(subject)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The facts about a subject before the one with this index.
    pub(super) fn before(&self, subject: &Subject, index: u64) -> impl Iterator<Item = &Entry> {
        let facts = self.of(subject).iter();
        facts
            .take_while(move |at| at.index < index)
            .map(|at| &at.entry)
    }

    /// A person as of the fact with this index.
    pub(super) fn person(&self, staff: &StaffId, index: u64) -> Option<StaffState> {
        let subject = Subject::Staff(staff.clone());
        fold_staff(self.before(&subject, index).map(|entry| &entry.event))
    }

    /// Every bundle as of the fact with this index.
    pub(super) fn bundles(&self, index: u64) -> Bundles {
        let bundles = self.kept.keys().filter_map(|subject| match subject {
            Subject::Bundle(case) => {
                Some((case.clone(), fold_bundle(self.before(subject, index))?))
            }
            _ => None,
        });
        bundles.collect()
    }

    /// The bundles of these cases as of the fact with this index.
    pub(super) fn bundles_of<'c>(
        &self,
        cases: impl Iterator<Item = &'c CaseNo>,
        index: u64,
    ) -> Bundles {
        let bundles = cases.filter_map(|case| {
            let subject = Subject::Bundle(case.clone());
            let bundle = fold_bundle(self.before(&subject, index))?;
            Some((case.clone(), bundle))
        });
        bundles.collect()
    }

    /// Whether the history of a case's paper is there.
    pub(super) fn has_bundle(&self, case: &CaseNo) -> bool {
        self.kept.contains_key(&Subject::Bundle(case.clone()))
    }

    /// Takes a proven fact; says what is wrong with its place.
    fn take(&mut self, index: u64, leaf: &str, entry: Entry) -> Option<Finding> {
        let subject = &entry.subject;
        let about = || fact(index, Some(subject));
        let staff = matches!(subject, Subject::Staff(_));
        let ours = staff
            || matches!(
                subject,
                Subject::Log
                    | Subject::Transfer(_)
                    | Subject::Case(_)
                    | Subject::Bundle(_)
                    | Subject::Scan(_)
                    | Subject::Slip(_)
                    | Subject::Discrepancy(_)
                    | Subject::Loss(_)
            );
        if !ours {
            return Some(Finding::FactForeign { about: about() });
        }
        let next = self.next.entry(subject.clone()).or_default();
        let (expected, found) = (*next, entry.seq);
        *next = found.saturating_add(1);
        // Of people only what is about signing is there.
        let gap = if staff {
            found < expected
        } else {
            found != expected
        };
        let finding = gap.then(|| Finding::FactMissing {
            about: subject.to_string(),
            expected,
            found,
        });
        if let Subject::Scan(scan) = subject {
            self.file(*scan, index, &entry.event);
        }
        if matches!(subject, Subject::Case(_) | Subject::Scan(_)) {
            Digests::default().feed(leaf.as_bytes(), |digest| {
                self.named.insert(digest);
            });
        } else {
            let facts = self.kept.entry(subject.clone()).or_default();
            facts.push(At { index, entry });
        }
        finding
    }

    /// Notes under which case a scan is filed.
    fn file(&mut self, scan: Digest, index: u64, event: &Event) {
        let mut filed = |case: &CaseNo| {
            self.scans.entry(case.clone()).or_default().push(Filed {
                scan,
                from: index,
                until: None,
            });
        };
        match event {
            Event::ScanReceived {
                case: Some(case), ..
            }
            | Event::ScanFiled { case } => filed(case),
            Event::ScanRefiled { from, to, .. } => {
                filed(to);
                let left = self.scans.entry(from.clone()).or_default().iter_mut();
                for filed in left.filter(|filed| filed.scan == scan && filed.until.is_none()) {
                    filed.until = Some(index);
                }
            }
            _ => {}
        }
    }
}

impl Work<'_> {
    /// Reads and proves every fact.
    pub(super) fn facts(&mut self, log: &Log, seen: &mut Seen) -> History {
        let mut history = History::default();
        let (mut count, mut next) = (0_u64, 0_u64);
        let source = self.source;
        let read = evidence::proven(source, |Proven { index, leaf, path }| {
            count += 1;
            if count > self.limits.facts {
                let (about, limit) = (FACTS.to_owned(), self.limits.facts);
                self.findings.add(Finding::TooManyFacts { about, limit });
                return false;
            }
            if count % STOP_EVERY == 0 && (self.stop)() {
                return false;
            }
            let about = || fact(index, None);
            if index < next {
                self.findings.add(Finding::FactOrder { about: about() });
            }
            next = index.saturating_add(1);
            let Some(path) = path else {
                self.findings.add(Finding::ProofMissing { about: about() });
                return true;
            };
            let now = &log.checkpoint;
            let hash = leaf_hash(leaf.as_bytes());
            if verify_inclusion(index, now.size, &hash, &path, &now.root).is_err() {
                self.findings.add(Finding::FactUnproven { about: about() });
                return true;
            }
            match Entry::decode(leaf.as_bytes()) {
                Ok(entry) => {
                    seen.facts += 1;
                    let subject = entry.subject.clone();
                    if let Some(finding) = history.take(index, &leaf, entry) {
                        self.findings.add(finding);
                    }
                    let limit = self.limits.subject_facts;
                    if history.of(&subject).len() > limit {
                        let (about, limit) = (subject.to_string(), limit as u64);
                        self.findings.add(Finding::TooManyFacts { about, limit });
                        return false;
                    }
                }
                Err(error) => {
                    let (about, reason) = (about(), error.to_string());
                    self.findings.add(Finding::FactForm { about, reason });
                }
            }
            true
        });
        if let Err(fault) = read {
            self.findings.add(Finding::Bag(fault));
            history.torn = true;
        }
        history
    }
}

/// Finds digests in a text that passes piece by piece: runs of exactly 64 lowercase hexadecimal digits.
#[derive(Default)]
pub(super) struct Digests {
    run: Vec<u8>,
}

impl Digests {
    /// Takes the next piece; a run that reaches its end is kept for the next one.
    pub(super) fn feed(&mut self, piece: &[u8], mut each: impl FnMut(Digest)) {
        for byte in piece {
            if matches!(byte, b'0'..=b'9' | b'a'..=b'f') {
                // One more than counts is enough to know that a run is too long.
                if self.run.len() <= 64 {
                    self.run.push(*byte);
                }
                continue;
            }
            if self.run.len() == 64
                && let Some(digest) = std::str::from_utf8(&self.run)
                    .ok()
                    .and_then(|run| run.parse().ok())
            {
                each(digest);
            }
            self.run.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_however_the_text_is_cut() {
        let (one, two) = (Digest::of("1"), Digest::of("2"));
        let text = format!("{{\"a\":\"{one}\",\"b\":\"{two}0\",\"c\":[\"{two}\"]}}");
        for cut in 0..text.len() {
            let mut found = Vec::new();
            let mut digests = Digests::default();
            for piece in [&text[..cut], &text[cut..]] {
                digests.feed(piece.as_bytes(), |digest| found.push(digest));
            }
            assert_eq!(found, [one, two], "cut at {cut}");
        }
    }
}
