//! From a folder or a file to a [`Catalogue`]: every file is read, and every problem of every file is told.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::form::{Documents, Form, SentFiles, Source};
use super::hall_file::{self, HallFile};
use super::{Catalogue, WantedItem, item_file};
use crate::strict::{FileError, FileProblem, Problems, Table};

const HALL_FILE: &str = "hall.toml";
const ITEMS_FOLDER: &str = "items";
/// The longest file, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Everything that is wrong with a catalogue's files, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError(pub Vec<FileError>);

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&files.join("\n"))
    }
}

impl std::error::Error for CatalogueError {}

/// Reads the catalogue at `path`: a folder with `hall.toml` and `items/*.toml`, or one such file.
pub fn read_catalogue(path: &Path) -> Result<Catalogue, CatalogueError> {
    let Files {
        folder,
        hall,
        items,
    } = files(path).map_err(|error| CatalogueError(vec![error]))?;
    read_all(Source::Folder(&folder), hall, items)
}

/// Reads the catalogue whose files were sent: the same files as of a folder, under the same paths.
pub fn read_sent(files: &SentFiles) -> Result<Catalogue, CatalogueError> {
    let hall = files
        .contains_key(HALL_FILE)
        .then(|| PathBuf::from(HALL_FILE));
    let is_item = |path: &&String| {
        let name = path
            .strip_prefix(ITEMS_FOLDER)
            .and_then(|rest| rest.strip_prefix('/'));
        name.is_some_and(|name| name.ends_with(".toml") && !name.contains('/'))
    };
    let items: Vec<PathBuf> = files.keys().filter(is_item).map(PathBuf::from).collect();
    if hall.is_none() && items.is_empty() {
        return Err(CatalogueError(vec![whole_file("", nothing_there())]));
    }
    read_all(Source::Sent(files), hall, items)
}

fn read_all(
    source: Source<'_>,
    hall: Option<PathBuf>,
    items: Vec<PathBuf>,
) -> Result<Catalogue, CatalogueError> {
    let mut reading = Reading {
        source,
        documents: Documents::new(),
        errors: Vec::new(),
    };
    let mut catalogue = Catalogue::default();
    if let Some(path) = hall {
        let read = reading.file(&path, |root, form| Some(hall_file::read(root, form)));
        if let Some((text, mut hall)) = read {
            number_lines(&text, &mut hall);
            catalogue.hall_file = path.display().to_string();
            reading.twins(&catalogue.hall_file, &hall);
            catalogue.sites = hall.sites;
            catalogue.departments = hall.departments;
            catalogue.authorisations = hall.authorisations;
        }
    }
    for path in items {
        let name = path.display().to_string();
        let read = reading.file(&path, |root, form| item_file::read(&name, root, form));
        catalogue.items.extend(read.map(|(_, item)| item));
    }
    let key = |item: &WantedItem| (item.item.task_code.clone(), item.item.version);
    catalogue.items.sort_by_key(key);
    for pair in catalogue.items.windows(2) {
        if let [one, other] = pair
            && key(one) == key(other)
        {
            let (task, version) = key(other);
            let message = format!(
                "事项 {task} 第 {version} 版在 {} 中已有；请删去其一 {task} version {version} stands in {} too; remove one",
                one.file, one.file
            );
            reading.errors.push(whole_file(&other.file, message));
        }
    }
    if !reading.errors.is_empty() {
        return Err(CatalogueError(reading.errors));
    }
    catalogue.documents = reading.documents;
    Ok(catalogue)
}

struct Files {
    folder: PathBuf,
    hall: Option<PathBuf>,
    items: Vec<PathBuf>,
}

