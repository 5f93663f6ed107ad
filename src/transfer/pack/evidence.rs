//! The evidence of a round: every fact about it, its bundles, cases and scans, the slips they went on and the people who
//! signed, each with the proof that it is in the log; and what was signed, word for word.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::write::Opened;
use super::{Packer, internal, unbagged};
use crate::bag::BagWriter;
use crate::counter::{Counter, CounterError, paper_list};
use crate::domain::case::CaseEvent;
use crate::domain::custody::{BundleEvent, DiscrepancyEvent, LossEvent, SlipEvent};
use crate::domain::transfer::{RoundState, TransferEvent};
use crate::domain::{Digest, Event, SlipId, StaffId, Subject};
use crate::ledger::Recorded;
use crate::merkle::{Checkpoint, Hash};
use crate::package::evidence::{
    EvidenceWriter, check, document, is_about_signing, loss_document, outcome, slip,
};

/// Most bytes of a document that a fact names.
const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Subjects whose histories are read at once.
const HISTORIES_AT_ONCE: usize = 256;

/// Facts proved at once: their proofs share most of their hashes.
const PROOFS_AT_ONCE: usize = 4_096;

/// A fact with the proof that it is in the log.
struct Proven {
    leaf: Bytes,
    path: Vec<Hash>,
}

/// What was signed on a slip, word for word.
#[derive(Default)]
struct SlipPapers {
    manifest: Option<Bytes>,
    outcome: Option<Bytes>,
    check: Option<Bytes>,
}

/// What is put into the tag files.
pub(super) struct Evidence {
    note: String,
    /// Facts in the checkpoint.
    pub log_size: u64,
    facts: BTreeMap<u64, Proven>,
    earlier: Vec<(u64, Hash, Vec<Hash>)>,
    slips: BTreeMap<SlipId, SlipPapers>,
    documents: BTreeMap<Digest, Bytes>,
}

impl Evidence {
    /// The facts about subjects that are in the checkpoint.
    async fn histories(
        &self,
        counter: &Counter,
        subjects: &[Subject],
    ) -> Result<Vec<Vec<Recorded>>, CounterError> {
        let mut histories = counter.histories(subjects).await?;
        for facts in &mut histories {
            facts.retain(|fact| fact.index < self.log_size);
        }
        Ok(histories)
    }

    /// Keeps a fact, to be proved.
    fn take(&mut self, fact: &Recorded) {
        let proven = Proven {
            leaf: fact.bytes.clone(),
            path: Vec::new(),
        };
        self.facts.insert(fact.index, proven);
    }

    /// Puts everything into the bag.
    pub fn write(&self, bag: &mut BagWriter) -> Result<(), CounterError> {
        let mut writer = EvidenceWriter::begin(bag, &self.note).map_err(internal)?;
        for (index, fact) in &self.facts {
            writer
                .fact(*index, &fact.leaf, &fact.path)
                .map_err(internal)?;
        }
        for (size, root, path) in &self.earlier {
            writer.earlier(*size, root, path).map_err(internal)?;
        }
        writer.finish(bag).map_err(internal)?;
        for (id, papers) in &self.slips {
            if let Some(bytes) = &papers.manifest {
                slip(bag, id, bytes).map_err(|fault| unbagged(&fault))?;
            }
            if let Some(bytes) = &papers.outcome {
                outcome(bag, id, bytes).map_err(|fault| unbagged(&fault))?;
            }
            if let Some(bytes) = &papers.check {
                check(bag, id, bytes).map_err(|fault| unbagged(&fault))?;
            }
        }
        for bytes in self.documents.values() {
            document(bag, bytes).map_err(|fault| unbagged(&fault))?;
        }
        Ok(())
    }
}

/// What histories name that has to be looked up as well.
#[derive(Default)]
struct Named {
    slips: BTreeSet<SlipId>,
    found: BTreeSet<Subject>,
    staff: BTreeSet<StaffId>,
    documents: BTreeSet<Digest>,
}

