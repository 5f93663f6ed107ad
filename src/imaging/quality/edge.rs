//! Ink that runs out of the image: text or lines that were cut off at its border.

use image::GrayImage;

/// How much darker than the paper a border may be and still be paper; a scanner's shadow or a desk is darker.
const SHADE_MAX: u8 = 40;

/// How many strokes run into the border, at the side with the most of them. A line of text cut lengthwise gives forty
/// and more, a paragraph or a table cut at its side one for each of its lines. The shadow at a scanner's edge and a
/// line along the border are one long stroke and do not count; neither does a border that is not paper.
pub fn strokes(image: &GrayImage, mask: &[bool], paper: u8) -> u32 {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if width < 64 || height < 64 {
        return 0;
    }
    // Each side by where it begins, the step along it, the step inwards, and its length.
    let sides = [
        (0, 1, width as isize, width),
        ((height - 1) * width, 1, -(width as isize), width),
        (0, width, 1, height),
        (width - 1, width, -1, height),
    ];
    let counts = sides.map(|(start, along, inwards, length)| {
        let side = Side {
            start,
            along,
            inwards,
            length,
        };
        side.strokes(image.as_raw(), mask, paper)
    });
    counts.into_iter().max().unwrap_or(0)
}

struct Side {
    start: usize,
    along: usize,
    inwards: isize,
    length: usize,
}

impl Side {
    /// The place `at` along the side, `depth` pixels inwards.
    fn place(&self, at: usize, depth: isize) -> usize {
        (self.start + at * self.along).wrapping_add_signed(self.inwards * depth)
    }

    fn is_paper(&self, raw: &[u8], paper: u8) -> bool {
        let level = paper.saturating_sub(SHADE_MAX);
        let light = (0..self.length)
            .filter(|at| raw[self.place(*at, 2)] >= level)
            .count();
        light * 4 >= self.length * 3
    }

    fn strokes(&self, raw: &[u8], mask: &[bool], paper: u8) -> u32 {
        if !self.is_paper(raw, paper) {
            return 0;
        }
        // The frame itself is never in the mask.
        let longest = self.length / 50;
        let (mut count, mut run, mut deep) = (0, 0usize, false);
        for at in 0..self.length {
            if mask[self.place(at, 1)] {
                run += 1;
                deep |= mask[self.place(at, 4)];
                continue;
            }
            if deep && run <= longest {
                count += 1;
            }
            (run, deep) = (0, false);
        }
        count
    }
}
