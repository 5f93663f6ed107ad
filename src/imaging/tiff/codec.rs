//! Strips and tiles: from compressed bytes to packed samples, never more than announced.

use std::borrow::Cow;
use std::io::Read;

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};

use super::directory::Directory;
use crate::domain::finding::{Finding, FindingCode};

/// Decompresses one strip or tile of `rows` rows of `row_bytes` bytes. Fewer bytes than that are an error.
pub fn expand(
    packed: &[u8],
    directory: &Directory,
    columns: u32,
    rows: u32,
    row_bytes: usize,
) -> Result<Vec<u8>, Finding> {
    let wanted = row_bytes * rows as usize;
    let packed: Cow<'_, [u8]> = if directory.reversed_bits {
        packed.iter().map(|byte| byte.reverse_bits()).collect()
    } else {
        Cow::Borrowed(packed)
    };
    let mut out = match directory.compression {
        1 => packed.get(..wanted).map(<[u8]>::to_vec).unwrap_or_default(),
        2..=4 => fax(&packed, directory, columns, rows, row_bytes)?,
        5 => lzw(&packed, wanted),
        8 | 32946 => deflate(&packed, wanted),
        32773 => pack_bits(&packed, wanted),
        _ => return Err(Finding::file(FindingCode::UnsupportedFeature)),
    };
    if out.len() < wanted {
        return Err(Finding::file(FindingCode::Damaged));
    }
    out.truncate(wanted);
    Ok(out)
}

/// PackBits (TIFF 6.0 section 9).
fn pack_bits(packed: &[u8], wanted: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(wanted);
    let mut at = 0;
    while out.len() < wanted {
        let Some(control) = packed.get(at) else { break };
        let count = *control as i8;
        if count >= 0 {
            let end = at + 2 + count as usize;
            out.extend_from_slice(packed.get(at + 1..end.min(packed.len())).unwrap_or_default());
            at = end;
        } else if count == -128 {
            at += 1;
        } else {
            let Some(value) = packed.get(at + 1) else { break };
            let times = usize::from(count.unsigned_abs()) + 1;
            out.resize(out.len() + times, *value);
            at += 2;
        }
    }
    out
}

/// LZW, most significant bit first, or the reversed order of writers before TIFF 6.0.
fn lzw(packed: &[u8], wanted: usize) -> Vec<u8> {
    let old = packed.first() == Some(&0) && packed.get(1).is_some_and(|byte| byte & 1 == 1);
    let mut decoder = if old {
        weezl::decode::Decoder::new(weezl::BitOrder::Lsb, 8)
    } else {
        weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
    };
    let mut out = vec![0u8; wanted];
    let (mut read, mut written) = (0, 0);
    while written < wanted {
        let (Some(input), Some(output)) = (packed.get(read..), out.get_mut(written..)) else {
            break;
        };
        let result = decoder.decode_bytes(input, output);
        read += result.consumed_in;
        written += result.consumed_out;
        let stuck = result.consumed_in == 0 && result.consumed_out == 0;
        if stuck || !matches!(result.status, Ok(weezl::LzwStatus::Ok)) {
            break;
        }
    }
    out.truncate(written);
    out
}

fn deflate(packed: &[u8], wanted: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(wanted);
    // An error leaves what was read until then; the caller sees that it is too short.
    let _ = flate2::read::ZlibDecoder::new(packed)
        .take(wanted as u64)
        .read_to_end(&mut out);
    out
}

/// Collects fax rows as packed bits, black 1.
struct Rows {
    out: Vec<u8>,
    columns: u32,
    row_bytes: usize,
    rows_max: u32,
    rows: u32,
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        if self.rows >= self.rows_max {
            return;
        }
        let start = self.out.len();
        self.out.resize(start + self.row_bytes, 0);
        let Some(row) = self.out.get_mut(start..) else {
            return;
        };
        for run in changes.chunks(2) {
            let from = run.first().copied().unwrap_or(0).min(self.columns);
            let to = run.get(1).copied().unwrap_or(self.columns).min(self.columns);
            blacken(row, from as usize, to as usize);
        }
        self.rows += 1;
    }
}

fn blacken(row: &mut [u8], from: usize, to: usize) {
    let mut at = from;
    while at < to {
        let span = (8 - at % 8).min(to - at);
        let mask = ((0xFFu16 << (8 - span)) & 0xFF) as u8 >> (at % 8);
        if let Some(byte) = row.get_mut(at / 8) {
            *byte |= mask;
        }
        at += span;
    }
}

/// Modified Huffman (2), group 3 (3, one- or two-dimensional) and group 4 (4): ITU-T T.4 and T.6.
fn fax(
    packed: &[u8],
    directory: &Directory,
    columns: u32,
    rows: u32,
    row_bytes: usize,
) -> Result<Vec<u8>, Finding> {
    let encoding = match directory.compression {
        4 => EncodingMode::Group4,
        3 if directory.fax_options & 1 == 1 => EncodingMode::Group3_2D,
        _ => EncodingMode::Group3_1D,
    };
    let huffman = directory.compression == 2;
    let settings = DecodeSettings {
        columns,
        rows,
        end_of_block: !huffman,
        end_of_line: directory.compression == 3,
        rows_are_byte_aligned: huffman,
        encoding,
        strict: false,
    };
    let mut collected = Rows {
        out: Vec::with_capacity(row_bytes * rows as usize),
        columns,
        row_bytes,
        rows_max: rows,
        rows: 0,
    };
    let mut context = DecoderContext::new(settings);
    let read = hayro_ccitt::decode(packed, &mut collected, &mut context);
    // Some encoders leave out white rows before the end-of-block code; a stream without one that stops early
    // has lost rows.
    if collected.rows < rows && (read.is_err() || collected.rows == 0) {
        return Err(Finding::file(FindingCode::Damaged));
    }
    collected.out.resize(row_bytes * rows as usize, 0);
    Ok(collected.out)
}

/// Undoes the predictor of one row in place. `order` gives bytes of wide samples.
pub fn unpredict(row: &mut [u8], directory: &Directory, samples: usize) -> Result<(), Finding> {
    match (directory.predictor, directory.bits) {
        (1, _) => Ok(()),
        (2, 8) => {
            for at in samples..row.len() {
                row[at] = row[at].wrapping_add(row[at - samples]);
            }
            Ok(())
        }
        (2, 16) => {
            let read = |row: &[u8], at: usize| {
                let two = [row[at], row[at + 1]];
                if directory.little {
                    u16::from_le_bytes(two)
                } else {
                    u16::from_be_bytes(two)
                }
            };
            for at in (samples * 2..row.len() - row.len() % 2).step_by(2) {
                let sum = read(row, at).wrapping_add(read(row, at - samples * 2));
                let bytes = if directory.little {
                    sum.to_le_bytes()
                } else {
                    sum.to_be_bytes()
                };
                row[at..at + 2].copy_from_slice(&bytes);
            }
            Ok(())
        }
        (3, 32) => {
            float_predictor(row, directory.little, samples);
            Ok(())
        }
        _ => Err(Finding::file(FindingCode::UnsupportedFeature)),
    }
}

/// The floating point predictor (Adobe Photoshop TIFF technical note 3): differences over byte planes, most
/// significant plane first whatever the byte order of the file.
fn float_predictor(row: &mut [u8], little: bool, samples: usize) {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
    let planes = row.to_vec();
    let values = row.len() / 4;
    for (index, value) in row.chunks_exact_mut(4).enumerate() {
        for (byte, to) in value.iter_mut().enumerate() {
            let plane = if little { 3 - byte } else { byte };
            *to = planes[plane * values + index];
        }
    }
}
