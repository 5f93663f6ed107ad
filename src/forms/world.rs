//! What a template can see: the files of its sheet, the fonts, and the day it is printed. Nothing else of the
//! machine exists for it: no packages, no folder, no network, no clock.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use super::sheet::{OFFSET_MINUTES, civil};
use super::{FormError, Sheet};
use crate::domain::Timestamp;

/// Fonts and what is known about them.
pub(super) struct FontSet {
    pub(super) book: LazyHash<FontBook>,
    pub(super) fonts: Vec<Font>,
}

/// A sheet as Typst sees it.
pub(super) struct SheetWorld<'w> {
    library: &'w LazyHash<Library>,
    fonts: &'w FontSet,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    own: Vec<FileId>,
    at: Timestamp,
}

impl<'w> SheetWorld<'w> {
    pub(super) fn new(
        library: &'w LazyHash<Library>,
        fonts: &'w FontSet,
        sheet: &Sheet,
    ) -> Result<Self, FormError> {
        let mut world = Self {
            library,
            fonts,
            main: file_id(&sheet.template)?,
            sources: HashMap::new(),
            files: HashMap::new(),
            own: Vec::new(),
            at: sheet.at,
        };
        for file in &sheet.files {
            let id = file_id(&file.name)?;
            if file.own {
                world.own.push(id);
            }
            // A file that is not UTF-8 is no source; Typst says so where it is imported.
            if let (true, Ok(text)) = (
                file.name.ends_with(".typ"),
                std::str::from_utf8(&file.bytes),
            ) {
                let text = text.trim_start_matches('\u{FEFF}').to_owned();
                world.sources.insert(id, Source::new(id, text));
            }
            world.files.insert(id, Bytes::new(file.bytes.clone()));
        }
        Ok(world)
    }

    /// Whether the hall wrote this file.
    pub(super) fn is_own(&self, id: FileId) -> bool {
        self.own.contains(&id)
    }

    fn absent(&self, id: FileId) -> FileError {
        if matches!(id.root(), VirtualRoot::Package(_)) {
            let reason = "packages are not loaded; put what the template needs into the folder of the templates";
            return FileError::Other(Some(reason.into()));
        }
        FileError::NotFound(id.vpath().get_without_slash().into())
    }
}

impl World for SheetWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match self.sources.get(&id) {
            Some(source) => Ok(source.clone()),
            None if self.files.contains_key(&id) => Err(FileError::InvalidUtf8),
            None => Err(self.absent(id)),
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let file = self.files.get(&id).cloned();
        file.ok_or_else(|| self.absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, offset: Option<Duration>) -> Option<Datetime> {
        let minutes = match offset {
            None => OFFSET_MINUTES,
            // Within a day either way, so nothing is lost.
            Some(offset) => offset.minutes().clamp(-1440.0, 1440.0) as i32,
        };
        let day = civil(self.at, minutes)?.date();
        let (month, day_of_month) = (u8::try_from(day.month()), u8::try_from(day.day()));
        Datetime::from_ymd(i32::from(day.year()), month.ok()?, day_of_month.ok()?)
    }
}

fn file_id(name: &str) -> Result<FileId, FormError> {
    let path = VirtualPath::new(name).map_err(|error| FormError::Folder {
        file: name.to_owned(),
        reason: format!("{error:?}"),
    })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}
