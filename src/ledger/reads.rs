//! What a decision reads, and how it declines.

use std::collections::{HashMap, HashSet};
use std::error::Error;

use super::store::Recorded;
use crate::domain::Subject;

/// Why a decision gives no facts.
#[derive(Debug)]
pub enum Decline {
    /// A history it asked for is not loaded yet. It is loaded and the decision is asked again; a decision only passes
    /// this on with `?`.
    NeedHistory,
    /// It refuses; the caller gets this error back.
    Refused(Box<dyn Error + Send + Sync>),
}

impl<E: Error + Send + Sync + 'static> From<E> for Decline {
    fn from(error: E) -> Self {
        Decline::Refused(Box::new(error))
    }
}

/// The histories a decision may read. Each one read is noted: the facts are recorded only if none of them has grown
/// in the meantime.
pub struct Reads<'a> {
    loaded: &'a HashMap<Subject, Vec<Recorded>>,
    missing: Vec<Subject>,
    asked: HashSet<Subject>,
}

impl<'a> Reads<'a> {
    pub(super) fn new(loaded: &'a HashMap<Subject, Vec<Recorded>>) -> Self {
        Self {
            loaded,
            missing: Vec::new(),
            asked: HashSet::new(),
        }
    }

    /// Every fact about `subject`, oldest first.
    pub fn history(&mut self, subject: &Subject) -> Result<&'a [Recorded], Decline> {
        let Some(facts) = self.loaded.get(subject) else {
            self.missing.push(subject.clone());
            return Err(Decline::NeedHistory);
        };
        if !self.asked.contains(subject) {
            self.asked.insert(subject.clone());
        }
        Ok(facts)
    }

    /// Asks for many histories at once: a decision about thousands of subjects is made twice then and not thousands of
    /// times.
    pub fn prefetch<'s>(
        &mut self,
        subjects: impl IntoIterator<Item = &'s Subject>,
    ) -> Result<(), Decline> {
        let loaded = self.loaded;
        let subjects = subjects.into_iter();
        let missing = subjects.filter(|subject| !loaded.contains_key(*subject));
        self.missing.extend(missing.cloned());
        if self.missing.is_empty() {
            Ok(())
        } else {
            Err(Decline::NeedHistory)
        }
    }

    /// The subjects whose histories were asked for and are not loaded, and the subjects read.
    pub(super) fn into_parts(self) -> (Vec<Subject>, Vec<Subject>) {
        (self.missing, self.asked.into_iter().collect())
    }
}
