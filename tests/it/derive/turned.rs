//! Pages that were turned to be read: PDF shows them upright with their text in place, and bookmarks lead to them.

use counterfoil::derive::art;
use counterfoil::derive::info::{Bookmark, FileInfo};
use counterfoil::derive::pdf::searchable_pdf;
use counterfoil::domain::text::{OcrLine, OcrPage, PageTurn};
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};

use super::kit::{Delivered, Written, blank, char_at, info, line, page, rect, run};
use counterfoil::derive::ImageEncoding;

const TURNS: [PageTurn; 4] = [
    PageTurn::None,
    PageTurn::Quarter,
    PageTurn::Half,
    PageTurn::ThreeQuarters,
];

fn upright(stored: &RgbImage, orientation: u8, turn: PageTurn) -> RgbImage {
    let mut image = DynamicImage::ImageRgb8(stored.clone());
    image.apply_orientation(Orientation::from_exif(orientation).unwrap());
    let image = match turn {
        PageTurn::None => image,
        PageTurn::Quarter => image.rotate90(),
        PageTurn::Half => image.rotate180(),
        PageTurn::ThreeQuarters => image.rotate270(),
    };
    image.to_rgb8()
}

/// What a reading of a turned page is: as large as the page is then.
fn reading(image: &RgbImage, turn: PageTurn, lines: Vec<OcrLine>) -> OcrPage {
    OcrPage {
        turn,
        ..page(image.width(), image.height(), lines)
    }
}

#[test]
fn the_page_stands_as_its_text_does() {
    let colours = [
        [255, 0, 0],
        [0, 160, 0],
        [0, 0, 255],
        [255, 255, 0],
        [0, 0, 0],
    ];
    let stored = RgbImage::from_fn(60, 40, |x, y| {
        let (x, y) = (x / 10, y / 10);
        Rgb(colours[(x * 2 + y * 3 + x * y) as usize % 5])
    });
    for orientation in [1, 3, 5, 6] {
        for turn in TURNS {
            let expected = upright(&stored, orientation, turn);
            let mut art = art::encode(&stored, Some(72.0)).unwrap();
            art.orientation = orientation;
            let text = reading(&expected, turn, Vec::new());
            let found = Written::new(vec![(art, Some(text))]).render(72);
            assert_eq!(found.dimensions(), expected.dimensions());
            for (x, y, pixel) in expected.enumerate_pixels() {
                if (x % 10, y % 10) == (5, 5) {
                    let seen = found.get_pixel(x, y);
                    assert_eq!(seen, pixel, "{orientation} {turn:?} at {x}, {y}");
                }
            }
        }
    }
}

#[test]
fn the_text_of_a_turned_page_lies_over_its_boxes_and_copies_whole() {
    let stored = RgbImage::from_pixel(2339, 1654, Rgb([255; 3]));
    let text = "不动产权证书 附图 2026";
    for turn in TURNS {
        let image = upright(&stored, 1, turn);
        let lines = vec![line(text, 300, 500, 2), line("第二行文字", 300, 700, 0)];
        let art = art::encode(&stored, Some(200.0)).unwrap();
        let written = Written::new(vec![(art, Some(reading(&image, turn, lines)))]);
        let found = written.text(&["-raw"]);
        assert_eq!(
            found.trim_end_matches(['\n', '\u{c}']),
            format!("{text}\n第二行文字")
        );
        let html = written.text(&["-bbox"]);
        let row = html.lines().find(|row| row.contains("第二行文字")).unwrap();
        let values: Vec<f64> = row
            .split('"')
            .filter_map(|part| part.parse().ok())
            .collect();
        let expected = [300.0, 700.0, 500.0, 740.0].map(|pixels| pixels * 72.0 / 200.0);
        for (found, expected) in values.iter().zip(expected) {
            assert!((found - expected).abs() < 2.0, "{turn:?}: {row}");
        }
        let size = run("pdfinfo", &[&written.path()]);
        let side = |pixels: u32| (f64::from(pixels) * 72.0 / 200.0 * 100.0).round() / 100.0;
        let sides = format!("{} x {} pts", side(image.width()), side(image.height()));
        assert!(size.contains(&sides), "{turn:?}: {sides} in {size}");
    }
}

