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
    /// From where documents are named.
    pub(super) source: Source<'r>,
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
        match self.source.document(name) {
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

/// Files that were sent, by their path within the catalogue, with `/`.
pub type SentFiles = BTreeMap<String, Vec<u8>>;

/// Where the files of a catalogue are.
#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    /// Below a folder.
    Folder(&'s Path),
    /// They were sent.
    Sent(&'s SentFiles),
}

impl Source<'_> {
    /// The document called `name`; a name that leads out of the catalogue is refused.
    fn document(self, name: &str) -> Result<Vec<u8>, String> {
        let path = Path::new(name);
        let inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !inside {
            return Err(
                "请写目录内的相对路径 give a path within the catalogue's folder".to_owned(),
            );
        }
        let too_long = || {
            let max = DOCUMENT_BYTES_MAX >> 20;
            format!("应为不超过 {max} MiB 的普通文件 it must be a plain file of at most {max} MiB")
        };
        let folder = match self {
            Source::Folder(folder) => folder,
            Source::Sent(files) => {
                let missing = || "没有随目录提交该文件 the file was not sent along".to_owned();
                let bytes = files.get(name).ok_or_else(missing)?;
                let fits = u64::try_from(bytes.len()).is_ok_and(|len| len <= DOCUMENT_BYTES_MAX);
                return fits.then(|| bytes.clone()).ok_or_else(too_long);
            }
        };
        let path = folder.join(path);
        let failed =
            |error: std::io::Error| format!("无法读取文件 the file cannot be read ({error})");
        let meta = std::fs::symlink_metadata(&path).map_err(failed)?;
        if !meta.is_file() || meta.len() > DOCUMENT_BYTES_MAX {
            return Err(too_long());
        }
        std::fs::read(&path).map_err(failed)
    }

    /// A file of the catalogue itself, as text of at most `bytes_max` bytes.
    pub(super) fn text(self, path: &Path, bytes_max: u64) -> Result<String, String> {
        let too_long = || {
            let max = bytes_max >> 20;
            format!("文件超过 {max} MiB it has more than {max} MiB")
        };
        let failed = |error: std::io::Error| format!("无法读取 it cannot be read ({error})");
        match self {
            Source::Folder(_) => {
                if std::fs::metadata(path).map_err(failed)?.len() > bytes_max {
                    return Err(too_long());
                }
                std::fs::read_to_string(path).map_err(failed)
            }
            Source::Sent(files) => {
                let bytes = path.to_str().and_then(|path| files.get(path));
                let bytes = bytes.map(Vec::as_slice).unwrap_or_default();
                if u64::try_from(bytes.len()).is_ok_and(|len| len > bytes_max) {
                    return Err(too_long());
                }
                let text = std::str::from_utf8(bytes).map(str::to_owned);
                text.map_err(|_| {
                    "不是 UTF-8 编码；请另存为 UTF-8 it is not UTF-8; save it as UTF-8".to_owned()
                })
            }
        }
    }
}
