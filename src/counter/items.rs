//! The catalogue in the ledger: previewing and importing what files state, comparing with the published list,
//! withdrawing an item.

use std::collections::HashMap;

use serde::Serialize;

use super::catalogue::{Catalogue, CatalogueError, PublishedError, read_published};
use super::hall::{events, unknown};
use super::refusal::of_domain;
use super::settle::{Step, Story};
use super::{Ask, Counter, CounterError};
use crate::domain::catalogue::{
    self, DocumentNo, ItemEvent, Letter, Mismatch, PublishedItem, ServiceItem, compare,
};
use crate::domain::hall::{self, Comparison};
use crate::domain::{Date, Digest, Event, Fact, RequestId, Subject, TaskCode, Timestamp};
use crate::ledger::{Decline, Receipt};
use crate::strict::{FileError, FileProblem};

/// Steps recorded together: their facts stay below what one request may record.
const STEPS_AT_ONCE: usize = 8;

/// One fact that an import would record, or recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What happens, as the fact's type: `window_opened`.
    pub change: String,
    /// The fact.
    pub event: Event,
    /// For a new version of a known item: what differs from the newest one before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Mismatch>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The facts it recorded; none when the store was as the files state.
    pub changes: Vec<Change>,
    /// The newest receipt, when anything was recorded.
    pub receipt: Option<Receipt>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Live items looked at.
    pub items: usize,
    /// Every difference.
    pub mismatches: Vec<Mismatch>,
    /// Digest of the report.
    pub report: Digest,
    /// The receipt of the fact.
    pub receipt: Receipt,
}

