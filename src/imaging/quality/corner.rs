//! A corner that is not there: torn off or folded over, so that the dark ground shows in its place.

use image::GrayImage;

/// The ground is darker than this share of the paper's level, in tenths; the shadow at a scanner's edge is not.
const GROUND_TENTHS: u32 = 6;

/// The largest missing corner, as the mean length of its two legs over the shorter side of the page; 0 where all four
/// are there. A dark band along an edge and the wedge beside a page laid askew are no corners: their legs are of very
/// different length.
pub fn missing(image: &GrayImage, paper: u8) -> f32 {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let shorter = width.min(height);
    if shorter < 64 {
        return 0.0;
    }
    let dark = (u32::from(paper) * GROUND_TENTHS / 10) as u8;
    let raw = image.as_raw();
    let mut largest = 0f32;
    for (right, bottom) in [(false, false), (true, false), (false, true), (true, true)] {
        let is_dark = |x: usize, y: usize| {
            let x = if right { width - 1 - x } else { x };
            let y = if bottom { height - 1 - y } else { y };
            raw[y * width + x] < dark
        };
        if let Some(leg) = triangle(is_dark, shorter * 2 / 5) {
            largest = largest.max(leg as f32 / shorter as f32);
        }
    }
    largest
}

/// The mean leg of a dark right-angled triangle with its right angle at 0, 0 and legs of at most `most`, or none.
fn triangle(is_dark: impl Fn(usize, usize) -> bool, most: usize) -> Option<usize> {
    // Two pixels in: the outermost are often a frame.
    let leg = |dark: &dyn Fn(usize) -> bool| (2..=most).take_while(|at| dark(*at)).count();
    let across = leg(&|x| is_dark(x, 2));
    let down = leg(&|y| is_dark(2, y));
    let (short, long) = (across.min(down), across.max(down));
    if short < 8 || long > short * 5 / 2 || long + 2 > most {
        return None;
    }
    // Within the triangle nearly all is dark, in the other half of its rectangle nearly all is paper.
    let (mut within, mut dark_within, mut beyond, mut dark_beyond) = (0, 0, 0, 0);
    for y in 0..down {
        for x in 0..across {
            let dark = usize::from(is_dark(2 + x, 2 + y));
            let place = x * down + y * across;
            let diagonal = across * down;
            if place * 20 < diagonal * 19 {
                (within, dark_within) = (within + 1, dark_within + dark);
            } else if place * 20 > diagonal * 21 {
                (beyond, dark_beyond) = (beyond + 1, dark_beyond + dark);
            }
        }
    }
    let filled = dark_within * 20 >= within * 19;
    let empty = dark_beyond * 10 <= beyond;
    (filled && empty).then_some((across + down) / 2)
}
