//! What follows from a fact of a round, by the rules that made it: the decision is made again, as the log stood then.

use std::collections::BTreeSet;

use super::facts::{At, History};
use crate::domain::custody::{BundleEvent, Discrepancy, DiscrepancyEvent};
use crate::domain::transfer::{self, RoundLines, RoundOutcome, RoundState, Seal, TransferEvent};
use crate::domain::{CaseNo, Date, Digest, Event, Fact, Subject, TransferId};

/// The documents that a fact names, read.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) lines: Option<RoundLines>,
    pub(super) outcome: Option<RoundOutcome>,
    /// The lines before a fact that adds to them.
    pub(super) old: Option<RoundLines>,
}

/// What a fact of a round names.
pub(super) fn documents_of(event: &TransferEvent) -> Vec<Digest> {
    match event {
        TransferEvent::Opened { lines, .. }
        | TransferEvent::Joined { lines, .. }
        | TransferEvent::DeferralAsked { lines, .. } => {
            vec![*lines]
        }
        TransferEvent::Reconciled { outcome, .. } => vec![*outcome],
        TransferEvent::CheckFailed { checks, .. }
        | TransferEvent::Sealed { checks, .. }
        | TransferEvent::PackageChecked { checks, .. } => vec![*checks],
        _ => Vec::new(),
    }
}

/// What the decision behind a fact led to, by the rules in force; none where there is nothing to replay it with.
pub(super) fn replay(
    id: &TransferId,
    round: Option<&RoundState>,
    at: &At,
    event: &TransferEvent,
    decoded: &Decoded,
    history: &History,
) -> Option<Result<Vec<Fact>, String>> {
    let bundles = || history.bundles(at.index);
    let code = |refusal: transfer::TransferRefusal| refusal.code().to_owned();
    let result = match (event, round) {
        (
            TransferEvent::Opened {
                department,
                site,
                month,
                round,
                ..
            },
            None,
        ) => {
            if TransferId::of(department, site, *month, *round) != *id {
                return Some(Err("transfer-id".to_owned()));
            }
            return Some(Ok(listed(id, decoded.lines.as_ref()?)));
        }
        (_, None) => return Some(Err("round-not-opened".to_owned())),
        (TransferEvent::Joined { papers, .. }, Some(_)) => {
            let (old, new) = (decoded.old.as_ref()?, decoded.lines.as_ref()?);
            return Some(joined(id, at.index, *papers, [old, new], history));
        }
        (TransferEvent::Reconciled { by, .. }, Some(round)) => {
            let outcome = decoded.outcome.as_ref()?;
            let due = clear_by(history, id, at.index);
            transfer::reconcile(round, &bundles(), outcome, by, due)
        }
        (
            TransferEvent::Sealed {
                package,
                checks,
                files,
                bytes,
                log_size,
                by,
            },
            Some(round),
        ) => {
            if *log_size > at.index {
                return Some(Err("log-size".to_owned()));
            }
            let bundles = bundles();
            let seal = Seal {
                package: *package,
                checks: *checks,
                failed: 0,
                files: *files,
                bytes: *bytes,
                log_size: *log_size,
                lines: transfer::on_round(round, &bundles),
            };
            transfer::seal(round, &bundles, &seal, by)
        }
        (_, Some(round)) => return deferral(round, at, event, decoded, history),
    };
    Some(result.map_err(code))
}

