//! Lists of subjects: which cases wait at a site, which are due until when. Where a subject stands is told by a
//! pure function of its history, so that lists rebuilt anywhere are the same; here is only how they are kept and
//! walked.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::Subject;
use crate::ledger::{LedgerStore, Recorded, StoreError};

/// Longest name of a list, in bytes.
pub const LIST_NAME_BYTES_MAX: usize = 200;

/// A subject's place in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The list: `case/site/CENTRE/open`. No zero byte, at most [`LIST_NAME_BYTES_MAX`].
    pub list: String,
    /// What it is ordered by: a fact's index, or an instant in milliseconds.
    pub order: u64,
}

impl Place {
    /// A place in `list`.
    pub fn new(list: impl Into<String>, order: u64) -> Self {
        Self {
            list: list.into(),
            order,
        }
    }
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// What it is ordered by.
    pub order: u64,
    /// Who stands there.
    pub subject: Subject,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The smallest order.
    pub from: u64,
    /// The largest order.
    pub to: u64,
    /// Only what comes after this entry, in the direction asked for.
    pub after: Option<Listed>,
    /// From the largest order down.
    pub newest_first: bool,
    /// At most so many.
    pub limit: usize,
}

impl Page {
    /// The first `limit` entries of a whole list.
    pub fn first(limit: usize) -> Self {
        Self {
            from: 0,
            to: u64::MAX,
            after: None,
            newest_first: false,
            limit,
        }
    }
}

/// Tells the places of a subject from its whole history.
pub type Placing = fn(&Subject, &[Recorded]) -> Vec<Place>;

/// Finds the places of the subjects that a batch of facts is about.
#[derive(Clone)]
pub struct Listing {
    store: Arc<dyn LedgerStore>,
    placing: Placing,
}

/// The new places of subjects.
pub type Placed = BTreeMap<Subject, Vec<Place>>;

impl Listing {
    /// Reads histories from `store` and judges them by `placing`.
    pub fn new(store: Arc<dyn LedgerStore>, placing: Placing) -> Self {
        Self { store, placing }
    }

    /// The places of every subject in `entries`. A history may be read further than `entries` reach; its later facts
    /// are then judged again when they come.
    pub async fn places(&self, entries: &[Recorded]) -> Result<Placed, StoreError> {
        let mut placed = Placed::new();
        for fact in entries {
            let subject = &fact.entry.subject;
            if matches!(subject, Subject::Scan(_) | Subject::Log) || placed.contains_key(subject) {
                continue;
            }
            let history = self.store.history(subject).await?;
            let mut places = (self.placing)(subject, &history);
            places.retain(|place| {
                place.list.len() <= LIST_NAME_BYTES_MAX && !place.list.contains('\0')
            });
            places.sort_unstable();
            places.dedup();
            placed.insert(subject.clone(), places);
        }
        Ok(placed)
    }
}

/// The key of an entry: the list, a zero byte, the order big-endian, the subject. Keys sort as lists are walked.
pub(super) fn key(list: &str, order: u64, subject: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(list.len() + 9 + subject.len());
    key.extend_from_slice(list.as_bytes());
    key.push(0);
    key.extend_from_slice(&order.to_be_bytes());
    key.extend_from_slice(subject.as_bytes());
    key
}

/// Reads the entry of `list` from its key; none when it is not one.
pub(super) fn entry(list: &str, key: &[u8]) -> Option<Listed> {
    let rest = key.strip_prefix(list.as_bytes())?.strip_prefix(&[0])?;
    let (order, subject) = rest.split_first_chunk::<8>()?;
    Some(Listed {
        order: u64::from_be_bytes(*order),
        subject: std::str::from_utf8(subject).ok()?.parse().ok()?,
    })
}

/// The first key of a page and the first key after it, as a half-open range.
pub(super) fn bounds(list: &str, page: &Page) -> (Vec<u8>, Vec<u8>) {
    let mut low = key(list, page.from, "");
    let mut high = match page.to.checked_add(1) {
        Some(next) => key(list, next, ""),
        None => {
            let mut end = list.as_bytes().to_vec();
            end.push(1);
            end
        }
    };
    if let Some(after) = &page.after {
        let mut at = key(list, after.order, &after.subject.to_string());
        if page.newest_first {
            high = high.min(at);
        } else {
            at.push(0);
            low = low.max(at);
        }
    }
    let high = high.max(low.clone());
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CaseNo;

    #[test]
    fn keys_sort_and_read_back() {
        let case = |number: &str| Subject::Case(CaseNo::new(number).unwrap()).to_string();
        let keys = [
            key("a", 1, &case("9")),
            key("a", 2, &case("1")),
            key("a", 256, &case("1")),
            key("a/b", 0, &case("1")),
        ];
        assert!(keys.is_sorted());
        let read = entry("a", &keys[2]).unwrap();
        assert_eq!((read.order, read.subject.to_string()), (256, case("1")));
        assert_eq!(entry("a", &keys[3]), None);
        let (low, high) = bounds("a", &Page::first(9));
        assert!(keys[..3].iter().all(|key| low <= *key && *key < high));
        assert!(keys[3] >= high);
    }
}
