//! OFD: the rules of GB/T 33190 and of its archive profile that such a file can break, asserted on the parts; that the
//! image is the one of the scan and the text the one that was read. Where COUNTERFOIL_OFD names a folder, the files are
//! left there for readers (tools/derive-agree.sh).

use std::io::Cursor;
use std::path::Path;

use counterfoil::derive::info::{Bookmark, FileInfo};
use counterfoil::derive::ofd::ofd;
use counterfoil::derive::{ImageEncoding, PageArt, art};
use counterfoil::domain::text::{OcrLine, OcrPage, PageTurn};
use counterfoil::imaging::Limits;
use counterfoil::imaging::tiff::TiffFile;
use image::{Rgb, RgbImage};

use super::kit::{Delivered, LINES, blank, char_at, info, letter, line, page, rect};
use super::ofd_kit::{Counter, judged, lines_of, named, parts, placed, written, xml};

fn jpeg() -> ImageEncoding {
    ImageEncoding::Jpeg {
        components: 1,
        inverted: false,
    }
}

#[test]
fn the_parts_keep_to_the_standard_and_to_its_archive_profile() {
    let marked = FileInfo {
        bookmarks: vec![Bookmark {
            title: "租赁合同 <附件> & \"图\"".into(),
            page: 2,
        }],
        ..info()
    };
    let flate = ImageEncoding::Flate { components: 3 };
    let files = [
        (
            "plain",
            written(
                vec![(blank(ImageEncoding::CcittG4), Some(letter()))],
                &info(),
            ),
        ),
        (
            "several",
            written(
                vec![
                    (blank(jpeg()), Some(letter())),
                    (blank(flate), Some(letter())),
                    (blank(ImageEncoding::CcittG4), None),
                ],
                &marked,
            ),
        ),
    ];
    for (name, bytes) in files {
        judged(&parts(&bytes));
        if let Ok(folder) = std::env::var("COUNTERFOIL_OFD") {
            std::fs::write(Path::new(&folder).join(format!("{name}.ofd")), &bytes).unwrap();
        }
        if name == "several" {
            let parts = parts(&bytes);
            let document = xml(&parts, "Doc_0/Document.xml");
            let outline = named(document.root(), "OutlineElem")[0];
            assert_eq!(outline.attribute("Title"), Some("租赁合同 <附件> & \"图\""));
            let pages = named(named(document.root(), "Pages")[0], "Page");
            let target = named(outline, "Dest")[0].attribute("PageID");
            assert_eq!(target, pages[1].attribute("ID"));
        }
    }
}

#[test]
fn the_text_is_what_was_read_where_it_was_read() {
    let column = OcrLine {
        vertical: true,
        chars: "兹证明本件"
            .chars()
            .zip(0..)
            .map(|(c, place)| char_at(c, rect(1400, 900 + 46 * place, 40, 40)))
            .collect(),
        ..line("", 0, 0, 0)
    };
    let mut reading = letter();
    reading.lines.push(column);
    reading.lines.push(line("  ", 9, 9, 0));
    let bytes = written(
        vec![(blank(ImageEncoding::CcittG4), Some(reading.clone()))],
        &info(),
    );
    let parts = parts(&bytes);
    let expected: Vec<&str> = LINES.into_iter().chain(["兹证明本件"]).collect();
    assert_eq!(lines_of(&parts, 0), expected);
    let content = xml(&parts, "Doc_0/Pages/Page_0/Content.xml");
    let pixel = 25.4 / 200.0;
    for (object, line) in named(content.root(), "TextObject")
        .iter()
        .zip(&reading.lines)
    {
        for ((c, x, y), read) in placed(*object).into_iter().zip(&line.chars) {
            assert_eq!(c, read.c);
            if c == ' ' {
                continue;
            }
            let left = f64::from(read.rect.x) * pixel;
            let bottom = f64::from(read.rect.y + 40) * pixel;
            assert!((x - left).abs() < 0.02, "{c}: {x} for {left}");
            assert!(y < bottom && y > bottom - 40.0 * pixel * 0.3, "{c}: {y}");
        }
    }
}

#[test]
fn the_image_is_the_one_of_the_scan() {
    let scan = RgbImage::from_fn(333, 171, |x, y| {
        Rgb([if (x * 7 + y * y) % 5 < 2 { 0 } else { 255 }; 3])
    });
    let drawn = RgbImage::from_fn(64, 48, |x, y| {
        Rgb(if x < y { [200, 20, 30] } else { [255; 3] })
    });
    let photo = blank(jpeg());
    let arts = [
        art::encode(&scan, Some(300.0)).unwrap(),
        art::encode(&drawn, Some(300.0)).unwrap(),
        photo.clone(),
    ];
    let bytes = written(arts.into_iter().map(|art| (art, None)).collect(), &info());
    let parts = parts(&bytes);
    let tiff = parts["Doc_0/Res/image_0.tif"].clone();
    let file = TiffFile::open(tiff.into(), &Limits::default()).unwrap();
    let (found, metadata) = file.page(0, &Limits::default()).unwrap();
    assert!(found == scan);
    assert_eq!(metadata.dpi, Some(300.0));
    let png = image::load_from_memory(&parts["Doc_0/Res/image_1.png"]).unwrap();
    assert!(png.to_rgb8() == drawn);
    assert!(parts["Doc_0/Res/image_2.jpg"] == photo.data);
}

