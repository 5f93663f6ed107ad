//! Everything that happened to the paper of a case, with the moves of whatever it lay in at the time.

use std::collections::{BTreeMap, BTreeSet};

use crate::counter::{Counter, CounterError};
use crate::domain::custody::{ContainerEvent, ContainerKind, fold_bundle};
use crate::domain::{CaseNo, ContainerId, Event, Subject};
use crate::ledger::Recorded;

/// A stretch of the log, from the first index up to the second, in which paper lay in a container.
type Stay = (ContainerId, u64, u64);

/// When papers of a bundle lay in which container.
fn stays(history: &[Recorded]) -> Vec<Stay> {
    let mut open: BTreeMap<ContainerId, u64> = BTreeMap::new();
    let mut stays = Vec::new();
    for (last, fact) in history.iter().enumerate() {
        let until = history.get(..=last).unwrap_or(history);
        let bundle = fold_bundle(until.iter().map(|fact| &fact.entry));
        let papers = bundle.iter().flat_map(|bundle| bundle.papers.values());
        let now: BTreeSet<&ContainerId> = papers
            .filter_map(|held| Some(&held.shelf.as_ref()?.container))
            .collect();
        open.retain(|id, since| {
            let here = now.contains(id);
            if !here {
                stays.push((id.clone(), *since, fact.index));
            }
            here
        });
        for id in now {
            open.entry(id.clone()).or_insert(fact.index);
        }
    }
    stays.extend(open.into_iter().map(|(id, since)| (id, since, u64::MAX)));
    stays
}

/// What a container stood in during a stay, and when.
fn around(history: &[Recorded], (_, from, until): &Stay) -> Vec<Stay> {
    let mut inside: Option<(ContainerId, u64)> = None;
    let mut stays = Vec::new();
    for fact in history.iter().filter(|fact| fact.index < *until) {
        let into = match &fact.entry.event {
            Event::Container {
                event: ContainerEvent::Moved { into, .. },
            } => into.clone(),
            Event::Container {
                event: ContainerEvent::HandedOver { .. },
            } => None,
            _ => continue,
        };
        if let Some((id, since)) = inside.take() {
            stays.push((id, since, fact.index));
        }
        inside = into.map(|id| (id, fact.index));
    }
    stays.extend(inside.map(|(id, since)| (id, since, *until)));
    stays.retain(|(_, _, end)| end > from);
    let cut = |(id, since, end): Stay| (id, since.max(*from), end);
    stays.into_iter().map(cut).collect()
}

impl Counter {
    /// Everything that happened to the paper of a case, oldest first: to its bundle, and the moves, seals and openings of
    /// the containers it lay in, while it did, and of those around them.
    pub async fn paper_history(&self, case: &CaseNo) -> Result<Vec<Recorded>, CounterError> {
        let history = self.history(&Subject::Bundle(case.clone())).await?;
        let mut next = stays(&history);
        let mut facts: BTreeMap<u64, Recorded> = BTreeMap::new();
        facts.extend(history.into_iter().map(|fact| (fact.index, fact)));
        for _ in ContainerKind::ALL {
            let mut outer = Vec::new();
            for stay in &next {
                let (id, from, until) = stay;
                let history = self.history(&Subject::Container(id.clone())).await?;
                outer.extend(around(&history, stay));
                let during = history.into_iter().filter(|fact| {
                    let told = matches!(
                        &fact.entry.event,
                        Event::Container {
                            event: ContainerEvent::Moved { .. }
                                | ContainerEvent::Sealed { .. }
                                | ContainerEvent::Opened { .. }
                                | ContainerEvent::HandedOver { .. }
                        }
                    );
                    told && fact.index > *from && fact.index <= *until
                });
                facts.extend(during.map(|fact| (fact.index, fact)));
            }
            next = outer;
        }
        Ok(facts.into_values().collect())
    }
}
