//! The sRGB output profile (IEC 61966-2-1), composed from its published numbers as an ICC version 4 display profile
//! (ICC.1:2010): three primaries adapted to D50 by Bradford and one parametric curve.

/// XYZ of the D50 illuminant of the profile connection space.
const D50: [f64; 3] = [0.9642, 1.0, 0.8249];

/// Columns of the matrix from linear sRGB to D50 XYZ.
const RED: [f64; 3] = [0.436_066, 0.222_488, 0.013_916];
const GREEN: [f64; 3] = [0.385_147, 0.716_873, 0.097_076];
const BLUE: [f64; 3] = [0.143_066, 0.060_608, 0.714_096];

/// Bradford matrix from D65 to D50, by rows.
const ADAPTATION: [f64; 9] = [
    1.047_882, 0.022_919, -0.050_201, 0.029_587, 0.990_479, -0.017_059, -0.009_232, 0.015_076,
    0.751_678,
];

/// Parameters g, a, b, c, d of the curve Y = (aX+b)^g above d, cX below.
const CURVE: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];

/// The bytes of the profile.
pub(super) fn srgb() -> Vec<u8> {
    let tags: [(&[u8; 4], Vec<u8>); 10] = [
        (b"desc", text("sRGB")),
        (b"cprt", text("No copyright, use freely")),
        (b"wtpt", xyz(D50)),
        (b"chad", fixed_list(b"sf32", &ADAPTATION)),
        (b"rXYZ", xyz(RED)),
        (b"gXYZ", xyz(GREEN)),
        (b"bXYZ", xyz(BLUE)),
        (b"rTRC", curve()),
        (b"gTRC", curve()),
        (b"bTRC", curve()),
    ];
    let mut directory = (tags.len() as u32).to_be_bytes().to_vec();
    let mut body = Vec::new();
    let first = 128 + 4 + 12 * tags.len();
    for (name, data) in &tags {
        directory.extend_from_slice(*name);
        directory.extend(((first + body.len()) as u32).to_be_bytes());
        directory.extend((data.len() as u32).to_be_bytes());
        body.extend_from_slice(data);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut profile = header((first + body.len()) as u32);
    profile.extend(directory);
    profile.extend(body);
    profile
}

fn header(size: u32) -> Vec<u8> {
    let mut head = Vec::with_capacity(128);
    head.extend(size.to_be_bytes());
    head.extend([0; 4]); // no preferred colour engine
    head.extend([4, 0x20, 0, 0]); // version 4.2
    head.extend_from_slice(b"mntrRGB XYZ ");
    for part in [2026_u16, 1, 1, 0, 0, 0] {
        head.extend(part.to_be_bytes());
    }
    head.extend_from_slice(b"acsp");
    head.extend([0; 28]); // platform, flags, manufacturer, model, attributes, perceptual intent
    for value in D50 {
        head.extend(fixed(value));
    }
    head.resize(128, 0);
    head
}

fn fixed(value: f64) -> [u8; 4] {
    ((value * 65_536.0).round() as i32).to_be_bytes()
}

fn fixed_list(kind: &[u8; 4], values: &[f64]) -> Vec<u8> {
    let mut data = kind.to_vec();
    data.extend([0; 4]);
    for value in values {
        data.extend(fixed(*value));
    }
    data
}

fn xyz(value: [f64; 3]) -> Vec<u8> {
    fixed_list(b"XYZ ", &value)
}

fn curve() -> Vec<u8> {
    let mut data = b"para\0\0\0\0\0\x03\0\0".to_vec();
    for value in CURVE {
        data.extend(fixed(value));
    }
    data
}

/// A multi-localized text with one English record.
fn text(words: &str) -> Vec<u8> {
    let units: Vec<u8> = words.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut data = b"mluc\0\0\0\0".to_vec();
    for value in [1, 12] {
        data.extend(u32::to_be_bytes(value));
    }
    data.extend_from_slice(b"enUS");
    data.extend((units.len() as u32).to_be_bytes());
    data.extend(28_u32.to_be_bytes());
    data.extend(units);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_consistent_with_its_own_directory() {
        let profile = srgb();
        let word = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(word(0), profile.len());
        assert_eq!(&profile[36..40], b"acsp");
        for tag in 0..word(128) {
            let (offset, size) = (word(136 + tag * 12), word(140 + tag * 12));
            assert!(offset % 4 == 0 && offset + size <= profile.len());
        }
    }

    #[test]
    fn the_primaries_add_up_to_white() {
        for axis in 0..3 {
            let sum = RED[axis] + GREEN[axis] + BLUE[axis];
            assert!((sum - D50[axis]).abs() < 0.001, "axis {axis}: {sum}");
        }
    }
}
