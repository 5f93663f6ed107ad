//! The round: its history is replayed, decision by decision, by the rules that made it, and what follows from each must
//! stand in the histories of the bundles. What was sealed must be what is here.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::facts::{At, History};
use super::files::document_of;
use super::finding::fact;
use super::losses;
use super::replay::{Decoded, documents_of, replay};
use super::report::Seen;
use super::{Finding, Work};
use crate::bag::Algorithm;
use crate::domain::custody::{BundleEvent, DiscrepancyEvent};
use crate::domain::transfer::{self, RoundState, TransferEvent};
use crate::domain::{CaseNo, Digest, Event, Fact, Subject, TransferId};
use crate::package::evidence::{bag_info, document_path};

/// The round of the package.
pub(super) struct Round {
    pub(super) id: TransferId,
    /// The cases on it when its package was sealed.
    pub(super) cases: BTreeSet<CaseNo>,
    /// Facts in the log when its package was made.
    pub(super) log_size: u64,
    /// Everything that its own decisions, and those of its slips, led to.
    pub(super) expected: Vec<Fact>,
}

/// The documents of the round that are there with the content that their names say.
pub(super) struct Documents(pub(super) BTreeSet<Digest>);

impl Work<'_> {
    /// Holds every document of the round against its name.
    pub(super) fn documents(&mut self) -> Documents {
        let entries = self.source.entries().iter();
        let named: Vec<(String, Digest)> = entries
            .filter_map(|entry| Some((entry.path.clone(), document_of(&entry.path)?)))
            .collect();
        let mut whole = BTreeSet::new();
        for (about, digest) in named {
            let Some(bytes) = self.read(&about) else {
                continue;
            };
            if Digest::of(bytes) == digest {
                whole.insert(digest);
            } else {
                self.findings.add(Finding::DocumentDiffers { about });
            }
        }
        Documents(whole)
    }

    /// Replays the round; none when there is none to replay.
    pub(super) fn round(
        &mut self,
        history: &History,
        documents: &Documents,
        seen: &mut Seen,
    ) -> Option<Round> {
        let mut rounds = history
            .kept
            .iter()
            .filter_map(|(subject, facts)| match subject {
                Subject::Transfer(id) => Some((id, facts)),
                _ => None,
            });
        let (Some((id, facts)), None) = (rounds.next(), rounds.next()) else {
            let about = crate::package::evidence::FACTS.to_owned();
            self.findings.add(Finding::RoundMissing { about });
            return None;
        };
        let sealed = facts.iter().rev().find(|at| {
            matches!(
                &at.entry.event,
                Event::Transfer {
                    event: TransferEvent::Sealed { .. }
                }
            )
        });
        let Some(sealed) = sealed else {
            let about = id.to_string();
            self.findings.add(Finding::NotSealed { about });
            return None;
        };
        let mut round = self.sealed(id, sealed, history, seen)?;
        let mut named = losses::documents(history);
        for at in facts {
            self.step(id, at, history, documents, &mut named, &mut round.expected);
        }
        for digest in &documents.0 {
            if !named.contains(digest) {
                let about = document_path(digest);
                self.findings.add(Finding::DocumentForeign { about });
            }
        }
        self.unexplained(history, &round);
        Some(round)
    }

    /// Holds the payload and `bag-info.txt` against the fact that sealed it.
    fn sealed(
        &mut self,
        id: &TransferId,
        sealed: &At,
        history: &History,
        seen: &mut Seen,
    ) -> Option<Round> {
        let subject = Subject::Transfer(id.clone());
        let Event::Transfer {
            event:
                TransferEvent::Sealed {
                    package,
                    files,
                    bytes,
                    log_size,
                    ..
                },
        } = &sealed.entry.event
        else {
            return None;
        };
        let before = transfer::fold_round(history.before(&subject, sealed.index))?;
        let after = transfer::fold_round(history.before(&subject, sealed.index + 1))?;
        let name = Algorithm::Sha256.manifest();
        let found = self.digest_of(&name);
        seen.package = found;
        if found.is_some_and(|found| found != *package) {
            self.findings.add(Finding::PayloadDiffers {
                about: name,
                sealed: package.to_string(),
                found: found.map(|one| one.to_string()).unwrap_or_default(),
            });
        }
        if (seen.files, seen.bytes) != (*files, *bytes) {
            self.findings.add(Finding::CountsDiffer {
                about: id.to_string(),
                sealed: format!("{files}, {bytes}"),
                found: format!("{}, {}", seen.files, seen.bytes),
            });
        }
        self.info(&after);
        let cases = transfer::on_round(&before, &history.bundles(sealed.index));
        let cases: BTreeSet<CaseNo> = cases.into_iter().map(|line| line.case).collect();
        seen.cases = cases.len() as u64;
        seen.transfer = Some(id.clone());
        seen.site = Some(after.of.site.clone());
        seen.department = Some(after.of.department.clone());
        seen.month = Some(after.of.month);
        seen.due = Some(after.due);
        seen.sealed = after.sealed.map(|sealed| sealed.at);
        Some(Round {
            id: id.clone(),
            cases,
            log_size: *log_size,
            expected: Vec::new(),
        })
    }

    fn info(&mut self, round: &RoundState) {
        let Some(text) = self.read("bag-info.txt") else {
            return;
        };
        let expected = round.sealed.as_ref().and_then(|sealed| {
            let info = bag_info(round, sealed).ok()?;
            Some(info.text(sealed.bytes, sealed.files))
        });
        if expected.map(String::into_bytes) != Some(text) {
            let about = "bag-info.txt".to_owned();
            self.findings.add(Finding::InfoDiffers { about });
        }
    }

    /// Replays one fact of the round.
    fn step(
        &mut self,
        id: &TransferId,
        at: &At,
        history: &History,
        documents: &Documents,
        named: &mut BTreeSet<Digest>,
        all: &mut Vec<Fact>,
    ) {
        let Event::Transfer { event } = &at.entry.event else {
            return;
        };
        let mut decoded = Decoded::default();
        for digest in documents_of(event) {
            named.insert(digest);
            if !documents.0.contains(&digest) {
                let (about, fact) = (document_path(&digest), at.index);
                // One that is there with other content was named already.
                if self.source.find(&about).is_none() {
                    self.findings.add(Finding::DocumentMissing { about, fact });
                }
                continue;
            }
            match event {
                TransferEvent::Opened { .. }
                | TransferEvent::Joined { .. }
                | TransferEvent::DeferralAsked { .. } => {
                    decoded.lines = self.decode(&digest);
                }
                TransferEvent::Reconciled { .. } => decoded.outcome = self.decode(&digest),
                _ => {}
            }
        }
        let subject = Subject::Transfer(id.clone());
        let round = transfer::fold_round(history.before(&subject, at.index));
        if let (TransferEvent::DeferralApproved { .. }, Some(request)) = (
            event,
            round.as_ref().and_then(|round| round.deferral.as_ref()),
        ) && documents.0.contains(&request.lines)
        {
            decoded.lines = self.decode(&request.lines);
        }
        if let (TransferEvent::Joined { .. }, Some(round)) = (event, &round)
            && documents.0.contains(&round.lines)
        {
            decoded.old = self.decode(&round.lines);
        }
        match replay(id, round.as_ref(), at, event, &decoded, history) {
            Some(Ok(expected)) => {
                let about = fact(at.index, Some(&subject));
                self.expect(history, &expected, at.index, &about, true);
                all.extend(expected);
            }
            Some(Err(code)) => {
                let (about, fact) = (id.to_string(), at.index);
                self.findings.add(Finding::RoundRules { about, fact, code });
            }
            None => {}
        }
    }

    /// Every fact that was to follow must be there. Where not `all` of it can be in the package, what is about other
    /// cases is passed over.
    pub(super) fn expect(
        &mut self,
        history: &History,
        expected: &[Fact],
        from: u64,
        about: &str,
        all: bool,
    ) {
        // The history of a box names other cases, so it is not here; its seal stands in what both sides signed.
        let here = |one: &&Fact| !matches!(one.subject, Subject::Container(_));
        for one in expected.iter().filter(here) {
            let case = match (&one.subject, &one.event) {
                (Subject::Bundle(case), _) => Some(case),
                (
                    _,
                    Event::Discrepancy {
                        event: DiscrepancyEvent::Opened { discrepancy },
                    },
                ) => Some(&discrepancy.case),
                _ => None,
            };
            if let Some(case) = case.filter(|case| !history.has_bundle(case)) {
                // A label that was on no line may be of any case.
                let extra = !matches!(one.subject, Subject::Bundle(_));
                if all && !extra {
                    let about = case.to_string();
                    self.findings.add(Finding::CaseFactsMissing { about });
                }
                continue;
            }
            let facts = history.of(&one.subject).iter();
            let mut later = facts.filter(|at| at.index >= from);
            if !later.any(|at| at.entry.event == one.event) {
                let (about, subject) = (about.to_owned(), one.subject.to_string());
                self.findings.add(Finding::FactDiffers { about, subject });
            }
        }
    }

    /// What bundles and discrepancies say of the round must follow from its decisions.
    fn unexplained(&mut self, history: &History, round: &Round) {
        for (subject, facts) in &history.kept {
            for at in facts {
                let ours = match &at.entry.event {
                    Event::Bundle {
                        event:
                            BundleEvent::Listed { transfer, .. }
                            | BundleEvent::Deferred { transfer, .. },
                    } => *transfer == round.id,
                    Event::Discrepancy {
                        event: DiscrepancyEvent::Opened { discrepancy },
                    } => discrepancy.transfer.as_ref() == Some(&round.id),
                    _ => false,
                };
                let mut follows = round.expected.iter();
                let same = |one: &Fact| one.subject == *subject && one.event == at.entry.event;
                if ours && !follows.any(same) {
                    let about = fact(at.index, Some(subject));
                    let subject = subject.to_string();
                    self.findings.add(Finding::FactDiffers { about, subject });
                }
            }
        }
    }

    pub(super) fn decode<T: DeserializeOwned>(&mut self, digest: &Digest) -> Option<T> {
        let about = document_path(digest);
        let bytes = self.read(&about)?;
        match serde_json::from_slice(&bytes) {
            Ok(document) => Some(document),
            Err(error) => {
                let reason = error.to_string();
                self.findings.add(Finding::DocumentForm { about, reason });
                None
            }
        }
    }

    fn digest_of(&mut self, path: &str) -> Option<Digest> {
        use std::io::Read as _;
        let index = self.source.find(path)?;
        let mut file = self.source.open(index).ok()?;
        let mut hasher = crate::bag::hash::Hasher::new(Algorithm::Sha256);
        let mut buffer = vec![0; 64 << 10];
        loop {
            // What cannot be read was reported with the bag.
            let some = file.read(&mut buffer).ok()?;
            if some == 0 {
                let raw = hasher.finish().as_bytes().try_into().ok()?;
                return Some(Digest::from_bytes(raw));
            }
            hasher.update(buffer.get(..some).unwrap_or_default());
        }
    }
}
