//! Judging a bag by RFC 8493: complete (section 3: everything required and listed is there and nothing is unlisted) and
//! valid (every checksum of every manifest holds). Everything wrong is reported up to a limit, what comes first first.
//! Nothing is repaired or fetched, and what the payload means is not asked here.

mod listing;
mod payload;
mod tags;

use std::path::Path;

use super::fault::Fault;
use super::hash::Algorithm;
use super::info::BagInfo;
use super::limits::Limits;
use super::read::{Source, open};

/// How far a bag is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names, sizes and tag files only: whether the bag is complete.
    Complete,
    /// Every byte: whether it is valid.
    Valid,
}

/// How a bag is judged.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// How far.
    pub depth: Depth,
    /// Threads that hash, 1 to 64; each takes one file at a time.
    pub threads: usize,
    /// Faults kept, and warnings; the rest is counted.
    pub faults_max: usize,
    /// Bounds on the bag.
    pub limits: Limits,
    /// Asked between pieces of files: true ends the work, and the report says so.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            depth: Depth::Valid,
            threads: 1,
            faults_max: 1_000,
            limits: Limits::default(),
            stop: &|| false,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The bag's place.
    pub name: String,
    /// Nothing required or listed is missing and nothing is against the RFC but, perhaps, checksums.
    pub complete: bool,
    /// Complete, and every checksum holds; never true when only completeness was asked.
    pub valid: bool,
    /// Payload files that are there.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Algorithms of the payload manifests.
    pub algorithms: Vec<Algorithm>,
    /// `bag-info.txt`.
    pub info: BagInfo,
    /// What is wrong: the declaration first, then what is missing, then what differs.
    pub faults: Vec<Fault>,
    /// Faults beyond the limit.
    pub faults_left_out: u64,
    /// What is not wrong but worth a word.
    pub warnings: Vec<Fault>,
    /// Warnings beyond the limit.
    pub warnings_left_out: u64,
}

/// Opens and judges; a bag that cannot be opened is a report with that one fault.
pub fn examine(path: &Path, settings: &Settings<'_>) -> Report {
    match open(path, &settings.limits) {
        Ok(source) => validate(source.as_ref(), settings),
        Err(fault) => {
            let name = path.display().to_string();
            let mut found = Found::new(name, settings.faults_max);
            found.fault(fault);
            found.report
        }
    }
}

/// Judges an opened bag.
pub fn validate(source: &dyn Source, settings: &Settings<'_>) -> Report {
    let mut found = Found::new(source.name().to_owned(), settings.faults_max);
    for fault in source.refused() {
        found.fault(fault.clone());
    }
    // What another version asks for would be judged by the wrong rules.
    if !tags::declaration(source, &mut found) {
        return found.report;
    }
    let payload = source.entries().iter().filter(|one| is_payload(&one.path));
    for entry in payload {
        found.report.files += 1;
        found.report.bytes += entry.size;
    }
    if !source.has_payload_folder() {
        let path = source.name().to_owned();
        found.fault(Fault::PayloadFolderMissing { path });
    }
    tags::info(source, settings, &mut found);
    let fetch = tags::fetch(source, settings, &mut found);
    let listings = listing::all(source, settings, &fetch, &mut found);
    found.report.algorithms = listings
        .iter()
        .filter(|one| one.kind == listing::Kind::Payload)
        .map(|one| one.algorithm)
        .collect();
    tags::fetch_listed(source, &fetch, &listings, &mut found);
    tags::names(source, &mut found);
    if settings.depth == Depth::Valid {
        payload::verify(source, settings, &listings, &mut found);
    }
    let Report {
        faults,
        faults_left_out,
        ..
    } = &found.report;
    found.report.valid =
        settings.depth == Depth::Valid && faults.is_empty() && *faults_left_out == 0;
    found.report.complete = found.whole;
    found.report
}

fn is_payload(path: &str) -> bool {
    path.starts_with("data/")
}

/// Collects faults and warnings up to their limit.
struct Found {
    report: Report,
    max: usize,
    whole: bool,
}

impl Found {
    fn new(name: String, max: usize) -> Self {
        Self {
            report: Report {
                name,
                complete: false,
                valid: false,
                files: 0,
                bytes: 0,
                algorithms: Vec::new(),
                info: BagInfo::default(),
                faults: Vec::new(),
                faults_left_out: 0,
                warnings: Vec::new(),
                warnings_left_out: 0,
            },
            max: max.max(1),
            whole: true,
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.whole &= matches!(fault, Fault::ChecksumDiffers { .. });
        if self.report.faults.len() < self.max {
            self.report.faults.push(fault);
        } else {
            self.report.faults_left_out += 1;
        }
    }

    fn warn(&mut self, warning: Fault) {
        if self.report.warnings.len() < self.max {
            self.report.warnings.push(warning);
        } else {
            self.report.warnings_left_out += 1;
        }
    }
}
