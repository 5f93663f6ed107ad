//! Four straight sides around a field, and whether the ground beyond them is dark.

use image::GrayImage;

use super::{Point, distance};

/// Directions in which the outermost points are looked for.
const DIRECTIONS: usize = 72;

/// How far a point of a side may lie from it, in pixels of the copy.
const NEAR: f32 = 2.5;

/// Four corners, clockwise from the top left.
pub(super) struct Quadrilateral(pub(super) [Point; 4]);

/// The four sides that run along `edge`, the outermost pixels of a field: none unless all four are straight over most
/// of their length.
pub(super) fn quadrilateral(edge: &[Point]) -> Option<Quadrilateral> {
    let hull = outermost(edge);
    let rough = largest_of_four(&hull)?;
    let mut lines = Vec::new();
    for at in 0..4 {
        lines.push(side(edge, rough[at], rough[(at + 1) % 4])?);
    }
    let mut corners = [[0.0; 2]; 4];
    for (at, corner) in corners.iter_mut().enumerate() {
        *corner = meet(&lines[(at + 3) % 4], &lines[at])?;
    }
    let found = Quadrilateral(corners);
    // Sides that were set right meet near the corners they were found from.
    let moved = (0..4).any(|at| distance(corners[at], rough[at]) > 12.0);
    (!moved && found.area() > 0.0).then_some(found)
}

/// The outermost points in all directions, clockwise.
fn outermost(edge: &[Point]) -> Vec<Point> {
    let mut hull: Vec<Point> = Vec::new();
    for step in 0..DIRECTIONS {
        let angle = step as f32 / DIRECTIONS as f32 * std::f32::consts::TAU;
        let (sin, cos) = angle.sin_cos();
        let far = |point: &&Point| point[0] * cos + point[1] * sin;
        let outer = edge.iter().max_by(|a, b| far(a).total_cmp(&far(b)));
        if let Some(outer) = outer
            && hull.last() != Some(outer)
        {
            hull.push(*outer);
        }
    }
    if hull.len() > 1 && hull.first() == hull.last() {
        hull.pop();
    }
    hull
}

/// The four of the hull's points that enclose most, clockwise from the top left; none when they leave out more than a
/// twentieth of the hull.
fn largest_of_four(hull: &[Point]) -> Option<[Point; 4]> {
    let count = hull.len();
    let mut best = (0.0, [0; 4]);
    for first in 0..count {
        for third in first + 2..count {
            let base = (hull[first], hull[third]);
            let second = farthest(hull, base, first + 1..third);
            let fourth = farthest(hull, base, third + 1..count + first);
            let (Some(second), Some(fourth)) = (second, fourth) else {
                continue;
            };
            let area = second.0 + fourth.0;
            if area > best.0 {
                best = (area, [first, second.1, third, fourth.1]);
            }
        }
    }
    let mut corners = best.1.map(|at| hull.get(at).copied().unwrap_or_default());
    if best.0 <= 0.0 || best.0 < 0.95 * area_of(hull) {
        return None;
    }
    let sum = |point: &Point| point[0] + point[1];
    let first = (0..4).min_by(|a, b| sum(&corners[*a]).total_cmp(&sum(&corners[*b])))?;
    corners.rotate_left(first);
    Some(corners)
}

/// The point of a stretch of the hull farthest from a line: the area of the triangle with it, and its place.
fn farthest(
    hull: &[Point],
    (from, to): (Point, Point),
    stretch: std::ops::Range<usize>,
) -> Option<(f32, usize)> {
    let areas = stretch.map(|at| {
        let at = at % hull.len();
        let point = hull[at];
        let cross =
            (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]);
        (cross.abs() / 2.0, at)
    });
    areas.max_by(|a, b| a.0.total_cmp(&b.0))
}

fn area_of(corners: &[Point]) -> f32 {
    let mut twice = 0.0;
    for (at, one) in corners.iter().enumerate() {
        let two = corners[(at + 1) % corners.len()];
        twice += one[0] * two[1] - one[1] * two[0];
    }
    (twice / 2.0).abs()
}

/// A line: a point of it, and its direction of length 1.
struct Line {
    through: Point,
    along: Point,
}

/// The line through the points of the edge that lie along a side, its ends left out; none when they cover less than
/// three quarters of it.
fn side(edge: &[Point], from: Point, to: Point) -> Option<Line> {
    let length = distance(from, to);
    if length < 40.0 {
        return None;
    }
    let along = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    let mut near = Vec::new();
    let mut covered = vec![false; length as usize + 1];
    for point in edge {
        let [dx, dy] = [point[0] - from[0], point[1] - from[1]];
        let place = dx * along[0] + dy * along[1];
        let off = dx * along[1] - dy * along[0];
        if off.abs() <= NEAR && place > 0.06 * length && place < 0.94 * length {
            near.push(*point);
            if let Some(pixel) = covered.get_mut(place as usize) {
                *pixel = true;
            }
        }
    }
    let share = covered.iter().filter(|pixel| **pixel).count();
    // A slanting side has a pixel a row or a column, the longer of the two.
    let pixels = length * along[0].abs().max(along[1].abs()) * 0.88;
    if (share as f32) < 0.75 * pixels {
        return None;
    }
    fitted(&near)
}

/// The line with the least sum of squared distances.
fn fitted(points: &[Point]) -> Option<Line> {
    let count = points.len() as f32;
    if count < 2.0 {
        return None;
    }
    let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f32>() / count;
    let through = [mean(0), mean(1)];
    let (mut xx, mut xy, mut yy) = (0f32, 0f32, 0f32);
    for point in points {
        let [dx, dy] = [point[0] - through[0], point[1] - through[1]];
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    let (sin, cos) = ((2.0 * xy).atan2(xx - yy) / 2.0).sin_cos();
    Some(Line {
        through,
        along: [cos, sin],
    })
}

fn meet(one: &Line, two: &Line) -> Option<Point> {
    let cross = one.along[0] * two.along[1] - one.along[1] * two.along[0];
    if cross.abs() < 0.5 {
        return None; // sides that meet at less than 30°
    }
    let [dx, dy] = [
        two.through[0] - one.through[0],
        two.through[1] - one.through[1],
    ];
    let far = (dx * two.along[1] - dy * two.along[0]) / cross;
    Some([
        one.through[0] + far * one.along[0],
        one.through[1] + far * one.along[1],
    ])
}

impl Quadrilateral {
    pub(super) fn area(&self) -> f32 {
        area_of(&self.0)
    }

    /// Whether nearly all of the ground just outside is darker than `level`, along every side.
    pub(super) fn on_dark(&self, image: &GrayImage, level: u8) -> bool {
        (0..4).all(|at| {
            let (from, to) = (self.0[at], self.0[(at + 1) % 4]);
            let length = distance(from, to).max(1.0);
            // Clockwise on an image whose y grows downwards: outside is to the left.
            let out = [(to[1] - from[1]) / length, (from[0] - to[0]) / length];
            let (mut dark, mut all) = (0, 0);
            for place in 0..length as u32 {
                let share = place as f32 / length;
                let x = from[0] + (to[0] - from[0]) * share + out[0] * 5.0;
                let y = from[1] + (to[1] - from[1]) * share + out[1] * 5.0;
                // What lies outside the image tells nothing.
                if x < 0.0 || y < 0.0 || x >= image.width() as f32 || y >= image.height() as f32 {
                    continue;
                }
                let value = image.get_pixel(x as u32, y as u32).0[0];
                all += 1;
                dark += u32::from(value <= level);
            }
            all > 0 && dark * 100 >= all * 85
        })
    }
}
