//! The payload against the facts: the list of files is the one that was sealed, and every file of every case is one that
//! a fact or the package's description names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;

use super::facts::{Digests, Filed, History};
use super::round::Round;
use super::{Finding, Work};
use crate::bag::{self, Algorithm, Fault};
use crate::domain::{CaseNo, Digest};

/// The package's description, which names every file.
pub(super) const DESCRIPTION: &str = "data/transfer.json";
/// Where the files of the cases lie.
const CASES: &str = "data/cases/";
/// The folder of a case with the scans as they came in.
const MASTERS: &str = "masters/";

impl Work<'_> {
    /// Holds every file under `data/cases/` against the facts.
    pub(super) fn cases(&mut self, history: &History, round: &Round) {
        let described = self.described();
        let mut masters: BTreeMap<CaseNo, HashSet<Digest>> = BTreeMap::new();
        let mut strange: BTreeSet<String> = BTreeSet::new();
        let name = Algorithm::Sha256.manifest();
        let Some(index) = self.source.find(&name) else {
            return;
        };
        let text = match self.source.open(index) {
            Ok(text) => text,
            Err(fault) => return self.findings.add(Finding::Bag(fault)),
        };
        // Lines that are not as they should be were reported with the bag.
        let _ = bag::manifest_lines(Algorithm::Sha256, &name, text, |_, path, sum| {
            let Some((case, rest)) = path
                .strip_prefix(CASES)
                .and_then(|path| path.split_once('/'))
            else {
                return Ok(());
            };
            let digest = Digest::from_bytes(sum.as_bytes().try_into().unwrap_or_default());
            let about = path.to_owned();
            let known = CaseNo::new(case)
                .ok()
                .filter(|case| round.cases.contains(case));
            let Some(known) = known else {
                if strange.len() < self.limits.findings {
                    strange.insert(case.to_owned());
                }
                return Ok(());
            };
            if rest.starts_with(MASTERS) {
                let scans = history.scans.get(&known);
                let theirs = |filed: &Filed| filed.scan == digest && filed.stays(round.log_size);
                if !scans.is_some_and(|scans| scans.iter().any(theirs)) {
                    let case = known.to_string();
                    self.findings.add(Finding::MasterForeign { about, case });
                }
                masters.entry(known).or_default().insert(digest);
                return Ok(());
            }
            if !described.contains(&digest) && !history.named.contains(&digest) {
                self.findings.add(Finding::FileUnnamed { about });
            }
            masters.entry(known).or_default();
            Ok(())
        });
        for about in strange {
            self.findings.add(Finding::CaseForeign { about });
        }
        self.complete(history, round, &masters);
    }

    /// Every case on the round has files, and every scan of it that was there when it was sealed is among them.
    fn complete(
        &mut self,
        history: &History,
        round: &Round,
        masters: &BTreeMap<CaseNo, HashSet<Digest>>,
    ) {
        for case in &round.cases {
            let Some(there) = masters.get(case) else {
                let about = case.to_string();
                self.findings.add(Finding::CaseMissing { about });
                continue;
            };
            let scans = history.scans.get(case).map(Vec::as_slice);
            for filed in scans.unwrap_or_default() {
                let theirs = filed.from < round.log_size && filed.stays(round.log_size);
                if theirs && !there.contains(&filed.scan) {
                    let (about, scan) = (case.to_string(), filed.scan.to_string());
                    self.findings.add(Finding::MasterMissing { about, scan });
                }
            }
        }
    }

    /// Every digest in the description. It is read in pieces, whatever its size.
    fn described(&mut self) -> HashSet<Digest> {
        let mut found = HashSet::new();
        let Some(index) = self.source.find(DESCRIPTION) else {
            return found;
        };
        let mut digests = Digests::default();
        let mut buffer = vec![0; 64 << 10];
        let read = self.source.open(index).and_then(|mut file| {
            loop {
                let some = file.read(&mut buffer).map_err(|error| Fault::Io {
                    path: DESCRIPTION.to_owned(),
                    reason: error.to_string(),
                })?;
                if some == 0 {
                    return Ok(());
                }
                let piece = buffer.get(..some).unwrap_or_default();
                digests.feed(piece, |digest| {
                    found.insert(digest);
                });
            }
        });
        if let Err(fault) = read {
            self.findings.add(Finding::Bag(fault));
        }
        found
    }
}