/// Every course that text can take, on one page: each line copies as it was read.
#[test]
fn mixed_courses_copy_line_by_line() {
    let column = |text: &str, x: u32| OcrLine {
        vertical: true,
        chars: text
            .chars()
            .zip(0..)
            .map(|(c, place)| char_at(c, rect(x, 900 + 46 * place, 40, 40)))
            .collect(),
        ..line("", 0, 0, 0)
    };
    let mut climbing = line("骑缝章 二〇二六年", 200, 2000, 4);
    climbing.angle = 6.0;
    for char in &mut climbing.chars {
        let fall = f64::from(char.rect.x - 200) * 6_f64.to_radians().tan();
        char.rect.y += fall.round() as u32;
    }
    let sideways = OcrLine {
        angle: 90.0,
        chars: "侧边批注"
            .chars()
            .zip(0..)
            .map(|(c, place)| char_at(c, rect(1500, 400 + 44 * place, 40, 40)))
            .collect(),
        ..line("", 0, 0, 0)
    };
    let lines = vec![
        line("许可证编号：JY13301020012345（正本）", 100, 100, 1),
        line("A 区 3 号楼 502 室", 100, 200, 3),
        column("右起第一列竖排文字", 1300),
        column("左边第二列", 1200),
        sideways,
        climbing,
    ];
    let expected: Vec<String> = lines.iter().map(OcrLine::text).collect();
    let written = Written::new(vec![(
        blank(ImageEncoding::CcittG4),
        Some(page(1654, 2339, lines)),
    )]);
    let found = written.text(&["-raw"]);
    let found: Vec<&str> = found
        .lines()
        .map(|line| line.trim_matches('\u{c}'))
        .collect();
    for text in expected {
        assert!(found.contains(&text.as_str()), "{text} in {found:?}");
    }
}

#[test]
fn bookmarks_lead_to_their_pages() {
    let described = |bookmarks: &[(&str, u32)]| FileInfo {
        bookmarks: bookmarks
            .iter()
            .map(|(title, page)| Bookmark {
                title: (*title).to_owned(),
                page: *page,
            })
            .collect(),
        ..info()
    };
    let pages = || {
        let one = blank(ImageEncoding::CcittG4);
        vec![(one.clone(), None), (one.clone(), None), (one, None)]
    };
    let titles = [("营业执照（正副本）", 1), ("租赁合同 <附件>", 3)];
    let written = Written::described(pages(), &described(&titles));
    let html = written.folder.path().join("outline.xml");
    run(
        "pdftohtml",
        &["-xml", "-i", "-q", &written.path(), html.to_str().unwrap()],
    );
    let html = std::fs::read_to_string(html).unwrap();
    for (title, page) in [("营业执照（正副本）", 1), ("租赁合同 &lt;附件&gt;", 3)] {
        let item = format!("<item page=\"{page}\">{title}</item>");
        assert!(html.contains(&item), "{item} in {html}");
    }
    let missing = described(&[("没有这一页", 4)]);
    let pages = pages().into_iter().map(Delivered::Ok);
    assert!(searchable_pdf(pages, &missing, &mut Vec::new()).is_err());
}

/// A JPEG with an EXIF orientation is turned once in PDF, whatever its own tag says.
#[test]
fn a_camera_picture_is_turned_once() {
    let stored = RgbImage::from_fn(64, 32, |x, _| Rgb([if x < 32 { 220 } else { 20 }, 20, 20]));
    let mut data = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut data, 95)
        .write_image(&stored, 64, 32, image::ExtendedColorType::Rgb8)
        .unwrap();
    let art = counterfoil::derive::PageArt {
        width: 64,
        height: 32,
        encoding: ImageEncoding::Jpeg {
            components: 3,
            inverted: false,
        },
        orientation: 6,
        dpi: Some(72.0),
        data,
    };
    let expected = upright(&stored, 6, PageTurn::Half);
    let text = reading(&expected, PageTurn::Half, Vec::new());
    let found = Written::new(vec![(art, Some(text))]).render(72);
    assert_eq!(found.dimensions(), (32, 64));
    assert!(found.get_pixel(16, 50).0[0] > 180 && found.get_pixel(16, 14).0[0] < 60);
}
