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
            if (self.stop)() {
                return;
            }
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

/// What left a bundle: the rules of the decision hold, and where the other bundle is here, it took over exactly that. What
/// was in doubt about it stands with the discrepancy.
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
    if moves(history, at, case, to).len() != 1 {
        return Err("listed-twice");
    }
    let from = before(history, case, at.index);
    let held = from.papers.values();
    let doubts = held.flat_map(|held| held.doubts.iter().cloned()).collect();
    let papers: Vec<_> = papers.iter().map(|no| (*no, None)).collect();
    let other = before(history, to, at.index);
    let decided = custody::refile(&from, &other, &papers, &doubts, by, *reason);
    let decided = decided.map_err(|refusal| refusal.code())?;
    if !history.has_bundle(to) {
        return Ok(());
    }
    let arrived = arrivals(history, at, case, to);
    let same = |one: &&BundleEvent| decided.iter().any(|fact| is_same(&fact.event, one));
    match arrived.as_slice() {
        [one] if same(one) => Ok(()),
        _ => Err("paper-differs"),
    }
}

/// What came into a bundle: from the hands of somebody in the hall, under numbers that were free. Where the other bundle is
/// here, it left that in the same request, and what it was is judged with that.
fn came(
    history: &History,
    case: &CaseNo,
    at: &At,
    (from, holder, papers): (&CaseNo, &Holder, &[RefiledPaper]),
) -> Result<(), &'static str> {
    let to = before(history, case, at.index);
    let mut free = papers.iter().zip(to.next_no()..);
    if papers.is_empty() || free.any(|(moved, no)| moved.paper.no != no) {
        return Err("listed-twice");
    }
    if !matches!(holder.side, Side::Hall { .. }) || holder.staff.is_none() {
        return Err("not-holder");
    }
    match !history.has_bundle(from) || moves(history, at, from, case).len() == 1 {
        true => Ok(()),
        false => Err("paper-differs"),
    }
}

/// The facts of one bundle in the request of `at`.
fn together<'h>(
    history: &'h History,
    at: &'h At,
    case: &CaseNo,
) -> impl Iterator<Item = &'h BundleEvent> {
    let facts = history.of(&Subject::Bundle(case.clone())).iter();
    facts.filter_map(|one| match &one.entry.event {
        Event::Bundle { event } if one.entry.request == at.entry.request => Some(event),
        _ => None,
    })
}

/// What went from one bundle to another in the request of `at`, as the one tells it: once, or it is forged.
fn moves<'h>(history: &'h History, at: &'h At, from: &CaseNo, to: &CaseNo) -> Vec<&'h BundleEvent> {
    let facts = together(history, at, from);
    let there =
        |event: &&BundleEvent| matches!(event, BundleEvent::RefiledTo { to: one, .. } if one == to);
    facts.filter(there).collect()
}

/// The same as the other tells it.
fn arrivals<'h>(
    history: &'h History,
    at: &'h At,
    from: &CaseNo,
    to: &CaseNo,
) -> Vec<&'h BundleEvent> {
    let facts = together(history, at, to);
    let there = |event: &&BundleEvent| matches!(event, BundleEvent::RefiledFrom { from: one, .. } if one == from);
    facts.filter(there).collect()
}

/// Whether this is what was decided. Which row of its case a paper meets is its clerk's to say.
fn is_same(decided: &Event, found: &BundleEvent) -> bool {
    let bare = |event: &BundleEvent| {
        let mut event = event.clone();
        if let BundleEvent::RefiledFrom { papers, .. } = &mut event {
            papers.iter_mut().for_each(|moved| moved.paper.row = None);
        }
        event
    };
    matches!(decided, Event::Bundle { event } if bare(event) == bare(found))
}
