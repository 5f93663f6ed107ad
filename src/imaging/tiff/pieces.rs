//! A page cut into strips or tiles: finding each and unpacking it.

use bytes::Bytes;

use super::super::jpeg::{self, Colour, JpegInfo};
use super::super::limits::Limits;
use super::codec;
use super::directory::{Cut, Directory};
use crate::domain::finding::{Finding, FindingCode};

/// A page as its strips or tiles.
pub struct Page<'a> {
    bytes: &'a Bytes,
    directory: &'a Directory,
    limits: &'a Limits,
    cut: Cut,
}

/// One decoded strip or tile of one or, if planes are separate, all planes.
pub struct Piece {
    /// Left edge on the page.
    pub x: u32,
    /// Top edge on the page.
    pub y: u32,
    /// Width in pixels, padding included.
    pub width: u32,
    /// Height in pixels, padding included.
    pub rows: u32,
    /// Packed rows; one buffer for interleaved samples, one a sample otherwise.
    pub planes: Vec<Vec<u8>>,
    /// Bytes of one row of a plane.
    pub row_bytes: usize,
    /// Set when a JPEG piece is already 8-bit samples: how many a pixel, and whether they are RGB.
    pub decoded: Option<(usize, bool)>,
}

impl<'a> Page<'a> {
    /// Checks that every piece exists and none is larger than the limit.
    pub fn new(
        bytes: &'a Bytes,
        directory: &'a Directory,
        limits: &'a Limits,
    ) -> Result<Page<'a>, Finding> {
        let page = Page {
            bytes,
            directory,
            limits,
            cut: directory.cut(),
        };
        page.check_pieces()?;
        Ok(page)
    }

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

    /// Decodes the pieces one after the other.
    pub fn each_piece(
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
            raw = ycc_units(
                &raw,
                row_bytes,
                units,
                piece.width as usize,
                piece.rows as usize,
            );
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
        // A piece is padded to whole blocks at most; larger ones would make many pieces a flood.
        let fits = Limits {
            pixels_max: (u64::from(self.cut.width) + 64) * (u64::from(self.cut.height) + 64),
            ..self.limits.clone()
        };
        let samples = jpeg::decode_samples(stream, &info, colour, &fits)?;
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
    pub fn float_range(&self) -> Result<(f32, f32), Finding> {
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

/// The bytes from `offset` on, if they are all there.
pub fn slice(bytes: &[u8], offset: u64, count: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(count).ok()?)?;
    bytes.get(start..end)
}

/// A 32-bit float of the given byte order.
pub fn float(four: &[u8], little: bool) -> f32 {
    let four = [four[0], four[1], four[2], four[3]];
    if little {
        f32::from_le_bytes(four)
    } else {
        f32::from_be_bytes(four)
    }
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
