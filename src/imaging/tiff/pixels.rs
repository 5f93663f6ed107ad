//! From packed samples to RGB: depth, photometric interpretation, planes, transparency.

use bytes::Bytes;
use image::RgbImage;

use super::super::jpeg::{self, Colour, JpegInfo};
use super::super::limits::Limits;
use super::super::raster::on_white;
use super::codec;
use super::directory::{Cut, Directory};
use crate::domain::finding::{Finding, FindingCode};

/// Decodes one page to RGB as stored.
pub fn decode(bytes: &Bytes, directory: &Directory, limits: &Limits) -> Result<RgbImage, Finding> {
    limits.check_pixels(directory.width, directory.height)?;
    if directory.compression == 6 {
        return old_jpeg(bytes, directory, limits);
    }
    check(directory)?;
    let page = Page {
        bytes,
        directory,
        limits,
        cut: directory.cut(),
    };
    page.check_pieces()?;
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

struct Page<'a> {
    bytes: &'a Bytes,
    directory: &'a Directory,
    limits: &'a Limits,
    cut: Cut,
}

/// One decoded strip or tile of one or, if planes are separate, all planes.
struct Piece {
    x: u32,
    y: u32,
    width: u32,
    rows: u32,
    /// Packed rows; one buffer for interleaved samples, one a sample otherwise.
    planes: Vec<Vec<u8>>,
    row_bytes: usize,
    /// Set when a JPEG piece is already 8-bit samples: how many a pixel, and whether they are RGB.
    decoded: Option<(usize, bool)>,
}

