//! Quality of a page, measured on a small grey copy: blank, skewed, too light, too dark, blurred, too coarse.
//!
//! The limits follow DA/T 31-2017 (纸质档案数字化规范): at least 200 dpi, a page not visibly skewed, nothing
//! lost to exposure. [`measure`] gives numbers, [`judge`] holds them against [`QualityLimits`].

use image::{GrayImage, RgbImage};
use serde::{Deserialize, Serialize};

use super::gray;
use super::rotate::turn_gray_onto_white;
use crate::domain::finding::{Finding, FindingCode};

/// Longest side of the copy that is measured.
const SIDE_MAX: u32 = 1600;
/// Skew is looked for up to this many degrees to each side.
const SKEW_MAX: f32 = 10.0;
/// Contrast a pixel needs against its surroundings to count as ink. Scanner noise stays below it.
const INK_CONTRAST: i32 = 40;

/// Numbers measured on one page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Dots an inch, when known.
    pub dpi: Option<f32>,
    /// Share of the page covered by ink, 0–1, specks left out.
    pub ink: f32,
    /// Skew in degrees, positive when lines fall to the right (the page is turned clockwise). None when the
    /// page has too few lines to tell.
    pub skew: Option<f32>,
    /// Share of pixels that are pure white, 0–1.
    pub white: f32,
    /// Share of pixels that are pure black, 0–1.
    pub black: f32,
    /// Grey of the paper, 0–255: the level that nine tenths of the pixels do not exceed.
    pub paper: u8,
    /// Grey of the ink, 0–255: the mean of ink pixels; 0 on a blank page.
    pub ink_level: u8,
    /// Sharpness: variance of the Laplacian where there is ink, over the squared contrast. Text scanned in
    /// focus has more than 0.1. None on a blank page.
    pub sharpness: Option<f32>,
}

/// What a page is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityLimits {
    /// Least dots an inch. Default 200 (DA/T 31-2017, 7.2.2).
    pub dpi_min: f32,
    /// Most skew in degrees. Default 3.
    pub skew_max: f32,
    /// A page with a smaller share of ink is blank. Default 0.0002: three characters on A4 are more.
    pub blank_ink_max: f32,
    /// Ink lighter than this grey level is over-exposed. Default 170.
    pub ink_level_max: u8,
    /// Paper darker than this grey level is under-exposed. Default 110.
    pub paper_min: u8,
    /// Less sharpness than this is blur. Default 0.02.
    pub sharpness_min: f32,
}

impl Default for QualityLimits {
    fn default() -> Self {
        Self {
            dpi_min: 200.0,
            skew_max: 3.0,
            blank_ink_max: 0.0002,
            ink_level_max: 170,
            paper_min: 110,
            sharpness_min: 0.02,
        }
    }
}

/// Measures an upright page.
pub fn measure(page: &RgbImage, dpi: Option<f32>) -> Quality {
    let longest = page.width().max(page.height());
    let small = gray::gray_reduced(page, longest.div_ceil(SIDE_MAX));
    let histogram = histogram(&small);
    let total = (small.width() * small.height()).max(1) as f32;
    let mask = ink_mask(&small);
    let inked = mask.iter().filter(|ink| **ink).count();
    let level = mean_of_ink(&small, &mask);
    Quality {
        dpi,
        ink: inked as f32 / total,
        skew: skew(&small, &mask),
        white: histogram[255] as f32 / total,
        black: histogram[0] as f32 / total,
        paper: level_below(&histogram, 0.9),
        ink_level: level,
        sharpness: sharpness(&small, &mask),
    }
}

