//! Writes searchable PDF: the image of each page with an invisible text layer over it, page by page, so that a
//! record of any length needs the memory of one page. Aims at PDF/A-2b (ISO 19005-2) and says so in the file
//! only when nothing in it speaks against that. Never reads a PDF, never looks at pixels.

mod font;
mod icc;
mod info;
mod layer;
mod outline;
mod page;
mod writer;

use std::io::Write;

use super::info::FileInfo;
use super::{DeriveError, ImageEncoding, PAGES_MAX, PageArt};
use crate::domain::text::OcrPage;
use font::CodeBook;
use info::Described;
use writer::{ObjectId, ObjectWriter};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfSummary {
    /// Number of pages.
    pub pages: u32,
    /// Pages with a text layer.
    pub pages_with_text: u32,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Whether the file claims PDF/A-2b. A page stored as CMYK has no place under the sRGB output intent, so
    /// a file with one makes no claim.
    pub pdf_a: bool,
}

/// Writes the pages to `out` as they come, one in memory at a time. Equal arguments give equal bytes. A page stands as
/// its text does: the image is turned as the reading says. The text is placed by the reading's own width and height,
/// so a reading made at another scale fits too. A page whose art states no resolution, or one outside 20 to 4,800, is
/// taken as [`super::place::DPI_DEFAULT`]. At least one page.
pub fn searchable_pdf(
    pages: impl IntoIterator<Item = Result<(PageArt, Option<OcrPage>), DeriveError>>,
    info: &FileInfo,
    out: &mut impl Write,
) -> Result<PdfSummary, DeriveError> {
    let described = Described::new(info)?;
    let mut writer = ObjectWriter::start(out)?;
    let catalog = writer.reserve();
    let tree = writer.reserve();
    let fonts = writer.reserve();
    let mut book = CodeBook::default();
    let mut kids: Vec<ObjectId> = Vec::new();
    let mut pages_with_text = 0;
    let mut pdf_a = true;
    for delivered in pages {
        let (art, text) = delivered?;
        if kids.len() >= PAGES_MAX as usize {
            return Err(DeriveError::Limit {
                limit: u64::from(PAGES_MAX),
                unit: "pages",
            });
        }
        pdf_a &= !matches!(art.encoding, ImageEncoding::Jpeg { components: 4, .. });
        pages_with_text += u32::from(text.is_some());
        kids.push(page::write(
            &mut writer,
            tree,
            fonts,
            &art,
            text.as_ref(),
            &mut book,
        )?);
    }
    if kids.is_empty() {
        return Err(DeriveError::Info("a PDF has at least one page".into()));
    }
    write_tree(&mut writer, tree, &kids)?;
    font::write(&mut writer, fonts, &book)?;
    let information = writer.reserve();
    writer.object(information, &described.dictionary())?;
    let outline = outline::write(&mut writer, &info.marks(&kids)?)?;
    let entries = Entries {
        tree,
        outline,
        language: &info.language,
    };
    write_catalog(&mut writer, catalog, &entries, &described.xmp(pdf_a))?;
    let bytes = writer.finish(catalog, information, &info.id)?;
    Ok(PdfSummary {
        pages: kids.len() as u32,
        pages_with_text,
        bytes,
        pdf_a,
    })
}

fn write_tree<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    tree: ObjectId,
    kids: &[ObjectId],
) -> Result<(), DeriveError> {
    let list: Vec<String> = kids.iter().map(ObjectId::reference).collect();
    let body = format!(
        "<< /Type /Pages /Count {} /Kids [{}] >>",
        kids.len(),
        list.join(" ")
    );
    writer.object(tree, &body)
}

/// What the catalog names.
struct Entries<'a> {
    tree: ObjectId,
    outline: Option<ObjectId>,
    language: &'a str,
}

fn write_catalog<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    catalog: ObjectId,
    entries: &Entries<'_>,
    xmp: &str,
) -> Result<(), DeriveError> {
    let metadata = writer.reserve();
    // Not compressed: a reader that knows no PDF must find the packet too (ISO 19005-2, 6.6.2.1).
    writer.plain_stream(metadata, "/Type /Metadata /Subtype /XML", xmp.as_bytes())?;
    let profile = writer.reserve();
    writer.packed_stream(profile, "/N 3", icc::srgb())?;
    let outline = entries.outline.map(|outline| {
        let outline = outline.reference();
        format!(" /Outlines {outline} /PageMode /UseOutlines")
    });
    let body = format!(
        "<< /Type /Catalog /Pages {}{} /Metadata {} /Lang ({}) /ViewerPreferences << /DisplayDocTitle true >> \
         /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) \
         /Info (sRGB IEC 61966-2-1) /DestOutputProfile {} >>] >>",
        entries.tree.reference(),
        outline.unwrap_or_default(),
        metadata.reference(),
        entries.language,
        profile.reference(),
    );
    writer.object(catalog, &body)
}
