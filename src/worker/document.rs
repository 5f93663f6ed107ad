//! A master, opened: how many pages, what is wrong with it, the pixels of a page. The one entry for everything
//! that touches outside bytes; a panic in a decoder ends here as a finding.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use image::RgbImage;

use crate::derive::{ImageEncoding, PageArt};
use crate::domain::event::FileFormat;
use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::jpeg::{self, JpegInfo};
use crate::imaging::metadata::Metadata;
use crate::imaging::raster::{self, RasterInfo};
use crate::imaging::tiff::TiffFile;
use crate::imaging::{Limits, rotate};
use crate::pdf::{JpegPage, PageKind, PdfFile};

/// One page, decoded.
pub struct PageImage {
    /// Pixels, upright by EXIF, TIFF orientation or the PDF page's rotation.
    pub pixels: RgbImage,
    /// Dots an inch, when known.
    pub dpi: Option<f32>,
}

/// Size and resolution only: pixels have no place in a message.
impl std::fmt::Debug for PageImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (width, height) = self.pixels.dimensions();
        write!(f, "PageImage({width} x {height}, dpi {:?})", self.dpi)
    }
}

/// An opened master. Pages count from 1.
pub struct Document {
    bytes: Bytes,
    kind: Kind,
    limits: Limits,
    findings: Vec<Finding>,
}

enum Kind {
    Jpeg(JpegInfo),
    Raster(FileFormat, RasterInfo),
    Tiff(TiffFile),
    Pdf(Box<PdfFile>),
}

impl Document {
    /// Opens a master and judges the whole file; nothing is decoded yet. The error is the verdict on a file
    /// no page of which should be read.
    pub fn open(bytes: Bytes, format: FileFormat, limits: &Limits) -> Result<Document, Finding> {
        limits.check_bytes(bytes.len() as u64)?;
        guarded(|| {
            let kind = open_kind(&bytes, format, limits)?;
            let findings = match &kind {
                Kind::Tiff(tiff) => tiff.findings().to_vec(),
                Kind::Pdf(pdf) => pdf.findings().to_vec(),
                Kind::Jpeg(_) | Kind::Raster(..) => Vec::new(),
            };
            Ok(Document {
                bytes: bytes.clone(),
                kind,
                limits: limits.clone(),
                findings,
            })
        })
    }

    /// Number of pages, at least one.
    pub fn pages(&self) -> u32 {
        let pages = match &self.kind {
            Kind::Jpeg(_) | Kind::Raster(..) => 1,
            Kind::Tiff(tiff) => tiff.pages(),
            Kind::Pdf(pdf) => pdf.pages(),
        };
        u32::try_from(pages).unwrap_or(u32::MAX)
    }

    /// What was found on the whole file although its pages can be read.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Decodes one page. The error is a finding on that page.
    pub fn page(&self, page: u32) -> Result<PageImage, Finding> {
        let decoded = guarded(|| match &self.kind {
            Kind::Jpeg(info) => {
                let pixels = jpeg::decode(&self.bytes, info, &self.limits)?;
                Ok(upright(pixels, info.metadata))
            }
            Kind::Raster(format, info) => {
                let pixels = raster::decode(&self.bytes, *format, &self.limits)?;
                Ok(upright(pixels, info.metadata))
            }
            Kind::Tiff(tiff) => {
                let (pixels, metadata) = tiff.page(index(page)?, &self.limits)?;
                Ok(upright(pixels, metadata))
            }
            Kind::Pdf(pdf) => pdf_page(pdf, index(page)?, &self.limits),
        });
        decoded.map_err(|finding| Finding {
            page: Some(page),
            ..finding
        })
    }

    /// The page's own compressed image, when it can be placed in a PDF untouched: a JPEG master, or the JPEG
    /// of a scanned PDF page. None for every other page, and for a JPEG that strict readers complain about. It is not decoded here: ask [`Document::page`] whether it can be.
    pub fn original(&self, page: u32) -> Option<PageArt> {
        guarded(|| match &self.kind {
            Kind::Jpeg(info) if !info.tidy => Ok(None),
            Kind::Jpeg(info) => Ok(Some(PageArt {
                width: info.width,
                height: info.height,
                encoding: ImageEncoding::Jpeg {
                    components: info.components,
                    inverted: info.inverted(),
                },
                orientation: info.metadata.orientation,
                dpi: info.metadata.dpi,
                data: self.bytes.to_vec(),
            })),
            Kind::Pdf(pdf) => match pdf.kind(index(page)?)? {
                PageKind::Jpeg(jpeg) if jpeg.info.tidy => Ok(Some(pdf_art(jpeg))),
                PageKind::Jpeg(_) | PageKind::Image { .. } | PageKind::Mixed => Ok(None),
            },
            Kind::Raster(..) | Kind::Tiff(_) => Ok(None),
        })
        .ok()
        .flatten()
    }
}

fn open_kind(bytes: &Bytes, format: FileFormat, limits: &Limits) -> Result<Kind, Finding> {
    match format {
        FileFormat::Jpeg => {
            let info = JpegInfo::parse(bytes)?;
            limits.check_pixels(info.width, info.height)?;
            if !info.complete {
                return Err(Finding::file(FindingCode::Truncated));
            }
            Ok(Kind::Jpeg(info))
        }
        FileFormat::Tiff => Ok(Kind::Tiff(TiffFile::open(bytes.clone(), limits)?)),
        FileFormat::Pdf => Ok(Kind::Pdf(Box::new(PdfFile::open(bytes.clone(), limits)?))),
        FileFormat::Png | FileFormat::Bmp | FileFormat::Webp | FileFormat::Gif => {
            let info = raster::inspect(bytes, format, limits)?;
            Ok(Kind::Raster(format, info))
        }
    }
}

fn index(page: u32) -> Result<usize, Finding> {
    match page.checked_sub(1) {
        Some(index) => Ok(index as usize),
        None => Err(Finding::file(FindingCode::NoPages)),
    }
}

fn upright(pixels: RgbImage, metadata: Metadata) -> PageImage {
    PageImage {
        pixels: rotate::upright(pixels, metadata.orientation),
        dpi: metadata.dpi,
    }
}

fn pdf_page(pdf: &PdfFile, index: usize, limits: &Limits) -> Result<PageImage, Finding> {
    let kind = pdf.kind(index)?;
    if let PageKind::Jpeg(page) = &kind {
        let samples = jpeg::decode_samples(&page.data, &page.info, jpeg::Colour::Marked, limits)?;
        let pixels = jpeg::into_rgb(samples, page.inverted)?;
        let metadata = Metadata {
            orientation: page.orientation,
            dpi: page.dpi,
        };
        return Ok(upright(pixels, metadata));
    }
    let rendered = pdf.render(index, &kind)?;
    Ok(PageImage {
        pixels: rendered.pixels,
        dpi: Some(rendered.dpi),
    })
}

fn pdf_art(page: JpegPage) -> PageArt {
    PageArt {
        width: page.info.width,
        height: page.info.height,
        encoding: ImageEncoding::Jpeg {
            components: page.info.components,
            inverted: page.inverted,
        },
        orientation: page.orientation,
        dpi: page.dpi,
        data: page.data,
    }
}

/// A decoder that panics on hostile bytes has found them damaged.
fn guarded<T>(work: impl FnOnce() -> Result<T, Finding>) -> Result<T, Finding> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Finding::file(FindingCode::Damaged)))
}
