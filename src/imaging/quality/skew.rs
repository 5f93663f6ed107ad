//! The angle of the lines on a page.

use image::GrayImage;

/// Skew is looked for up to this many degrees to each side.
const SKEW_MAX: f32 = 10.0;

/// Skew by projection: at the right angle ink falls into few rows, so the sum of squared differences between
/// neighbouring rows is largest. Searched in steps of 0.5°, then 0.1°, then refined by a parabola. Rows are
/// whole pixels: with finer bins the upright position always wins.
pub fn measure(image: &GrayImage, mask: &[bool]) -> Option<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut points: Vec<(f32, f32)> = Vec::new();
    let margin = (width / 50, height / 50);
    for y in margin.1..height - margin.1 {
        for x in margin.0..width - margin.0 {
            if mask[y * width + x] {
                points.push((
                    x as f32 - width as f32 / 2.0,
                    y as f32 - height as f32 / 2.0,
                ));
            }
        }
    }
    if points.len() < 400 {
        return None;
    }
    let thin = points.len().div_ceil(60_000);
    let points: Vec<(f32, f32)> = points.into_iter().step_by(thin).collect();
    let bins = width + height;
    let score = |degrees: f32| alignment(&points, degrees, bins);
    let steps = (SKEW_MAX * 2.0) as i32;
    let coarse = (-steps..=steps).map(|step| step as f32 * 0.5);
    let (coarse, best) = peak(coarse, &score)?;
    if best < 1.3 * score(coarse + 4.0).max(score(coarse - 4.0)) {
        return None; // no direction stands out: a photograph, a stamp, a signature
    }
    let fine = (-5..=5).map(|step| coarse + step as f32 * 0.1);
    let (fine, best) = peak(fine, &score)?;
    let (before, after) = (score(fine - 0.1), score(fine + 0.1));
    let bend = before - 2.0 * best + after;
    let shift = if bend < 0.0 {
        0.05 * (before - after) / bend
    } else {
        0.0
    };
    Some(fine + shift.clamp(-0.1, 0.1))
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
