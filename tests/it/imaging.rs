//! Images: every format and colour model gives the same picture, every limit holds, quality is measured.

use std::path::Path;

use bytes::Bytes;
use counterfoil::domain::finding::FindingCode;
use counterfoil::imaging::{Limits, sniff};
use counterfoil::worker::document::{Document, PageImage};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// The picture of `fixtures/decode`: red, green / blue, white, and a black mark at the top left.
pub fn picture() -> RgbImage {
    RgbImage::from_fn(64, 48, |x, y| {
        Rgb(match (x, y) {
            (0..=7, 0..=7) => [0, 0, 0],
            (0..=31, 0..=23) => [200, 0, 0],
            (_, 0..=23) => [0, 200, 0],
            (0..=31, _) => [0, 0, 200],
            _ => [255, 255, 255],
        })
    })
}

/// Asserts that two images are the same within `most` in every field of the picture (edges left out).
pub fn assert_same(got: &RgbImage, wanted: &RgbImage, most: i32, name: &str) {
    assert_eq!(got.dimensions(), wanted.dimensions(), "{name}");
    for (x, y) in [(3, 3), (20, 12), (48, 12), (16, 36), (48, 36)] {
        let (x, y) = (x * got.width() / 64, y * got.height() / 48);
        let (a, b) = (got.get_pixel(x, y), wanted.get_pixel(x, y));
        let far =
            a.0.iter()
                .zip(&b.0)
                .any(|(a, b)| (i32::from(*a) - i32::from(*b)).abs() > most);
        assert!(!far, "{name} at {x},{y}: {a:?} is not {b:?}");
    }
}

pub fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/decode");
    std::fs::read(folder.join(name)).unwrap()
}

pub fn open(bytes: Vec<u8>) -> Result<Document, FindingCode> {
    let format = sniff(&bytes[..bytes.len().min(1024)]).unwrap();
    Document::open(Bytes::from(bytes), format, &Limits::default()).map_err(|f| f.code)
}

pub fn first(bytes: Vec<u8>) -> Result<PageImage, FindingCode> {
    let document = open(bytes)?;
    document.page(1).map_err(|finding| {
        assert_eq!(finding.page, Some(1));
        finding.code
    })
}

#[test]
fn every_format_gives_the_picture() {
    let rgb = DynamicImage::from(picture());
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Tiff,
        ImageFormat::Jpeg,
    ] {
        let page = first(encoded(&rgb, format)).unwrap();
        assert_same(&page.pixels, &picture(), 12, &format!("{format:?}"));
    }
    for name in [
        "progressive.jpg",
        "rgb-adobe.jpg",
        "cmyk-adobe.jpg",
        "cmyk.tif",
        "lzw-predictor.tif",
        "palette.tif",
        "ycbcr-jpeg.tif",
    ] {
        let page = first(fixture(name)).unwrap();
        assert_same(&page.pixels, &picture(), 12, name);
    }
}

#[test]
fn every_fax_gives_the_same_black_field() {
    for name in [
        "group3.tif",
        "group3-2d.tif",
        "huffman.tif",
        "group4-minisblack.tif",
    ] {
        let page = first(fixture(name)).unwrap().pixels;
        for (x, y, pixel) in page.enumerate_pixels() {
            let wanted = if x < 32 && y < 24 { 0 } else { 255 };
            assert_eq!(pixel.0, [wanted; 3], "{name} at {x},{y}");
        }
    }
    assert_eq!(first(fixture("group3.tif")).unwrap().dpi, Some(200.0));
    assert_eq!(first(fixture("progressive.jpg")).unwrap().dpi, Some(300.0));
}

#[test]
fn every_depth_of_png_is_laid_on_white() {
    let rgb = DynamicImage::from(picture());
    let gray = rgb.to_luma8();
    for deep in [
        DynamicImage::from(rgb.to_rgb16()),
        DynamicImage::from(rgb.to_rgba16()),
        DynamicImage::from(rgb.to_rgba8()),
    ] {
        let page = first(encoded(&deep, ImageFormat::Png)).unwrap();
        assert_same(&page.pixels, &picture(), 1, "colour");
    }
    let gray = DynamicImage::from(gray);
    for deep in [
        gray.clone(),
        DynamicImage::from(gray.to_luma16()),
        DynamicImage::from(gray.to_luma_alpha8()),
        DynamicImage::from(gray.to_luma_alpha16()),
    ] {
        let page = first(encoded(&deep, ImageFormat::Png)).unwrap();
        assert_same(&page.pixels, &gray.to_rgb8(), 1, "grey");
    }
    let clear = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 0]));
    let page = first(encoded(&DynamicImage::from(clear), ImageFormat::Png)).unwrap();
    assert!(page.pixels.pixels().all(|pixel| pixel.0 == [255; 3]));
    let half = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 128]));
    let page = first(encoded(&DynamicImage::from(half), ImageFormat::Png)).unwrap();
    assert_eq!(page.pixels.get_pixel(0, 0).0, [127; 3]);
}