fn files(path: &Path) -> Result<Files, FileError> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| {
        let message = format!(
            "无法读取；请检查路径与权限 it cannot be read ({error}); check path and permissions"
        );
        whole_file(&shown, message)
    };
    let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_path_buf();
    if std::fs::metadata(path).map_err(failed)?.is_file() {
        let beside = parent(path);
        if path.file_name().is_some_and(|name| name == HALL_FILE) {
            return Ok(Files {
                folder: beside,
                hall: Some(path.to_path_buf()),
                items: Vec::new(),
            });
        }
        let in_items = beside.file_name().is_some_and(|name| name == ITEMS_FOLDER);
        return Ok(Files {
            folder: if in_items { parent(&beside) } else { beside },
            hall: None,
            items: vec![path.to_path_buf()],
        });
    }
    let hall = path.join(HALL_FILE);
    let hall = hall.is_file().then_some(hall);
    let folder = path.join(ITEMS_FOLDER);
    let mut items = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let item = entry.map_err(failed)?.path();
            if item
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                items.push(item);
            }
        }
    }
    items.sort();
    if hall.is_none() && items.is_empty() {
        return Err(whole_file(&shown, nothing_there()));
    }
    Ok(Files {
        folder: path.to_path_buf(),
        hall,
        items,
    })
}

fn nothing_there() -> String {
    format!(
        "目录中没有 {HALL_FILE}，也没有 {ITEMS_FOLDER}/*.toml；请核对路径 the folder has neither {HALL_FILE} nor {ITEMS_FOLDER}/*.toml; check the path"
    )
}

struct Reading<'s> {
    source: Source<'s>,
    documents: Documents,
    errors: Vec<FileError>,
}

impl Reading<'_> {
    /// Reads one file with `read`; its problems are noted.
    fn file<T>(
        &mut self,
        path: &Path,
        read: impl FnOnce(&mut Table<'_, '_>, &mut Form<'_>) -> Option<T>,
    ) -> Option<(String, T)> {
        let shown = path.display().to_string();
        let text = match self.source.text(path, FILE_BYTES_MAX) {
            Ok(text) => text,
            Err(message) => {
                self.errors.push(whole_file(&shown, message));
                return None;
            }
        };
        let (parsed, errors) = DeTable::parse_recoverable(&text);
        let mut form = Form {
            problems: Problems::new(&text),
            source: self.source,
            documents: &mut self.documents,
        };
        for error in &errors {
            let place = error.span().map_or(0, |span| span.start);
            form.note(place, error.message().lines().next().unwrap_or_default());
        }
        let mut root = Table::new("the file", 0, parsed.get_ref());
        let found = read(&mut root, &mut form);
        root.finish(&mut form.problems);
        match form.problems.finish(&shown) {
            Ok(()) => found.map(|found| (text, found)),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Notes what a hall file states twice.
    fn twins(&mut self, file: &str, hall: &HallFile) {
        let sites = hall
            .sites
            .iter()
            .map(|site| (site.line, format!("site {}", site.definition.code)));
        let windows = hall.sites.iter().flat_map(|site| {
            let code = &site.definition.code;
            let name = move |window: &super::WantedWindow| format!("window {code}/{}", window.code);
            site.windows
                .iter()
                .map(move |window| (site.line, name(window)))
        });
        let departments = hall.departments.iter();
        let departments =
            departments.map(|one| (one.line, format!("department {}", one.definition.code)));
        let authorisations = hall.authorisations.iter();
        let authorisations =
            authorisations.map(|one| (one.line, format!("authorisation {}", one.id)));
        let mut seen = BTreeSet::new();
        let mut problems = Vec::new();
        for (line, name) in sites
            .chain(windows)
            .chain(departments)
            .chain(authorisations)
        {
            if !seen.insert(name.clone()) {
                let message =
                    format!("{name} 重复；请删去其一 {name} stands here twice; remove one");
                problems.push(FileProblem { line, message });
            }
        }
        if !problems.is_empty() {
            let file = file.to_owned();
            self.errors.push(FileError { file, problems });
        }
    }
}

/// Turns places in bytes into lines.
fn number_lines(text: &str, hall: &mut HallFile) {
    let line_of = |place: usize| {
        let before = text.as_bytes().get(..place).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let sites = hall.sites.iter_mut().map(|one| &mut one.line);
    let departments = hall.departments.iter_mut().map(|one| &mut one.line);
    let authorisations = hall.authorisations.iter_mut().map(|one| &mut one.line);
    for line in sites.chain(departments).chain(authorisations) {
        *line = line_of(*line);
    }
}

pub(super) fn whole_file(file: &str, message: String) -> FileError {
    FileError {
        file: file.to_owned(),
        problems: vec![FileProblem { line: 1, message }],
    }
}
