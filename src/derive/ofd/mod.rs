//! Writes OFD (GB/T 33190-2016) after the rules of its archive profile, OFD-A: one document; nothing encrypted, nothing
//! outside the file; no permissions, extensions, attachments, audio or video; no actions but bookmarks that go to a
//! page; images as JPEG, PNG or single-page TIFF; the font embedded. Page by page, so that a record of any length needs
//! the memory of one page. Never looks at pixels.
//!
//! The text lies over the image and is seen nowhere: its alpha is 0, and the glyphs of its font are empty, so that a
//! reader that knows no alpha shows the scan alone too.

mod image;
mod page;

use std::collections::BTreeSet;
use std::io::{Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::info::FileInfo;
use super::xml::Xml;
use super::{DeriveError, PAGES_MAX, PageArt, glyphless};
use crate::domain::Date;
use crate::domain::text::OcrPage;
use page::Ids;

/// The namespace of OFD.
pub const NAMESPACE: &str = "http://www.ofdspec.org/2016";

/// The folder of the one document.
const DOCUMENT: &str = "Doc_0";

/// The number of the one font.
const FONT_ID: u32 = 1;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfdSummary {
    /// Number of pages.
    pub pages: u32,
    /// Pages with a text layer.
    pub pages_with_text: u32,
}

/// A page that is written: its number as an object, its box, its image.
struct Placed {
    id: u32,
    image: u32,
    format: &'static str,
    file: String,
}

/// Writes the pages to `out` as they come, one in memory at a time. Equal arguments give equal bytes. A page stands as
/// its text does: the image is turned as the reading says. At least one page.
pub fn ofd(
    pages: impl IntoIterator<Item = Result<(PageArt, Option<OcrPage>), DeriveError>>,
    info: &FileInfo,
    out: &mut (impl Write + Seek),
) -> Result<OfdSummary, DeriveError> {
    info.checked()?;
    let mut package = Package::new(out);
    package.put("OFD.xml", &entry(info), true)?;
    let mut ids = Ids::after(FONT_ID);
    let mut chars = BTreeSet::new();
    let mut placed: Vec<Placed> = Vec::new();
    let mut first_box = None;
    let mut pages_with_text = 0;
    for (number, delivered) in pages.into_iter().enumerate() {
        let (art, text) = delivered?;
        if number >= PAGES_MAX as usize {
            return Err(DeriveError::Limit {
                limit: u64::from(PAGES_MAX),
                unit: "pages",
            });
        }
        pages_with_text += u32::from(text.is_some());
        let stored = image::stored(&art)?;
        let drawn = page::draw(&art, text.as_ref(), &mut ids, &mut chars)?;
        let file = format!("image_{number}.{}", stored.suffix);
        package.put(&format!("{DOCUMENT}/Res/{file}"), &stored.data, false)?;
        let path = format!("{DOCUMENT}/Pages/Page_{number}/Content.xml");
        package.put(&path, &drawn.content, true)?;
        first_box.get_or_insert(drawn.physical_box);
        placed.push(Placed {
            id: drawn.id,
            image: drawn.image,
            format: stored.format,
            file,
        });
    }
    let Some(first_box) = first_box else {
        return Err(DeriveError::Info("an OFD has at least one page".into()));
    };
    let font = glyphless::program(&widths(&chars), glyphless::Glyphs::Empty);
    package.put(&format!("{DOCUMENT}/Res/font_{FONT_ID}.ttf"), &font, true)?;
    package.put(&format!("{DOCUMENT}/PublicRes.xml"), &fonts(), true)?;
    package.put(
        &format!("{DOCUMENT}/DocumentRes.xml"),
        &media(&placed),
        true,
    )?;
    let document = document(info, &placed, &first_box, ids.last())?;
    package.put(&format!("{DOCUMENT}/Document.xml"), &document, true)?;
    package.finish()?;
    Ok(OfdSummary {
        pages: placed.len() as u32,
        pages_with_text,
    })
}

/// The zip around the parts: fixed times and modes, parts in the order they are made.
struct Package<'a, W: Write + Seek> {
    zip: ZipWriter<&'a mut W>,
}

impl<'a, W: Write + Seek> Package<'a, W> {
    fn new(out: &'a mut W) -> Self {
        Self {
            zip: ZipWriter::new(out),
        }
    }

    fn put(&mut self, name: &str, bytes: &[u8], packs: bool) -> Result<(), DeriveError> {
        let method = match packs {
            true => CompressionMethod::Deflated,
            false => CompressionMethod::Stored,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644)
            .large_file(bytes.len() >= u32::MAX as usize);
        self.zip.start_file(name, options).map_err(zipped)?;
        Ok(self.zip.write_all(bytes)?)
    }