/// The same for the steps of a deferral.
fn deferral(
    round: &RoundState,
    at: &At,
    event: &TransferEvent,
    decoded: &Decoded,
    history: &History,
) -> Option<Result<Vec<Fact>, String>> {
    let bundles = || history.bundles(at.index);
    let result = match event {
        TransferEvent::DeferralAsked {
            until, reason, by, ..
        } => {
            let lines = decoded.lines.as_ref()?;
            transfer::ask_deferral(round, &bundles(), lines, *until, *reason, by)
        }
        TransferEvent::DeferralConsented { by } => transfer::consent_deferral(round, by),
        TransferEvent::DeferralApproved { by, .. } => {
            let lines = decoded.lines.as_ref()?;
            transfer::approve_deferral(round, &bundles(), lines, by)
        }
        TransferEvent::DeferralDeclined { side, by, reason } => {
            transfer::decline_deferral(round, side.clone(), by, *reason)
        }
        _ => return None,
    };
    Some(result.map_err(|refusal| refusal.code().to_owned()))
}

/// The papers of lines, each with its case.
fn papers_of(lines: &RoundLines) -> BTreeSet<(&CaseNo, u16)> {
    let papers = |line: &'_ transfer::RoundLine| line.papers.clone();
    let all = lines.lines.iter();
    all.flat_map(|line| papers(line).into_iter().map(move |no| (&line.case, no)))
        .collect()
}

/// The facts that put further papers on the round. A paper may come back to it, so they are not the difference of the
/// lines alone: they are as many as stated, all of the new lines, and none of what is new is missing.
fn joined(
    id: &TransferId,
    index: u64,
    papers: u32,
    [old, new]: [&RoundLines; 2],
    history: &History,
) -> Result<Vec<Fact>, String> {
    let round = history.of(&Subject::Transfer(id.clone())).iter();
    let next = round.map(|at| at.index).find(|one| *one > index);
    let until = next.unwrap_or(u64::MAX);
    let (old, new) = (papers_of(old), papers_of(new));
    let mut listed = BTreeSet::new();
    let mut facts = Vec::new();
    for at in history.kept.values().flatten() {
        if let (
            Subject::Bundle(case),
            Event::Bundle {
                event: BundleEvent::Listed { transfer, papers },
            },
        ) = (&at.entry.subject, &at.entry.event)
            && transfer == id
            && at.index > index
            && at.index < until
        {
            listed.extend(papers.iter().map(|no| (case, *no)));
            facts.push(Fact::new(at.entry.subject.clone(), at.entry.event.clone()));
        }
    }
    let counted = u32::try_from(listed.len()) == Ok(papers);
    if counted
        && listed.is_subset(&new)
        && old.is_subset(&new)
        && new.difference(&old).all(|one| listed.contains(one))
    {
        return Ok(facts);
    }
    Err("joined-lines".to_owned())
}

/// The facts that put the lines of a round on it.
fn listed(id: &TransferId, lines: &RoundLines) -> Vec<Fact> {
    let line = |line: &transfer::RoundLine| {
        let event = BundleEvent::Listed {
            transfer: id.clone(),
            papers: line.papers.clone(),
        };
        Fact::new(Subject::Bundle(line.case.clone()), Event::Bundle { event })
    };
    lines.lines.iter().map(line).collect()
}

/// The day until which what was found at the fact with this index is to be cleared up, as the facts behind it say: it
/// comes from the hall's calendar, which is not in the package.
fn clear_by(history: &History, id: &TransferId, index: u64) -> Date {
    due_after(history, index, |one| one.transfer.as_ref() == Some(id))
}

/// The day of the first discrepancy of this sort that was opened behind a fact; any day where there is none.
pub(super) fn due_after(history: &History, index: u64, of: impl Fn(&Discrepancy) -> bool) -> Date {
    let facts = history
        .kept
        .values()
        .flatten()
        .filter(|at| at.index > index);
    let opened = facts.filter_map(|at| match &at.entry.event {
        Event::Discrepancy {
            event: DiscrepancyEvent::Opened { discrepancy },
        } => Some((at.index, discrepancy)),
        _ => None,
    });
    let first = opened
        .filter(|(_, one)| of(one))
        .min_by_key(|(index, _)| *index);
    first.map_or_else(
        || Date::of(crate::domain::Timestamp::from_millis(0)),
        |(_, one)| one.due,
    )
}
