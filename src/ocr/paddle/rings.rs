//! Seals pressed over one another, or over other red print: their ink is one patch, and the rings in it are sought.

use super::seal::{LARGEST, RIM, SMALLEST, rim};

/// How far apart middles and radii are tried, in pixels of the small copy.
const STEP: usize = 3;
/// Rings nearer to each other than this share of a radius, in place and size, are one.
const SAME: f32 = 0.5;
/// Most rings in one patch.
const MOST: usize = 3;
/// A ring's rim is met in more directions than by chance among much red.
const SURE: f32 = RIM + 0.1;

/// A ring: its middle and its radius.
pub type Ring = ((f32, f32), f32);

/// The rings in a patch of red ink: `red` are the pixels of a small copy of `size`, `bounds` left, top, right and bottom
/// of the patch on it.
pub fn apart(
    red: &[bool],
    size: (usize, usize),
    bounds: (usize, usize, usize, usize),
) -> Vec<Ring> {
    let (left, top, right, bottom) = bounds;
    let shorter = size.0.min(size.1) as f32;
    let most = (right - left).min(bottom - top) as f32 / 2.0;
    let radii = (SMALLEST * shorter / 2.0) as usize..=(LARGEST * shorter / 2.0).min(most) as usize;
    let mut found: Vec<(f32, Ring)> = Vec::new();
    for radius in radii.step_by(STEP) {
        for y in (top + radius..=bottom.saturating_sub(radius)).step_by(STEP) {
            for x in (left + radius..=right.saturating_sub(radius)).step_by(STEP) {
                let (middle, radius) = ((x as f32, y as f32), radius as f32);
                let met = rim(red, size, middle, (radius, radius), true);
                if met >= SURE {
                    found.push((met, (middle, radius)));
                }
            }
        }
    }
    // Of rings that are met alike the outermost is the rim: the ink of a rim is wide.
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.1.total_cmp(&a.1.1)));
    let mut rings: Vec<Ring> = Vec::new();
    for (_, ring) in found {
        if rings.len() < MOST && !rings.iter().any(|known| same(known, &ring)) {
            rings.push(ring);
        }
    }
    rings
}

fn same(one: &Ring, other: &Ring) -> bool {
    let ((ax, ay), a) = *one;
    let ((bx, by), b) = *other;
    (ax - bx).hypot(ay - by) < SAME * a.max(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rings_pressed_over_each_other_are_found() {
        let (width, height) = (600usize, 700usize);
        let wanted: [Ring; 2] = [((250.0, 300.0), 80.0), ((340.0, 350.0), 60.0)];
        let red: Vec<bool> = (0..width * height)
            .map(|place| {
                let (x, y) = ((place % width) as f32, (place / width) as f32);
                wanted.iter().any(|((cx, cy), radius)| {
                    let far = (x - cx).hypot(y - cy);
                    (radius - 5.0..=*radius).contains(&far)
                })
            })
            .collect();
        let rings = apart(&red, (width, height), (168, 218, 402, 412));
        assert_eq!(rings.len(), 2, "{rings:?}");
        for ((x, y), radius) in wanted {
            let near = rings.iter().any(|((cx, cy), found)| {
                (cx - x).hypot(cy - y) < 8.0 && (found - radius).abs() < 8.0
            });
            assert!(near, "{x} {y} {radius}: {rings:?}");
        }
        assert!(
            apart(
                &vec![false; width * height],
                (width, height),
                (0, 0, 599, 699)
            )
            .is_empty()
        );
    }
}
