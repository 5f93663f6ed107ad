//! How a stored image stands upright on its page, and how large the page is.

use super::{DeriveError, PageArt};
use crate::domain::text::PageTurn;

/// Resolution assumed for a page that states none, in pixels an inch.
pub const DPI_DEFAULT: f32 = 200.0;

/// The longest and the shortest side a page may have, in points (ISO 32000-1, annex C).
const SIDE_MAX: f64 = 14_400.0;
const SIDE_MIN: f64 = 3.0;

/// The EXIF orientation (1 to 8) of an image that is made upright by `orientation` and then turned by `turn`.
pub fn turned(orientation: u8, turn: PageTurn) -> u8 {
    let quarter = |orientation: u8| match orientation {
        1 => 6,
        6 => 3,
        3 => 8,
        8 => 1,
        2 => 7,
        7 => 4,
        4 => 5,
        5 => 2,
        other => other,
    };
    let quarters = turn.degrees() / 90;
    (0..quarters).fold(orientation, |orientation, _| quarter(orientation))
}

/// Fails for an image that has no pixels or no such orientation.
pub(super) fn check(art: &PageArt) -> Result<(), DeriveError> {
    if art.width == 0 || art.height == 0 || art.data.is_empty() {
        return Err(DeriveError::Art("it has no pixels".into()));
    }
    if !(1..=8).contains(&art.orientation) {
        return Err(DeriveError::Art(format!(
            "orientation {} is not one of 1 to 8",
            art.orientation
        )));
    }
    Ok(())
}

/// Width and height in points of the page on which `art` stands by `orientation`.
pub(super) fn size(art: &PageArt, orientation: u8) -> (f64, f64) {
    let stated = art.dpi.filter(|dpi| (20.0..=4_800.0).contains(dpi));
    let dpi = f64::from(stated.unwrap_or(DPI_DEFAULT));
    let (mut width, mut height) = (f64::from(art.width), f64::from(art.height));
    if orientation >= 5 {
        std::mem::swap(&mut width, &mut height);
    }
    let mut scale = 72.0 / dpi;
    scale = scale.min(SIDE_MAX / width.max(height));
    let side = |pixels: f64| (pixels * scale).max(SIDE_MIN);
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use image::metadata::Orientation;
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;

    #[test]
    fn a_turn_after_an_orientation_is_the_orientation_it_says() {
        let stored = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 7]));
        let upright = |orientation: u8| {
            let mut image = DynamicImage::ImageRgb8(stored.clone());
            image.apply_orientation(Orientation::from_exif(orientation).unwrap());
            image
        };
        for orientation in 1..=8 {
            for (turn, expected) in [
                (PageTurn::None, upright(orientation)),
                (PageTurn::Quarter, upright(orientation).rotate90()),
                (PageTurn::Half, upright(orientation).rotate180()),
                (PageTurn::ThreeQuarters, upright(orientation).rotate270()),
            ] {
                let found = upright(turned(orientation, turn));
                assert_eq!(found, expected, "{orientation} and {turn:?}");
            }
        }
    }
}