/// Holds the numbers of page `page` (from 1) against the limits. A blank page is only that: what cannot be
/// seen has no exposure, sharpness or skew.
pub fn judge(quality: &Quality, limits: &QualityLimits, page: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |code, value: f32, limit: f32| {
        findings.push(Finding::page(page, code).measured(tidy(value), tidy(limit)));
    };
    if let Some(dpi) = quality.dpi
        && dpi < limits.dpi_min - 0.5
    {
        note(FindingCode::LowResolution, dpi, limits.dpi_min);
    }
    if quality.paper < limits.paper_min {
        let (value, limit) = (f32::from(quality.paper), f32::from(limits.paper_min));
        note(FindingCode::UnderExposed, value, limit);
    }
    if quality.ink < limits.blank_ink_max {
        note(FindingCode::BlankPage, quality.ink, limits.blank_ink_max);
    } else {
        if let Some(skew) = quality.skew
            && skew.abs() > limits.skew_max
        {
            note(FindingCode::Skewed, skew, limits.skew_max);
        }
        if quality.ink_level > limits.ink_level_max {
            let (value, limit) = (f32::from(quality.ink_level), f32::from(limits.ink_level_max));
            note(FindingCode::OverExposed, value, limit);
        }
        if let Some(sharpness) = quality.sharpness
            && sharpness < limits.sharpness_min
        {
            note(FindingCode::Blurred, sharpness, limits.sharpness_min);
        }
    }
    if quality.dpi.is_none() {
        findings.push(Finding::page(page, FindingCode::UnknownResolution));
    }
    findings
}

/// Four digits after the point are enough for a person, and the same on every machine.
fn tidy(value: f32) -> f64 {
    (f64::from(value) * 10_000.0).round() / 10_000.0
}

fn histogram(image: &GrayImage) -> [u32; 256] {
    let mut counts = [0u32; 256];
    for pixel in image.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    counts
}

/// The lowest level that at least `share` of the pixels do not exceed.
fn level_below(histogram: &[u32; 256], share: f32) -> u8 {
    let total: u32 = histogram.iter().sum();
    let wanted = (total as f32 * share) as u32;
    let mut sum = 0;
    for (level, count) in histogram.iter().enumerate() {
        sum += count;
        if sum >= wanted {
            return level as u8;
        }
    }
    255
}

/// Pixels clearly darker than the mean of their surroundings, without single specks.
fn ink_mask(image: &GrayImage) -> Vec<bool> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let sums = integral(image);
    let radius = (width.max(height) / 40).max(3);
    let mut mask = vec![false; width * height];
    for y in 0..height {
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(height));
        for x in 0..width {
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
            let at = |x: usize, y: usize| i64::from(sums[y * (width + 1) + x]);
            let sum = at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top);
            let mean = sum / ((right - left) * (bottom - top)) as i64;
            let value = i64::from(image.as_raw()[y * width + x]);
            mask[y * width + x] = value + i64::from(INK_CONTRAST) < mean;
        }
    }
    without_specks(&mask, width, height)
}

fn integral(image: &GrayImage) -> Vec<u32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut sums = vec![0u32; (width + 1) * (height + 1)];
    for y in 0..height {
        let mut row = 0u32;
        for x in 0..width {
            row += u32::from(image.as_raw()[y * width + x]);
            sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
        }
    }
    sums
}

/// Keeps ink that has at least three inked neighbours: a stroke has, dust and noise have not.
fn without_specks(mask: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut kept = vec![false; mask.len()];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            if !mask[y * width + x] {
                continue;
            }
            let around = [y - 1, y, y + 1]
                .iter()
                .flat_map(|row| &mask[row * width + x - 1..=row * width + x + 1])
                .filter(|ink| **ink)
                .count();
            kept[y * width + x] = around > 3;
        }
    }
    kept
}

fn mean_of_ink(image: &GrayImage, mask: &[bool]) -> u8 {
    let mut sum = 0u64;
    let mut count = 0u64;
    for (value, ink) in image.as_raw().iter().zip(mask) {
        if *ink {
            sum += u64::from(*value);
            count += 1;
        }
    }
    sum.checked_div(count).unwrap_or(0) as u8
}