/// A PNG with a chunk put in after its header.
fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut body = name.to_vec();
    body.extend_from_slice(data);
    let mut out = png[..33].to_vec();
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    out.extend_from_slice(&body);
    out.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
    out.extend_from_slice(&png[33..]);
    out
}

#[test]
fn resolution_and_truncation_of_png() {
    let png = encoded(&DynamicImage::from(picture()), ImageFormat::Png);
    assert_eq!(first(png.clone()).unwrap().dpi, None);
    let physical = [11811u32.to_be_bytes(), 11811u32.to_be_bytes()].concat();
    let known = with_chunk(&png, b"pHYs", &[physical.as_slice(), &[1]].concat());
    assert_eq!(first(known).unwrap().dpi, Some(300.0));
    let cut = png[..png.len() * 2 / 3].to_vec();
    assert_eq!(first(cut).unwrap_err(), FindingCode::Truncated);
    let mut damaged = png.clone();
    damaged[50] ^= 0x55;
    assert_eq!(first(damaged).unwrap_err(), FindingCode::Damaged);
    let garbage = [png, b"garbage".repeat(50)].concat();
    assert_same(&first(garbage).unwrap().pixels, &picture(), 0, "garbage");
}

#[test]
fn a_jpeg_without_its_end_is_truncated_and_a_forged_one_refused() {
    let jpeg = encoded(&DynamicImage::from(picture()), ImageFormat::Jpeg);
    for share in [4, 10, 50, 90, 99] {
        let cut = jpeg[..jpeg.len() * share / 100].to_vec();
        assert_eq!(first(cut).unwrap_err(), FindingCode::Truncated, "{share} %");
    }
    let garbage = [jpeg.clone(), b"PK\x03\x04 zip".to_vec()].concat();
    assert_same(&first(garbage).unwrap().pixels, &picture(), 12, "garbage");
    let frame = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    let mut huge = jpeg.clone();
    huge[frame + 5..frame + 9].fill(0xFF);
    assert_eq!(first(huge).unwrap_err(), FindingCode::TooManyPixels);
    let mut lossless = jpeg;
    lossless[frame + 1] = 0xC3;
    assert_eq!(
        first(lossless).unwrap_err(),
        FindingCode::UnsupportedFeature
    );
}

#[test]
fn an_adobe_marker_that_lies_or_is_cut_short_is_survived() {
    let mut ycck = fixture("cmyk-adobe.jpg");
    let adobe = ycck.windows(5).position(|five| five == b"Adobe").unwrap();
    assert_eq!(ycck[adobe + 11], 0);
    ycck[adobe + 11] = 2; // the same samples, now YCCK
    let page = first(ycck).unwrap().pixels;
    // White was stored as 255 255 255 255: Y 255, Cb and Cr 255, no black.
    let white = page.get_pixel(48, 36).0;
    let expected = [
        255.0 + 1.402 * 127.0,
        255.0 - 0.714_136 * 127.0 - 0.344_136 * 127.0,
        255.0,
    ];
    let expected = expected.map(|v: f32| 255 - v.round().clamp(0.0, 255.0) as u8);
    assert_eq!(white, expected);
    let mut impossible = fixture("rgb-adobe.jpg");
    let adobe = impossible
        .windows(5)
        .position(|five| five == b"Adobe")
        .unwrap();
    let mut ordinary = impossible.clone();
    impossible[adobe + 11] = 9;
    ordinary[adobe + 11] = 1;
    // A transform that does not exist is not believed: three components are YCbCr, as without a marker.
    let (page, ordinary) = (first(impossible).unwrap(), first(ordinary).unwrap());
    assert_eq!(page.pixels, ordinary.pixels);
}

/// A JPEG with an EXIF block of the given orientation put in after its start.
pub fn with_exif(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend_from_slice(&orientation.to_be_bytes());
    exif.extend_from_slice(&[0; 6]);
    let mut out = vec![0xFF, 0xD8, 0xFF, 0xE1];
    out.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(&exif);
    out.extend_from_slice(&jpeg[2..]);
    out
}

#[test]
fn every_exif_orientation_is_made_upright() {
    // Storing turned by the inverse transform, then reading, must give the picture again.
    let inverse = [1, 2, 3, 4, 5, 8, 7, 6];
    for (index, back) in inverse.iter().enumerate() {
        let orientation = index as u16 + 1;
        let stored = counterfoil::imaging::rotate::upright(picture(), *back);
        let jpeg = encoded(&DynamicImage::from(stored), ImageFormat::Jpeg);
        let document = open(with_exif(&jpeg, orientation)).unwrap();
        let page = document.page(1).unwrap();
        assert_same(
            &page.pixels,
            &picture(),
            12,
            &format!("orientation {orientation}"),
        );
        assert_eq!(
            u16::from(document.original(1).unwrap().orientation),
            orientation
        );
    }
    let jpeg = encoded(&DynamicImage::from(picture()), ImageFormat::Jpeg);
    for nonsense in [0, 9, 0xFFFF] {
        let page = first(with_exif(&jpeg, nonsense)).unwrap();
        assert_same(&page.pixels, &picture(), 12, "nonsense");
    }
}
