//! One image file directory: its tags, read with bounds on every count and offset.

use super::super::metadata::{self, Metadata};

/// Most entries read of one directory, and most values of one tag.
const ENTRIES_MAX: u64 = 4096;
const VALUES_MAX: u64 = 1 << 20;

/// The bytes of a TIFF with their byte order.
pub struct Source<'a> {
    bytes: &'a [u8],
    /// Whether numbers are little-endian.
    pub little: bool,
    big: bool,
}

impl<'a> Source<'a> {
    /// Reads the header; none when it is not there.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (little, big) = match bytes.get(..4)? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        let source = Self { bytes, little, big };
        source.first().map(|_| source)
    }

    /// Offset of the first directory.
    pub fn first(&self) -> Option<u64> {
        if self.big {
            self.number(8, 8)
        } else {
            self.number(4, 4)
        }
    }

    /// An unsigned number of `size` bytes (1, 2, 4 or 8) at `at`.
    fn number(&self, at: u64, size: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        let slice = self.bytes.get(start..end)?;
        let fold = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        Some(if self.little {
            slice.iter().rev().fold(0, fold)
        } else {
            slice.iter().fold(0, fold)
        })
    }
}

/// Where the samples of a page are cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Width of a strip or tile.
    pub width: u32,
    /// Height of a strip or tile.
    pub height: u32,
    /// Whether edge pieces are padded to full size (tiles are, the last strip is not).
    pub padded: bool,
}

/// The tags of one page that decoding needs. Names follow TIFF 6.0.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // named as the tags
pub struct Directory {
    pub little: bool,
    pub width: u32,
    pub height: u32,
    pub bits: u32,
    pub samples: u32,
    pub photometric: u64,
    pub compression: u64,
    pub predictor: u64,
    pub planar: bool,
    pub sample_format: u64,
    pub reversed_bits: bool,
    pub rows_per_strip: u32,
    pub tile: Option<(u32, u32)>,
    pub offsets: Vec<u64>,
    pub counts: Vec<u64>,
    pub fax_options: u64,
    pub colour_map: Vec<u64>,
    pub extra_samples: Vec<u64>,
    pub subsampling: (u32, u32),
    pub jpeg_tables: Option<(u64, u64)>,
    pub old_jpeg: Option<(u64, u64)>,
    pub uneven_bits: bool,
    subfile: u64,
    orientation: u64,
    resolution: (Option<f32>, Option<f32>, u64),
}

impl Directory {
    /// Reads the directory at `offset` and the offset of the next. None when it lies outside the file.
    pub fn read(source: &Source<'_>, offset: u64) -> Option<(Directory, Option<u64>)> {
        let (count_size, entry_size, word) = if source.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = source.number(offset, count_size)?.min(ENTRIES_MAX);
        let mut directory = Directory {
            little: source.little,
            bits: 1,
            samples: 1,
            compression: 1,
            predictor: 1,
            sample_format: 1,
            rows_per_strip: u32::MAX,
            subsampling: (2, 2),
            orientation: 1,
            photometric: u64::MAX,
            resolution: (None, None, 2),
            ..Directory::default()
        };
        let entries = offset.checked_add(count_size)?;
        for index in 0..count {
            let at = entries.checked_add(index * entry_size)?;
            let Some(entry) = Entry::read(source, at, word) else {
                break;
            };
            directory.take(source, &entry);
        }
        let next = source.number(entries.checked_add(count * entry_size)?, word);
        Some((directory, next))
    }

