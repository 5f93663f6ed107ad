//! From packed samples to RGB: depth, photometric interpretation, planes, transparency.

use bytes::Bytes;
use image::RgbImage;

use super::super::jpeg::{self, JpegInfo};
use super::super::limits::Limits;
use super::super::raster::on_white;
use super::directory::Directory;
use super::pieces::{Page, Piece, float, slice};
use crate::domain::finding::{Finding, FindingCode};

/// Decodes one page to RGB as stored.
pub fn decode(bytes: &Bytes, directory: &Directory, limits: &Limits) -> Result<RgbImage, Finding> {
    limits.check_pixels(directory.width, directory.height)?;
    if directory.compression == 6 {
        return old_jpeg(bytes, directory, limits);
    }
    check(directory)?;
    let page = Page::new(bytes, directory, limits)?;
    let range = match directory.sample_format {
        3 => page.float_range()?,
        _ => (0.0, 1.0),
    };
    let mut image = RgbImage::new(directory.width, directory.height);
    page.each_piece(|piece| {
        piece.paint(&mut image, directory, range);
        Ok(())
    })?;
    Ok(image)
}

fn check(directory: &Directory) -> Result<(), Finding> {
    let unsupported = Err(Finding::file(FindingCode::UnsupportedFeature));
    let depth = match directory.sample_format {
        3 => matches!(directory.bits, 32),
        1 | 4 => matches!(directory.bits, 1 | 2 | 4 | 8 | 16 | 32),
        _ => false,
    };
    let colours = colour_samples(directory.photometric);
    if directory.samples == 0 || directory.samples > 16 || directory.uneven_bits || !depth {
        return unsupported;
    }
    if colours == 0 || directory.samples < colours {
        return unsupported;
    }
    if directory.photometric == 3 && (directory.bits > 8 || directory.colour_map.is_empty()) {
        return unsupported;
    }
    let plain_ycc = directory.photometric == 6 && directory.compression != 7;
    if plain_ycc && (directory.bits != 8 || directory.planar || directory.samples != 3) {
        return unsupported;
    }
    Ok(())
}

/// Samples a pixel that carry colour; 0 for an interpretation that is not read (CIELab, LogLuv, raw sensor).
fn colour_samples(photometric: u64) -> u32 {
    match photometric {
        0 | 1 | 3 | 4 => 1,
        2 | 6 => 3,
        5 => 4,
        _ => 0,
    }
}

impl Piece {
    /// Sample `channel` of pixel `x` in row `y`, as eight bits; palette indices stay as they are.
    fn sample(&self, d: &Directory, x: usize, y: usize, channel: usize, range: (f32, f32)) -> u8 {
        let separate = self.planes.len() > 1;
        let plane = self.planes.get(if separate { channel } else { 0 });
        let per_pixel = if separate { 1 } else { d.samples as usize };
        let channel = if separate { 0 } else { channel };
        let Some(row) = plane.and_then(|plane| plane.get(y * self.row_bytes..)) else {
            return 0;
        };
        let index = x * per_pixel + channel;
        if self.decoded.is_some() || d.bits == 8 {
            return row.get(index).copied().unwrap_or(0);
        }
        match d.bits {
            1 | 2 | 4 => {
                let bits = d.bits as usize;
                let byte = row.get(index * bits / 8).copied().unwrap_or(0);
                let shift = 8 - bits - (index * bits) % 8;
                let most = (1u16 << bits) - 1;
                let value = (u16::from(byte) >> shift) & most;
                if d.photometric == 3 {
                    value as u8
                } else {
                    (value * 255 / most) as u8
                }
            }
            16 => {
                let at = index * 2 + usize::from(d.little);
                row.get(at).copied().unwrap_or(0)
            }
            _ => match row.get(index * 4..index * 4 + 4) {
                Some(four) if d.sample_format == 3 => {
                    let share = (float(four, d.little) - range.0) / (range.1 - range.0);
                    (share * 255.0).round().clamp(0.0, 255.0) as u8
                }
                Some(four) => four[if d.little { 3 } else { 0 }],
                None => 0,
            },
        }
    }

    fn paint(&self, image: &mut RgbImage, d: &Directory, range: (f32, f32)) {
        let colours = colour_samples(d.photometric) as usize;
        let alpha = match d.extra_samples.first() {
            Some(kind @ (1 | 2)) if d.samples as usize > colours => Some((*kind == 1, colours)),
            _ => None,
        };
        let right = self.width.min(d.width - self.x);
        let bottom = self.rows.min(d.height - self.y);
        for y in 0..bottom {
            for x in 0..right {
                let at = |channel| self.sample(d, x as usize, y as usize, channel, range);
                let mut pixel = self.colour(d, &at);
                if let Some((premultiplied, channel)) = alpha {
                    let opacity = at(channel);
                    pixel = pixel.map(|value| {
                        if premultiplied {
                            value.saturating_add(255 - opacity)
                        } else {
                            on_white(value, opacity)
                        }
                    });
                }
                image.put_pixel(self.x + x, self.y + y, image::Rgb(pixel));
            }
        }
    }

    fn colour(&self, d: &Directory, at: &dyn Fn(usize) -> u8) -> [u8; 3] {
        match d.photometric {
            0 => [255 - at(0); 3],
            3 => palette(&d.colour_map, at(0)),
            5 => jpeg::cmyk_to_rgb([at(0), at(1), at(2), at(3)], false),
            6 if !self.decoded.is_some_and(|(_, rgb)| rgb) => ycc(at(0), at(1), at(2)),
            2 | 6 => [at(0), at(1), at(2)],
            _ => [at(0); 3],
        }
    }
}

/// A colour of the map, three runs of 16-bit values; some writers fill only the low byte.
fn palette(map: &[u64], index: u8) -> [u8; 3] {
    let run = map.len() / 3;
    let low = map.iter().all(|value| *value < 256);
    [0, 1, 2].map(|channel| {
        let value = map.get(channel * run + usize::from(index)).copied();
        let value = value.filter(|_| usize::from(index) < run).unwrap_or(0);
        (if low { value } else { value >> 8 }).min(255) as u8
    })
}

fn ycc(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|value| value.round().clamp(0.0, 255.0) as u8)
}

/// JPEG as TIFF 6.0 first defined it: only the form with a whole JPEG file inside is read.
fn old_jpeg(bytes: &Bytes, directory: &Directory, limits: &Limits) -> Result<RgbImage, Finding> {
    let unsupported = || Finding::file(FindingCode::UnsupportedFeature);
    let (at, count) = directory.old_jpeg.ok_or_else(unsupported)?;
    let count = if count == 0 {
        (bytes.len() as u64).saturating_sub(at)
    } else {
        count
    };
    let stream = slice(bytes, at, count).ok_or_else(|| Finding::file(FindingCode::Truncated))?;
    let info = JpegInfo::parse(stream).map_err(|_| unsupported())?;
    jpeg::decode(stream, &info, limits)
}
