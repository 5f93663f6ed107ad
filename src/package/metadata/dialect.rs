//! A dialect: which template makes which file. Read strictly; every problem of `dialect.toml` is told at once.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use toml::de::DeTable;

use super::super::{DialectDoc, PackageFault};
use crate::domain::Digest;
use crate::strict::{Problems, Table};

/// The file that makes a folder a dialect.
const FILE: &str = "dialect.toml";

/// Most files a dialect consists of, and most bytes of all of them.
const FILES_MAX: usize = 64;
const BYTES_MAX: u64 = 1024 * 1024;

/// Most bytes of a path pattern.
const PATTERN_BYTES_MAX: usize = 300;

/// Stands for the case's number in a path.
const CASE: &str = "{case}";

/// Stands for the transfer's number in a path.
const TRANSFER: &str = "{transfer}";

/// The built-in dialects with their files.
const BUILT_IN: &[(&str, &[(&str, &str)])] = &[
    (
        "jiaxing",
        &[
            (
                FILE,
                include_str!("../../../forms/package/jiaxing/dialect.toml"),
            ),
            (
                "basic.xml.j2",
                include_str!("../../../forms/package/jiaxing/basic.xml.j2"),
            ),
            (
                "process.xml.j2",
                include_str!("../../../forms/package/jiaxing/process.xml.j2"),
            ),
            (
                "filing.xml.j2",
                include_str!("../../../forms/package/jiaxing/filing.xml.j2"),
            ),
            (
                "list.xml.j2",
                include_str!("../../../forms/package/jiaxing/list.xml.j2"),
            ),
        ],
    ),
    (
        "fuzhou",
        &[
            (
                FILE,
                include_str!("../../../forms/package/fuzhou/dialect.toml"),
            ),
            (
                "basic.xml.j2",
                include_str!("../../../forms/package/fuzhou/basic.xml.j2"),
            ),
            (
                "list.xml.j2",
                include_str!("../../../forms/package/fuzhou/list.xml.j2"),
            ),
        ],
    ),
];

/// What a metadata file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One case: the file is made once for each.
    Case,
    /// The package as a whole.
    Package,
}

/// One file a dialect makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) template: String,
    pub(super) scope: Scope,
    pattern: String,
}

impl Made {
    /// Where the file lies.
    pub(super) fn path(&self, transfer: &str, case: Option<&str>) -> String {
        let path = self.pattern.replace(TRANSFER, transfer);
        path.replace(CASE, case.unwrap_or_default())
    }
}

/// How metadata is laid out, with its templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    name: String,
    digest: Digest,
    pub(super) files: Vec<Made>,
    pub(super) templates: BTreeMap<String, String>,
}

impl Dialect {
    /// The names of the built-in dialects.
    pub fn built_in_names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// A built-in dialect.
    pub fn built_in(name: &str) -> Result<Self, PackageFault> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        let Some((name, files)) = found else {
            return Err(PackageFault::DialectUnknown {
                name: name.chars().take(80).collect(),
                known: Self::built_in_names().join(", "),
            });
        };
        let files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self::of_files(name, files.collect())
    }

    /// A hall's own dialect: `dialect.toml` and the templates beside it.
    pub fn from_folder(folder: &Path) -> Result<Self, PackageFault> {
        let unusable = |file: &Path, reason: String| PackageFault::DialectFolder {
            file: file.display().to_string(),
            reason,
        };
        let mut files = BTreeMap::new();
        let mut left = BYTES_MAX;
        let listed = std::fs::read_dir(folder);
        for entry in listed.map_err(|error| unusable(folder, error.to_string()))? {
            let path = entry
                .map_err(|error| unusable(folder, error.to_string()))?
                .path();
            let Some(name) = usable_name(&path) else {
                continue;
            };
            let opened = std::fs::File::open(&path);
            let opened = opened.map_err(|error| unusable(&path, error.to_string()))?;
            let mut text = String::new();
            let read = opened.take(left + 1).read_to_string(&mut text);
            read.map_err(|error| unusable(&path, error.to_string()))?;
            let Some(rest) = left.checked_sub(text.len() as u64) else {
                let reason = format!("the dialect has more than {BYTES_MAX} bytes");
                return Err(unusable(folder, reason));
            };
            left = rest;
            files.insert(name, text);
            if files.len() > FILES_MAX {
                let reason = format!("the dialect has more than {FILES_MAX} files");
                return Err(unusable(folder, reason));
            }
        }
        Self::of_files(&folder.display().to_string(), files)
    }

    /// The dialect as a package states it.
    pub fn stated(&self) -> DialectDoc {
        DialectDoc {
            name: self.name.clone(),
            sha256: self.digest,
        }
    }

    /// What it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn of_files(place: &str, mut files: BTreeMap<String, String>) -> Result<Self, PackageFault> {
        let digest = digest_of(&files);
        let Some(text) = files.remove(FILE) else {
            return Err(PackageFault::DialectFolder {
                file: place.to_owned(),
                reason: format!("it has no {FILE}"),
            });
        };
        let mut problems = Problems::new(&text);
        let (name, made) = read(&text, &files, &mut problems);
        let finished = problems.finish(&format!("{place}/{FILE}"));
        finished.map_err(|error| PackageFault::DialectFile {
            problems: error.to_string(),
        })?;
        Ok(Self {
            name,
            digest,
            files: made,
            templates: files,
        })
    }
}