    fn take(&mut self, source: &Source<'_>, entry: &Entry) {
        let first = || entry.value(source, 0);
        let number = |default: u64| first().unwrap_or(default);
        let small = |default: u32| u32::try_from(number(u64::from(default))).unwrap_or(u32::MAX);
        match entry.tag {
            254 => self.subfile = number(0),
            256 => self.width = small(0),
            257 => self.height = small(0),
            258 => {
                let all = entry.values(source);
                self.bits = all.first().map_or(1, |v| (*v).min(255) as u32);
                self.uneven_bits = all.windows(2).any(|pair| pair[0] != pair[1]);
            }
            259 => self.compression = number(1),
            262 => self.photometric = number(u64::MAX),
            266 => self.reversed_bits = number(1) == 2,
            273 | 324 => self.offsets = entry.values(source),
            279 | 325 => self.counts = entry.values(source),
            274 => self.orientation = number(1),
            277 => self.samples = small(1),
            278 => self.rows_per_strip = small(u32::MAX).max(1),
            282 => self.resolution.0 = entry.rational(source),
            283 => self.resolution.1 = entry.rational(source),
            284 => self.planar = number(1) == 2,
            292 => self.fax_options = number(0),
            296 => self.resolution.2 = number(2),
            317 => self.predictor = number(1),
            320 => self.colour_map = entry.values(source),
            322 => self.tile = Some((small(0), self.tile.map_or(0, |tile| tile.1))),
            323 => self.tile = Some((self.tile.map_or(0, |tile| tile.0), small(0))),
            338 => self.extra_samples = entry.values(source),
            339 => self.sample_format = number(1),
            347 => self.jpeg_tables = Some((entry.data, entry.bytes())),
            513 => self.old_jpeg = Some((number(0), self.old_jpeg.map_or(0, |old| old.1))),
            514 => self.old_jpeg = Some((self.old_jpeg.map_or(0, |old| old.0), number(0))),
            530 => {
                let all = entry.values(source);
                if let [x, y] = all[..] {
                    self.subsampling = (x.clamp(1, 4) as u32, y.clamp(1, 4) as u32);
                }
            }
            _ => {}
        }
    }

    /// Whether this is a reduced preview or a mask of another page.
    pub fn is_extra(&self) -> bool {
        self.subfile & 0b101 != 0
    }

    /// Orientation and resolution.
    pub fn metadata(&self) -> Metadata {
        let scale = match self.resolution.2 {
            2 => 1.0,
            3 => 2.54,
            _ => 0.0,
        };
        let x = self.resolution.0.unwrap_or(0.0) * scale;
        let y = self.resolution.1.unwrap_or(0.0) * scale;
        let orientation = u8::try_from(self.orientation).unwrap_or(1);
        Metadata {
            orientation: if (1..=8).contains(&orientation) {
                orientation
            } else {
                1
            },
            dpi: metadata::sane_dpi(x, y),
        }
    }

    /// How the page is cut into strips or tiles.
    pub fn cut(&self) -> Cut {
        match self.tile {
            Some((width, height)) if width > 0 && height > 0 => Cut {
                width,
                height,
                padded: true,
            },
            _ => Cut {
                width: self.width,
                height: self.rows_per_strip.min(self.height),
                padded: false,
            },
        }
    }
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    data: u64,
}

impl Entry {
    fn read(source: &Source<'_>, at: u64, word: u64) -> Option<Entry> {
        let tag = source.number(at, 2)? as u16;
        let kind = source.number(at + 2, 2)? as u16;
        let count = source.number(at + 4, word)?;
        let mut entry = Entry {
            tag,
            kind,
            count,
            data: at + 4 + word,
        };
        if entry.bytes() > word {
            entry.data = source.number(entry.data, word)?;
        }
        Some(entry)
    }

    fn size(&self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        }
    }

    fn bytes(&self) -> u64 {
        self.size().saturating_mul(self.count)
    }

    fn value(&self, source: &Source<'_>, index: u64) -> Option<u64> {
        if index >= self.count || !matches!(self.kind, 1..=4 | 6..=9 | 13 | 16 | 18) {
            return None;
        }
        let at = self.data.checked_add(index.checked_mul(self.size())?)?;
        source.number(at, self.size())
    }

    fn values(&self, source: &Source<'_>) -> Vec<u64> {
        (0..self.count.min(VALUES_MAX))
            .map_while(|index| self.value(source, index))
            .collect()
    }

    fn rational(&self, source: &Source<'_>) -> Option<f32> {
        if self.kind != 5 || self.count == 0 {
            return None;
        }
        let over = source.number(self.data, 4)?;
        let under = source.number(self.data.checked_add(4)?, 4)?;
        (under != 0).then(|| over as f32 / under as f32)
    }
}
