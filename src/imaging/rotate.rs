//! Turning pages: the eight upright transforms of EXIF, quarter turns, and small angles onto white.

use image::{GrayImage, Luma, Rgb, RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};

/// Makes stored pixels upright, as EXIF orientation 1–8 asks (CIPA DC-008, tag 274). Any other number leaves
/// them as they are. At most one second copy is held.
pub fn upright(image: RgbImage, orientation: u8) -> RgbImage {
    match orientation {
        2 => flipped(image),
        3 => {
            let mut image = image;
            imageops::rotate180_in_place(&mut image);
            image
        }
        4 => {
            let mut image = image;
            imageops::flip_vertical_in_place(&mut image);
            image
        }
        5 => flipped(imageops::rotate90(&image)),
        6 => imageops::rotate90(&image),
        7 => flipped(imageops::rotate270(&image)),
        8 => imageops::rotate270(&image),
        _ => image,
    }
}

fn flipped(mut image: RgbImage) -> RgbImage {
    imageops::flip_horizontal_in_place(&mut image);
    image
}

/// Turns clockwise by `quarters` times 90°.
pub fn quarter_turns(image: RgbImage, quarters: u32) -> RgbImage {
    match quarters % 4 {
        1 => upright(image, 6),
        2 => upright(image, 3),
        3 => upright(image, 8),
        _ => image,
    }
}

/// Turns a page clockwise by `degrees` about its centre, keeping its size; what comes in from outside is
/// white. To undo a skew of `s` degrees (see [`super::quality`]), turn by `-s`.
pub fn turn_onto_white(image: &RgbImage, degrees: f32) -> RgbImage {
    let white = Border::Constant(Rgb([255, 255, 255]));
    rotate_about_center(image, degrees.to_radians(), Interpolation::Bilinear, white)
}

/// The same as [`turn_onto_white`] for a grey page.
pub fn turn_gray_onto_white(image: &GrayImage, degrees: f32) -> GrayImage {
    let white = Border::Constant(Luma([255]));
    rotate_about_center(image, degrees.to_radians(), Interpolation::Bilinear, white)
}

/// The EXIF orientation that does what `first` does and then turns clockwise by `quarters` times 90°.
pub fn orientation_then_turned(first: u8, quarters: u32) -> u8 {
    let (right, down) = DIRECTIONS
        .get(usize::from(first.clamp(1, 8)) - 1)
        .copied()
        .unwrap_or((0, 1));
    orientation_of((right + quarters) % 4, (down + quarters) % 4)
}

/// The EXIF orientation whose stored "right" points to `right` and whose stored "down" points to `down` on the
/// upright page; directions count clockwise from 0 = right. Impossible pairs give 1.
pub fn orientation_of(right: u32, down: u32) -> u8 {
    DIRECTIONS
        .iter()
        .position(|pair| *pair == (right, down))
        .map_or(1, |index| index as u8 + 1)
}

/// For orientation 1–8: where stored right and stored down point, clockwise from 0 = right.
const DIRECTIONS: [(u32, u32); 8] = [
    (0, 1),
    (2, 1),
    (2, 3),
    (0, 3),
    (1, 0),
    (1, 2),
    (3, 2),
    (3, 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> RgbImage {
        RgbImage::from_fn(3, 2, |x, y| Rgb([(y * 3 + x) as u8, 0, 0]))
    }

    fn values(image: &RgbImage) -> (u32, Vec<u8>) {
        (image.width(), image.pixels().map(|pixel| pixel.0[0]).collect())
    }

    #[test]
    fn the_eight_orientations() {
        // Stored 0 1 2 / 3 4 5; expected from the definition of tag 274 (row 0 and column 0 sides).
        let expected: [(u32, [u8; 6]); 8] = [
            (3, [0, 1, 2, 3, 4, 5]),
            (3, [2, 1, 0, 5, 4, 3]),
            (3, [5, 4, 3, 2, 1, 0]),
            (3, [3, 4, 5, 0, 1, 2]),
            (2, [0, 3, 1, 4, 2, 5]),
            (2, [3, 0, 4, 1, 5, 2]),
            (2, [5, 2, 4, 1, 3, 0]),
            (2, [2, 5, 1, 4, 0, 3]),
        ];
        for (index, (width, pixels)) in expected.iter().enumerate() {
            let got = values(&upright(sample(), index as u8 + 1));
            assert_eq!(got, (*width, pixels.to_vec()), "orientation {}", index + 1);
        }
        assert_eq!(values(&upright(sample(), 0)), values(&sample()));
        assert_eq!(values(&upright(sample(), 99)), values(&sample()));
    }

    #[test]
    fn an_orientation_then_a_turn_is_one_orientation() {
        for first in 1..=8 {
            for quarters in 0..4 {
                let both = quarter_turns(upright(sample(), first), quarters);
                let one = upright(sample(), orientation_then_turned(first, quarters));
                assert_eq!(values(&both), values(&one), "{first} then {quarters}");
            }
        }
    }

    #[test]
    fn a_small_turn_brings_in_white() {
        let black = RgbImage::from_pixel(200, 100, Rgb([0, 0, 0]));
        let turned = turn_onto_white(&black, 5.0);
        assert_eq!(turned.dimensions(), (200, 100));
        assert_eq!(turned.get_pixel(0, 0).0, [255, 255, 255]);
        assert_eq!(turned.get_pixel(100, 50).0, [0, 0, 0]);
    }
}