impl Page<'_> {
    fn across(&self) -> u32 {
        self.directory.width.div_ceil(self.cut.width.max(1))
    }

    fn down(&self) -> u32 {
        self.directory.height.div_ceil(self.cut.height.max(1))
    }

    fn planes(&self) -> u32 {
        if self.directory.planar {
            self.directory.samples
        } else {
            1
        }
    }

    /// Every piece must exist, and none may be larger than the limit.
    fn check_pieces(&self) -> Result<(), Finding> {
        let needed = u64::from(self.across()) * u64::from(self.down()) * u64::from(self.planes());
        if needed > self.directory.offsets.len() as u64 {
            return Err(Finding::file(FindingCode::Damaged));
        }
        let samples = self.directory.samples / self.planes();
        let bits = u64::from(self.cut.width) * u64::from(samples) * u64::from(self.directory.bits);
        let bytes = bits
            .div_ceil(8)
            .saturating_mul(u64::from(self.cut.height))
            .saturating_mul(u64::from(self.planes()));
        self.limits.check_expanded(bytes)
    }

    fn each_piece(
        &self,
        mut take: impl FnMut(&Piece) -> Result<(), Finding>,
    ) -> Result<(), Finding> {
        for row in 0..self.down() {
            for column in 0..self.across() {
                take(&self.piece(column, row)?)?;
            }
        }
        Ok(())
    }

    fn piece(&self, column: u32, row: u32) -> Result<Piece, Finding> {
        let (x, y) = (column * self.cut.width, row * self.cut.height);
        let left = self.directory.height - y;
        let rows = if self.cut.padded {
            self.cut.height
        } else {
            self.cut.height.min(left)
        };
        let mut piece = Piece {
            x,
            y,
            width: self.cut.width,
            rows,
            planes: Vec::new(),
            row_bytes: 0,
            decoded: None,
        };
        for plane in 0..self.planes() {
            let index = (plane * self.down() + row) * self.across() + column;
            self.fill(&mut piece, index as usize)?;
        }
        Ok(piece)
    }

    fn fill(&self, piece: &mut Piece, index: usize) -> Result<(), Finding> {
        let packed = self.packed(index)?;
        if self.directory.compression == 7 {
            return self.fill_jpeg(piece, packed);
        }
        let samples = self.directory.samples / self.planes();
        let (sx, sy) = self.directory.subsampling;
        let subsampled = self.directory.photometric == 6 && (sx, sy) != (1, 1);
        let (row_bytes, rows) = if subsampled {
            let units = piece.width.div_ceil(sx) as usize;
            (units * (sx * sy + 2) as usize, piece.rows.div_ceil(sy))
        } else {
            let bits = u64::from(piece.width) * u64::from(samples) * u64::from(self.directory.bits);
            (bits.div_ceil(8) as usize, piece.rows)
        };
        let mut raw = codec::expand(packed, self.directory, piece.width, rows, row_bytes)?;
        if row_bytes > 0 {
            for row in raw.chunks_exact_mut(row_bytes) {
                codec::unpredict(row, self.directory, samples as usize)?;
            }
        }
        if subsampled {
            let units = (sx as usize, sy as usize);
            raw = ycc_units(&raw, row_bytes, units, piece.width as usize, piece.rows as usize);
            piece.decoded = Some((3, false));
            piece.row_bytes = piece.width as usize * 3;
        } else {
            piece.row_bytes = row_bytes;
        }
        piece.planes.push(raw);
        Ok(())
    }

    fn fill_jpeg(&self, piece: &mut Piece, packed: &[u8]) -> Result<(), Finding> {
        let mut whole = Vec::new();
        if let Some((at, count)) = self.directory.jpeg_tables {
            let tables = slice(self.bytes, at, count).unwrap_or_default();
            whole.extend_from_slice(tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables));
            whole.extend_from_slice(packed.strip_prefix(&[0xFF, 0xD8]).unwrap_or(packed));
        }
        let stream = if whole.is_empty() { packed } else { &whole };
        let info = JpegInfo::parse(stream)?;
        let colour = if self.directory.photometric == 6 {
            Colour::YCbCr
        } else {
            Colour::Plain
        };
        let samples = jpeg::decode_samples(stream, &info, colour, self.limits)?;
        let channels = usize::from(samples.channels);
        let expected = (self.directory.samples / self.planes()) as usize;
        let too_small = samples.width < piece.width.min(self.directory.width - piece.x)
            || samples.height < piece.rows.min(self.directory.height - piece.y);
        if channels != expected || too_small {
            return Err(Finding::file(FindingCode::Damaged));
        }
        piece.width = samples.width;
        piece.rows = samples.height;
        piece.row_bytes = samples.width as usize * channels;
        piece.decoded = Some((channels, true));
        piece.planes.push(samples.data);
        Ok(())
    }

    fn packed(&self, index: usize) -> Result<&[u8], Finding> {
        let damaged = || Finding::file(FindingCode::Damaged);
        let offset = *self.directory.offsets.get(index).ok_or_else(damaged)?;
        let length = self.bytes.len() as u64;
        if offset >= length {
            return Err(Finding::file(FindingCode::Truncated));
        }
        // A missing count is common in old files with one strip: it reaches to the end.
        let count = match self.directory.counts.get(index) {
            Some(count) if *count > 0 => *count,
            _ => length - offset,
        };
        slice(self.bytes, offset, count).ok_or_else(|| Finding::file(FindingCode::Truncated))
    }

    /// Smallest and largest value of a float page, so that it can be shown: 0–1 and 0–255 stay as they are.
    fn float_range(&self) -> Result<(f32, f32), Finding> {
        let (mut low, mut high) = (0.0f32, 1.0f32);
        self.each_piece(|piece| {
            for plane in &piece.planes {
                for four in plane.chunks_exact(4) {
                    let value = float(four, self.directory.little);
                    if value.is_finite() {
                        low = low.min(value);
                        high = high.max(value);
                    }
                }
            }
            Ok(())
        })?;
        if low >= 0.0 && high > 1.0 && high <= 255.0 {
            high = 255.0;
        }
        Ok((low, high))
    }
}

fn slice(bytes: &[u8], offset: u64, count: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(count).ok()?)?;
    bytes.get(start..end)
}

fn float(four: &[u8], little: bool) -> f32 {
    let four = [four[0], four[1], four[2], four[3]];
    if little {
        f32::from_le_bytes(four)
    } else {
        f32::from_be_bytes(four)
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

/// Spreads data units of subsampled YCbCr (TIFF 6.0 section 21) into one triple a pixel.
fn ycc_units(
    raw: &[u8],
    row_bytes: usize,
    (sx, sy): (usize, usize),
    width: usize,
    rows: usize,
) -> Vec<u8> {
    let unit = sx * sy + 2;
    let mut out = vec![0u8; width * rows * 3];
    for (index, pixel) in out.chunks_exact_mut(3).enumerate() {
        let (x, y) = (index % width, index / width);
        let start = (y / sy) * row_bytes + (x / sx) * unit;
        let byte = |offset: usize| raw.get(start + offset).copied().unwrap_or(0);
        pixel[0] = byte((y % sy) * sx + x % sx);
        pixel[1] = byte(sx * sy);
        pixel[2] = byte(sx * sy + 1);
    }
    out
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
