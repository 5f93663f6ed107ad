//! The evidence of a round: every fact about it, its bundles, cases and scans, the slips they went on and the people who
//! signed, each with the proof that it is in the log; and what was signed, word for word.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

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
    /// Collects the evidence of a round as of the newest checkpoint. `files` is its payload: of a case that is not in it
    /// only the bundle's history goes along.
    pub(super) async fn evidence(
        &self,
        counter: &Counter,
        round: &RoundState,
        files: &BTreeMap<String, Digest>,
    ) -> Result<Evidence, CounterError> {
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
        for subject in subjects {
            for fact in self
                .about(counter, &subject, &mut evidence, |_| true)
                .await?
            {
                named.note(&fact);
            }
        }
        for id in std::mem::take(&mut named.slips) {
            let subject = Subject::Slip(id.clone());
            let facts = self
                .about(counter, &subject, &mut evidence, |_| true)
                .await?;
            for fact in &facts {
                named.note(fact);
            }
            self.signed(counter, id, &facts, &mut evidence).await?;
        }
        for subject in std::mem::take(&mut named.found) {
            for fact in self
                .about(counter, &subject, &mut evidence, |_| true)
                .await?
            {
                named.note(&fact);
            }
        }
        for staff in &named.staff {
            let about =
                |event: &Event| matches!(event, Event::Staff { event } if is_about_signing(event));
            let subject = Subject::Staff(staff.clone());
            self.about(counter, &subject, &mut evidence, about).await?;
        }
        for digest in &named.documents {
            let bytes = counter.blobs.get(digest, DOCUMENT_BYTES_MAX).await?;
            evidence.documents.insert(*digest, bytes);
        }
        self.prove(&mut evidence).await?;
        self.given_before(counter, round, &mut evidence).await?;
        Ok(evidence)
    }

    /// Collects the facts about a subject that are in the checkpoint.
    async fn about(
        &self,
        counter: &Counter,
        subject: &Subject,
        evidence: &mut Evidence,
        which: impl Fn(&Event) -> bool,
    ) -> Result<Vec<Recorded>, CounterError> {
        let mut facts = counter.history(subject).await?;
        facts.retain(|fact| fact.index < evidence.log_size && which(&fact.entry.event));
        for fact in &facts {
            let proven = Proven {
                leaf: fact.bytes.clone(),
                path: Vec::new(),
            };
            evidence.facts.insert(fact.index, proven);
        }
        Ok(facts)
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
        id: SlipId,
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
        evidence.slips.insert(id, papers);
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
