//! TIFF: every depth, colour and compression; loops, previews and lies.

use std::io::Write;

use bytes::Bytes;
use counterfoil::domain::event::FileFormat;
use counterfoil::domain::finding::FindingCode;
use counterfoil::imaging::Limits;
use counterfoil::worker::document::Document;

use crate::imaging::{assert_same, first, open, picture};

/// One directory of a TIFF under construction.
pub struct Directory {
    pub entries: Vec<(u16, u16, Vec<u32>)>,
    pub data: Vec<u8>,
}

/// Puts a little-endian TIFF together; `next` overrides where the last directory points.
pub fn tiff(directories: Vec<Directory>, next: Option<u32>) -> Vec<u8> {
    let mut out = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for directory in directories {
        let strip = out.len() as u32;
        out.extend_from_slice(&directory.data);
        let mut entries = directory.entries;
        entries.push((273, 4, vec![strip]));
        entries.push((279, 4, vec![directory.data.len() as u32]));
        entries.sort_by_key(|entry| entry.0);
        let mut fields = Vec::new();
        for (tag, kind, values) in &entries {
            let size = if *kind == 3 { 2 } else { 4 };
            let mut bytes = Vec::new();
            for value in values {
                bytes.extend_from_slice(&value.to_le_bytes()[..size]);
            }
            let count = values.len() / if *kind == 5 { 2 } else { 1 };
            if bytes.len() > 4 {
                let at = out.len() as u32;
                out.write_all(&bytes).unwrap();
                bytes = at.to_le_bytes().to_vec();
            }
            bytes.resize(4, 0);
            fields.extend_from_slice(&tag.to_le_bytes());
            fields.extend_from_slice(&kind.to_le_bytes());
            fields.extend_from_slice(&(count as u32).to_le_bytes());
            fields.extend_from_slice(&bytes);
        }
        let at = out.len() as u32;
        out[link..link + 4].copy_from_slice(&at.to_le_bytes());
        out.extend_from_slice(&(entries.len() as u16).to_le_bytes());
        out.extend_from_slice(&fields);
        link = out.len();
        out.extend_from_slice(&[0; 4]);
    }
    if let Some(next) = next {
        out[link..link + 4].copy_from_slice(&next.to_le_bytes());
    }
    out
}

pub fn page(
    bits: u32,
    samples: u32,
    photometric: u32,
    compression: u32,
    data: Vec<u8>,
) -> Directory {
    Directory {
        entries: vec![
            (256, 3, vec![64]),
            (257, 3, vec![48]),
            (258, 3, vec![bits; samples as usize]),
            (259, 3, vec![compression]),
            (262, 3, vec![photometric]),
            (277, 3, vec![samples]),
        ],
        data,
    }
}

fn with(mut directory: Directory, tag: u16, kind: u16, values: &[u32]) -> Directory {
    directory.entries.retain(|entry| entry.0 != tag);
    directory.entries.push((tag, kind, values.to_vec()));
    directory
}

