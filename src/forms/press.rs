//! The press: turns a sheet into a PDF/A-2b. It runs in the child only and keeps the fonts once they are read.

use std::path::{Path, PathBuf};

use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Smart};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp as PdfTimestamp};

use super::sheet::{OFFSET_MINUTES, civil};
use super::world::{FontSet, SheetWorld};
use super::{FormError, Sheet, TemplateProblem, diagnose, glyphs};
use crate::domain::Timestamp;

/// How many printings a remembered result of Typst outlives without being used.
const REMEMBERED: usize = 12;

/// Pages above which nothing is remembered: it is much, and of no use to any other paper.
const LONG_PAGES: u32 = 10;

/// The faces of a Noto CJK collection that are kept: simplified Chinese, proportional and of one width.
const NOTO_FACES: &str = "CJK SC";

/// Prints sheets.
pub struct Press {
    paths: Vec<PathBuf>,
    fonts: Option<FontSet>,
    library: LazyHash<Library>,
}

/// A printed sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The PDF/A-2b.
    pub pdf: Vec<u8>,
    /// Its pages.
    pub pages: u32,
    /// What Typst warned of.
    pub warnings: Vec<TemplateProblem>,
}

impl Press {
    /// A press with these font files; they are read with the first sheet.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            fonts: None,
            library: LazyHash::new(Library::default()),
        }
    }

    /// Prints a sheet. Fails where the template is broken, a font is missing or a character has no glyph.
    pub fn print(&mut self, sheet: &Sheet) -> Result<Rendered, FormError> {
        let fonts = match self.fonts.take() {
            Some(fonts) => fonts,
            None => read_fonts(&self.paths)?,
        };
        let fonts = self.fonts.insert(fonts);
        let world = SheetWorld::new(&self.library, fonts, sheet)?;
        let printed = print(&world, sheet);
        let long = printed
            .as_ref()
            .is_ok_and(|printed| printed.pages > LONG_PAGES);
        typst::comemo::evict(if long { 0 } else { REMEMBERED });
        printed
    }
}

fn print(world: &SheetWorld<'_>, sheet: &Sheet) -> Result<Rendered, FormError> {
    let broken = |found: &[SourceDiagnostic]| diagnose::broken(world, found, &sheet.template);
    let Warned { output, warnings } = typst::compile::<PagedDocument>(world);
    let document = output.map_err(|found| broken(&found))?;
    glyphs::check(&document, sheet.data().as_ref())?;
    let pages = u32::try_from(document.pages().len()).unwrap_or(u32::MAX);
    let mut pdf = typst_pdf::pdf(&document, &options(sheet)?).map_err(|found| broken(&found))?;
    leave_out_suspects(&mut pdf);
    Ok(Rendered {
        pdf,
        pages,
        warnings: diagnose::problems(world, &warnings, &sheet.template),
    })
}

/// Blanks `/Suspects false` in the catalog, which says what its absence says (ISO 32000-1, 14.7.1): poppler before
/// 24 takes it for an error and complains of every form. Lengths and places stay.
fn leave_out_suspects(pdf: &mut [u8]) {
    const ENTRY: &[u8] = b"/Suspects false";
    let place = pdf.windows(ENTRY.len()).rposition(|window| window == ENTRY);
    if let Some(entry) = place.and_then(|place| pdf.get_mut(place..place + ENTRY.len())) {
        entry.fill(b' ');
    }
}

fn options(sheet: &Sheet) -> Result<PdfOptions, FormError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2b]).map_err(|error| FormError::Worker {
        reason: error.message().to_string(),
    })?;
    Ok(PdfOptions {
        ident: Smart::Custom(sheet.identity.clone()),
        creator: Smart::Custom(Some(format!("Counterfoil {}", env!("CARGO_PKG_VERSION")))),
        timestamp: timestamp(sheet.at),
        standards,
        ..PdfOptions::default()
    })
}

fn timestamp(at: Timestamp) -> Option<PdfTimestamp> {
    let at = civil(at, OFFSET_MINUTES)?;
    let part = |number: i8| u8::try_from(number).ok();
    let local = Datetime::from_ymd_hms(
        i32::from(at.year()),
        part(at.month())?,
        part(at.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
    )?;
    PdfTimestamp::new_local(local, OFFSET_MINUTES)
}

fn read_fonts(paths: &[PathBuf]) -> Result<FontSet, FormError> {
    let mut fonts = Vec::new();
    for path in paths {
        fonts.extend(faces(path)?);
    }
    if fonts.is_empty() {
        let reason = "no font file is named".to_owned();
        return Err(FormError::Font { reason });
    }
    Ok(FontSet {
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    })
}

fn faces(path: &Path) -> Result<Vec<Font>, FormError> {
    let unusable = |reason: String| FormError::Font {
        reason: format!("{}: {reason}", path.display()),
    };
    let bytes = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let all: Vec<Font> = Font::iter(Bytes::new(bytes)).collect();
    let noto = |font: &Font| font.info().family.as_str().ends_with(NOTO_FACES);
    let kept: Vec<Font> = all.iter().filter(|font| noto(font)).cloned().collect();
    match (kept.is_empty(), all.is_empty()) {
        (_, true) => Err(unusable("it is not a font".to_owned())),
        (true, false) => Ok(all),
        (false, false) => Ok(kept),
    }
}
