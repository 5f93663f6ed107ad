//! A page photographed aslant: where its four corners lie, how far from square it looks, and the same page set
//! straight. A page that fills its image, as every scan does, has no outline here and is never changed.

mod component;
mod rectify;
mod sides;

use image::imageops;

use super::copies::{Copies, shrunk};
pub use rectify::rectified;

/// Longest side of the copy that is looked at.
const SIDE_MAX: u32 = 480;

/// Least difference between the levels of page and ground.
const CONTRAST_MIN: f32 = 50.0;

/// Share of the image a page takes, at least and at most.
const AREA: std::ops::RangeInclusive<f32> = 0.15..=0.95;

/// A corner nearer to the border of the copy than this, in pixels, may lie outside the image.
const MARGIN: f32 = 2.0;

/// What deviates less from a rectangle, in degrees, lay flat under a scanner's lid and was not photographed.
const KEYSTONE_MIN: f32 = 1.0;

/// A point: across and down, in pixels.
pub type Point = [f32; 2];

/// The four corners of a page within its image, in pixels of the upright image: top left, top right, bottom right,
/// bottom left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// The corners, clockwise from the top left.
    pub corners: [Point; 4],
}

impl Outline {
    /// The greatest difference of a corner from a right angle, in degrees: 0 for a page seen from straight above.
    pub fn keystone(&self) -> f32 {
        let angles = (0..4).map(|at| {
            let [before, corner, after] = [(at + 3) % 4, at, (at + 1) % 4];
            let [before, corner, after] = [before, corner, after].map(|at| self.corners[at]);
            let one = [before[0] - corner[0], before[1] - corner[1]];
            let two = [after[0] - corner[0], after[1] - corner[1]];
            let cross = one[0] * two[1] - one[1] * two[0];
            let dot = one[0] * two[0] + one[1] * two[1];
            (cross.abs().atan2(dot).to_degrees() - 90.0).abs()
        });
        angles.fold(0.0, f32::max)
    }

    /// Width and height of the page set straight: the longer of each pair of opposite sides, in pixels.
    pub fn size(&self) -> (f32, f32) {
        let [a, b, c, d] = self.corners;
        (
            distance(a, b).max(distance(d, c)),
            distance(a, d).max(distance(b, c)),
        )
    }
}

/// The outline of a page that was photographed aslant on a darker ground, when all four of its corners and most of its
/// sides are to be seen; none otherwise.
pub fn outline(page: &Copies<'_>) -> Option<Outline> {
    let (luma, step) = page.luma();
    let (small, times) = shrunk(luma, SIDE_MAX);
    let step = step * times;
    let (width, height) = small.dimensions();
    if width < 64 || height < 64 {
        return None;
    }
    let soft = imageops::fast_blur(&small, 1.0);
    let level = component::level(&soft, CONTRAST_MIN)?;
    let edge = component::largest_light(&soft, level)?;
    let found = sides::quadrilateral(&edge)?;
    let area = found.area() / (width * height) as f32;
    let inside = |point: &Point| {
        let within = |at: f32, most: u32| at >= MARGIN && at <= most as f32 - 1.0 - MARGIN;
        within(point[0], width) && within(point[1], height)
    };
    if !AREA.contains(&area) || !found.0.iter().all(inside) || !found.on_dark(&soft, level) {
        return None;
    }
    // The middle of a reduced pixel lies half a step into what it was made of.
    let scaled = |point: Point| point.map(|at| (at + 0.5) * step as f32 - 0.5);
    let outline = Outline {
        corners: found.0.map(scaled),
    };
    (outline.keystone() >= KEYSTONE_MIN).then_some(outline)
}

fn distance(a: Point, b: Point) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
