//! The pages of a sealed record as they are shown: size, what quality control found, and the codes on them.

use serde::Serialize;

use super::{Records, RecordsError};
use crate::domain::barcode::Barcode;
use crate::domain::finding::Finding;
use crate::domain::manifest::RecordManifest;

/// Most pages told at a time.
pub const PAGES_MAX: u32 = 200;

/// One page of a record. Boxes are in pixels of the page turned to be read, as are those of its text and its fields.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RecordPage)]
pub struct PageView {
    /// Page from 1.
    pub page: u32,
    /// Clockwise degrees by which the page was turned to be read: 0, 90, 180 or 270.
    pub turn: u16,
    /// Width of the turned page in pixels.
    pub width: u32,
    /// Height of the turned page in pixels.
    pub height: u32,
    /// Resolution in dots per inch, when the file states one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f32>,
    /// Bar codes and matrix codes, from the top down.
    pub codes: Vec<Barcode>,
    /// What was found on it, with the numbers measured.
    pub findings: Vec<Finding>,
}

impl Records {
    /// The pages from `from` (counting from 1), at most `count` and [`PAGES_MAX`] of them.
    pub async fn pages(
        &self,
        manifest: &RecordManifest,
        from: u32,
        count: u32,
    ) -> Result<Vec<PageView>, RecordsError> {
        let wanted = manifest.pages.iter().filter(|page| page.page >= from);
        let mut views = Vec::new();
        for page in wanted.take(count.min(PAGES_MAX) as usize) {
            let findings = manifest.findings.iter();
            let decoded = (page.width, page.height);
            let (width, height) = page.turn.size(decoded);
            let mut codes = self.page_codes(page).await?;
            for code in &mut codes {
                code.rect = code.rect.turned(page.turn, decoded);
            }
            codes.sort_by_key(|code| (code.rect.y, code.rect.x));
            views.push(PageView {
                page: page.page,
                turn: page.turn.degrees(),
                width,
                height,
                dpi: page.dpi,
                codes,
                findings: findings
                    .filter(|finding| finding.page == Some(page.page))
                    .cloned()
                    .collect(),
            });
        }
        Ok(views)
    }
}
