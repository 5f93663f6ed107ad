//! Reading PDFs: a verdict on the structure (`lopdf`), the original image of a scanned page, pixels of every
//! other page (`hayro`). Writing PDFs is not done here. Nothing here follows a link, runs a script or opens a
//! file other than a system font.

mod fonts;
mod guard;
mod prescan;
mod render;
mod scanned;
mod structure;

use bytes::Bytes;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use image::RgbImage;

pub use scanned::{JpegPage, PageKind};

use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::Limits;

/// Stack of the thread that walks a document: the parsers recurse to a bounded depth, this is ample for it.
const STACK_BYTES: usize = 64 << 20;

/// An opened PDF: its structure is known to be sound enough, nothing is rendered.
pub struct PdfFile {
    pdf: Pdf,
    limits: Limits,
    findings: Vec<Finding>,
}

/// A rendered page.
#[derive(Debug)]
pub struct Rendered {
    /// Pixels, upright.
    pub pixels: RgbImage,
    /// Dots an inch of the page on paper.
    pub dpi: f32,
}

impl PdfFile {
    /// Reads the structure. Encrypted, broken, too deep, too long and exploding files are refused with the
    /// reason; scripts, launch actions and embedded files are noted in [`PdfFile::findings`].
    pub fn open(bytes: Bytes, limits: &Limits) -> Result<PdfFile, Finding> {
        prescan::check_nesting(&bytes, limits.nesting_max)?;
        let ends = prescan::has_end(&bytes);
        let broken = || {
            Finding::file(if ends {
                FindingCode::PdfBroken
            } else {
                FindingCode::Truncated
            })
        };
        on_deep_stack(FindingCode::PdfBroken, || {
            let structure = structure::inspect(&bytes, limits)?;
            let pdf = match Pdf::new(std::sync::Arc::new(bytes.clone())) {
                Ok(pdf) => pdf,
                Err(LoadPdfError::Decryption(_)) => {
                    return Err(Finding::file(FindingCode::PdfEncrypted));
                }
                Err(LoadPdfError::Invalid) if structure.empty_tree => {
                    return Err(Finding::file(FindingCode::NoPages));
                }
                Err(LoadPdfError::Invalid) => return Err(broken()),
            };
            let pages = pdf.pages().len();
            if pages == 0 && !structure.empty_tree {
                return Err(broken());
            }
            limits.check_pages(pages)?;
            let mut findings = structure.findings;
            if !ends {
                findings.push(Finding::file(FindingCode::Truncated));
            }
            Ok(PdfFile {
                pdf,
                limits: limits.clone(),
                findings,
            })
        })
    }

    /// Number of pages, at least one.
    pub fn pages(&self) -> usize {
        self.pdf.pages().len()
    }

    /// What was found on the whole file.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What page `index` (from 0) consists of.
    pub fn kind(&self, index: usize) -> Result<PageKind, Finding> {
        on_deep_stack(FindingCode::PdfBroken, || {
            let page = self.pdf.pages().get(index);
            let page = page.ok_or_else(|| Finding::file(FindingCode::NoPages))?;
            guard::check_content(page, &self.limits)?;
            Ok(scanned::kind(page, &self.limits))
        })
    }

    /// Renders page `index` (from 0): a scanned page at the resolution of its image, any other at 300 dpi,
    /// less where the page is so large that the limits ask for it.
    pub fn render(&self, index: usize, kind: &PageKind) -> Result<Rendered, Finding> {
        on_deep_stack(FindingCode::Damaged, || {
            let page = self.pdf.pages().get(index);
            let page = page.ok_or_else(|| Finding::file(FindingCode::NoPages))?;
            guard::check_content(page, &self.limits)?;
            guard::check_images(page, &self.limits)?;
            render::render(page, kind, &self.limits)
        })
    }
}

/// Runs `work` on a thread of its own with a large stack; a panic in a parser becomes a finding.
fn on_deep_stack<T: Send>(
    panicked: FindingCode,
    work: impl FnOnce() -> Result<T, Finding> + Send,
) -> Result<T, Finding> {
    std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new()
            .name("pdf".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work);
        match spawned.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Finding::file(panicked)),
            Err(_) => Err(Finding::file(FindingCode::MemoryExceeded)),
        }
    })
}
