//! Small pictures of pages for lists.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{rotate90, rotate180, rotate270, thumbnail};
use image::{ExtendedColorType, RgbImage};

use super::DeriveError;
use crate::domain::text::PageTurn;

/// The longest side of a thumbnail in pixels.
pub const SIDE: u32 = 320;

/// JPEG quality of thumbnails.
const QUALITY: u8 = 78;

/// Makes a JPEG whose longest side is at most [`SIDE`] pixels; a smaller image keeps its size. It stands as the page's
/// text does: what is decoded upright is turned by `turn`.
pub fn encode(pixels: &RgbImage, turn: PageTurn) -> Result<Vec<u8>, DeriveError> {
    let (width, height) = pixels.dimensions();
    if width == 0 || height == 0 {
        return Err(DeriveError::Art("it has no pixels".into()));
    }
    let longest = u64::from(width.max(height));
    let scaled = |side: u32| match longest <= u64::from(SIDE) {
        true => side,
        false => ((u64::from(side) * u64::from(SIDE) / longest) as u32).max(1),
    };
    let small = thumbnail(pixels, scaled(width), scaled(height));
    let small = match turn {
        PageTurn::None => small,
        PageTurn::Quarter => rotate90(&small),
        PageTurn::Half => rotate180(&small),
        PageTurn::ThreeQuarters => rotate270(&small),
    };
    let mut data = Vec::new();
    JpegEncoder::new_with_quality(&mut data, QUALITY)
        .encode(
            small.as_raw(),
            small.width(),
            small.height(),
            ExtendedColorType::Rgb8,
        )
        .map_err(|error| DeriveError::Art(error.to_string()))?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_side_is_bounded_and_the_shape_kept() {
        for (size, expected) in [
            ((2480, 3508), (226, 320)),
            ((3508, 2480), (320, 226)),
            ((100, 40), (100, 40)),
            ((9000, 2), (320, 1)),
        ] {
            let data = encode(&RgbImage::new(size.0, size.1), PageTurn::None).unwrap();
            let found = image::load_from_memory(&data).unwrap();
            assert_eq!((found.width(), found.height()), expected);
        }
        assert!(encode(&RgbImage::new(0, 0), PageTurn::None).is_err());
    }

    #[test]
    fn a_turned_page_is_small_and_upright() {
        let mut page = RgbImage::new(600, 400);
        for y in 0..200 {
            for x in 0..300 {
                page.put_pixel(x, y, image::Rgb([255, 0, 0]));
            }
        }
        for (turn, size, red) in [
            (PageTurn::None, (320, 213), (40, 40)),
            (PageTurn::Quarter, (213, 320), (180, 40)),
            (PageTurn::Half, (320, 213), (280, 180)),
            (PageTurn::ThreeQuarters, (213, 320), (40, 280)),
        ] {
            let data = encode(&page, turn).unwrap();
            assert_eq!(data, encode(&page, turn).unwrap());
            let found = image::load_from_memory(&data).unwrap().to_rgb8();
            assert_eq!(found.dimensions(), size, "{turn:?}");
            let [r, g, _] = found.get_pixel(red.0, red.1).0;
            assert!(r > 200 && g < 60, "{turn:?}: {r} {g}");
        }
    }
}
