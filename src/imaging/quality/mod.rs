//! Quality of a page, measured on a small grey copy: blank, skewed, too light, too dark, blurred, too coarse, cut off at
//! its edge, with a corner missing, with the back shining through, photographed aslant.
//!
//! The limits follow DA/T 31-2017 (纸质档案数字化规范): at least 200 dpi, a page not visibly skewed, nothing
//! lost to exposure. [`measure`] gives numbers, [`judge`] holds them against [`QualityLimits`].

mod corner;
mod edge;
mod ghost;
pub(super) mod ink;
pub(super) mod skew;

use image::GrayImage;
use serde::{Deserialize, Serialize};

use super::copies::Copies;
use super::perspective;
use super::rotate::turn_gray_onto_white;
use crate::domain::finding::{Finding, FindingCode};

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
    /// Strokes that run into the border of the image, at the side with the most of them.
    pub edge_strokes: u32,
    /// Share of the paper on which faint strokes shine through from the back, 0–1.
    pub bleed: f32,
    /// Leg of the largest missing corner over the shorter side of the page, 0–1; 0 where all four are there.
    pub corner: f32,
    /// Greatest difference of a corner of the page's outline from a right angle, in degrees. None where no outline of a
    /// page lies within the image, as on every scan.
    pub keystone: Option<f32>,
}

/// What a page is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityLimits {
    /// Least dots an inch. Default 200 (DA/T 31-2017, 7.2.2).
    pub dpi_min: f32,
    /// Most skew in degrees. Default 3.
    pub skew_max: f32,
    /// A page with a smaller share of ink is blank. Default 0.00002: one character on A4 is more.
    pub blank_ink_max: f32,
    /// Ink lighter than this grey level is over-exposed. Default 170.
    pub ink_level_max: u8,
    /// Paper darker than this grey level is under-exposed. Default 110.
    pub paper_min: u8,
    /// Less sharpness than this is blur. Default 0.02: strokes spread over more than half a
    /// millimetre; photographs of pages that can still be read lie above it.
    pub sharpness_min: f32,
    /// More strokes than this running into one side of the image are text or lines that were cut off. Default 8.
    pub edge_strokes_max: u32,
    /// A larger share of the paper with the back shining through is marked. Default 0.35: screened pictures reach 0.3.
    pub bleed_max: f32,
    /// A larger missing corner is marked: its leg over the shorter side of the page. Default 0.03, 6 mm on A4.
    pub corner_max: f32,
    /// A page outline whose corners differ more than this from a right angle was photographed aslant, in degrees.
    /// Default 2.
    pub keystone_max: f32,
}

impl Default for QualityLimits {
    fn default() -> Self {
        Self {
            dpi_min: 200.0,
            skew_max: 3.0,
            blank_ink_max: 0.000_02,
            ink_level_max: 170,
            paper_min: 110,
            sharpness_min: 0.02,
            edge_strokes_max: 8,
            bleed_max: 0.35,
            corner_max: 0.03,
            keystone_max: 2.0,
        }
    }
}

/// Measures an upright page, on its small grey copy.
pub fn measure(page: &Copies<'_>, dpi: Option<f32>) -> Quality {
    let small = page.small();
    let (image, mask) = (&small.image, small.mask.as_slice());
    let histogram = ink::histogram(image);
    let total = (image.width() * image.height()).max(1) as f32;
    let inked = mask.iter().filter(|ink| **ink).count();
    let paper = ink::level_below(&histogram, 0.9);
    Quality {
        dpi,
        ink: inked as f32 / total,
        skew: small.skew,
        white: histogram[255] as f32 / total,
        black: histogram[0] as f32 / total,
        paper,
        ink_level: ink::mean(image, mask),
        sharpness: ink::sharpness(image, mask),
        edge_strokes: edge::strokes(image, mask, paper),
        bleed: ghost::share(page, paper),
        corner: corner::missing(image, paper),
        keystone: perspective::outline(page).map(|outline| outline.keystone()),
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
    if quality.corner > limits.corner_max {
        note(
            FindingCode::MissingCorner,
            quality.corner,
            limits.corner_max,
        );
    }
    if let Some(keystone) = quality.keystone
        && keystone > limits.keystone_max
    {
        note(FindingCode::Perspective, keystone, limits.keystone_max);
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
            let (value, limit) = (
                f32::from(quality.ink_level),
                f32::from(limits.ink_level_max),
            );
            note(FindingCode::OverExposed, value, limit);
        }
        if let Some(sharpness) = quality.sharpness
            && sharpness < limits.sharpness_min
        {
            note(FindingCode::Blurred, sharpness, limits.sharpness_min);
        }
        if quality.edge_strokes > limits.edge_strokes_max {
            let (value, limit) = (quality.edge_strokes, limits.edge_strokes_max);
            note(FindingCode::ClippedEdge, value as f32, limit as f32);
        }
        if quality.bleed > limits.bleed_max {
            note(FindingCode::BleedThrough, quality.bleed, limits.bleed_max);
        }
    }
    if quality.dpi.is_none() {
        findings.push(Finding::page(page, FindingCode::UnknownResolution));
    }
    findings
}

/// Six digits after the point are enough for a person, and the same on every machine.
fn tidy(value: f32) -> f64 {
    (f64::from(value) * 1_000_000.0).round() / 1_000_000.0
}