/// Variance of the four-neighbour Laplacian at ink and its neighbours, over the squared contrast, so that a
/// pale page is not called blurred.
fn sharpness(image: &GrayImage, mask: &[bool]) -> Option<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let raw = image.as_raw();
    let (mut sum, mut squares, mut count) = (0f64, 0f64, 0f64);
    let (mut dark, mut light) = (255u8, 0u8);
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            if !(mask[at] || mask[at - 1] || mask[at + 1] || mask[at - width] || mask[at + width]) {
                continue;
            }
            let value = |at: usize| f64::from(raw[at]);
            let laplacian = value(at - 1) + value(at + 1) + value(at - width) + value(at + width)
                - 4.0 * value(at);
            sum += laplacian;
            squares += laplacian * laplacian;
            count += 1.0;
            dark = dark.min(raw[at]);
            light = light.max(raw[at]);
        }
    }
    if count < 50.0 || light <= dark {
        return None;
    }
    let variance = squares / count - (sum / count) * (sum / count);
    let contrast = f64::from(light - dark);
    Some((variance / (contrast * contrast)) as f32)
}

/// Skew by projection: at the right angle ink falls into few rows, so the sum of squared differences between
/// neighbouring rows is largest. Searched in steps of 0.5°, then 0.1°, then refined by a parabola. Rows are
/// whole pixels: with finer bins the upright position always wins.
fn skew(image: &GrayImage, mask: &[bool]) -> Option<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut points: Vec<(f32, f32)> = Vec::new();
    let margin = (width / 50, height / 50);
    for y in margin.1..height - margin.1 {
        for x in margin.0..width - margin.0 {
            if mask[y * width + x] {
                points.push((x as f32 - width as f32 / 2.0, y as f32 - height as f32 / 2.0));
            }
        }
    }
    if points.len() < 400 {
        return None;
    }
    let thin = points.len().div_ceil(60_000);
    let points: Vec<(f32, f32)> = points.into_iter().step_by(thin).collect();
    let bins = width + height;
    let score = |degrees: f32| alignment(&points, degrees, bins);
    let steps = (SKEW_MAX * 2.0) as i32;
    let coarse = (-steps..=steps).map(|step| step as f32 * 0.5);
    let (coarse, best) = peak(coarse, &score)?;
    if best < 1.3 * score(coarse + 4.0).max(score(coarse - 4.0)) {
        return None; // no direction stands out: a photograph, a stamp, a signature
    }
    let fine = (-5..=5).map(|step| coarse + step as f32 * 0.1);
    let (fine, best) = peak(fine, &score)?;
    let (before, after) = (score(fine - 0.1), score(fine + 0.1));
    let bend = before - 2.0 * best + after;
    let shift = if bend < 0.0 {
        0.05 * (before - after) / bend
    } else {
        0.0
    };
    Some(fine + shift.clamp(-0.1, 0.1))
}

fn peak(
    angles: impl Iterator<Item = f32>,
    score: &impl Fn(f32) -> f32,
) -> Option<(f32, f32)> {
    angles
        .map(|angle| (angle, score(angle)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn alignment(points: &[(f32, f32)], degrees: f32, bins: usize) -> f32 {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let mut rows = vec![0f32; bins];
    let middle = bins as f32 / 2.0;
    for (x, y) in points {
        let row = y * cos - x * sin + middle;
        // A point counts in both rows it lies between, so that turning does not shift it by half a row.
        let low = row.floor();
        let share = row - low;
        let low = low as usize;
        if let Some(bin) = rows.get_mut(low) {
            *bin += 1.0 - share;
        }
        if let Some(bin) = rows.get_mut(low + 1) {
            *bin += share;
        }
    }
    rows.windows(2)
        .map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0]))
        .sum()
}

/// A grey page turned upright by its measured skew; what comes in is white.
pub fn deskewed(page: &GrayImage, skew: f32) -> GrayImage {
    turn_gray_onto_white(page, -skew)
}