impl Packer {
    /// Collects the evidence of a package as of the newest checkpoint: of a case that is not in the payload only the
    /// bundle's history.
    pub(super) async fn evidence(
        &self,
        counter: &Counter,
        opened: &Opened,
    ) -> Result<Evidence, CounterError> {
        let Opened { round, files, .. } = opened;
        let note = self.ledger.checkpoint().await;
        let size = Checkpoint::parse_unverified(&note).map_err(internal)?.size;
        let mut evidence = Evidence {
            note,
            log_size: size,
            facts: BTreeMap::new(),
            earlier: Vec::new(),
            slips: BTreeMap::new(),
            documents: BTreeMap::new(),
        };
        let mut named = Named::default();
        let mut subjects = vec![Subject::Log, Subject::Transfer(round.id.clone())];
        for line in counter.round_lines(&round.lines).await?.lines {
            subjects.push(Subject::Bundle(line.case.clone()));
            let folder = format!("data/cases/{}/", line.case);
            let next = files.range(folder.clone()..).next();
            if next.is_some_and(|(path, _)| path.starts_with(&folder)) {
                subjects.push(Subject::Case(line.case));
            }
        }
        self.about(counter, &subjects, &mut evidence, &mut named)
            .await?;
        let slips: Vec<SlipId> = std::mem::take(&mut named.slips).into_iter().collect();
        for some in slips.chunks(HISTORIES_AT_ONCE) {
            let subjects: Vec<Subject> = some.iter().cloned().map(Subject::Slip).collect();
            let histories = evidence.histories(counter, &subjects).await?;
            for (id, facts) in some.iter().zip(&histories) {
                for fact in facts {
                    evidence.take(fact);
                    named.note(fact);
                }
                self.signed(counter, id, facts, &mut evidence).await?;
            }
        }
        let found: Vec<Subject> = std::mem::take(&mut named.found).into_iter().collect();
        self.about(counter, &found, &mut evidence, &mut named)
            .await?;
        let staff: Vec<Subject> = named.staff.iter().cloned().map(Subject::Staff).collect();
        for some in staff.chunks(HISTORIES_AT_ONCE) {
            let histories = evidence.histories(counter, some).await?;
            let about =
                |event: &Event| matches!(event, Event::Staff { event } if is_about_signing(event));
            for fact in histories.iter().flatten() {
                if about(&fact.entry.event) {
                    evidence.take(fact);
                }
            }
        }
        for digest in &named.documents {
            let bytes = counter.blobs.get(digest, DOCUMENT_BYTES_MAX).await?;
            evidence.documents.insert(*digest, bytes);
        }
        self.prove(&mut evidence).await?;
        self.given_before(counter, round, &mut evidence).await?;
        Ok(evidence)
    }

    /// Collects the facts about subjects, and what they name.
    async fn about(
        &self,
        counter: &Counter,
        subjects: &[Subject],
        evidence: &mut Evidence,
        named: &mut Named,
    ) -> Result<(), CounterError> {
        for some in subjects.chunks(HISTORIES_AT_ONCE) {
            let histories = evidence.histories(counter, some).await?;
            for fact in histories.iter().flatten() {
                evidence.take(fact);
                named.note(fact);
            }
        }
        Ok(())
    }

    /// Proves every fact that was collected.
    async fn prove(&self, evidence: &mut Evidence) -> Result<(), CounterError> {
        let indexes: Vec<u64> = evidence.facts.keys().copied().collect();
        for some in indexes.chunks(PROOFS_AT_ONCE) {
            let proofs = self.ledger.inclusion_proofs(some, evidence.log_size).await;
            for (index, path) in some.iter().zip(proofs.map_err(CounterError::from)?) {
                if let Some(fact) = evidence.facts.get_mut(index) {
                    fact.path = path;
                }
            }
        }
        Ok(())
    }

    /// What the giver and the receiver of a slip signed.
    async fn signed(
        &self,
        counter: &Counter,
        id: &SlipId,
        facts: &[Recorded],
        evidence: &mut Evidence,
    ) -> Result<(), CounterError> {
        let mut papers = SlipPapers::default();
        for fact in facts {
            let Event::Slip { event } = &fact.entry.event else {
                continue;
            };
            let (place, digest) = match event {
                SlipEvent::Offered { manifest, .. } => (&mut papers.manifest, manifest),
                SlipEvent::Received { outcome, .. } => (&mut papers.outcome, outcome),
                SlipEvent::LinesChecked { outcome, .. } => (&mut papers.check, outcome),
                _ => continue,
            };
            *place = Some(counter.blobs.get(digest, DOCUMENT_BYTES_MAX).await?);
        }
        evidence.slips.insert(id.clone(), papers);
        Ok(())
    }

