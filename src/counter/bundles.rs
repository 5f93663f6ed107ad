//! The bundle that goes with a case: what a receipt keeps comes into it, what goes back to the applicant leaves it. Told in
//! the same decision as the case's own fact, so that neither stands without the other.

use super::change::count;
use super::error::CounterError;
use super::{Counter, Refusal};
use crate::domain::case::{
    CaseEvent, CaseRefusal, CaseState, PaperCount, Recipient, WitnessedSignature,
};
use crate::domain::custody::{
    self, Bundle, Bundles, Condition, NewPaper, Origin, PaperForm, fold_bundle,
};
use crate::domain::staff::{self, StaffState};
use crate::domain::transfer::{RoundLines, RoundState, fold_round, withdrawn};
use crate::domain::{CaseNo, Digest, Event, Fact, MaterialCode, StaffId, Subject, TransferId};
use crate::ledger::{Decline, Reads};

/// Most bytes of a document of custody: a manifest, an outcome, lines.
const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The bundle of a case within a decision; empty when the case has no paper.
pub(crate) fn bundle(reads: &mut Reads<'_>, case: &CaseNo) -> Result<Bundle, Decline> {
    let history = reads.history(&Subject::Bundle(case.clone()))?;
    let bundle = fold_bundle(history.iter().map(|fact| &fact.entry));
    Ok(bundle.unwrap_or_else(|| Bundle::new(case.clone())))
}

/// The bundles of cases within a decision, asked for at once; those without paper are left out.
pub(crate) fn bundles<'c>(
    reads: &mut Reads<'_>,
    cases: impl IntoIterator<Item = &'c CaseNo>,
) -> Result<Bundles, Decline> {
    let subjects = cases.into_iter().cloned().map(Subject::Bundle);
    let subjects: Vec<Subject> = subjects.collect();
    reads.prefetch(&subjects)?;
    let mut found = Bundles::new();
    for subject in &subjects {
        if let Subject::Bundle(case) = subject {
            let bundle = bundle(reads, case)?;
            if !bundle.papers.is_empty() {
                found.insert(case.clone(), bundle);
            }
        }
    }
    Ok(found)
}

/// A round of transfer within a decision.
pub(crate) fn round(reads: &mut Reads<'_>, id: &TransferId) -> Result<RoundState, Decline> {
    let history = reads.history(&Subject::Transfer(id.clone()))?;
    let round = fold_round(history.iter().map(|fact| &fact.entry));
    round.ok_or_else(|| CounterError::NotFound(format!("transfer/{id}")).into())
}

impl Counter {
    /// A round of transfer, and how many facts it has.
    pub async fn round_now(&self, id: &TransferId) -> Result<(RoundState, u32), CounterError> {
        let history = self.history(&Subject::Transfer(id.clone())).await?;
        let round = fold_round(history.iter().map(|fact| &fact.entry));
        let round = round.ok_or_else(|| CounterError::NotFound(format!("transfer/{id}")))?;
        Ok((round, count(&history)))
    }

    /// Lines of a round, as they were kept.
    pub async fn round_lines(&self, digest: &Digest) -> Result<RoundLines, CounterError> {
        self.kept_document(digest).await
    }

    /// A document of custody, read back as what it was kept as.
    pub(crate) async fn kept_document<T: serde::de::DeserializeOwned>(
        &self,
        digest: &Digest,
    ) -> Result<T, CounterError> {
        let bytes = self.blobs.get(digest, DOCUMENT_BYTES_MAX).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| CounterError::Internal(format!("document {digest}: {error}")))
    }
}

/// A person within a decision.
pub(crate) fn person(reads: &mut Reads<'_>, id: &StaffId) -> Result<StaffState, Decline> {
    let history = reads.history(&Subject::Staff(id.clone()))?;
    let state = staff::fold(history.iter().map(|fact| &fact.entry.event));
    state.ok_or_else(|| {
        CounterError::Fields(vec![Refusal {
            code: "staff-unknown".to_owned(),
            zh: format!("没有人员 {id}；请核对工号"),
            en: format!("there is no staff member {id}; check the code"),
            field: Some("staff".to_owned()),
        }])
        .into()
    })
}

/// The papers of a row, originals and copies apart.
fn papers(row: &MaterialCode, kept: PaperCount, origin: Origin) -> impl Iterator<Item = NewPaper> {
    let forms = [
        (PaperForm::Original, kept.originals),
        (PaperForm::Copy, kept.copies),
    ];
    forms
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(move |(form, count)| NewPaper {
            row: Some(row.clone()),
            form,
            count,
            pages: None,
            condition: Condition::Good,
            origin,
        })
}

