//! JPEG (ITU-T T.81): baseline and progressive, grey, colour and CMYK, with what its markers say.

use image::RgbImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::limits::Limits;
use super::metadata::{self, Metadata};
use crate::domain::finding::{Finding, FindingCode};

/// What the markers of a JPEG say.
#[derive(Debug, Clone, PartialEq)]
pub struct JpegInfo {
    /// Stored width in pixels.
    pub width: u32,
    /// Stored height in pixels.
    pub height: u32,
    /// 1 grey, 3 colour, 4 CMYK.
    pub components: u8,
    /// Whether it comes in several scans of growing detail.
    pub progressive: bool,
    /// Transform of the Adobe marker: 0 none, 1 YCbCr, 2 YCCK.
    pub adobe: Option<u8>,
    /// Orientation and resolution.
    pub metadata: Metadata,
    /// Whether the end marker is there.
    pub complete: bool,
    /// Where the letters `Adobe` stand, when they do.
    adobe_at: Option<usize>,
    /// Whether components come in scans of their own, so that all coefficients are held at once.
    separate: bool,
    /// Coefficients in each 16 pixels, by the sampling factors.
    coefficients: u64,
}

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

impl JpegInfo {
    /// Reads the markers without decoding anything. A file that ends before its dimensions is truncated; one
    /// whose markers make no sense is damaged; lossless, arithmetic and 12-bit coding are not supported.
    pub fn parse(bytes: &[u8]) -> Result<JpegInfo, Finding> {
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            return Err(Finding::file(FindingCode::Damaged));
        }
        let mut info = JpegInfo {
            width: 0,
            height: 0,
            components: 0,
            progressive: false,
            adobe: None,
            metadata: Metadata::default(),
            complete: false,
            adobe_at: None,
            separate: false,
            coefficients: 0,
        };
        let mut at = 2usize;
        while let Some((marker, body)) = next_marker(bytes, at) {
            if marker == 0xD9 {
                info.complete = true;
                break;
            }
            if marker == 0xD8 || marker == 0x01 || (0xD0..=0xD7).contains(&marker) {
                at = body;
                continue;
            }
            let Some(length) = bytes.get(body..body + 2) else {
                break;
            };
            let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            let end = body.saturating_add(length);
            let segment = bytes
                .get(body + 2..end.min(bytes.len()))
                .unwrap_or_default();
            info.segment(marker, segment, body + 2)?;
            at = end;
        }
        if info.width == 0 && !info.complete {
            return Err(Finding::file(FindingCode::Truncated));
        }
        if info.width == 0 || info.height == 0 {
            return Err(Finding::file(FindingCode::Damaged));
        }
        Ok(info)
    }

    fn segment(&mut self, marker: u8, segment: &[u8], at: usize) -> Result<(), Finding> {
        match marker {
            0xC0..=0xC2 => self.frame(marker, segment),
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                Err(Finding::file(FindingCode::UnsupportedFeature))
            }
            0xDA => {
                self.separate |= segment.first().is_some_and(|scan| *scan < self.components);
                Ok(())
            }
            0xE0 if segment.starts_with(b"JFIF\0") && self.metadata.dpi.is_none() => {
                self.metadata.dpi = jfif_density(segment);
                Ok(())
            }
            0xE1 if segment.starts_with(b"Exif\0\0") => {
                let exif = metadata::from_exif(segment);
                self.metadata.orientation = exif.orientation;
                self.metadata.dpi = exif.dpi.or(self.metadata.dpi);
                Ok(())
            }
            0xEE if segment.starts_with(b"Adobe") => {
                self.adobe = segment.get(11).copied();
                self.adobe_at = Some(at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn frame(&mut self, marker: u8, segment: &[u8]) -> Result<(), Finding> {
        let [bits, h1, h0, w1, w0, components, ..] = *segment else {
            return Err(Finding::file(FindingCode::Damaged));
        };
        if self.width != 0 {
            return Ok(()); // a second frame belongs to a preview that follows the image
        }
        if bits != 8 || !matches!(components, 1 | 3 | 4) {
            return Err(Finding::file(FindingCode::UnsupportedFeature));
        }
        self.width = u32::from(u16::from_be_bytes([w1, w0]));
        self.height = u32::from(u16::from_be_bytes([h1, h0]));
        self.components = components;
        self.progressive = marker == 0xC2;
        self.coefficients = coefficients(segment.get(6..).unwrap_or_default(), components);
        Ok(())
    }

    /// Whether CMYK values are stored inverted, as Adobe's programs do.
    pub fn inverted(&self) -> bool {
        self.components == 4 && self.adobe.is_some()
    }

    /// Bytes needed while decoding: the samples, and every coefficient in 16 bits where they are collected
    /// over several scans.
    fn work_bytes(&self) -> u64 {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let channels = u64::from(self.components);
        let held = if self.progressive || self.separate {
            pixels / 16 * self.coefficients * 2
        } else {
            0
        };
        pixels * channels + held
    }
}

/// The next marker at or after `at`, skipping entropy-coded bytes, and where its body begins.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| *byte == 0xFF)?;
        match *bytes.get(at + 1)? {
            0x00 => at += 2,
            0xFF => at += 1,
            marker => return Some((marker, at + 2)),
        }
    }
}

