//! The angle of the lines on a page.

use image::GrayImage;

/// Skew is looked for up to this many degrees to each side.
const SKEW_MAX: f32 = 10.0;

/// Most points that the angle is measured by. With fewer, chance outweighs the lines.
const POINTS_MAX: usize = 60_000;

/// Points by which the neighbourhood of the angle is found.
const POINTS_FEW: usize = 20_000;

/// Skew by projection: at the right angle ink falls into few rows, so the sum of squared differences between
/// neighbouring rows is largest. Searched in steps of 0.5°, then 0.1°, then 0.05°, then refined by a parabola. Rows are
/// whole pixels: with finer bins the upright position always wins.
pub fn measure(image: &GrayImage, mask: &[bool]) -> Option<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let points = points(mask, width, height);
    if points.len() < 400 {
        return None;
    }
    let (few, points) = (thinned(&points, POINTS_FEW), thinned(&points, POINTS_MAX));
    let bins = width + height;
    let rough = |degrees: f32| alignment(&few, degrees, bins);
    let steps = (SKEW_MAX * 2.0) as i32;
    let coarse = (-steps..=steps).map(|step| step as f32 * 0.5);
    let (coarse, _) = peak(coarse, &rough)?;
    let score = |degrees: f32| alignment(&points, degrees, bins);
    let best = score(coarse);
    if best < 1.3 * score(coarse + 4.0).max(score(coarse - 4.0)) {
        return None; // no direction stands out: a photograph, a stamp, a signature
    }
    let near = (-5..=5).map(|step| coarse + step as f32 * 0.1);
    let (near, _) = peak(near, &score)?;
    let nearer = (-1..=1).map(|step| near + step as f32 * 0.05);
    let (nearest, best) = peak(nearer, &score)?;
    let (before, after) = (score(nearest - 0.05), score(nearest + 0.05));
    let bend = before - 2.0 * best + after;
    let shift = if bend < 0.0 {
        0.025 * (before - after) / bend
    } else {
        0.0
    };
    Some(nearest + shift.clamp(-0.05, 0.05))
}

/// The inked pixels, from the middle of the image.
fn points(mask: &[bool], width: usize, height: usize) -> Vec<(f32, f32)> {
    let (aside, above) = (width / 50, height / 50);
    let mut points = Vec::new();
    for y in above..height - above {
        let row = &mask[y * width..(y + 1) * width];
        for (x, ink) in row.iter().enumerate().take(width - aside).skip(aside) {
            if *ink {
                points.push((
                    x as f32 - width as f32 / 2.0,
                    y as f32 - height as f32 / 2.0,
                ));
            }
        }
    }
    points
}

/// At most so many of the points. Each is moved up or down within its row, evenly over all that are kept: where all lie
/// on whole rows, the upright position wins against a skew of a fifth of a degree.
fn thinned(points: &[(f32, f32)], most: usize) -> Vec<(f32, f32)> {
    const GOLDEN: f32 = 0.618_034;
    let mut within = 0f32;
    points
        .iter()
        .step_by(points.len().div_ceil(most))
        .map(|(x, y)| {
            within = (within + GOLDEN).fract();
            (*x, y + within - 0.5)
        })
        .collect()
}

fn peak(angles: impl Iterator<Item = f32>, score: &impl Fn(f32) -> f32) -> Option<(f32, f32)> {
    angles
        .map(|angle| (angle, score(angle)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn alignment(points: &[(f32, f32)], degrees: f32, bins: usize) -> f32 {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let mut rows = vec![0f32; bins];
    let middle = bins as f32 / 2.0;
    for (x, y) in points {
        let row = y * cos - x * sin + middle;
        // A point counts in both rows it lies between, so that turning does not shift it by half a row.
        let low = row.floor();
        let share = row - low;
        let low = low as usize;
        if let Some(bin) = rows.get_mut(low) {
            *bin += 1.0 - share;
        }
        if let Some(bin) = rows.get_mut(low + 1) {
            *bin += share;
        }
    }
    rows.windows(2)
        .map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0]))
        .sum()
}