/// Takes into the bundle what a receipt keeps and the bundle does not have yet.
pub(super) fn receipted(
    reads: &mut Reads<'_>,
    case: &CaseState,
    clerk: &StaffId,
) -> Result<Vec<Fact>, Decline> {
    let bundle = bundle(reads, &case.no)?;
    let here = |row: &MaterialCode| {
        let mut known = bundle.papers.values();
        // What lay in another bundle was receipted there.
        known.any(|held| {
            let own = held.paper.row.as_ref() == Some(row) && !held.refiled;
            own && held.holder().is_some()
        })
    };
    let rows = case.rows.iter().filter(|(code, _)| !here(code));
    let new = rows.flat_map(|(code, row)| papers(code, row.kept(), Origin::Receipt));
    take_in(&bundle, case, clerk, new.collect())
}

/// Takes into the bundle what was handed in later (容缺).
pub(super) fn supplemented(
    reads: &mut Reads<'_>,
    case: &CaseState,
    clerk: &StaffId,
    facts: &[Fact],
) -> Result<Vec<Fact>, Decline> {
    let bundle = bundle(reads, &case.no)?;
    let new = facts.iter().filter_map(|fact| match &fact.event {
        Event::Case {
            event: CaseEvent::Supplemented { row, met, .. },
        } => Some(papers(row, met.kept, Origin::Supplement)),
        _ => None,
    });
    take_in(&bundle, case, clerk, new.flatten().collect())
}

fn take_in(
    bundle: &Bundle,
    case: &CaseState,
    clerk: &StaffId,
    new: Vec<NewPaper>,
) -> Result<Vec<Fact>, Decline> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    Ok(custody::take_in(bundle, &case.mandate.site, clerk, new)?)
}

/// Takes the papers of rows out of the bundle, and off their round, because they go back to the applicant.
pub(super) fn handed_back(
    reads: &mut Reads<'_>,
    case: &CaseNo,
    rows: &[MaterialCode],
    recipient: Recipient,
    signature: &WitnessedSignature,
) -> Result<Vec<Fact>, Decline> {
    let bundle = bundle(reads, case)?;
    let theirs = bundle.papers.values().filter(|held| {
        let row = held.paper.row.as_ref();
        held.holder().is_some() && row.is_some_and(|row| rows.contains(row))
    });
    let papers: Vec<u16> = theirs.map(|held| held.paper.no).collect();
    match papers.is_empty() {
        true => Ok(Vec::new()),
        false => given_back(reads, &bundle, &papers, recipient, signature),
    }
}

/// Gives back the paper of an old file that the witness holds. Of an old file no row is known.
pub(super) fn old_paper_back(
    reads: &mut Reads<'_>,
    case: &CaseState,
    signature: &WitnessedSignature,
) -> Result<Vec<Fact>, Decline> {
    if case.taken_over.is_none() {
        return Err(CaseRefusal::NotTakenOver.into());
    }
    let bundle = bundle(reads, &case.no)?;
    let theirs = bundle.papers.values().filter(|held| {
        let holder = held.holder().and_then(|holder| holder.staff.as_ref());
        held.in_hall() && holder == Some(&signature.witness)
    });
    let papers: Vec<u16> = theirs.map(|held| held.paper.no).collect();
    if papers.is_empty() {
        return Err(CaseRefusal::NothingToReturn.into());
    }
    given_back(reads, &bundle, &papers, Recipient::Applicant, signature)
}

/// Takes papers out of the bundle, and off their round.
fn given_back(
    reads: &mut Reads<'_>,
    bundle: &Bundle,
    papers: &[u16],
    recipient: Recipient,
    signature: &WitnessedSignature,
) -> Result<Vec<Fact>, Decline> {
    let mut rounds: Vec<TransferId> = papers
        .iter()
        .filter_map(|no| bundle.papers.get(no)?.listed.clone())
        .collect();
    rounds.sort_unstable();
    rounds.dedup();
    let mut facts = Vec::new();
    for id in rounds {
        let round = round(reads, &id)?;
        facts.extend(withdrawn(&round, bundle, papers)?);
    }
    facts.extend(custody::give_back(bundle, papers, recipient, signature)?);
    Ok(facts)
}
