//! TIFF 6.0 and BigTIFF: several pages, bilevel to float, every compression a scanner or a fax uses. Written
//! over the bytes themselves so that a damaged directory, a loop or a lying strip costs nothing.

mod codec;
mod directory;
mod pieces;
mod pixels;

use std::collections::HashSet;

use bytes::Bytes;
use image::RgbImage;

pub use directory::Directory;

use super::limits::Limits;
use super::metadata::Metadata;
use crate::domain::finding::{Finding, FindingCode};
use directory::Source;

/// An opened TIFF: its pages are known, nothing is decoded.
#[derive(Debug)]
pub struct TiffFile {
    bytes: Bytes,
    pages: Vec<Directory>,
    findings: Vec<Finding>,
}

impl TiffFile {
    /// Walks the chain of directories, which may loop or point outside the file, and keeps those that are
    /// pages: previews and masks (NewSubfileType) are left out when a page remains.
    pub fn open(bytes: Bytes, limits: &Limits) -> Result<TiffFile, Finding> {
        let source = Source::new(&bytes).ok_or_else(|| Finding::file(FindingCode::Truncated))?;
        let mut seen = HashSet::new();
        let mut pages = Vec::new();
        let mut extras = Vec::new();
        let mut findings = Vec::new();
        let mut next = source.first();
        while let Some(offset) = next.filter(|offset| *offset != 0) {
            if !seen.insert(offset) {
                break; // a loop: every page on it is known
            }
            limits.check_pages(seen.len())?;
            if offset >= bytes.len() as u64 {
                findings.push(Finding::file(FindingCode::Truncated));
                break;
            }
            let Some((directory, following)) = Directory::read(&source, offset) else {
                findings.push(Finding::file(FindingCode::Damaged));
                break;
            };
            next = following;
            if directory.is_extra() {
                extras.push(directory);
            } else {
                pages.push(directory);
            }
        }
        if pages.is_empty() {
            pages = extras;
        }
        if pages.is_empty() {
            let first = findings.into_iter().next();
            return Err(first.unwrap_or_else(|| Finding::file(FindingCode::NoPages)));
        }
        Ok(TiffFile {
            bytes,
            pages,
            findings,
        })
    }

    /// Number of pages, at least one.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// What was found on the whole file.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Decodes page `index` (from 0) to RGB as stored, with its orientation and resolution.
    pub fn page(&self, index: usize, limits: &Limits) -> Result<(RgbImage, Metadata), Finding> {
        let directory = self
            .pages
            .get(index)
            .ok_or_else(|| Finding::file(FindingCode::NoPages))?;
        let image = pixels::decode(&self.bytes, directory, limits)?;
        Ok((image, directory.metadata()))
    }
}
