//! Paper that lay in the wrong bundle: what left one bundle was at hand with whoever moved it, and what came into another
//! has numbers of its own and stays in the same hands.

use super::facts::{At, History};
use super::finding::fact;
use super::{Finding, Work};
use crate::domain::custody::{self, Bundle, BundleEvent, Holder, RefiledPaper, Side, fold_bundle};
use crate::domain::{CaseNo, Event, Subject};

impl Work<'_> {
    /// Judges everything that was moved from bundle to bundle.
    pub(super) fn refilings(&mut self, history: &History) {
        for (subject, facts) in &history.kept {
            let Subject::Bundle(case) = subject else {
                continue;
            };
            for at in facts {
                let Event::Bundle { event } = &at.entry.event else {
                    continue;
                };
                let judged = match event {
                    BundleEvent::RefiledTo { .. } => left(history, case, at, event),
                    BundleEvent::RefiledFrom {
                        from,
                        holder,
                        papers,
                    } => came(history, case, at, (from, holder, papers)),
                    _ => Ok(()),
                };
                if let Err(code) = judged {
                    let about = fact(at.index, Some(subject));
                    let code = code.to_owned();
                    self.findings.add(Finding::RefileRules { about, code });
                }
            }
        }
    }
}

fn before(history: &History, case: &CaseNo, index: u64) -> Bundle {
    let subject = Subject::Bundle(case.clone());
    let bundle = fold_bundle(history.before(&subject, index));
    bundle.unwrap_or_else(|| Bundle::new(case.clone()))
}

/// What left a bundle: the rules of the decision hold. What was in doubt about it stands with the discrepancy.
fn left(
    history: &History,
    case: &CaseNo,
    at: &At,
    event: &BundleEvent,
) -> Result<(), &'static str> {
    let BundleEvent::RefiledTo {
        to,
        papers,
        by,
        reason,
    } = event
    else {
        return Ok(());
    };
    let from = before(history, case, at.index);
    let held = from.papers.values();
    let doubts = held.flat_map(|held| held.doubts.iter().cloned()).collect();
    let papers: Vec<_> = papers.iter().map(|no| (*no, None)).collect();
    let empty = Bundle::new(to.clone());
    custody::refile(&from, &empty, &papers, &doubts, by, *reason)
        .map_err(|refusal| refusal.code())?;
    // Where the other bundle is here, they came into it in the same request.
    let arrived = |one: &At| {
        one.entry.request == at.entry.request
            && matches!(
                &one.entry.event,
                Event::Bundle { event: BundleEvent::RefiledFrom { from, papers: came, .. } }
                    if from == case && came.len() == papers.len()
            )
    };
    let other = history.of(&Subject::Bundle(to.clone()));
    match !history.has_bundle(to) || other.iter().any(arrived) {
        true => Ok(()),
        false => Err("paper-differs"),
    }
}

/// What came into a bundle: under numbers that were free, in the hands in which it was. Where the other bundle is here, it
/// left that in the same request.
fn came(
    history: &History,
    case: &CaseNo,
    at: &At,
    (from, holder, papers): (&CaseNo, &Holder, &[RefiledPaper]),
) -> Result<(), &'static str> {
    let to = before(history, case, at.index);
    let free = papers.iter().zip(to.next_no()..);
    if papers.is_empty() || free.clone().any(|(moved, no)| moved.paper.no != no) {
        return Err("listed-twice");
    }
    if !matches!(holder.side, Side::Hall { .. }) || holder.staff.is_none() {
        return Err("not-holder");
    }
    if !history.has_bundle(from) {
        return Ok(());
    }
    let request = &at.entry.request;
    let other = history.of(&Subject::Bundle(from.clone()));
    let paired = other.iter().filter(|one| one.entry.request == *request);
    let mut paired = paired.filter(|one| {
        let Event::Bundle {
            event: BundleEvent::RefiledTo {
                to, papers: gone, ..
            },
        } = &one.entry.event
        else {
            return false;
        };
        let there = before(history, from, one.index);
        let same = |(no, moved): (&u16, &RefiledPaper)| {
            there.papers.get(no).is_some_and(|held| {
                held.holder() == Some(holder)
                    && held.since == moved.since
                    && held.deferred == moved.deferred
                    && held.paper.form == moved.paper.form
                    && held.paper.count == moved.paper.count
            })
        };
        to == case && gone.len() == papers.len() && gone.iter().zip(papers).all(same)
    });
    match paired.next() {
        Some(_) => Ok(()),
        None => Err("paper-differs"),
    }
}
