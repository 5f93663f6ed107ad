//! Judging a package offline, as its receiver does: it trusts the log keys, checkpoints and signers that the department
//! kept, and nobody who made the package. In order: the bag; the checkpoint and its key; every fact by its proof; the
//! round, replayed by the rules of `domain`; every file of every case; both signatures of every slip, and the approvals of
//! every loss, replayed too; and whether the log still is the one the department saw before. Everything wrong is named, the first thing first. Nothing
//! is repaired, fetched or written.
//!
//! What it cannot see: facts that were recorded after those it was given, and a person whose key the operator enrolled
//! under an invented name. Against the first stands the next package, against the second the list of signers.

mod bundles;
mod cases;
mod facts;
mod files;
mod finding;
mod log;
mod losses;
mod people;
mod refilings;
mod replay;
mod report;
mod round;
mod slips;
mod trust;
mod ways;

use std::path::Path;

use crate::bag::{self, Source};

pub use finding::Finding;
pub use report::{Compared, Report, Seen, Verdict};
pub use trust::{Trust, TrustFault};

use report::Findings;

/// Bounds on what is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of the bag.
    pub bag: bag::Limits,
    /// Facts.
    pub facts: u64,
    /// Facts about one subject: each of its steps is decided again from all before it.
    pub subject_facts: usize,
    /// Bytes of a document of a slip or of the round, and of the checkpoint.
    pub document_bytes: u64,
    /// Findings kept; the rest is counted.
    pub findings: usize,
    /// Threads that hash, 1 to 64.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bag: bag::Limits::default(),
            facts: 1_000_000,
            subject_facts: 10_000,
            document_bytes: 16 << 20,
            findings: 1_000,
            threads: 1,
        }
    }
}

/// Judges the package at `path`: a folder, a zip or a tar. `stop` is asked again and again; once it says true, the
/// report says so and ends.
pub fn verify(
    path: &Path,
    trust: &Trust,
    limits: &Limits,
    stop: &(dyn Fn() -> bool + Sync),
) -> Report {
    let mut findings = Findings::new(limits.findings);
    let mut report = Report::of(path);
    report.compared = trust.compared();
    match bag::open(path, &limits.bag) {
        Ok(source) => Work {
            source: source.as_ref(),
            trust,
            limits,
            stop,
            findings: &mut findings,
        }
        .run(&mut report.seen),
        Err(fault) => findings.add(Finding::Bag(fault)),
    }
    report.end(findings);
    report
}

/// One judgement under way.
struct Work<'w> {
    source: &'w dyn Source,
    trust: &'w Trust,
    limits: &'w Limits,
    stop: &'w (dyn Fn() -> bool + Sync),
    findings: &'w mut Findings,
}

impl Work<'_> {
    fn run(&mut self, seen: &mut Seen) {
        self.bag(seen);
        if self.stopped() {
            return;
        }
        let Some(log) = self.checkpoint(seen) else {
            return;
        };
        // The keys of the log are named by facts, so these are read first. What is wrong with the log is said first,
        // unless it may follow from a fact that is wrong; where not one holds, the checkpoint is what is wrong.
        let mut of_facts = Findings::new(self.limits.findings);
        std::mem::swap(self.findings, &mut of_facts);
        let history = self.facts(&log, seen);
        std::mem::swap(self.findings, &mut of_facts);
        if seen.facts > 0 || history.torn {
            self.findings.append(of_facts);
            of_facts = Findings::new(self.limits.findings);
        }
        let keys = self.keys(&log, &history);
        self.findings.append(of_facts);
        if self.stopped() {
            return;
        }
        let documents = self.documents();
        if let Some(round) = self.round(&history, &documents, seen) {
            self.cases(&history, &round);
            self.slips(&history, &round, seen);
            self.losses(&history, &round, &documents);
            self.refilings(&history);
            if self.stopped() {
                return;
            }
        }
        self.since(&log, keys.as_ref(), seen);
    }

    fn stopped(&mut self) -> bool {
        let stopped = (self.stop)();
        if stopped {
            let path = self.source.name().to_owned();
            self.findings
                .add(Finding::Bag(bag::Fault::Stopped { path }));
        }
        stopped
    }
}
