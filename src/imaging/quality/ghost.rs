//! What shines through from the back of the page: faint grey strokes on the paper that no ink explains.

use image::{GrayImage, RgbImage, imageops};

use super::ink::integral;
use crate::imaging::copies::{Copies, Small};

/// Contrast of a faint stroke against the paper on both sides of it: less is noise and the grain of the paper, more is
/// ink.
const FAINT: std::ops::RangeInclusive<i32> = 9..=38;

/// Most difference of colour between a faint stroke and its paper: what shines through is grey, a printed ground is not.
const CHROMA_MAX: i32 = 8;

/// Shortest longer side of a copy that can be judged: on smaller ones fine print is as faint as a ghost.
const SIDE_MIN: u32 = 1_100;

/// Darkest paper that can be judged: a darker one is a photograph's, and its folds and shadows look like a ghost.
const PAPER_MIN: u8 = 190;

/// How far from a stroke its paper is looked for, and how far from ink a faint stroke must be, in pixels.
const REACH: usize = 7;
const INK_REACH: usize = 5;

/// Side of a block, in pixels, and the share of its paper that must be faint to make it one with a ghost.
const BLOCK: usize = 32;
const BLOCK_FAINT: f32 = 0.04;

/// Share of the page's paper, 0 to 1 by blocks, on which something shines through. `paper` is the grey of the paper.
pub fn share(page: &Copies<'_>, paper: u8) -> f32 {
    let Small {
        image, step, mask, ..
    } = page.small();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let small = image.width().max(image.height()) < SIDE_MIN || width.min(height) < 2 * BLOCK;
    if small || paper < PAPER_MIN {
        return 0.0;
    }
    let inked = mask.iter().map(|ink| u8::from(*ink)).collect();
    let Some(inked) = GrayImage::from_raw(image.width(), image.height(), inked) else {
        return 0.0;
    };
    let view = View {
        page: page.page(),
        // The smallest blur takes the grain and leaves strokes.
        soft: imageops::fast_blur(image, 0.8),
        ink: integral(&inked),
        step: *step,
        width,
    };
    let (mut blocks, mut ghosts) = (0u32, 0u32);
    for top in (BLOCK..height - BLOCK).step_by(BLOCK) {
        for left in (BLOCK..width - BLOCK).step_by(BLOCK) {
            let (paper, faint) = view.block(left, top, (width - left, height - top));
            if paper * 3 < BLOCK * BLOCK / 4 {
                continue;
            }
            blocks += 1;
            ghosts += u32::from(faint as f32 >= BLOCK_FAINT * paper as f32);
        }
    }
    // A page full of ink has no paper to judge by.
    if blocks < 40 {
        return 0.0;
    }
    ghosts as f32 / blocks as f32
}

struct View<'p> {
    page: &'p RgbImage,
    soft: GrayImage,
    ink: Vec<u32>,
    step: u32,
    width: usize,
}

impl View<'_> {
    /// Of every fourth pixel of a block: how many are paper, and how many of these are faint strokes.
    fn block(&self, left: usize, top: usize, (right, bottom): (usize, usize)) -> (usize, usize) {
        let (mut paper, mut faint) = (0, 0);
        for y in (top..top + BLOCK.min(bottom.saturating_sub(REACH + 1))).step_by(2) {
            for x in (left..left + BLOCK.min(right.saturating_sub(REACH + 1))).step_by(2) {
                if self.near_ink(x, y) {
                    continue;
                }
                paper += 1;
                faint += usize::from(self.is_faint(x, y));
            }
        }
        (paper, faint)
    }

    fn near_ink(&self, x: usize, y: usize) -> bool {
        let at = |x: usize, y: usize| self.ink[y * (self.width + 1) + x];
        let (left, right) = (x - INK_REACH, x + INK_REACH + 1);
        let (top, bottom) = (y - INK_REACH, y + INK_REACH + 1);
        at(right, bottom) + at(left, top) != at(left, bottom) + at(right, top)
    }

    /// Darker than the paper on both sides, across or down; the edge of a shaded field has paper on one.
    fn is_faint(&self, x: usize, y: usize) -> bool {
        let raw = self.soft.as_raw();
        let place = y * self.width + x;
        let value = |place: usize| i32::from(raw[place]);
        let across = value(place - REACH).min(value(place + REACH));
        let down = (value(place - REACH * self.width)).min(value(place + REACH * self.width));
        let contrast = across.max(down) - value(place);
        if !FAINT.contains(&contrast) {
            return false;
        }
        let (dx, dy) = match across >= down {
            true => (REACH, 0),
            false => (0, REACH),
        };
        (self.chroma(x, y) - self.chroma(x + dx, y + dy)).abs() <= CHROMA_MAX
    }

    fn chroma(&self, x: usize, y: usize) -> i32 {
        let at = |side: usize, most: u32| {
            (side as u32 * self.step + self.step / 2).min(most.saturating_sub(1))
        };
        let (x, y) = (at(x, self.page.width()), at(y, self.page.height()));
        let place = (y as usize * self.page.width() as usize + x as usize) * 3;
        let Some(pixel) = self.page.as_raw().get(place..place + 3) else {
            return 0;
        };
        let most = pixel.iter().max().copied().unwrap_or(0);
        let least = pixel.iter().min().copied().unwrap_or(0);
        i32::from(most) - i32::from(least)
    }
}
