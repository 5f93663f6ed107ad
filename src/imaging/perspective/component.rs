//! The largest light field of an image, and the pixels along its outside.

use image::GrayImage;

use super::Point;

/// The level between dark and light by Otsu's rule, when the means of both are at least `contrast` apart.
pub(super) fn level(image: &GrayImage, contrast: f32) -> Option<u8> {
    let mut counts = [0f64; 256];
    for value in image.as_raw() {
        counts[usize::from(*value)] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let all: f64 = (0..256).map(|at| at as f64 * counts[at]).sum();
    let (mut below, mut sum) = (0.0, 0.0);
    let mut best = (0.0, 0u8, 0.0);
    for (at, count) in counts.iter().enumerate() {
        below += count;
        sum += at as f64 * count;
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = (all - sum) / above - sum / below;
        let between = below * above * apart * apart;
        if between > best.0 {
            best = (between, at as u8, apart);
        }
    }
    (best.2 >= f64::from(contrast)).then_some(best.1)
}

/// The outermost pixels of the largest connected field lighter than `level`: of each row the first and the last, of
/// each column the top and the bottom one. None where the field is sparse: a page is mostly paper.
pub(super) fn largest_light(image: &GrayImage, level: u8) -> Option<Vec<Point>> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let raw = image.as_raw();
    let mut seen = vec![false; width * height];
    let mut largest: Vec<usize> = Vec::new();
    for start in 0..raw.len() {
        if seen[start] || raw[start] <= level {
            continue;
        }
        let mut field = vec![start];
        seen[start] = true;
        let mut next = 0;
        while let Some(at) = field.get(next).copied() {
            next += 1;
            let x = at % width;
            let around = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then_some(at + 1),
                at.checked_sub(width),
                Some(at + width).filter(|at| *at < raw.len()),
            ];
            for place in around.into_iter().flatten() {
                if !seen[place] && raw[place] > level {
                    seen[place] = true;
                    field.push(place);
                }
            }
        }
        if field.len() > largest.len() {
            largest = field;
        }
    }
    border(&largest, width, height)
}

fn border(field: &[usize], width: usize, height: usize) -> Option<Vec<Point>> {
    let mut rows = vec![(usize::MAX, 0usize); height];
    let mut columns = vec![(usize::MAX, 0usize); width];
    for at in field {
        let (x, y) = (at % width, at / width);
        rows[y] = (rows[y].0.min(x), rows[y].1.max(x));
        columns[x] = (columns[x].0.min(y), columns[x].1.max(y));
    }
    let spanned: usize = rows
        .iter()
        .filter(|row| row.0 <= row.1)
        .map(|row| row.1 - row.0 + 1)
        .sum();
    if field.len() * 2 < spanned {
        return None;
    }
    let mut points = Vec::new();
    for (y, row) in rows.iter().enumerate().filter(|(_, row)| row.0 <= row.1) {
        points.push([row.0 as f32, y as f32]);
        points.push([row.1 as f32, y as f32]);
    }
    for (x, column) in columns.iter().enumerate().filter(|(_, one)| one.0 <= one.1) {
        points.push([x as f32, column.0 as f32]);
        points.push([x as f32, column.1 as f32]);
    }
    Some(points)
}
