//! Points and oriented boxes in page pixels, x to the right, y downwards.

/// A point in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
}

impl Point {
    /// A point at `x`, `y`.
    pub fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    fn distance(self, other: Point) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// An oriented box: its corners clockwise from the top left **as its text is read**.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quad {
    /// Top left, top right, bottom right, bottom left of the text.
    pub corners: [Point; 4],
}

impl Quad {
    /// Length along the reading direction, in pixels.
    pub fn width(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        a.distance(b).max(d.distance(c))
    }

    /// Length across the reading direction, in pixels.
    pub fn height(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        a.distance(d).max(b.distance(c))
    }

    /// The same box read from its left side upwards: the crop turned a quarter clockwise.
    pub fn read_upwards(&self) -> Quad {
        let [a, b, c, d] = self.corners;
        Quad {
            corners: [d, a, b, c],
        }
    }

    /// The same box read from its right side downwards: the crop turned a quarter counter-clockwise.
    pub fn read_downwards(&self) -> Quad {
        let [a, b, c, d] = self.corners;
        Quad {
            corners: [b, c, d, a],
        }
    }

    /// The same box read upside down.
    pub fn upside_down(&self) -> Quad {
        let [a, b, c, d] = self.corners;
        Quad {
            corners: [c, d, a, b],
        }
    }

    /// Angle of the reading direction in degrees, clockwise positive, −180 to 180.
    pub fn angle(&self) -> f32 {
        let [a, b, ..] = self.corners;
        (b.y - a.y).atan2(b.x - a.x).to_degrees()
    }

    /// The point `along` (0 to 1) of the reading direction and `across` (0 to 1) from its top.
    pub fn at(&self, along: f32, across: f32) -> Point {
        let [a, b, c, d] = self.corners;
        let top = Point::new(a.x + (b.x - a.x) * along, a.y + (b.y - a.y) * along);
        let bottom = Point::new(d.x + (c.x - d.x) * along, d.y + (c.y - d.y) * along);
        Point::new(
            top.x + (bottom.x - top.x) * across,
            top.y + (bottom.y - top.y) * across,
        )
    }

    /// The part of the box between two positions (0 to 1) of the reading direction.
    pub fn slice(&self, from: f32, to: f32) -> Quad {
        Quad {
            corners: [
                self.at(from, 0.0),
                self.at(to, 0.0),
                self.at(to, 1.0),
                self.at(from, 1.0),
            ],
        }
    }

    /// Left, top, right and bottom of the axis-aligned box around it.
    pub fn bounds(&self) -> (f32, f32, f32, f32) {
        let xs = self.corners.map(|corner| corner.x);
        let ys = self.corners.map(|corner| corner.y);
        (
            xs.iter().copied().fold(f32::INFINITY, f32::min),
            ys.iter().copied().fold(f32::INFINITY, f32::min),
            xs.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            ys.iter().copied().fold(f32::NEG_INFINITY, f32::max),
        )
    }

    /// Applies `f` to each corner.
    pub fn map(&self, f: impl Fn(Point) -> Point) -> Quad {
        Quad {
            corners: self.corners.map(f),
        }
    }
}

/// A rectangle by its centre, its nearly horizontal axis and its half lengths.
#[derive(Debug, Clone, Copy)]
pub struct Rectangle {
    /// Middle of the rectangle.
    pub centre: Point,
    /// Angle of the nearly horizontal axis in radians, −π/4 to π/4.
    pub angle: f32,
    /// Half the length along that axis.
    pub half_width: f32,
    /// Half the length across it.
    pub half_height: f32,
}

impl Rectangle {
    /// The rectangle grown by `margin` pixels on each side.
    pub fn grown(self, margin: f32) -> Rectangle {
        Rectangle {
            half_width: self.half_width + margin,
            half_height: self.half_height + margin,
            ..self
        }
    }

    /// Its corners, top left first, clockwise.
    pub fn quad(self) -> Quad {
        let (sin, cos) = self.angle.sin_cos();
        let corner = |along: f32, across: f32| {
            Point::new(
                self.centre.x + cos * along - sin * across,
                self.centre.y + sin * along + cos * across,
            )
        };
        let (w, h) = (self.half_width, self.half_height);
        Quad {
            corners: [corner(-w, -h), corner(w, -h), corner(w, h), corner(-w, h)],
        }
    }

    /// Whether a point lies inside.
    pub fn contains(self, point: Point) -> bool {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (point.x - self.centre.x, point.y - self.centre.y);
        (dx * cos + dy * sin).abs() <= self.half_width
            && (dy * cos - dx * sin).abs() <= self.half_height
    }
}

