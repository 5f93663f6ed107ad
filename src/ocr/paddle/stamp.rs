//! Reading seals: the text along the ring, and the straight text inside it, as lines of their own after the page's.

use std::f32::consts::TAU;

use image::RgbImage;

use super::geometry::{Point, Quad};
use super::lines::{line, rect};
use super::rec::{Sign, mean_confidence};
use super::seal::{self, BANDS, Seal};
use super::stand::is_ideograph;
use super::{PaddleEngine, det};
use crate::domain::text::{LineKind, OcrChar, OcrLine};
use crate::ocr::OcrError;

/// Longest side of the copy on which seals are looked for.
const LOOK: f32 = 900.0;
/// Longest side of a seal when its straight text is looked for.
const INSIDE: f32 = 320.0;
/// Straight text lies within this share of the radius.
const CORE: f32 = 0.62;
/// Least mean confidence, and fewest ideographs on a ring and inside it.
const SURE: f32 = 0.6;
const ON_RING: usize = 4;
const IN_CORE: usize = 2;

impl PaddleEngine {
    /// The red seals of a page as decoded.
    pub(super) fn seals(&mut self, page: &RgbImage) -> Result<Vec<Seal>, OcrError> {
        let (width, height) = page.dimensions();
        let scale = (LOOK / width.max(height) as f32).min(1.0);
        let side = |length: u32| (length as f32 * scale).round().max(1.0) as usize;
        let (columns, rows) = (side(width), side(height));
        let pixels = self.cutter.whole(page, columns, rows)?;
        let scale = (columns as f32 / width as f32, rows as f32 / height as f32);
        Ok(seal::find(&pixels, columns, scale))
    }

    /// What the seals of a page say.
    pub(super) fn read_seals(
        &mut self,
        page: &RgbImage,
        seals: &[Seal],
    ) -> Result<Vec<OcrLine>, OcrError> {
        let mut lines = Vec::new();
        for seal in seals {
            let (ink, corner) = seal::ink(page, seal);
            if ink.width() < 24 || ink.height() < 24 {
                continue;
            }
            if seal.round {
                lines.extend(self.ring(&ink, seal, page.dimensions())?);
            }
            lines.extend(self.core(&ink, corner, page.dimensions())?);
        }
        for line in &mut lines {
            line.kind = LineKind::Seal;
        }
        Ok(lines)
    }

    /// The text along the ring, in the band where it reads best.
    fn ring(
        &mut self,
        ink: &RgbImage,
        seal: &Seal,
        size: (u32, u32),
    ) -> Result<Option<OcrLine>, OcrError> {
        let mut best: Option<(Vec<Sign>, (f32, f32))> = None;
        for band in BANDS {
            let roll = seal::unrolled(ink, band);
            let signs = self.reader.read(&roll, &whole(&roll))?;
            let known = best
                .as_ref()
                .map_or(0.0, |(signs, _)| mean_confidence(signs));
            if mean_confidence(&signs) > known {
                best = Some((signs, band));
            }
        }
        let Some((signs, band)) = best.filter(|(signs, _)| is_text(signs, ON_RING)) else {
            return Ok(None);
        };
        let chars = signs.iter().map(|sign| {
            let (sin, cos) = ((0.25 + sign.middle) * TAU).sin_cos();
            let share = (band.0 + band.1) / 2.0;
            let half = (band.1 - band.0) / 2.0;
            let place = Seal {
                middle: Point::new(
                    seal.middle.x + cos * seal.radius.0 * share,
                    seal.middle.y + sin * seal.radius.1 * share,
                ),
                radius: (seal.radius.0 * half, seal.radius.1 * half),
                round: true,
            };
            OcrChar {
                c: sign.c,
                rect: rect(&place.quad(), size),
                p: sign.p,
                others: sign.others.clone(),
                ..OcrChar::default()
            }
        });
        Ok(Some(OcrLine {
            rect: rect(&seal.quad(), size),
            chars: chars.collect(),
            ..OcrLine::default()
        }))
    }

    /// Straight text inside the ring.
    fn core(
        &mut self,
        ink: &RgbImage,
        corner: (u32, u32),
        size: (u32, u32),
    ) -> Result<Vec<OcrLine>, OcrError> {
        let (width, height) = (ink.width() as f32, ink.height() as f32);
        let map = det::look(
            self.det.as_mut(),
            &mut self.cutter,
            ink,
            INSIDE / width.max(height),
        )?;
        let quads = det::boxes(&map.values, map.width, map.scale, ink.dimensions());
        let mut lines = Vec::new();
        for quad in quads {
            let (left, top, right, bottom) = quad.bounds();
            let across = ((left + right) / width - 1.0).abs();
            let down = ((top + bottom) / height - 1.0).abs();
            if across.hypot(down) > CORE {
                continue;
            }
            let signs = self.reader.read(ink, &quad)?;
            if is_text(&signs, IN_CORE) {
                let on_page =
                    quad.map(|at| Point::new(at.x + corner.0 as f32, at.y + corner.1 as f32));
                lines.push(line(&on_page, &signs, size));
            }
        }
        Ok(lines)
    }
}

fn is_text(signs: &[Sign], least: usize) -> bool {
    let ideographs = signs.iter().filter(|sign| is_ideograph(sign.c)).count();
    ideographs >= least && ideographs * 2 > signs.len() && mean_confidence(signs) >= SURE
}

fn whole(image: &RgbImage) -> Quad {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    Quad {
        corners: corners.map(|(x, y)| Point::new(x, y)),
    }
}