/// A grey page turned upright by its measured skew; what comes in is white.
pub fn deskewed(page: &GrayImage, skew: f32) -> GrayImage {
    turn_gray_onto_white(page, -skew)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::gray;
    use crate::imaging::rotate::turn_onto_white;
    use image::{Rgb, RgbImage, imageops};

    /// A page of 1240 × 1754 (A4 at 150 dpi) with lines of small strokes, as text looks from afar.
    fn text_page(lines: u32, paper: u8, ink: u8) -> RgbImage {
        let mut page = RgbImage::from_pixel(1240, 1754, Rgb([paper; 3]));
        for line in 0..lines {
            for letter in 0..70u32 {
                let (x0, y0) = (120 + letter * 14, 150 + line * 40);
                for stroke in 0..4u32 {
                    let (dx, dy) = ((letter * 7 + stroke * 3) % 8, (letter + stroke * 5) % 16);
                    for at in 0..10 {
                        page.put_pixel(x0 + dx, y0 + at + dy / 4, Rgb([ink; 3]));
                        page.put_pixel(x0 + dx + 1, y0 + at + dy / 4, Rgb([ink; 3]));
                    }
                }
            }
        }
        page
    }

    fn noisy(mut page: RgbImage, most: u64) -> RgbImage {
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        for pixel in page.pixels_mut() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let drop = (state % (most + 1)) as u8;
            pixel.0 = pixel.0.map(|value| value.saturating_sub(drop));
        }
        page
    }

    fn measure(page: &RgbImage, dpi: Option<f32>) -> Quality {
        super::measure(&Copies::new(page), dpi)
    }

    fn codes(page: &RgbImage, dpi: Option<f32>) -> Vec<FindingCode> {
        let quality = measure(page, dpi);
        judge(&quality, &QualityLimits::default(), 1)
            .iter()
            .map(|finding| finding.code)
            .collect()
    }

    #[test]
    fn a_good_page_has_no_findings() {
        assert_eq!(codes(&text_page(35, 250, 20), Some(300.0)), vec![]);
        assert_eq!(
            codes(&noisy(text_page(35, 250, 20), 25), Some(200.0)),
            vec![]
        );
    }

    #[test]
    fn resolution_is_judged() {
        let page = text_page(35, 250, 20);
        assert_eq!(codes(&page, None), vec![FindingCode::UnknownResolution]);
        let quality = measure(&page, Some(150.0));
        let finding = &judge(&quality, &QualityLimits::default(), 7)[0];
        assert_eq!(finding.code, FindingCode::LowResolution);
        assert_eq!(
            (finding.page, finding.value, finding.limit),
            (Some(7), Some(150.0), Some(200.0))
        );
    }

    #[test]
    fn a_noisy_white_page_is_blank_and_a_few_words_are_not() {
        let white = RgbImage::from_pixel(1240, 1754, Rgb([250; 3]));
        assert_eq!(codes(&white, Some(300.0)), vec![FindingCode::BlankPage]);
        assert_eq!(
            codes(&noisy(white, 40), Some(300.0)),
            vec![FindingCode::BlankPage]
        );
        let mut words = RgbImage::from_pixel(1240, 1754, Rgb([250; 3]));
        let line = text_page(1, 250, 20);
        let few = imageops::crop_imm(&line, 110, 140, 80, 30).to_image();
        imageops::replace(&mut words, &few, 500, 800);
        assert!(!codes(&words, Some(300.0)).contains(&FindingCode::BlankPage));
    }

    #[test]
    fn skew_is_measured_to_a_tenth_of_a_degree() {
        let page = text_page(35, 250, 20);
        for degrees in [-9.0f32, -4.3, -1.0, -0.25, 0.0, 0.4, 1.7, 5.5, 9.5] {
            let skew = measure(&turn_onto_white(&page, degrees), None)
                .skew
                .unwrap();
            assert!(
                (skew - degrees).abs() <= 0.15,
                "{degrees} measured as {skew}"
            );
        }
        assert!(codes(&turn_onto_white(&page, 4.0), Some(300.0)).contains(&FindingCode::Skewed));
        assert!(!codes(&turn_onto_white(&page, 2.0), Some(300.0)).contains(&FindingCode::Skewed));
        let turned = gray::gray(&turn_onto_white(&page, 3.0));
        let back = deskewed(&turned, 3.0);
        let back = image::DynamicImage::from(back).to_rgb8();
        assert!(measure(&back, None).skew.unwrap().abs() < 0.15);
    }

    #[test]
    fn exposure_and_blur_are_found() {
        let pale = text_page(35, 255, 195);
        assert_eq!(codes(&pale, Some(300.0)), vec![FindingCode::OverExposed]);
        let dark = text_page(35, 90, 10);
        assert_eq!(codes(&dark, Some(300.0)), vec![FindingCode::UnderExposed]);
        let soft = imageops::blur(&text_page(35, 250, 20), 4.0);
        assert!(codes(&soft, Some(300.0)).contains(&FindingCode::Blurred));
        let slightly = imageops::blur(&text_page(35, 250, 20), 1.5);
        assert!(!codes(&slightly, Some(300.0)).contains(&FindingCode::Blurred));
    }

    #[test]
    fn tiny_and_narrow_pages_are_survived() {
        for (width, height) in [(1, 1), (1, 20_000), (3, 2), (20_000, 1), (50, 50)] {
            let page = RgbImage::from_pixel(width, height, Rgb([0; 3]));
            let quality = measure(&page, None);
            assert!(quality.ink.is_finite());
            assert_eq!(quality.skew, None);
        }
    }
}