/// SHA-256 over each file's name and text, with their lengths.
fn digest_of(files: &BTreeMap<String, String>) -> Digest {
    let mut whole = Vec::new();
    for (name, text) in files {
        for part in [name, text] {
            whole.extend((part.len() as u64).to_be_bytes());
            whole.extend_from_slice(part.as_bytes());
        }
    }
    Digest::of(whole)
}

/// What an editor leaves behind is not part of a dialect.
fn usable_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let usable = name == FILE || name.ends_with(".j2") && !name.starts_with('.');
    (usable && path.is_file()).then(|| name.to_owned())
}

fn read(
    text: &str,
    templates: &BTreeMap<String, String>,
    problems: &mut Problems<'_>,
) -> (String, Vec<Made>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.note(at, error.message());
    }
    let mut root = Table::new("the file", 0, root.get_ref());
    root.need("name", problems);
    let name = root.text("name", problems).unwrap_or_default().to_owned();
    root.need("file", problems);
    let mut made: Vec<Made> = Vec::new();
    for mut table in root.tables("file", problems) {
        for key in ["template", "about", "path"] {
            table.need(key, problems);
        }
        let template = table.text("template", problems);
        let choices = [("case", Scope::Case), ("package", Scope::Package)];
        let scope = table.choice("about", &choices, problems);
        let pattern = table.text("path", problems);
        if let Some(template) = template.filter(|name| !templates.contains_key(*name)) {
            let message = format!("there is no template \"{template}\" beside this file");
            problems.note(table.place("template"), message);
        }
        if let (Some(scope), Some(pattern)) = (scope, pattern) {
            if let Some(message) = wrong_pattern(pattern, scope, &made) {
                problems.note(table.place("path"), message);
            }
            made.push(Made {
                template: template.unwrap_or_default().to_owned(),
                scope,
                pattern: pattern.to_owned(),
            });
        }
        table.finish(problems);
    }
    root.finish(problems);
    (name, made)
}

/// What is wrong with the path of a file.
fn wrong_pattern(pattern: &str, scope: Scope, made: &[Made]) -> Option<String> {
    let bare = pattern.replace(CASE, "1").replace(TRANSFER, "1");
    if bare.contains(['{', '}']) {
        return Some(format!("`path` knows {CASE} and {TRANSFER} only"));
    }
    if pattern.contains(CASE) != (scope == Scope::Case) {
        let message = "must be in the `path` of a file about a case, and in no other";
        return Some(format!("{CASE} {message}"));
    }
    if made.iter().any(|other| other.pattern == pattern) {
        return Some("another file has this `path` already".to_owned());
    }
    if pattern.len() > PATTERN_BYTES_MAX {
        return Some(format!("`path` is longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let checked = super::super::model::check_path(&bare);
    checked.err().map(|fault| fault.en())
}