/// Why files were not imported or compared. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The files are wrong, or ask for what the rules refuse.
    #[error(transparent)]
    Files(#[from] CatalogueError),
    /// The published list cannot be read.
    #[error(transparent)]
    Published(PublishedError),
    /// Anything else.
    #[error(transparent)]
    Counter(#[from] CounterError),
}

impl Counter {
    /// What importing the catalogue at `now` would record. Fails with every step the rules refuse, by file and line.
    pub async fn preview(
        &self,
        wanted: &Catalogue,
        now: Timestamp,
    ) -> Result<Vec<Change>, ImportError> {
        let mut loaded: HashMap<Subject, Vec<Event>> = HashMap::new();
        let mut facts: Vec<Fact> = Vec::new();
        let mut errors: Vec<FileError> = Vec::new();
        for step in Step::of(wanted) {
            loop {
                let before = facts.len();
                let mut missing = None;
                // Within a block of its own: whoever waits below may do so on any thread.
                let settled = {
                    let mut fetch = |subject: &Subject| match loaded.get(subject) {
                        Some(history) => Ok(history.clone()),
                        None => {
                            missing = Some(subject.clone());
                            Err(Decline::NeedHistory)
                        }
                    };
                    let mut story = Story::resume(&mut fetch, now, std::mem::take(&mut facts));
                    let settled = story.settle(step);
                    facts = story.facts;
                    settled
                };
                let Some(subject) = missing else {
                    if let Err(Decline::Refused(reason)) = settled {
                        let (file, line) = step.place(wanted);
                        errors.push(refused(file, line, reason)?);
                    }
                    break;
                };
                facts.truncate(before);
                let history = self.history(&subject).await?;
                loaded.insert(subject, events(&history).cloned().collect());
            }
        }
        if !errors.is_empty() {
            return Err(CatalogueError(errors).into());
        }
        let mut changes: Vec<Change> = facts.into_iter().map(Change::of).collect();
        for change in &mut changes {
            change.differences = self.differences(wanted, &loaded, change).await?;
        }
        Ok(changes)
    }

    /// What a proposed version changes against the newest version in the store.
    async fn differences(
        &self,
        wanted: &Catalogue,
        loaded: &HashMap<Subject, Vec<Event>>,
        change: &Change,
    ) -> Result<Vec<Mismatch>, CounterError> {
        let (Subject::Item(task), Event::Item { event }) = (&change.subject, &change.event) else {
            return Ok(Vec::new());
        };
        let ItemEvent::Proposed { version, .. } = event else {
            return Ok(Vec::new());
        };
        let history = loaded.get(&change.subject).into_iter().flatten();
        let known = catalogue::fold_item(task, history);
        let newest = known.and_then(|state| state.versions.into_values().next_back());
        let mut items = wanted.items.iter().map(|one| &one.item);
        let new = items.find(|item| item.task_code == *task && item.version == *version);
        let (Some(newest), Some(new)) = (newest, new) else {
            return Ok(Vec::new());
        };
        let old = PublishedItem::of(&self.service_item(&newest.content).await?);
        Ok(compare(&[old], std::slice::from_ref(new)))
    }

    /// Imports a catalogue. What is as the files state already is left alone, so importing twice records nothing the
    /// second time. Refused as a whole when a rule refuses any part of it.
    pub async fn import(
        &self,
        ask: &Ask,
        wanted: &Catalogue,
        now: Timestamp,
    ) -> Result<Imported, ImportError> {
        let changes = self.preview(wanted, now).await?;
        if changes.is_empty() {
            return Ok(Imported {
                changes,
                receipt: None,
            });
        }
        self.put_blobs(wanted).await?;
        let steps = Step::of(wanted);
        let mut receipt = None;
        for (number, steps) in steps.chunks(STEPS_AT_ONCE).enumerate() {
            let request = RequestId::new(format!("{}/{number}", ask.request));
            let request = request.map_err(|error| CounterError::Internal(error.to_string()))?;
            let recorded = self.ledger.record(request, &ask.by, |reads, now| {
                let mut fetch = |subject: &Subject| {
                    let history = reads.history(subject)?;
                    Ok(events(history).cloned().collect())
                };
                let mut story = Story::resume(&mut fetch, now, Vec::new());
                for step in steps {
                    story.settle(*step)?;
                }
                Ok(story.facts)
            });
            receipt = Some(recorded.await.map_err(CounterError::from)?);
        }
        Ok(Imported { changes, receipt })
    }

    /// Everything the facts will name must be there before them.
    async fn put_blobs(&self, wanted: &Catalogue) -> Result<(), CounterError> {
        let sites = wanted.sites.iter().map(|one| one.definition.to_bytes());
        let departments = wanted.departments.iter();
        let departments = departments.map(|one| one.definition.to_bytes());
        let items = wanted.items.iter().map(|one| one.item.to_bytes());
        for bytes in sites.chain(departments).chain(items) {
            let bytes = bytes.map_err(|error| CounterError::Internal(error.to_string()))?;
            self.blobs.put(&bytes).await?;
        }
        for bytes in wanted.documents.values() {
            self.blobs.put(bytes).await?;
        }
        Ok(())
    }

    /// The items that take new cases on the day of `now`, in order of their codes.
    pub async fn live_items(&self, now: Timestamp) -> Result<Vec<ServiceItem>, CounterError> {
        let day = Date::of(now);
        let mut live = Vec::new();
        for task in self.hall().await?.items {
            let item = self.item(&task).await?;
            if let Ok((_, version)) = item.admits(day) {
                live.push(self.service_item(&version.content).await?);
            }
        }
        Ok(live)
    }

    /// Compares the live items with a published list (CSV or JSON) and records the result: every mismatch is an alarm
    /// for the department that keeps the list (Art 11(4)).
    pub async fn compare_published(
        &self,
        ask: &Ask,
        file: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Compared, ImportError> {
        let published = read_published(file, bytes).map_err(ImportError::Published)?;
        let live = self.live_items(now).await?;
        let mismatches = compare(&published, &live);
        let report = serde_json::to_vec(&mismatches)
            .map_err(|error| CounterError::Internal(error.to_string()))?;
        let published = self.blobs.put(bytes).await.map_err(CounterError::from)?;
        let stored = self.blobs.put(&report).await.map_err(CounterError::from)?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let found = Comparison {
            published: published.digest,
            report: stored.digest,
            items: number(live.len()),
            mismatches: number(mismatches.len()),
        };
        let receipt = self
            .change(ask, &Subject::Hall, |history, _, _| {
                let state = hall::fold_hall(events(history));
                Ok(hall::record_comparison(&state, found))
            })
            .await?;
        Ok(Compared {
            items: live.len(),
            mismatches,
            report: stored.digest,
            receipt,
        })
    }

    /// The mismatches of the newest comparison; none when nothing was compared yet.
    pub async fn mismatches(&self) -> Result<Option<(Comparison, Vec<Mismatch>)>, CounterError> {
        let Some(found) = self.hall().await?.compared else {
            return Ok(None);
        };
        let report = self.definition(&found.report).await?;
        let report = serde_json::from_slice(&report);
        let report = report.map_err(|error| CounterError::Internal(error.to_string()))?;
        Ok(Some((found, report)))
    }

    /// Takes an item off the integrated window's list from a day on: no new case, old ones finish (Art 13(1)).
    pub async fn withdraw(
        &self,
        ask: &Ask,
        task: &TaskCode,
        from: Date,
        number: DocumentNo,
        document: &[u8],
    ) -> Result<Receipt, CounterError> {
        let document = self.blobs.put(document).await?.digest;
        let approval = Letter { number, document };
        let subject = Subject::Item(task.clone());
        self.change(ask, &subject, |history, _, _| {
            let state = catalogue::fold_item(task, events(history));
            let state = state.ok_or_else(|| unknown(task))?;
            Ok(catalogue::withdraw(&state, from, approval.clone())?)
        })
        .await
    }
}

impl Change {
    fn of(fact: Fact) -> Self {
        let value = serde_json::to_value(&fact.event).unwrap_or_default();
        let kind = value.pointer("/event/type").and_then(|kind| kind.as_str());
        Self {
            subject: fact.subject,
            change: kind.unwrap_or_default().to_owned(),
            event: fact.event,
            differences: Vec::new(),
        }
    }
}

/// A rule's refusal as a problem of the file that asked for it.
fn refused(
    file: &str,
    line: usize,
    reason: Box<dyn std::error::Error + Send + Sync>,
) -> Result<FileError, CounterError> {
    let refusal = of_domain(reason).map_err(|other| CounterError::Internal(other.to_string()))?;
    let message = format!("{} {}", refusal.zh, refusal.en);
    Ok(FileError {
        file: file.to_owned(),
        problems: vec![FileProblem { line, message }],
    })
}
