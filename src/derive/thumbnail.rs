//! Small pictures of pages for lists.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::thumbnail;
use image::{ExtendedColorType, RgbImage};

use super::DeriveError;

/// The longest side of a thumbnail in pixels.
pub const SIDE: u32 = 320;

/// JPEG quality of thumbnails.
const QUALITY: u8 = 78;

/// Makes a JPEG whose longest side is at most [`SIDE`] pixels; a smaller image keeps its size.
pub fn encode(pixels: &RgbImage) -> Result<Vec<u8>, DeriveError> {
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
            let data = encode(&RgbImage::new(size.0, size.1)).unwrap();
            let found = image::load_from_memory(&data).unwrap();
            assert_eq!((found.width(), found.height()), expected);
        }
        assert!(encode(&RgbImage::new(0, 0)).is_err());
    }
}
