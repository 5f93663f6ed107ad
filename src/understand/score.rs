//! How well pages were understood, against what is true of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::meaning::{Field, FieldKind, PageMeaning, Standing};

use super::stream::fold;

/// What is true of a page.
#[derive(Debug, Clone, Deserialize)]
pub struct Truth {
    /// Code of its kind of material.
    pub kind: String,
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<TrueField>,
    /// Its lines, for values that are no field of it.
    #[serde(default)]
    pub lines: Vec<TrueLine>,
    /// What was written by hand on it.
    #[serde(default)]
    pub handwriting: Vec<TrueLine>,
}

/// A field that stands on the page.
#[derive(Debug, Clone, Deserialize)]
pub struct TrueField {
    /// What it is.
    pub field: FieldKind,
    /// Its canonical value.
    pub value: String,
    /// As printed.
    #[serde(default)]
    pub text: String,
}

/// A printed line.
#[derive(Debug, Clone, Deserialize)]
pub struct TrueLine {
    /// Its text.
    pub text: String,
}

/// Counts of one kind of field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Values there are.
    pub there: usize,
    /// Values that were found exactly.
    pub exact: usize,
    /// Values found that are verified.
    pub verified: usize,
    /// Verified values that do not stand on the page.
    pub wrong_verified: usize,
    /// Values found that are not on the page.
    pub wrong: usize,
}

/// Counts over pages.
#[derive(Debug, Clone, Default)]
pub struct Understood {
    /// By kind of field.
    pub fields: BTreeMap<FieldKind, Tally>,
    /// Pages.
    pub pages: usize,
    /// Pages whose kind was told right.
    pub kinds_right: usize,
    /// Pages whose kind was not told.
    pub kinds_unknown: usize,
    /// Values that were not found, and verified values that are wrong, as `field: value`, for whoever measures on invented
    /// pages.
    pub missed: Vec<String>,
}

impl Understood {
    /// Adds a page.
    pub fn add(&mut self, meaning: &PageMeaning, truth: &Truth) {
        self.pages += 1;
        match &meaning.kind {
            Some(kind) if kind.kind == truth.kind => self.kinds_right += 1,
            Some(kind) => self
                .missed
                .push(format!("kind: {} for {}", kind.kind, truth.kind)),
            None => {
                self.kinds_unknown += 1;
                self.missed.push(format!("kind: none for {}", truth.kind));
            }
        }
        let printed: String = truth
            .lines
            .iter()
            .chain(&truth.handwriting)
            .flat_map(|line| plain(&line.text).into_iter())
            .collect();
        for found in &meaning.fields {
            let tally = self.fields.entry(found.field).or_default();
            // The sign of money is printed, the figures behind it may be written.
            let text = plain_text(&found.text);
            let right = truth.fields.iter().any(|field| same(field, found))
                || printed.contains(text.trim_start_matches(['¥', '￥']));
            let verified = found.standing == Standing::Verified;
            tally.verified += usize::from(verified);
            tally.wrong += usize::from(!right);
            tally.wrong_verified += usize::from(verified && !right);
            if verified && !right {
                self.missed
                    .push(format!("WRONG {}: {}", found.field.code(), found.value));
            }
        }
        self.count(meaning, truth);
    }

    /// Each true value once for each time it stands there, as far as it was found as often.
    fn count(&mut self, meaning: &PageMeaning, truth: &Truth) {
        let mut used = vec![false; meaning.fields.len()];
        for field in &truth.fields {
            let tally = self.fields.entry(field.field).or_default();
            tally.there += 1;
            let free = meaning
                .fields
                .iter()
                .zip(&used)
                .position(|(found, used)| !used && same(field, found));
            match free.and_then(|at| used.get_mut(at)) {
                Some(used) => {
                    *used = true;
                    tally.exact += 1;
                }
                None => self
                    .missed
                    .push(format!("{}: {}", field.field.code(), field.value)),
            }
        }
    }
}

fn same(truth: &TrueField, found: &Field) -> bool {
    truth.field == found.field && plain_text(&truth.value) == plain_text(&found.value)
}

fn plain(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(fold)
        .collect()
}

fn plain_text(text: &str) -> String {
    plain(text).into_iter().collect()
}