    fn finish(self) -> Result<(), DeriveError> {
        let out = self.zip.finish().map_err(zipped)?;
        Ok(out.flush()?)
    }
}

fn zipped(error: zip::result::ZipError) -> DeriveError {
    DeriveError::Write(std::io::Error::other(error))
}

fn begin(root: &'static str) -> Xml {
    let mut xml = Xml::new();
    xml.begin(root).with("xmlns:ofd", NAMESPACE);
    xml
}

/// `OFD.xml`: where everything begins, and what the file says about itself.
fn entry(info: &FileInfo) -> Vec<u8> {
    let mut xml = begin("ofd:OFD");
    xml.with("Version", "1.0").with("DocType", "OFD-A");
    xml.begin("ofd:DocBody").begin("ofd:DocInfo");
    xml.leaf("ofd:DocID", hex::encode(info.id));
    xml.leaf("ofd:Title", &info.title);
    xml.leaf("ofd:CreationDate", Date::of(info.created));
    xml.leaf("ofd:Creator", "Counterfoil");
    xml.leaf("ofd:CreatorVersion", env!("CARGO_PKG_VERSION"));
    xml.begin("ofd:CustomDatas");
    for (name, value) in [("Recognition", &info.creator), ("Language", &info.language)] {
        xml.begin("ofd:CustomData").with("Name", name);
        xml.put_text(value).end();
    }
    xml.end().end();
    xml.leaf("ofd:DocRoot", format_args!("{DOCUMENT}/Document.xml"));
    xml.finish()
}

fn fonts() -> Vec<u8> {
    let mut xml = begin("ofd:Res");
    xml.with("BaseLoc", "Res").begin("ofd:Fonts");
    xml.begin("ofd:Font").with("ID", FONT_ID);
    xml.with("FontName", "Counterfoil Glyphless");
    xml.with("FamilyName", "Counterfoil Glyphless");
    xml.leaf("ofd:FontFile", format_args!("font_{FONT_ID}.ttf"));
    xml.finish()
}

fn media(placed: &[Placed]) -> Vec<u8> {
    let mut xml = begin("ofd:Res");
    xml.with("BaseLoc", "Res").begin("ofd:MultiMedias");
    for page in placed {
        xml.begin("ofd:MultiMedia").with("ID", page.image);
        xml.with("Type", "Image").with("Format", page.format);
        xml.leaf("ofd:MediaFile", &page.file).end();
    }
    xml.finish()
}

fn document(
    info: &FileInfo,
    placed: &[Placed],
    first_box: &str,
    last_id: u32,
) -> Result<Vec<u8>, DeriveError> {
    let pages: Vec<u32> = placed.iter().map(|page| page.id).collect();
    let marks = info.marks(&pages)?;
    let mut xml = begin("ofd:Document");
    xml.begin("ofd:CommonData");
    xml.leaf("ofd:MaxUnitID", last_id);
    xml.begin("ofd:PageArea").leaf("ofd:PhysicalBox", first_box);
    xml.end().leaf("ofd:PublicRes", "PublicRes.xml");
    xml.leaf("ofd:DocumentRes", "DocumentRes.xml").end();
    xml.begin("ofd:Pages");
    for (number, page) in pages.iter().enumerate() {
        xml.begin("ofd:Page").with("ID", page);
        let place = format_args!("Pages/Page_{number}/Content.xml").to_string();
        xml.with("BaseLoc", place).end();
    }
    xml.end();
    if !marks.is_empty() {
        xml.begin("ofd:Outlines");
        for (title, page) in &marks {
            xml.begin("ofd:OutlineElem").with("Title", title);
            xml.begin("ofd:Actions").begin("ofd:Action");
            xml.with("Event", "CLICK").begin("ofd:Goto");
            xml.begin("ofd:Dest").with("Type", "Fit");
            xml.with("PageID", page).end().end().end().end().end();
        }
        xml.end();
        xml.begin("ofd:VPreferences");
        xml.leaf("ofd:PageMode", "UseOutlines").end();
    }
    Ok(xml.finish())
}

/// A character's width in the font: full for what is written in a square, half for the rest.
fn widths(chars: &BTreeSet<char>) -> Vec<(char, u16)> {
    let width = |c: char| match c {
        '\0'..'\u{2E80}' => glyphless::EM / 2,
        _ => glyphless::EM,
    };
    chars.iter().map(|c| (*c, width(*c))).collect()
}
