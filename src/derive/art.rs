//! Compresses the decoded image of a page for a PDF, by what is on it: black and white without loss, everything
//! else as JPEG, unless it has so few colours that it was never a photograph.

use fax::encoder::Encoder;
use fax::{Color, VecWriter};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};

use super::{DeriveError, ImageEncoding, PageArt};

/// JPEG quality of page images that were not JPEG before.
const QUALITY: u8 = 85;

/// The most different colours an image may have to be stored without loss.
const FEW_COLOURS: usize = 32;

/// The widest line the group 4 encoder takes: it counts in signed 16-bit numbers.
const FAX_WIDTH_MAX: u32 = 32_767;

/// The longest side JPEG can state.
const JPEG_SIDE_MAX: u32 = 65_535;

/// Compresses upright pixels. Pure black and white never loses a pixel.
pub fn encode(pixels: &RgbImage, dpi: Option<f32>) -> Result<PageArt, DeriveError> {
    let (width, height) = pixels.dimensions();
    if width == 0 || height == 0 {
        return Err(DeriveError::Art("it has no pixels".into()));
    }
    let (encoding, data) = match survey(pixels) {
        Content::Bilevel if width <= FAX_WIDTH_MAX => (ImageEncoding::CcittG4, group4(pixels)?),
        Content::Bilevel => lossless(pixels, true)?.ok_or_else(too_large)?,
        Content::Few { grey } => match lossless(pixels, grey)? {
            Some(found) => found,
            None => jpeg(pixels, grey)?,
        },
        Content::Many { grey } => jpeg(pixels, grey)?,
    };
    Ok(PageArt {
        width,
        height,
        encoding,
        orientation: 1,
        dpi,
        data,
    })
}

/// What is on an image.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    Bilevel,
    Few { grey: bool },
    Many { grey: bool },
}

fn survey(pixels: &RgbImage) -> Content {
    let mut seen: Vec<[u8; 3]> = Vec::with_capacity(FEW_COLOURS);
    let mut few = true;
    let mut grey = true;
    let mut last = None;
    for pixel in pixels.pixels() {
        if last == Some(pixel.0) {
            continue;
        }
        last = Some(pixel.0);
        let [red, green, blue] = pixel.0;
        grey &= red == green && green == blue;
        if few && !seen.contains(&pixel.0) {
            seen.push(pixel.0);
            few = seen.len() <= FEW_COLOURS;
        }
        if !few && !grey {
            break;
        }
    }
    let pure = |colour: &[u8; 3]| matches!(colour, [0, 0, 0] | [255, 255, 255]);
    match few {
        true if seen.iter().all(pure) => Content::Bilevel,
        true => Content::Few { grey },
        false => Content::Many { grey },
    }
}

fn group4(pixels: &RgbImage) -> Result<Vec<u8>, DeriveError> {
    let impossible = |_| DeriveError::Art("it could not be fax-encoded".into());
    let mut encoder = Encoder::new(VecWriter::new());
    for row in pixels.rows() {
        let line = row.map(|pixel| match pixel.0 {
            [0, ..] => Color::Black,
            _ => Color::White,
        });
        encoder
            .encode_line(line, pixels.width())
            .map_err(impossible)?;
    }
    Ok(encoder.finish().map_err(impossible)?.finish())
}

fn lossless(
    pixels: &RgbImage,
    grey: bool,
) -> Result<Option<(ImageEncoding, Vec<u8>)>, DeriveError> {
    let components = if grey { 1 } else { 3 };
    let samples = if grey {
        luma(pixels)
    } else {
        pixels.as_raw().clone()
    };
    let packed = zlib(samples)?;
    Ok(packed.map(|data| (ImageEncoding::Flate { components }, data)))
}

fn jpeg(pixels: &RgbImage, grey: bool) -> Result<(ImageEncoding, Vec<u8>), DeriveError> {
    let (width, height) = pixels.dimensions();
    if width > JPEG_SIDE_MAX || height > JPEG_SIDE_MAX {
        return lossless(pixels, grey)?.ok_or_else(too_large);
    }
    let mut data = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut data, QUALITY);
    let done = if grey {
        encoder.encode(&luma(pixels), width, height, ExtendedColorType::L8)
    } else {
        encoder.encode(pixels.as_raw(), width, height, ExtendedColorType::Rgb8)
    };
    done.map_err(|error| DeriveError::Art(error.to_string()))?;
    let components = if grey { 1 } else { 3 };
    let encoding = ImageEncoding::Jpeg {
        components,
        inverted: false,
    };
    Ok((encoding, data))
}

fn luma(pixels: &RgbImage) -> Vec<u8> {
    pixels.pixels().map(|pixel| pixel.0[0]).collect()
}

fn too_large() -> DeriveError {
    DeriveError::Art(format!(
        "its sides pass {JPEG_SIDE_MAX} pixels and it does not compress"
    ))
}

/// Compresses bytes with zlib; none when that would not make them smaller.
pub(super) fn zlib(bytes: Vec<u8>) -> Result<Option<Vec<u8>>, DeriveError> {
    let mut stream = lopdf::Stream::new(lopdf::Dictionary::new(), bytes);
    stream
        .compress()
        .map_err(|error| DeriveError::Art(error.to_string()))?;
    Ok(stream.dict.has(b"Filter").then_some(stream.content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn picture(colour: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
        RgbImage::from_fn(67, 41, |x, y| Rgb(colour(x, y)))
    }

    #[test]
    fn black_and_white_goes_through_fax_without_losing_a_pixel() {
        for page in [
            picture(|x, y| [if (x * 7 + y * y) % 5 < 2 { 0 } else { 255 }; 3]),
            picture(|_, _| [255; 3]),
            picture(|_, _| [0; 3]),
        ] {
            let art = encode(&page, Some(300.0)).unwrap();
            assert_eq!(art.encoding, ImageEncoding::CcittG4);
            let mut lines = Vec::new();
            fax::decoder::decode_g4(art.data.iter().copied(), 67, Some(41), |transitions| {
                lines.push(fax::decoder::pels(transitions, 67).collect::<Vec<_>>());
            })
            .unwrap();
            assert_eq!(lines.len(), 41);
            for (line, row) in lines.iter().zip(page.rows()) {
                for (found, pixel) in line.iter().zip(row) {
                    assert_eq!(*found == Color::Black, pixel.0 == [0; 3]);
                }
            }
        }
    }

    #[test]
    fn the_compression_follows_the_content() {
        let grey = picture(|x, y| [(x * 3 + y) as u8; 3]);
        let colour = picture(|x, y| [x as u8, (y * 3) as u8, 90]);
        let drawn = picture(|x, _| if x < 30 { [200, 20, 30] } else { [255; 3] });
        let kind = |page: &RgbImage| encode(page, None).unwrap().encoding;
        let jpeg = |components| ImageEncoding::Jpeg {
            components,
            inverted: false,
        };
        assert_eq!(kind(&grey), jpeg(1));
        assert_eq!(kind(&colour), jpeg(3));
        assert_eq!(kind(&drawn), ImageEncoding::Flate { components: 3 });
        assert!(encode(&RgbImage::new(0, 4), None).is_err());
    }
}