    /// Proofs from every checkpoint that the department was given with an earlier package.
    async fn given_before(
        &self,
        counter: &Counter,
        round: &RoundState,
        evidence: &mut Evidence,
    ) -> Result<(), CounterError> {
        let list = paper_list::rounds_of_department(&round.of.department);
        // A department may as well keep a checkpoint that a witness cosigned.
        let mut sizes = counter.cosigned_sizes().await?;
        for subject in counter.whole_list(&list).await? {
            for fact in counter.history(&subject).await? {
                if let Event::Transfer {
                    event: TransferEvent::PackageGiven { log_size, .. },
                } = fact.entry.event
                {
                    sizes.insert(log_size);
                }
            }
        }
        for size in sizes
            .into_iter()
            .filter(|size| (1..=evidence.log_size).contains(size))
        {
            let root = self.ledger.root(size).await.map_err(CounterError::from)?;
            let path = self.ledger.consistency_proof(size, evidence.log_size).await;
            let path = path.map_err(CounterError::from)?;
            evidence.earlier.push((size, root, path));
        }
        Ok(())
    }
}

impl Named {
    fn note(&mut self, fact: &Recorded) {
        match &fact.entry.event {
            Event::Bundle { event } => match event {
                BundleEvent::Offered { slip, .. } => {
                    self.slips.insert(slip.clone());
                }
                BundleEvent::Doubted { discrepancy, .. } => {
                    self.found.insert(Subject::Discrepancy(discrepancy.clone()));
                }
                BundleEvent::Lost { loss, .. } => {
                    self.found.insert(Subject::Loss(loss.clone()));
                }
                _ => {}
            },
            Event::Case {
                event: CaseEvent::ScanFiled { scan, .. },
            } => {
                self.found.insert(Subject::Scan(*scan));
            }
            Event::Slip { event } => match event {
                SlipEvent::Offered { given, .. } => {
                    self.staff.insert(given.staff.clone());
                }
                SlipEvent::Received { receipt, .. } | SlipEvent::LinesChecked { receipt, .. } => {
                    self.staff.insert(receipt.signature().staff.clone());
                }
                SlipEvent::Dispatched { signature, .. } | SlipEvent::BroughtBack { signature } => {
                    self.staff.insert(signature.witness.clone());
                }
                SlipEvent::CalledOff { by, .. } => self.staff.extend(by.clone()),
                SlipEvent::CheckOverdue { .. } => {}
            },
            Event::Discrepancy {
                event: DiscrepancyEvent::Cleared { by, .. },
            } => {
                self.staff.insert(by.clone());
            }
            Event::Loss { event } => {
                self.staff.extend(signers(event).cloned());
                self.documents.extend(loss_document(event));
            }
            Event::Transfer { event } => self.documents.extend(documents(event)),
            _ => {}
        }
    }
}

/// The documents that a fact of a round names.
fn documents(event: &TransferEvent) -> Option<Digest> {
    match event {
        TransferEvent::Opened { lines, .. }
        | TransferEvent::Joined { lines, .. }
        | TransferEvent::DeferralAsked { lines, .. } => Some(*lines),
        TransferEvent::Reconciled { outcome, .. } => Some(*outcome),
        TransferEvent::CheckFailed { checks, .. }
        | TransferEvent::Sealed { checks, .. }
        | TransferEvent::PackageChecked { checks, .. } => Some(*checks),
        _ => None,
    }
}

/// The people whose keys and sides say whether a fact about a loss holds.
fn signers(event: &LossEvent) -> impl Iterator<Item = &StaffId> {
    let people = match event {
        LossEvent::Reported(reported) => [Some(&reported.by), reported.last.staff.as_ref()],
        LossEvent::Searched { by, .. } | LossEvent::Declined { by, .. } => [Some(by), None],
        LossEvent::Approved { signed, .. } | LossEvent::TakenBack { signed, .. } => {
            [Some(&signed.staff), None]
        }
        LossEvent::Found { signed, to, .. } => [Some(&signed.staff), to.staff.as_ref()],
    };
    people.into_iter().flatten()
}
