//! Rendering one page to pixels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning};
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::RgbImage;

use super::scanned::PageKind;
use super::{Rendered, fonts};
use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::Limits;

/// Resolution of a page that is not a scan.
const RENDER_DPI: f32 = 300.0;
/// Most pixels rendered: the renderer holds several four-byte copies (A2 at 300 dpi, A3 at 400 have 35
/// million).
const RENDER_PIXELS_MAX: f64 = 36e6;
/// Longest side of a rendered page.
const SIDE_MAX: f64 = 32_000.0;

/// Renders on white. An image on the page that cannot be decoded is an error, not a white patch.
pub fn render(page: &Page<'_>, kind: &PageKind, limits: &Limits) -> Result<Rendered, Finding> {
    let unit = page.raw().get::<f32>("UserUnit").unwrap_or(1.0);
    let unit = if unit.is_finite() && unit > 0.0 { unit } else { 1.0 };
    let (x_scale, y_scale) = match kind {
        PageKind::Image { scale } => *scale,
        _ => (RENDER_DPI * unit / 72.0, RENDER_DPI * unit / 72.0),
    };
    let (width, height) = page.render_dimensions();
    let (x_scale, y_scale) = bounded((width, height), (x_scale, y_scale), limits);
    let image_failed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&image_failed);
    let settings = InterpreterSettings {
        font_resolver: Arc::new(fonts::resolve),
        warning_sink: Arc::new(move |warning| {
            if matches!(warning, InterpreterWarning::ImageDecodeFailure) {
                flag.store(true, Ordering::Relaxed);
            }
        }),
        ..InterpreterSettings::default()
    };
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        &settings,
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale,
            y_scale,
            bg_color: WHITE,
        },
    );
    if image_failed.load(Ordering::Relaxed) {
        return Err(Finding::file(FindingCode::Damaged));
    }
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let data = pixmap
        .data_as_u8_slice()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let pixels = RgbImage::from_raw(width, height, data)
        .ok_or_else(|| Finding::file(FindingCode::Damaged))?;
    Ok(Rendered {
        pixels,
        dpi: x_scale.min(y_scale) * 72.0 / unit,
    })
}

/// The scale, made smaller where the page would have too many pixels, and at least one pixel a side. Half a
/// pixel is added because the renderer cuts fractions off.
fn bounded(size: (f32, f32), scale: (f32, f32), limits: &Limits) -> (f32, f32) {
    let most = RENDER_PIXELS_MAX.min(limits.pixels_max as f64);
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let (mut x, mut y) = (f64::from(scale.0), f64::from(scale.1));
    let pixels = width * x * height * y;
    if pixels > most {
        let shrink = (most / pixels).sqrt();
        x *= shrink;
        y *= shrink;
    }
    let longest = (width * x).max(height * y);
    if longest > SIDE_MAX {
        x *= SIDE_MAX / longest;
        y *= SIDE_MAX / longest;
    }
    let whole = |side: f64, scale: f64| ((side * scale).round().max(1.0) + 0.01) / side;
    (whole(width, x) as f32, whole(height, y) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_page_is_scaled_down_and_a_tiny_one_keeps_a_pixel() {
        let limits = Limits::default();
        let (x, y) = bounded((200_000.0, 200_000.0), (4.0, 4.0), &limits);
        assert!(f64::from(200_000.0 * x) * f64::from(200_000.0 * y) <= 36.1e6);
        let (x, y) = bounded((1.0, 200_000.0), (4.0, 4.0), &limits);
        assert!(200_000.0 * y <= 32_001.0 && x >= 1.0);
        let (x, y) = bounded((595.0, 842.0), (300.0 / 72.0, 300.0 / 72.0), &limits);
        assert_eq!(((595.0 * x) as u16, (842.0 * y) as u16), (2479, 3508));
    }
}
