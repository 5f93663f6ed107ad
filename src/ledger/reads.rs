//! What a decision reads, and how it declines.

use std::collections::HashMap;
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
    missing: Option<Subject>,
    asked: Vec<Subject>,
}

impl<'a> Reads<'a> {
    pub(super) fn new(loaded: &'a HashMap<Subject, Vec<Recorded>>) -> Self {
        Self {
            loaded,
            missing: None,
            asked: Vec::new(),
        }
    }

    /// Every fact about `subject`, oldest first.
    pub fn history(&mut self, subject: &Subject) -> Result<&'a [Recorded], Decline> {
        let Some(facts) = self.loaded.get(subject) else {
            self.missing = Some(subject.clone());
            return Err(Decline::NeedHistory);
        };
        if !self.asked.contains(subject) {
            self.asked.push(subject.clone());
        }
        Ok(facts)
    }

    /// The subject whose history was asked for and is not loaded, and the subjects read.
    pub(super) fn into_parts(self) -> (Option<Subject>, Vec<Subject>) {
        (self.missing, self.asked)
    }
}
