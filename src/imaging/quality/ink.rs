//! Which pixels are ink, and how it looks.

use image::GrayImage;

/// Contrast a pixel needs against its surroundings to count as ink. Scanner noise stays below it.
const INK_CONTRAST: u32 = 40;

/// How many pixels have each level.
pub fn histogram(image: &GrayImage) -> [u32; 256] {
    let mut counts = [0u32; 256];
    for pixel in image.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    counts
}

/// The lowest level that at least `share` of the pixels do not exceed.
pub fn level_below(histogram: &[u32; 256], share: f32) -> u8 {
    let total: u32 = histogram.iter().sum();
    let wanted = (total as f32 * share) as u32;
    let mut sum = 0;
    for (level, count) in histogram.iter().enumerate() {
        sum += count;
        if sum >= wanted {
            return level as u8;
        }
    }
    255
}

/// Pixels clearly darker than the mean of their surroundings, without single specks.
pub fn mask(image: &GrayImage) -> Vec<bool> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let sums = integral(image);
    let radius = (width.max(height) / 40).max(3);
    let mut mask = Vec::with_capacity(width * height);
    for (y, values) in image.as_raw().chunks_exact(width.max(1)).enumerate() {
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(height));
        let upper = &sums[top * (width + 1)..(top + 1) * (width + 1)];
        let lower = &sums[bottom * (width + 1)..(bottom + 1) * (width + 1)];
        let columns: Vec<u32> = lower.iter().zip(upper).map(|(low, up)| low - up).collect();
        for (x, value) in values.iter().enumerate() {
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
            let area = ((right - left) * (bottom - top)) as u32;
            // Multiplied out: a division a pixel would be half of the work.
            let dark = (u32::from(*value) + INK_CONTRAST + 1) * area;
            mask.push(dark <= columns[right] - columns[left]);
        }
    }
    without_specks(&mask, width, height)
}

/// Sums over all above and to the left of each corner of a pixel, a row and a column more than the image.
pub fn integral(image: &GrayImage) -> Vec<u32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut sums = vec![0u32; (width + 1) * (height + 1)];
    for y in 0..height {
        let mut row = 0u32;
        let (above, below) = sums.split_at_mut((y + 1) * (width + 1));
        let above = &above[y * (width + 1) + 1..];
        let values = &image.as_raw()[y * width..(y + 1) * width];
        for ((sum, above), value) in below[1..].iter_mut().zip(above).zip(values) {
            row += u32::from(*value);
            *sum = above + row;
        }
    }
    sums
}

/// Keeps ink that has at least three inked neighbours: a stroke has, dust and noise have not.
fn without_specks(mask: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut kept = vec![false; mask.len()];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            if !mask[y * width + x] {
                continue;
            }
            let around = [y - 1, y, y + 1]
                .iter()
                .flat_map(|row| &mask[row * width + x - 1..=row * width + x + 1])
                .filter(|ink| **ink)
                .count();
            kept[y * width + x] = around > 3;
        }
    }
    kept
}

/// Mean level of the inked pixels; 0 without any.
pub fn mean(image: &GrayImage, mask: &[bool]) -> u8 {
    let mut sum = 0u64;
    let mut count = 0u64;
    for (value, ink) in image.as_raw().iter().zip(mask) {
        if *ink {
            sum += u64::from(*value);
            count += 1;
        }
    }
    sum.checked_div(count).unwrap_or(0) as u8
}

/// Variance of the four-neighbour Laplacian at ink and its neighbours, over the squared contrast, so that a
/// pale page is not called blurred.
pub fn sharpness(image: &GrayImage, mask: &[bool]) -> Option<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let raw = image.as_raw();
    let (mut sum, mut squares, mut count) = (0f64, 0f64, 0f64);
    let (mut dark, mut light) = (255u8, 0u8);
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            if !(mask[at] || mask[at - 1] || mask[at + 1] || mask[at - width] || mask[at + width]) {
                continue;
            }
            let value = |at: usize| f64::from(raw[at]);
            let laplacian = value(at - 1) + value(at + 1) + value(at - width) + value(at + width)
                - 4.0 * value(at);
            sum += laplacian;
            squares += laplacian * laplacian;
            count += 1.0;
            dark = dark.min(raw[at]);
            light = light.max(raw[at]);
        }
    }
    if count < 50.0 || light <= dark {
        return None;
    }
    let variance = squares / count - (sum / count) * (sum / count);
    let contrast = f64::from(light - dark);
    Some((variance / (contrast * contrast)) as f32)
}