#[test]
fn a_turned_page_has_a_turned_image_and_its_own_size() {
    let stored = RgbImage::from_pixel(200, 100, Rgb([255; 3]));
    for (turn, size, matrix) in [
        (PageTurn::None, "0 0 50.8 25.4", "50.8 0 0 25.4 0 0"),
        (PageTurn::Quarter, "0 0 25.4 50.8", "0 50.8 -25.4 0 25.4 0"),
        (PageTurn::Half, "0 0 50.8 25.4", "-50.8 0 0 -25.4 50.8 25.4"),
        (
            PageTurn::ThreeQuarters,
            "0 0 25.4 50.8",
            "0 -50.8 25.4 0 0 50.8",
        ),
    ] {
        let art = art::encode(&stored, Some(100.0)).unwrap();
        let (width, height) = match turn.degrees() % 180 {
            0 => (200, 100),
            _ => (100, 200),
        };
        let text = OcrPage {
            turn,
            ..page(width, height, Vec::new())
        };
        let parts = parts(&written(vec![(art, Some(text))], &info()));
        let content = xml(&parts, "Doc_0/Pages/Page_0/Content.xml");
        let whole = named(content.root(), "PhysicalBox")[0].text();
        assert_eq!(whole, Some(size), "{turn:?}");
        let image = named(content.root(), "ImageObject")[0];
        assert_eq!(image.attribute("CTM"), Some(matrix), "{turn:?}");
    }
}

/// Some readers turn a JPEG by its own EXIF too, and the page would be turned twice.
#[test]
fn a_camera_picture_says_nowhere_else_how_it_stands() {
    let plain = blank(jpeg());
    let mut data = plain.data[..2].to_vec();
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    data.extend([0xFF, 0xE1, 0, exif.len() as u8 + 2]);
    data.extend(exif);
    data.extend(&plain.data[2..]);
    let art = PageArt {
        data,
        orientation: 6,
        ..plain.clone()
    };
    let parts = parts(&written(vec![(art, None)], &info()));
    assert!(parts["Doc_0/Res/image_0.jpg"] == plain.data);
}

#[test]
fn equal_arguments_give_equal_bytes_and_nothing_of_the_day() {
    let pages = || {
        let scan = blank(ImageEncoding::CcittG4);
        vec![(scan, Some(letter())), (blank(jpeg()), None)]
    };
    let bytes = written(pages(), &info());
    assert!(bytes == written(pages(), &info()));
    let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    for place in 0..zip.len() {
        let part = zip.by_index(place).unwrap();
        let modified = part.last_modified().unwrap();
        assert_eq!((modified.year(), modified.hour()), (1980, 0));
    }
}

#[test]
fn pages_pass_through_one_at_a_time() {
    const IMAGE: usize = 1_000_000;
    let written = std::rc::Rc::new(std::cell::Cell::new(0));
    let mut out = Counter {
        written: written.clone(),
        ..Counter::default()
    };
    let pages = (0..100_u64).map(|number| {
        // When a page is asked for, every page before it is already out.
        let before = written.get();
        assert!(
            before >= number * IMAGE as u64,
            "page {number} was held back"
        );
        let art = PageArt {
            width: 1654,
            height: 2339,
            encoding: jpeg(),
            orientation: 1,
            dpi: None,
            data: vec![number as u8; IMAGE],
        };
        Ok((art, Some(letter())))
    });
    let summary = ofd(pages, &info(), &mut out).unwrap();
    assert_eq!((summary.pages, summary.pages_with_text), (100, 100));
    let beside = out.length - 100 * IMAGE as u64;
    assert!(beside < 100 * 4_000, "{beside} bytes beside the images");
}

#[test]
fn strange_readings_and_images_never_break_the_file() {
    let lines = [0, 1, 40, u32::MAX / 2].map(|size| OcrLine {
        angle: f32::NAN,
        vertical: size == 1,
        chars: ['存', ' ', '\0', '\u{FFFF}', '\u{10FFFF}', '<', '根']
            .into_iter()
            .map(|c| char_at(c, rect(size, size / 2, size, size / 3)))
            .collect(),
        ..line("", 0, 0, 0)
    });
    let sized = blank(ImageEncoding::CcittG4);
    for (width, height) in [(1654, 2339), (0, 7), (1, u32::MAX)] {
        let reading = page(width, height, lines.to_vec());
        judged(&parts(&written(
            vec![(sized.clone(), Some(reading))],
            &info(),
        )));
    }
    let refused = |art: PageArt| {
        let pages = vec![Delivered::Ok((art, None))];
        ofd(pages, &info(), &mut Cursor::new(Vec::new())).is_err()
    };
    assert!(refused(PageArt {
        orientation: 0,
        ..sized.clone()
    }));
    let flate = ImageEncoding::Flate { components: 3 };
    assert!(refused(PageArt {
        encoding: flate,
        ..sized
    }));
    let none = Vec::<Delivered>::new();
    assert!(ofd(none, &info(), &mut Cursor::new(Vec::new())).is_err());
}