/// The rectangle at `angle` (radians) that just holds all points; `None` without points.
pub fn rectangle_at(points: &[Point], angle: f32) -> Option<Rectangle> {
    let (sin, cos) = angle.sin_cos();
    let mut low = Point::new(f32::INFINITY, f32::INFINITY);
    let mut high = Point::new(f32::NEG_INFINITY, f32::NEG_INFINITY);
    for point in points {
        let along = point.x * cos + point.y * sin;
        let across = point.y * cos - point.x * sin;
        low = Point::new(low.x.min(along), low.y.min(across));
        high = Point::new(high.x.max(along), high.y.max(across));
    }
    if low.x > high.x {
        return None;
    }
    let middle = Point::new((low.x + high.x) / 2.0, (low.y + high.y) / 2.0);
    Some(Rectangle {
        centre: Point::new(
            middle.x * cos - middle.y * sin,
            middle.x * sin + middle.y * cos,
        ),
        angle,
        half_width: (high.x - low.x) / 2.0,
        half_height: (high.y - low.y) / 2.0,
    })
}

/// The rectangle of least area that holds all points; one of its sides lies on an edge of the convex hull
/// (Freeman and Shapira 1975).
pub fn smallest_rectangle(points: &[Point]) -> Option<Rectangle> {
    let hull = convex_hull(points);
    let mut best = rectangle_at(&hull, 0.0)?;
    for (index, from) in hull.iter().enumerate() {
        let to = hull[(index + 1) % hull.len()];
        let mut angle = (to.y - from.y).atan2(to.x - from.x);
        let quarter = std::f32::consts::FRAC_PI_2;
        angle -= (angle / quarter).round() * quarter;
        let Some(found) = rectangle_at(&hull, angle) else {
            continue;
        };
        // A tilted rectangle must be clearly smaller: equal areas are read as horizontal.
        if found.half_width * found.half_height < best.half_width * best.half_height * 0.999 {
            best = found;
        }
    }
    Some(best)
}

/// Andrew's monotone chain.
fn convex_hull(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    sorted.dedup();
    if sorted.len() < 3 {
        return sorted;
    }
    let mut hull = half_hull(sorted.iter());
    hull.extend(half_hull(sorted.iter().rev()));
    hull
}

/// One side of the hull, without its last point.
fn half_hull<'a>(sorted: impl Iterator<Item = &'a Point>) -> Vec<Point> {
    let mut side: Vec<Point> = Vec::new();
    for point in sorted {
        while side.len() > 1 && !turns_left(side[side.len() - 2], side[side.len() - 1], *point) {
            side.pop();
        }
        side.push(*point);
    }
    side.pop();
    side
}

fn turns_left(a: Point, b: Point, c: Point) -> bool {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0.0
}

/// The angle at which half of the total weight is passed, in the order of the angles; 0 where there is none.
pub fn weighted_median(mut angles: Vec<(f32, f32)>) -> f32 {
    angles.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f32 = angles.iter().map(|(_, weight)| weight).sum();
    let mut passed = 0.0;
    for (angle, weight) in angles {
        passed += weight;
        if passed * 2.0 >= total {
            return angle;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f32, b: f32) -> bool {
        (a - b).abs() < 0.02
    }

    #[test]
    fn finds_a_tilted_rectangle() {
        let made = Rectangle {
            centre: Point::new(50.0, 40.0),
            angle: 0.3,
            half_width: 30.0,
            half_height: 5.0,
        };
        let quad = made.quad();
        let mut points = quad.corners.to_vec();
        points.push(Point::new(50.0, 40.0));
        points.push(quad.at(0.5, 0.0));
        let found = smallest_rectangle(&points).unwrap();
        assert!(
            close(found.angle, 0.3) && close(found.half_width, 30.0),
            "{found:?}"
        );
        assert!(close(found.half_height, 5.0) && close(found.centre.x, 50.0));
        assert!(found.contains(Point::new(50.0, 44.0)) && !found.contains(Point::new(50.0, 46.0)));
    }

    #[test]
    fn few_points_give_flat_rectangles_and_none_gives_none() {
        assert!(smallest_rectangle(&[]).is_none());
        let one = smallest_rectangle(&[Point::new(3.0, 4.0)]).unwrap();
        assert_eq!((one.centre, one.half_width), (Point::new(3.0, 4.0), 0.0));
        let two = smallest_rectangle(&[Point::new(0.0, 0.0), Point::new(10.0, 0.0)]).unwrap();
        assert_eq!((two.half_width, two.half_height), (5.0, 0.0));
    }

    #[test]
    fn a_box_is_read_from_each_of_its_sides() {
        let page = Quad {
            corners: [
                Point::new(0.0, 0.0),
                Point::new(200.0, 0.0),
                Point::new(200.0, 100.0),
                Point::new(0.0, 100.0),
            ],
        };
        assert_eq!(page.read_upwards().corners[0], Point::new(0.0, 100.0));
        assert_eq!(page.read_downwards().corners[0], Point::new(200.0, 0.0));
        assert_eq!(page.upside_down().angle().abs(), 180.0);
        assert_eq!(page.read_downwards().angle(), 90.0);
        assert_eq!(page.slice(0.25, 0.5).bounds(), (50.0, 0.0, 100.0, 100.0));
    }
}
