//! JPEG (ITU-T T.81): baseline and progressive, grey, colour and CMYK, with what its markers say. Pixels and markers
//! only: nothing here opens a file or encodes one.

mod markers;

use image::RgbImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub use self::markers::JpegInfo;
use super::limits::Limits;
use crate::domain::finding::{Finding, FindingCode};

/// How the samples of three or four components are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// As the markers of the file say.
    Marked,
    /// YCbCr (or grey).
    YCbCr,
    /// As they stand: RGB or CMYK.
    Plain,
}

/// Decoded samples, interleaved, eight bits each.
#[derive(Debug)]
pub struct Samples {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Samples a pixel: 1 grey, 3 RGB, 4 CMYK as stored.
    pub channels: u8,
    /// The samples.
    pub data: Vec<u8>,
}

/// Decodes a whole JPEG to RGB as stored, not yet turned upright. The limits are checked on its header first.
pub fn decode(bytes: &[u8], info: &JpegInfo, limits: &Limits) -> Result<RgbImage, Finding> {
    let samples = decode_samples(bytes, info, Colour::Marked, limits)?;
    into_rgb(samples, info.inverted())
}

/// Turns samples into RGB. `inverted` says that CMYK is stored with 255 for no ink.
pub fn into_rgb(samples: Samples, inverted: bool) -> Result<RgbImage, Finding> {
    let data = match samples.channels {
        3 => samples.data,
        1 => samples.data.iter().flat_map(|v| [*v, *v, *v]).collect(),
        _ => samples
            .data
            .chunks_exact(4)
            .flat_map(|ink| cmyk_to_rgb([ink[0], ink[1], ink[2], ink[3]], inverted))
            .collect(),
    };
    RgbImage::from_raw(samples.width, samples.height, data)
        .ok_or_else(|| Finding::file(FindingCode::Damaged))
}

/// CMYK to RGB by multiplying what each ink lets through; `inverted` when 255 means no ink.
pub fn cmyk_to_rgb(ink: [u8; 4], inverted: bool) -> [u8; 3] {
    let [c, m, y, k] = if inverted { ink } else { ink.map(|v| 255 - v) };
    let through = |v: u8| ((u32::from(v) * u32::from(k) + 127) / 255) as u8;
    [through(c), through(m), through(y)]
}

/// Decodes to samples. Grey gives one channel, colour RGB, four components CMYK as stored.
pub fn decode_samples(
    bytes: &[u8],
    info: &JpegInfo,
    colour: Colour,
    limits: &Limits,
) -> Result<Samples, Finding> {
    limits.check_pixels(info.width, info.height)?;
    limits.check_expanded(info.work_bytes())?;
    let transformed = match colour {
        Colour::YCbCr => true,
        Colour::Plain => false,
        Colour::Marked if info.components == 4 => info.adobe == Some(2),
        Colour::Marked => info.adobe != Some(0),
    };
    let marked = match info.adobe {
        None => info.adobe_at.is_none(),
        Some(transform) => match info.components {
            3 => transform == 1,
            4 => transform == 0 || transform == 2,
            _ => transform <= 2,
        },
    };
    if marked {
        return run(bytes, info, colour, transformed);
    }
    // The decoder takes the Adobe marker at its word even where the component count contradicts it, and
    // refuses the file when the marker is cut short.
    let mut patched = bytes.to_vec();
    if let Some(letter) = info.adobe_at.and_then(|at| patched.get_mut(at)) {
        *letter = b'X';
    }
    run(&patched, info, colour, transformed)
}

fn run(
    bytes: &[u8],
    info: &JpegInfo,
    colour: Colour,
    transformed: bool,
) -> Result<Samples, Finding> {
    let damaged = || Finding::file(FindingCode::Damaged);
    let (data, input) = match decode_with(bytes, colour, transformed, true) {
        Ok(decoded) => decoded,
        // Stray bytes between headers are harmless; every other complaint of the strict reading means that
        // part of the image is missing or wrong, which must not pass in silence.
        Err(reason) if reason.contains("Extra bytes") => {
            decode_with(bytes, colour, transformed, false).map_err(|_| damaged())?
        }
        Err(_) => return Err(damaged()),
    };
    let pixels = info.width as usize * info.height as usize;
    if data.len() != pixels * usize::from(info.components) {
        return Err(damaged());
    }
    let mut samples = Samples {
        width: info.width,
        height: info.height,
        channels: info.components,
        data,
    };
    if input == ColorSpace::YCCK && transformed {
        ycck_to_cmyk(&mut samples.data);
    }
    Ok(samples)
}

fn decode_with(
    bytes: &[u8],
    colour: Colour,
    transformed: bool,
    strict: bool,
) -> Result<(Vec<u8>, ColorSpace), String> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let input = decoder
        .input_colorspace()
        .ok_or_else(|| "no colour space".to_string())?;
    let output = match input {
        ColorSpace::YCbCr if transformed => ColorSpace::RGB,
        // Components named R, G and B are RGB, unless the container says otherwise.
        ColorSpace::RGB if colour == Colour::YCbCr => ColorSpace::RGB,
        other => other,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    let data = decoder.decode().map_err(|e| e.to_string())?;
    Ok((data, input))
}

/// YCCK carries CMY as the YCbCr of its complement; K stands as it is (Adobe TN 5116).
fn ycck_to_cmyk(data: &mut [u8]) {
    let complement = |value: f32| 255 - value.round().clamp(0.0, 255.0) as u8;
    for pixel in data.chunks_exact_mut(4) {
        let y = f32::from(pixel[0]);
        let (cb, cr) = (f32::from(pixel[1]) - 128.0, f32::from(pixel[2]) - 128.0);
        pixel[0] = complement(y + 1.402 * cr);
        pixel[1] = complement(y - 0.344_136 * cb - 0.714_136 * cr);
        pixel[2] = complement(y + 1.772 * cb);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_lets_light_through() {
        assert_eq!(cmyk_to_rgb([0, 0, 0, 0], false), [255; 3]);
        assert_eq!(cmyk_to_rgb([0, 0, 0, 255], false), [0; 3]);
        assert_eq!(cmyk_to_rgb([255, 0, 0, 0], false), [0, 255, 255]);
        assert_eq!(cmyk_to_rgb([255; 4], true), [255; 3]);
    }
}
