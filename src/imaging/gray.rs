//! Grey copies of a page.

use image::{GrayImage, RgbImage};

/// Luma of ITU-R BT.601 in 16-bit fixed point, the weights every scanner driver and recogniser uses.
pub fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    ((sum + 32_768) >> 16) as u8
}

/// The page in grey, same size.
pub fn gray(page: &RgbImage) -> GrayImage {
    let mut out = GrayImage::new(page.width(), page.height());
    for (to, from) in out.pixels_mut().zip(page.pixels()) {
        let [red, green, blue] = from.0;
        to.0[0] = luma(red, green, blue);
    }
    out
}

/// The page in grey, each pixel the mean of `step` by `step` pixels, or of the whole side where that is
/// shorter. Rows and columns that do not fill a cell are left out.
pub fn gray_reduced(page: &RgbImage, step: u32) -> GrayImage {
    if step <= 1 {
        return gray(page);
    }
    let across = step.min(page.width().max(1));
    let down = step.min(page.height().max(1));
    let (width, height) = (page.width() / across, page.height() / down);
    let mut out = GrayImage::new(width, height);
    let stride = page.width() as usize * 3;
    let raw = page.as_raw();
    let mut sums = vec![0u64; width as usize];
    for (y, row) in out.chunks_exact_mut(width.max(1) as usize).enumerate() {
        sums.fill(0);
        let first = y * down as usize * stride;
        for line in raw[first..].chunks_exact(stride).take(down as usize) {
            let cells = line.chunks_exact(3 * across as usize);
            for (sum, cell) in sums.iter_mut().zip(cells) {
                for pixel in cell.chunks_exact(3) {
                    *sum += u64::from(luma(pixel[0], pixel[1], pixel[2]));
                }
            }
        }
        for (to, sum) in row.iter_mut().zip(&sums) {
            *to = (sum / (u64::from(across) * u64::from(down))) as u8;
        }
    }
    out
}

/// An image made smaller, each pixel the mean of `step` by `step`, as [`gray_reduced`] makes it.
pub fn reduced(image: &GrayImage, step: u32) -> GrayImage {
    if step <= 1 {
        return image.clone();
    }
    let across = step.min(image.width().max(1));
    let down = step.min(image.height().max(1));
    let (width, height) = (image.width() / across, image.height() / down);
    let mut out = GrayImage::new(width, height);
    let stride = (image.width() as usize * down as usize).max(1);
    let mut sums = vec![0u32; width as usize];
    let rows = out.chunks_exact_mut(width.max(1) as usize);
    for (row, lines) in rows.zip(image.as_raw().chunks_exact(stride)) {
        sums.fill(0);
        for line in lines.chunks_exact(image.width() as usize) {
            for (sum, cell) in sums.iter_mut().zip(line.chunks_exact(across as usize)) {
                *sum += cell.iter().map(|value| u32::from(*value)).sum::<u32>();
            }
        }
        for (to, sum) in row.iter_mut().zip(&sums) {
            *to = (sum / (across * down)) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn white_stays_white_and_black_black() {
        assert_eq!(luma(255, 255, 255), 255);
        assert_eq!(luma(0, 0, 0), 0);
        assert_eq!(luma(255, 0, 0), 76);
    }

    #[test]
    fn a_reduced_pixel_is_the_mean_of_its_cell() {
        let page = RgbImage::from_fn(5, 4, |x, _| {
            if x % 2 == 0 {
                Rgb([0, 0, 0])
            } else {
                Rgb([200, 200, 200])
            }
        });
        let small = gray_reduced(&page, 2);
        assert_eq!(small.dimensions(), (2, 2));
        assert!(small.pixels().all(|pixel| pixel.0[0] == 100));
        assert_eq!(gray_reduced(&page, 99).dimensions(), (1, 1));
        assert_eq!(reduced(&gray(&page), 2), small);
        assert_eq!(reduced(&gray(&page), 99).dimensions(), (1, 1));
        assert_eq!(reduced(&GrayImage::new(0, 0), 3).dimensions(), (0, 0));
    }
}
