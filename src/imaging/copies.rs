//! Grey copies of one page, each made at most once, however many measures look at the page.

use std::cell::OnceCell;

use image::{GrayImage, RgbImage};

use super::gray;
use super::quality::{ink, skew};

/// Longest side of the grey copy, in pixels. A3 at 300 dpi is 4,960; a larger page is halved, where a module of a bar
/// code of a third of a millimetre still has two pixels.
const LUMA_SIDE: u32 = 5_000;

/// Longest side of the small copy, in pixels.
const SMALL_SIDE: u32 = 1_600;

/// A page and its grey copies.
pub struct Copies<'p> {
    page: &'p RgbImage,
    luma: OnceCell<(GrayImage, u32)>,
    small: OnceCell<Small>,
}

/// The page in grey and small, with its ink.
pub struct Small {
    /// The copy, its longest side at most 1,600 pixels.
    pub image: GrayImage,
    /// Pixels of the page to one of the copy.
    pub step: u32,
    /// Which pixels are ink.
    pub mask: Vec<bool>,
    /// Skew in degrees, positive when the page is turned clockwise; none where too few lines tell.
    pub skew: Option<f32>,
}

impl<'p> Copies<'p> {
    /// Of an upright page; nothing is made yet.
    pub fn new(page: &'p RgbImage) -> Self {
        Self {
            page,
            luma: OnceCell::new(),
            small: OnceCell::new(),
        }
    }

    /// The page itself.
    pub fn page(&self) -> &'p RgbImage {
        self.page
    }

    /// The page in grey, its longest side at most 5,000 pixels, and how many pixels of the page one of it stands for.
    pub fn luma(&self) -> (&GrayImage, u32) {
        let (image, step) = self.luma.get_or_init(|| {
            let step = step(self.page.dimensions(), LUMA_SIDE);
            (gray::gray_reduced(self.page, step), step)
        });
        (image, *step)
    }

    /// The page in grey and small.
    pub fn small(&self) -> &Small {
        self.small.get_or_init(|| {
            let (luma, step) = self.luma();
            let (image, times) = shrunk(luma, SMALL_SIDE);
            let mask = ink::mask(&image);
            Small {
                step: step * times,
                skew: skew::measure(&image, &mask),
                image,
                mask,
            }
        })
    }
}

/// An image reduced until its longest side is at most `side`, and by how much.
pub fn shrunk(image: &GrayImage, side: u32) -> (GrayImage, u32) {
    let step = step(image.dimensions(), side);
    (gray::reduced(image, step), step)
}

fn step((width, height): (u32, u32), side: u32) -> u32 {
    width.max(height).div_ceil(side).max(1)
}