fn samples() -> Vec<u8> {
    picture().into_raw()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn tiff_of_every_depth_and_colour() {
    let sixteen: Vec<u8> = samples().iter().flat_map(|v| [*v, *v]).collect();
    let float = |scale: f32| -> Vec<u8> {
        let values = samples().into_iter();
        values
            .flat_map(|v| (f32::from(v) * scale).to_le_bytes())
            .collect()
    };
    let cmyk: Vec<u8> = samples()
        .chunks(3)
        .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
        .collect();
    let rgba: Vec<u8> = samples()
        .chunks(3)
        .flat_map(|p| [p[0], p[1], p[2], 255])
        .collect();
    let planes: Vec<u8> = (0..3)
        .flat_map(|c| samples().into_iter().skip(c).step_by(3))
        .collect();
    let cases = [
        ("rgb 8", page(8, 3, 2, 1, samples())),
        ("rgb 16", page(16, 3, 2, 1, sixteen.clone())),
        ("deflate 16", page(16, 3, 2, 8, zlib(&sixteen))),
        (
            "float 0-1",
            with(page(32, 3, 2, 1, float(1.0 / 255.0)), 339, 3, &[3]),
        ),
        (
            "float 0-255",
            with(page(32, 3, 2, 1, float(1.0)), 339, 3, &[3]),
        ),
        ("cmyk", page(8, 4, 5, 1, cmyk)),
        ("rgba", with(page(8, 4, 2, 1, rgba), 338, 3, &[2])),
        (
            "no strip size",
            with(page(8, 3, 2, 1, samples()), 278, 3, &[48]),
        ),
    ];
    for (name, directory) in cases {
        let page = first(tiff(vec![directory], None)).unwrap();
        assert_same(&page.pixels, &picture(), 1, name);
    }
    // Planes lie in one block: three strips that follow each other.
    let mut separate = tiff(vec![with(page(8, 3, 2, 1, planes), 284, 3, &[2])], None);
    let strips: Vec<u8> = [8u32, 8 + 3072, 8 + 6144, 3072, 3072, 3072]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let at = separate.len() as u32;
    for (tag, offset) in [(273u16, at), (279, at + 12)] {
        let entry = separate
            .windows(4)
            .rposition(|four| four == [tag.to_le_bytes(), 4u16.to_le_bytes()].concat())
            .unwrap();
        separate[entry + 4..entry + 8].copy_from_slice(&3u32.to_le_bytes());
        separate[entry + 8..entry + 12].copy_from_slice(&offset.to_le_bytes());
    }
    separate.extend_from_slice(&strips);
    assert_same(&first(separate).unwrap().pixels, &picture(), 0, "planes");
}

#[test]
fn bilevel_tiff_knows_what_white_is() {
    let row = |left: u8, right: u8| [left, left, left, left, right, right, right, right];
    let dark: Vec<u8> = (0..48)
        .flat_map(|y| if y < 24 { row(0xFF, 0) } else { row(0, 0) })
        .collect();
    let light: Vec<u8> = dark.iter().map(|byte| !byte).collect();
    let packed: Vec<u8> = (0..48)
        .flat_map(|y| {
            if y < 24 {
                [0xFD, 0xFF, 0xFD, 0]
            } else {
                [0xFD, 0, 0xFD, 0]
            }
        })
        .collect();
    let mirrored: Vec<u8> = packed.iter().map(|byte: &u8| byte.reverse_bits()).collect();
    for (name, directory) in [
        ("white is zero", page(1, 1, 0, 1, dark.clone())),
        ("black is zero", page(1, 1, 1, 1, light)),
        ("packed", page(1, 1, 0, 32773, packed)),
        (
            "mirrored",
            with(page(1, 1, 0, 32773, mirrored), 266, 3, &[2]),
        ),
    ] {
        let page = first(tiff(vec![directory], None)).unwrap().pixels;
        assert_eq!(page.get_pixel(10, 10).0, [0; 3], "{name}");
        assert_eq!(page.get_pixel(40, 10).0, [255; 3], "{name}");
        assert_eq!(page.get_pixel(10, 40).0, [255; 3], "{name}");
    }
}

#[test]
fn a_float_tiff_with_its_predictor() {
    // Byte planes, most significant first, each sample less its left neighbour of the same channel.
    let mut data = Vec::new();
    for row in samples().chunks(64 * 3) {
        let values: Vec<[u8; 4]> = row
            .iter()
            .map(|v| (f32::from(*v) / 255.0).to_be_bytes())
            .collect();
        let planes: Vec<u8> = (0..4)
            .flat_map(|b| values.iter().map(move |v| v[b]))
            .collect();
        for (at, byte) in planes.iter().enumerate() {
            let before = if at >= 3 { planes[at - 3] } else { 0 };
            data.push(byte.wrapping_sub(before));
        }
    }
    let directory = with(
        with(page(32, 3, 2, 8, zlib(&data)), 339, 3, &[3]),
        317,
        3,
        &[3],
    );
    let page = first(tiff(vec![directory], None)).unwrap();
    assert_same(&page.pixels, &picture(), 1, "float predictor");
}

#[test]
fn pages_loops_previews_and_resolution() {
    let plain = || page(8, 3, 2, 1, samples());
    let metric = with(with(plain(), 296, 3, &[3]), 282, 5, &[1181, 10]);
    let turned = with(plain(), 274, 3, &[6]);
    let preview = with(plain(), 254, 4, &[1]);
    let document = open(tiff(vec![metric, turned, preview], None)).unwrap();
    assert_eq!(document.pages(), 2);
    let dpi = document.page(1).unwrap().dpi.unwrap();
    assert!((dpi - 300.0).abs() < 0.1);
    assert_eq!(document.page(2).unwrap().pixels.dimensions(), (48, 64));
    assert_eq!(document.page(3).unwrap_err().code, FindingCode::NoPages);
    assert_eq!(document.page(0).unwrap_err().code, FindingCode::NoPages);
    let whole = tiff(vec![plain()], None);
    let start = u32::from_le_bytes(whole[4..8].try_into().unwrap());
    let looped = open(tiff(vec![plain()], Some(start))).unwrap();
    assert_eq!((looped.pages(), looped.findings().len()), (1, 0));
    let dangling = open(tiff(vec![plain()], Some(0x00FF_FFFF))).unwrap();
    assert_eq!(dangling.findings()[0].code, FindingCode::Truncated);
    assert!(dangling.page(1).is_ok());
}

#[test]
fn bad_tiffs_say_why() {
    let plain = || page(8, 3, 2, 1, samples());
    let cases = [
        (
            with(plain(), 256, 4, &[4_000_000_000]),
            FindingCode::TooManyPixels,
        ),
        (with(plain(), 257, 4, &[0]), FindingCode::Damaged),
        (
            with(plain(), 259, 3, &[34712]),
            FindingCode::UnsupportedFeature,
        ),
        (with(plain(), 262, 3, &[8]), FindingCode::UnsupportedFeature),
        (
            with(plain(), 258, 3, &[8, 8, 5]),
            FindingCode::UnsupportedFeature,
        ),
        (with(plain(), 278, 3, &[1]), FindingCode::Damaged),
        (page(8, 3, 2, 1, vec![0; 100]), FindingCode::Damaged),
        (page(8, 3, 2, 5, vec![0x80; 100]), FindingCode::Damaged),
        (page(8, 3, 2, 8, vec![0; 100]), FindingCode::Damaged),
        (
            page(8, 3, 2, 7, vec![0xFF, 0xD8, 0xFF]),
            FindingCode::Truncated,
        ),
    ];
    for (index, (directory, code)) in cases.into_iter().enumerate() {
        let got = first(tiff(vec![directory], None)).unwrap_err();
        assert_eq!(got, code, "case {index}");
    }
    let cut = &tiff(vec![plain()], None)[..5000];
    assert_eq!(first(cut.to_vec()).unwrap_err(), FindingCode::Truncated);
    let many = (0..4).map(|_| plain()).collect();
    let limits = Limits {
        pages_max: 3,
        ..Limits::default()
    };
    let bytes = Bytes::from(tiff(many, None));
    let finding = Document::open(bytes, FileFormat::Tiff, &limits)
        .err()
        .unwrap();
    assert_eq!(finding.code, FindingCode::TooManyPages);
}