/// Coefficients in 16 pixels: each component has its share of the largest sampling factors.
fn coefficients(components: &[u8], count: u8) -> u64 {
    let factors: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .take(usize::from(count))
        .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
        .collect();
    let across = factors.iter().map(|(h, _)| *h).max().unwrap_or(1).max(1);
    let down = factors.iter().map(|(_, v)| *v).max().unwrap_or(1).max(1);
    factors
        .iter()
        .map(|(h, v)| (16 * h * v).div_ceil(across * down))
        .sum()
}

fn jfif_density(segment: &[u8]) -> Option<f32> {
    let unit = *segment.get(7)?;
    let x = f32::from(u16::from_be_bytes([*segment.get(8)?, *segment.get(9)?]));
    let y = f32::from(u16::from_be_bytes([*segment.get(10)?, *segment.get(11)?]));
    match unit {
        1 => metadata::sane_dpi(x, y),
        2 => metadata::sane_dpi(x * 2.54, y * 2.54),
        _ => None,
    }
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

    /// Start, frame of the given sampling factors, one scan header, end.
    fn markers(frame: u8, factors: &[u8], scan: u8) -> Vec<u8> {
        let count = factors.len() as u8;
        let mut out = vec![
            0xFF,
            0xD8,
            0xFF,
            frame,
            0,
            8 + 3 * count,
            8,
            0,
            16,
            0,
            16,
            count,
        ];
        for (index, factor) in factors.iter().enumerate() {
            out.extend_from_slice(&[index as u8 + 1, *factor, 0]);
        }
        out.extend_from_slice(&[0xFF, 0xDA, 0, 3, scan, 0xFF, 0xD9]);
        out
    }

    #[test]
    fn the_memory_of_a_jpeg_is_told_from_its_markers() {
        let bytes = |frame, factors: &[u8], scan| {
            JpegInfo::parse(&markers(frame, factors, scan))
                .unwrap()
                .work_bytes()
        };
        assert_eq!(bytes(0xC0, &[0x22, 0x11, 0x11], 3), 256 * 3);
        assert_eq!(bytes(0xC0, &[0x22, 0x11, 0x11], 1), 256 * 3 + 256 * 3);
        assert_eq!(bytes(0xC2, &[0x22, 0x11, 0x11], 3), 256 * 3 + 256 * 3);
        assert_eq!(bytes(0xC2, &[0x11, 0x11, 0x11], 3), 256 * 3 + 256 * 6);
        assert_eq!(bytes(0xC2, &[0x11], 1), 256 + 256 * 2);
    }

    #[test]
    fn ink_lets_light_through() {
        assert_eq!(cmyk_to_rgb([0, 0, 0, 0], false), [255; 3]);
        assert_eq!(cmyk_to_rgb([0, 0, 0, 255], false), [0; 3]);
        assert_eq!(cmyk_to_rgb([255, 0, 0, 0], false), [0, 255, 255]);
        assert_eq!(cmyk_to_rgb([255; 4], true), [255; 3]);
    }
}
