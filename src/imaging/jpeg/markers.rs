//! What the markers of a JPEG say, read without decoding anything.

use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::metadata::{self, Metadata};

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
    /// Whether nothing stands between its segments, so that strict readers take it without a warning.
    pub tidy: bool,
    /// Where the letters `Adobe` stand, when they do.
    pub(super) adobe_at: Option<usize>,
    /// Whether components come in scans of their own, so that all coefficients are held at once.
    separate: bool,
    /// Coefficients in each 16 pixels, by the sampling factors.
    coefficients: u64,
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
            tidy: true,
            adobe_at: None,
            separate: false,
            coefficients: 0,
        };
        let mut at = 2usize;
        let mut coded = false;
        while let Some((marker, body)) = next_marker(bytes, at) {
            info.tidy &= coded || bytes.get(at) == Some(&0xFF);
            coded = marker == 0xDA || (coded && (0xD0..=0xD7).contains(&marker));
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
    pub(super) fn work_bytes(&self) -> u64 {
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
    fn stray_bytes_between_segments_are_noticed_and_coded_bytes_are_not() {
        let sound = markers(0xC0, &[0x11], 1);
        assert!(JpegInfo::parse(&sound).unwrap().tidy);
        let mut stray = sound.clone();
        stray.insert(2, 0x00);
        assert!(!JpegInfo::parse(&stray).unwrap().tidy);
        let mut coded = sound.clone();
        let end = coded.len() - 2;
        coded.splice(end..end, [0x12, 0xFF, 0x00, 0xFF, 0xD0, 0x34]);
        assert!(JpegInfo::parse(&coded).unwrap().tidy);
    }
}
