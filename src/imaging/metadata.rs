//! What a file says of its image: which way is up, and how many dots an inch.

/// Dots an inch that a scanner or a camera can mean. Anything else is a placeholder and counts as unknown.
const DPI_SANE: std::ops::RangeInclusive<f32> = 30.0..=4800.0;

/// What was found in EXIF, JFIF or a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metadata {
    /// EXIF orientation 1–8; 1 when absent or nonsense.
    pub orientation: u8,
    /// Dots an inch, when stated and possible.
    pub dpi: Option<f32>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            orientation: 1,
            dpi: None,
        }
    }
}

/// The resolution if it can be true. The smaller axis counts, as the weaker one.
pub fn sane_dpi(x: f32, y: f32) -> Option<f32> {
    let dpi = if y > 0.0 { x.min(y) } else { x };
    DPI_SANE.contains(&dpi).then_some(dpi)
}

/// Reads orientation and resolution from an EXIF block (a TIFF file without its image). Damaged EXIF is
/// common and harmless: whatever cannot be read is left at its default.
pub fn from_exif(exif: &[u8]) -> Metadata {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    read_exif(exif).unwrap_or_default()
}

fn read_exif(exif: &[u8]) -> Option<Metadata> {
    let little = match exif.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let at = Reader {
        bytes: exif,
        little,
    };
    let directory = at.u32(4)? as usize;
    let count = usize::from(at.u16(directory)?).min(512);
    let mut metadata = Metadata::default();
    let (mut x, mut y, mut unit) = (None, None, 2u16);
    for index in 0..count {
        let entry = directory.checked_add(2 + index * 12)?;
        let Some(tag) = at.u16(entry) else { break };
        match tag {
            0x0112 => {
                let value = at.u16(entry + 8).unwrap_or(1);
                if at.u16(entry + 2) == Some(3) && (1..=8).contains(&value) {
                    metadata.orientation = value as u8;
                }
            }
            0x011A => x = at.rational(entry),
            0x011B => y = at.rational(entry),
            0x0128 => unit = at.u16(entry + 8).unwrap_or(2),
            _ => {}
        }
    }
    if let Some(x) = x {
        let scale = if unit == 3 { 2.54 } else { 1.0 };
        metadata.dpi = sane_dpi(x * scale, y.unwrap_or(x) * scale);
    }
    Some(metadata)
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let two = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little {
            u16::from_le_bytes(two)
        } else {
            u16::from_be_bytes(two)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let four = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        })
    }

    fn rational(&self, entry: usize) -> Option<f32> {
        if self.u16(entry + 2)? != 5 {
            return None;
        }
        let at = self.u32(entry + 8)? as usize;
        let (over, under) = (self.u32(at)?, self.u32(at.checked_add(4)?)?);
        (under != 0).then(|| over as f32 / under as f32)
    }
}

/// The resolution in a PNG's `pHYs` chunk (PNG 11.3.5.3), and whether the file has its `IEND` chunk.
pub fn from_png(bytes: &[u8]) -> (Option<f32>, bool) {
    let mut dpi = None;
    let mut at = 8usize;
    while let Some(head) = bytes.get(at..at.saturating_add(8)) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        match &head[4..] {
            b"IEND" => return (dpi, true),
            b"pHYs" => dpi = bytes.get(at + 8..at + 17).and_then(physical),
            _ => {}
        }
        at = at.saturating_add(length).saturating_add(12);
    }
    (dpi, false)
}

fn physical(chunk: &[u8]) -> Option<f32> {
    let x = u32::from_be_bytes(chunk.get(..4)?.try_into().ok()?);
    let y = u32::from_be_bytes(chunk.get(4..8)?.try_into().ok()?);
    if chunk.get(8) != Some(&1) {
        return None;
    }
    sane_dpi(per_inch(x), per_inch(y))
}

/// The resolution in a BMP's information header.
pub fn from_bmp(bytes: &[u8]) -> Option<f32> {
    let x = i32::from_le_bytes(bytes.get(38..42)?.try_into().ok()?);
    let y = i32::from_le_bytes(bytes.get(42..46)?.try_into().ok()?);
    let header = u32::from_le_bytes(bytes.get(14..18)?.try_into().ok()?);
    if header < 40 {
        return None;
    }
    sane_dpi(per_inch(x.unsigned_abs()), per_inch(y.unsigned_abs()))
}

/// Dots a metre to dots an inch, rounded to a tenth because the metre figure is a rounded one.
fn per_inch(per_metre: u32) -> f32 {
    (per_metre as f32 * 0.254).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exif(orientation: u16, dpi: u32, unit: u16) -> Vec<u8> {
        let mut out = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
        out.extend_from_slice(&3u16.to_le_bytes());
        for (tag, kind, value) in [
            (0x0112u16, 3u16, u32::from(orientation)),
            (0x011A, 5, 50),
            (0x0128, 3, u32::from(unit)),
        ] {
            out.extend_from_slice(&tag.to_le_bytes());
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&1u32.to_le_bytes());
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.resize(6 + 50, 0);
        out.extend_from_slice(&dpi.to_le_bytes());
        out.extend_from_slice(&1u32.to_le_bytes());
        out
    }

    #[test]
    fn orientation_and_resolution_are_read() {
        assert_eq!(
            from_exif(&exif(6, 300, 2)),
            Metadata {
                orientation: 6,
                dpi: Some(300.0)
            }
        );
        let metric = from_exif(&exif(1, 118, 3)).dpi.unwrap();
        assert!((metric - 299.72).abs() < 0.01);
    }

    #[test]
    fn nonsense_is_left_at_its_default() {
        assert_eq!(from_exif(&exif(9, 1, 2)), Metadata::default());
        let whole = exif(6, 300, 2);
        for cut in 0..whole.len() {
            let read = from_exif(&whole[..cut]);
            assert!(read.orientation == 1 || read.orientation == 6);
        }
        assert_eq!(from_exif(b"Exif\0\0XX*\0\xff\xff\xff\xff"), Metadata::default());
    }

    #[test]
    fn a_placeholder_resolution_is_unknown() {
        assert_eq!(sane_dpi(1.0, 1.0), None);
        assert_eq!(sane_dpi(72.0, 72.0), Some(72.0));
        assert_eq!(sane_dpi(300.0, 200.0), Some(200.0));
        assert_eq!(sane_dpi(f32::NAN, f32::NAN), None);
        assert_eq!(per_inch(11811), 300.0);
    }
}
