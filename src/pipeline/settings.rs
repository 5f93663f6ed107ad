//! The settings of a pipeline file's tables, each with the range it may have.

use std::time::Duration;

use super::spec::{OcrSettings, ScanLimits};
use crate::imaging::{Limits, QualityLimits};
use crate::ocr::ENGINE_NAMES;
use crate::ocr::Language;
use crate::strict::{Problems, Table};

const LANGUAGES: &[(&str, Language)] = &[("zh", Language::Zh), ("en", Language::En)];

/// Reads `[limits]`: the times are needed, the caps on decoding have defaults.
pub(super) fn limits(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<ScanLimits> {
    let scan_s = table.integer("scan_deadline_s", 1..86_401, problems);
    let page_s = table.integer("page_deadline_s", 1..3601, problems);
    let attempts = table.integer("attempts_max", 1..11, problems);
    for key in ["scan_deadline_s", "page_deadline_s", "attempts_max"] {
        table.need(key, problems);
    }
    if let (Some(scan), Some(page)) = (scan_s, page_s)
        && page > scan
    {
        let message = "`page_deadline_s` must not be longer than `scan_deadline_s`";
        problems.note(table.place("page_deadline_s"), message);
    }
    let imaging = imaging(table, problems);
    Some(ScanLimits {
        scan_deadline: Duration::from_secs(scan_s?),
        page_deadline: Duration::from_secs(page_s?),
        attempts_max: u32::try_from(attempts?).ok()?,
        imaging,
    })
}

fn imaging(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Limits {
    const GIB: u64 = 1 << 30;
    let mut limits = Limits::default();
    let mut cap = |key, range, problems: &mut _| table.integer(key, range, problems);
    if let Some(bytes) = cap("bytes_max", 1..GIB + 1, problems) {
        limits.bytes_max = bytes;
    }
    if let Some(pixels) = cap("pixels_max", 1..400_000_001, problems) {
        limits.pixels_max = pixels;
    }
    if let Some(pages) = cap("pages_max", 1..10_001, problems) {
        limits.pages_max = u32::try_from(pages).unwrap_or(limits.pages_max);
    }
    if let Some(levels) = cap("nesting_max", 1..1001, problems) {
        limits.nesting_max = u32::try_from(levels).unwrap_or(limits.nesting_max);
    }
    if let Some(bytes) = cap("expanded_bytes_max", 1..2 * GIB + 1, problems) {
        limits.expanded_bytes_max = bytes;
    }
    if let Some(bytes) = cap("stream_bytes_max", 1..GIB + 1, problems) {
        limits.stream_bytes_max = bytes;
    }
    limits
}

/// Reads the settings of a `quality` stage; what is not said keeps its default.
pub(super) fn quality(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> QualityLimits {
    let mut limits = QualityLimits::default();
    if let Some(dpi) = table.number("dpi_min", 0.0, 2400.0, problems) {
        limits.dpi_min = dpi as f32;
    }
    if let Some(degrees) = table.number("skew_max", 0.0, 45.0, problems) {
        limits.skew_max = degrees as f32;
    }
    if let Some(share) = table.number("blank_ink_max", 0.0, 1.0, problems) {
        limits.blank_ink_max = share as f32;
    }
    if let Some(grey) = table.integer("ink_level_max", 0..256, problems) {
        limits.ink_level_max = u8::try_from(grey).unwrap_or(limits.ink_level_max);
    }
    if let Some(grey) = table.integer("paper_min", 0..256, problems) {
        limits.paper_min = u8::try_from(grey).unwrap_or(limits.paper_min);
    }
    if let Some(sharpness) = table.number("sharpness_min", 0.0, 10.0, problems) {
        limits.sharpness_min = sharpness as f32;
    }
    if let Some(strokes) = table.integer("edge_strokes_max", 0..10_000, problems) {
        limits.edge_strokes_max = u32::try_from(strokes).unwrap_or(limits.edge_strokes_max);
    }
    if let Some(share) = table.number("bleed_max", 0.0, 1.0, problems) {
        limits.bleed_max = share as f32;
    }
    if let Some(share) = table.number("corner_max", 0.0, 1.0, problems) {
        limits.corner_max = share as f32;
    }
    if let Some(degrees) = table.number("keystone_max", 0.0, 90.0, problems) {
        limits.keystone_max = degrees as f32;
    }
    limits
}

/// Reads the settings of an `ocr` stage.
pub(super) fn ocr(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<OcrSettings> {
    let engine = table.choice("engine", ENGINE_NAMES, problems);
    let languages = table.choices("languages", LANGUAGES, problems);
    let verify_below = table.number("verify_below", 0.0, 1.0, problems);
    for key in ["engine", "languages", "verify_below"] {
        table.need(key, problems);
    }
    Some(OcrSettings {
        engine: engine?,
        languages: languages?,
        verify_below: verify_below? as f32,
    })
}
