//! What a file of pages says about itself, and its bookmarks.

use super::DeriveError;
use crate::domain::time::Timestamp;

/// The longest title in characters, of a file or of a bookmark.
const TITLE_CHARS_MAX: usize = 500;

/// The most bookmarks in one file.
const BOOKMARKS_MAX: usize = 2_000;

/// What the file says about itself. Dates and the identifier are arguments so that the same record gives the same
/// bytes on any day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Title shown by viewers, at most 500 characters.
    pub title: String,
    /// What made the text and the images, as `paddle 1.2`.
    pub creator: String,
    /// When the record was made.
    pub created: Timestamp,
    /// Language of the text as a BCP 47 tag, as `zh-CN`.
    pub language: String,
    /// File identifier: for example the first half of the record's digest.
    pub id: [u8; 16],
    /// Where parts begin, as for each material of a case; at most 2,000. None for a record that is one part.
    pub bookmarks: Vec<Bookmark>,
}

/// A place that viewers list beside the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// What begins there, at most 500 characters.
    pub title: String,
    /// The page it begins on, from 1.
    pub page: u32,
}

impl FileInfo {
    /// Checks words, date and numbers; gives the time of making as `2026-11-22T08:30:00`, UTC.
    pub(super) fn checked(&self) -> Result<String, DeriveError> {
        let titles = self.bookmarks.iter().map(|bookmark| &bookmark.title);
        let long = |title: &String| title.chars().count() > TITLE_CHARS_MAX;
        if titles.chain([&self.title]).any(long) {
            return Err(DeriveError::Limit {
                limit: TITLE_CHARS_MAX as u64,
                unit: "characters of title",
            });
        }
        if self.bookmarks.len() > BOOKMARKS_MAX {
            return Err(DeriveError::Limit {
                limit: BOOKMARKS_MAX as u64,
                unit: "bookmarks",
            });
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.language.is_empty() || self.language.len() > 35 || !self.language.chars().all(tag) {
            return Err(DeriveError::Info("the language is not a BCP 47 tag".into()));
        }
        let text = self.created.to_string();
        let instant: String = text.chars().take(19).collect();
        let dated = instant.len() == 19 && text.as_bytes().get(10) == Some(&b'T');
        if !dated || !instant.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(DeriveError::Info(
                "the date lies outside years 0 to 9999".into(),
            ));
        }
        Ok(instant)
    }

    /// The bookmarks with the page each names; fails when there is no such page.
    pub(super) fn marks<'a, P: Copy>(
        &'a self,
        pages: &[P],
    ) -> Result<Vec<(&'a str, P)>, DeriveError> {
        let marks = self.bookmarks.iter().map(|bookmark| {
            let place = (bookmark.page as usize).checked_sub(1);
            let page = place.and_then(|place| pages.get(place).copied());
            page.map(|page| (bookmark.title.as_str(), page))
        });
        let missing = || DeriveError::Info("a bookmark names a page that is not there".into());
        marks.collect::<Option<_>>().ok_or_else(missing)
    }
}
