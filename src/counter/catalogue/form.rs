//! Reading codes, days and documents out of a strict table, noting what is wrong with its line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Component, Path};
use std::str::FromStr;

use crate::domain::catalogue::Letter;
use crate::domain::{Date, Digest};
use crate::strict::{Problems, Table};

/// The longest document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Documents that files of a catalogue name, by the digest of their content.
pub type Documents = BTreeMap<Digest, Vec<u8>>;

/// What the reader of one file works with.
pub(super) struct Form<'r> {
    pub(super) problems: Problems<'r>,
    /// The catalogue's folder, from which documents are named.
    pub(super) folder: &'r Path,
    pub(super) documents: &'r mut Documents,
}

impl Form<'_> {
    /// A code that may be absent.
    pub(super) fn code<T: FromStr<Err: Display>>(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<T> {
        let text = table.text(key, &mut self.problems)?;
        self.parse(text, table.place(key))
    }

    /// A code that must be there.
    pub(super) fn need_code<T: FromStr<Err: Display>>(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<T> {
        table.need(key, &mut self.problems);
        self.code(table, key)
    }

    /// A list of codes that may be absent.
    pub(super) fn codes<T: FromStr<Err: Display>>(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<Vec<T>> {
        let texts = table.texts(key, &mut self.problems)?;
        let parsed: Vec<Option<T>> = texts
            .into_iter()
            .map(|(place, text)| self.parse(text, place))
            .collect();
        parsed.into_iter().collect()
    }

    /// A list of texts; none when absent.
    pub(super) fn texts(&mut self, table: &mut Table<'_, '_>, key: &'static str) -> Vec<String> {
        let texts = table.texts(key, &mut self.problems).unwrap_or_default();
        texts.into_iter().map(|(_, text)| text.to_owned()).collect()
    }

    /// A text that may be absent.
    pub(super) fn text(&mut self, table: &mut Table<'_, '_>, key: &'static str) -> Option<String> {
        table.text(key, &mut self.problems).map(str::to_owned)
    }

    /// A text that must be there and say something.
    pub(super) fn need_text(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<String> {
        table.need(key, &mut self.problems);
        let text = self.text(table, key)?;
        if text.trim().is_empty() {
            self.note(
                table.place(key),
                format!("`{key}` 不能为空 must not be empty"),
            );
            return None;
        }
        Some(text)
    }

    /// A day that may be absent.
    pub(super) fn day(&mut self, table: &mut Table<'_, '_>, key: &'static str) -> Option<Date> {
        let text = table.day(key, &mut self.problems)?;
        self.parse(&text, table.place(key))
    }

    /// A day that must be there.
    pub(super) fn need_day(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<Date> {
        table.need(key, &mut self.problems);
        self.day(table, key)
    }

    /// A number of pieces or days that must be there.
    pub(super) fn need_number<T: TryFrom<u64>>(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
        max: u64,
    ) -> Option<T> {
        table.need(key, &mut self.problems);
        let number = table.integer(key, 0..max + 1, &mut self.problems)?;
        T::try_from(number).ok()
    }

    /// The content of the document that `key` names, kept by its digest.
    pub(super) fn document(
        &mut self,
        table: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<Digest> {
        table.need(key, &mut self.problems);
        let name = table.text(key, &mut self.problems)?;
        match read_document(self.folder, name) {
            Ok(bytes) => {
                let digest = Digest::of(&bytes);
                self.documents.insert(digest, bytes);
                Some(digest)
            }
            Err(reason) => {
                let message = format!("`{key}` = \"{name}\": {reason}");
                self.note(table.place(key), message);
                None
            }
        }
    }

    /// A numbered document: `number` and `document`.
    pub(super) fn letter(&mut self, table: &mut Table<'_, '_>) -> Option<Letter> {
        let number = self.need_code(table, "number");
        let document = self.document(table, "document");
        Some(Letter {
            number: number?,
            document: document?,
        })
    }

    /// Notes a problem at byte `place`.
    pub(super) fn note(&mut self, place: usize, message: impl Into<String>) {
        self.problems.note(place, message);
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, text: &str, place: usize) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(place, error.to_string());
                None
            }
        }
    }
}

/// Reads a file below `folder`; a name that leads out of it is refused.
fn read_document(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(name);
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !inside {
        return Err("请写目录内的相对路径 give a path within the catalogue's folder".to_owned());
    }
    let path = folder.join(path);
    let failed = |error: std::io::Error| format!("无法读取文件 the file cannot be read ({error})");
    let meta = std::fs::symlink_metadata(&path).map_err(failed)?;
    if !meta.is_file() || meta.len() > DOCUMENT_BYTES_MAX {
        let max = DOCUMENT_BYTES_MAX >> 20;
        return Err(format!(
            "应为不超过 {max} MiB 的普通文件 it must be a plain file of at most {max} MiB"
        ));
    }
    std::fs::read(&path).map_err(failed)
}
