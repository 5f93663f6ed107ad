//! Searchable PDF, judged by other programs: qpdf for the structure, poppler for text, boxes and pixels.

mod hocr;
mod kit;
mod ofd;
mod ofd_kit;
mod pdfa;
mod pdfa_fonts;
mod pdfa_rules;
mod turned;

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use counterfoil::derive::pdf::searchable_pdf;
use counterfoil::derive::{DeriveError, ImageEncoding, PageArt, art};
use counterfoil::domain::text::{OcrLine, Rect};
use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};

use kit::{
    Delivered, LINES, Written, blank, bytes_of, char_at, cmyk, info, letter, line, page, rect, run,
};

#[test]
fn extraction_gives_back_the_lines_whatever_the_image_is() {
    let jpeg = ImageEncoding::Jpeg {
        components: 1,
        inverted: false,
    };
    for encoding in [
        ImageEncoding::CcittG4,
        jpeg,
        ImageEncoding::Flate { components: 3 },
    ] {
        let written = Written::new(vec![(blank(encoding), Some(letter()))]);
        let expected = LINES.join("\n");
        for options in [&["-raw"][..], &[]] {
            let text = written.text(options);
            let found: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .collect();
            assert_eq!(
                found.join("\n").trim_end_matches('\u{c}'),
                expected,
                "{options:?}"
            );
        }
    }
}

#[test]
fn words_lie_over_their_boxes() {
    let mut reading = letter();
    // The same reading at half the scale lies in the same places.
    for factor in [1.0, 0.5] {
        if factor < 1.0 {
            reading.width /= 2;
            reading.height /= 2;
            for char in reading.lines.iter_mut().flat_map(|line| &mut line.chars) {
                let Rect {
                    x,
                    y,
                    width,
                    height,
                } = char.rect;
                char.rect = rect(x / 2, y / 2, width / 2, height / 2);
            }
        }
        let written = Written::new(vec![(blank(ImageEncoding::CcittG4), Some(reading.clone()))]);
        let html = written.text(&["-bbox"]);
        let point = 72.0 / 200.0;
        for (word, left, right, top) in [
            (
                "云澜市青槐区行政审批服务局文件",
                100.0,
                100.0 + 15.0 * 40.0,
                100.0,
            ),
            ("Seafood", 100.0 + 13.0 * 26.0, 100.0 + 20.0 * 26.0, 370.0),
        ] {
            let row = html.lines().find(|row| row.contains(word)).unwrap();
            let values: Vec<f64> = row
                .split('"')
                .filter_map(|part| part.parse().ok())
                .collect();
            let expected = [left, top, right, top + 40.0].map(|pixels| pixels * point);
            for (found, expected) in values.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 2.0,
                    "{word}: {row} for {expected}"
                );
            }
        }
    }
}

#[test]
fn upright_columns_and_leaning_lines_stay_whole() {
    let column = OcrLine {
        vertical: true,
        rect: rect(1400, 200, 40, 400),
        ..line("", 0, 0, 0)
    };
    let column = OcrLine {
        chars: "兹证明本件与原件相符"
            .chars()
            .zip(0..)
            .map(|(c, place)| char_at(c, rect(1400, 200 + 46 * place, 40, 40)))
            .collect(),
        ..column
    };
    let text = "本复印件仅供办理许可使用 copy 2026";
    let mut leaning = line(text, 200, 1000, 3);
    leaning.angle = -4.0;
    for char in &mut leaning.chars {
        let climb = (f64::from(char.rect.x - 200) * 4_f64.to_radians().tan()).round();
        char.rect.y -= climb as u32;
    }
    let upside_down = OcrLine {
        angle: 180.0,
        chars: "倒置的页码"
            .chars()
            .zip(0..)
            .map(|(c, place)| char_at(c, rect(800 - 42 * place, 1800, 40, 40)))
            .collect(),
        ..line("", 600, 1800, 0)
    };
    let reading = page(1654, 2339, vec![column, leaning, upside_down]);
    let written = Written::new(vec![(blank(ImageEncoding::CcittG4), Some(reading))]);
    let found = written.text(&["-raw"]);
    let found: Vec<&str> = found
        .lines()
        .map(|line| line.trim_matches('\u{c}'))
        .collect();
    assert!(found.contains(&"兹证明本件与原件相符"), "{found:?}");
    assert!(found.contains(&text), "{found:?}");
    assert!(found.contains(&"倒置的页码"), "{found:?}");
}

#[test]
fn every_orientation_shows_the_page_upright() {
    let stored = RgbImage::from_fn(60, 40, |x, y| {
        let colours = [
            [255, 0, 0],
            [0, 160, 0],
            [0, 0, 255],
            [255, 255, 0],
            [0, 0, 0],
        ];
        Rgb(colours[((x / 10) * 2 + (y / 10) * 3 + (x / 10) * (y / 10)) as usize % 5])
    });
    for orientation in 1..=8 {
        let mut art = art::encode(&stored, Some(72.0)).unwrap();
        art.orientation = orientation;
        let found = Written::new(vec![(art, None)]).render(72);
        let mut expected = DynamicImage::ImageRgb8(stored.clone());
        expected.apply_orientation(Orientation::from_exif(orientation).unwrap());
        let expected = expected.to_rgb8();
        assert_eq!(found.dimensions(), expected.dimensions(), "{orientation}");
        for (x, y, pixel) in expected.enumerate_pixels() {
            if (x % 10, y % 10) == (5, 5) {
                assert_eq!(found.get_pixel(x, y), pixel, "{orientation} at {x}, {y}");
            }
        }
    }
}

#[test]
fn a_bilevel_scan_comes_back_pixel_for_pixel() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scans/power-of-attorney.png");
    let scan = image::open(path).unwrap().to_rgb8();
    let art = art::encode(&scan, Some(300.0)).unwrap();
    assert_eq!(art.encoding, ImageEncoding::CcittG4);
    assert!(art.data.len() < 120_000, "{} bytes", art.data.len());
    let written = Written::new(vec![(art, None)]);
    let extracted = written.folder.path().join("image");
    run(
        "pdfimages",
        &["-png", &written.path(), extracted.to_str().unwrap()],
    );
    let found = image::open(format!("{}-000.png", extracted.display())).unwrap();
    assert!(found.to_rgb8() == scan);
}

#[test]
fn jpeg_pages_keep_their_bytes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scans/official-letter.jpg");
    let data = fs::read(path).unwrap();
    let (width, height) = {
        let scan = image::load_from_memory(&data).unwrap();
        (scan.width(), scan.height())
    };
    let art = PageArt {
        width,
        height,
        encoding: ImageEncoding::Jpeg {
            components: 3,
            inverted: false,
        },
        orientation: 1,
        dpi: Some(250.0),
        data: data.clone(),
    };
    let written = Written::new(vec![(art, Some(letter()))]);
    let target = written.folder.path().join("image");
    run(
        "pdfimages",
        &["-all", &written.path(), target.to_str().unwrap()],
    );
    assert!(fs::read(format!("{}-000.jpg", target.display())).unwrap() == data);
    let size = run("pdfinfo", &[&written.path()]);
    assert!(size.contains("(A4)"), "{size}");
}

#[test]
fn the_file_describes_itself_and_claims_pdf_a_only_when_it_may() {
    let written = Written::new(vec![(blank(ImageEncoding::CcittG4), Some(letter()))]);
    assert!(written.summary.pdf_a);
    let described = run("pdfinfo", &["-isodates", &written.path()]);
    assert!(described.contains(&info().title), "{described}");
    assert!(described.contains("2026-11-22T08:30:00Z"), "{described}");
    assert!(described.contains("Encrypted:       no"), "{described}");
    let meta = run("pdfinfo", &["-meta", &written.path()]);
    assert!(meta.contains("<pdfaid:part>2</pdfaid:part>"), "{meta}");
    assert!(meta.contains("&lt;改革&gt; &amp; 36号"), "{meta}");
    let fonts = run("pdffonts", &[&written.path()]);
    assert!(fonts.contains("CID TrueType"), "{fonts}");
    assert!(fonts.contains("yes yes yes"), "{fonts}");

    let mixed = Written::new(vec![
        (cmyk(), Some(page(64, 64, vec![line("红", 8, 8, 0)]))),
        (blank(ImageEncoding::CcittG4), None),
    ]);
    assert!(!mixed.summary.pdf_a);
    assert!(!run("pdfinfo", &["-meta", &mixed.path()]).contains("pdfaid:part"));
    assert_eq!(mixed.text(&["-raw"]).trim_matches(['\n', '\u{c}']), "红");
    let [red, green, blue] = mixed.render(72).get_pixel(8, 8).0;
    assert!(red > 180 && green < 90 && blue < 90, "{red} {green} {blue}");
}

#[test]
fn equal_arguments_give_equal_bytes() {
    let pages = || {
        vec![
            (blank(ImageEncoding::CcittG4), Some(letter())),
            (cmyk(), None),
        ]
    };
    let (first, summary) = bytes_of(pages());
    assert!(first == bytes_of(pages()).0);
    assert_eq!((summary.pages, summary.pages_with_text), (2, 1));
}

/// Counts what passes and keeps nothing.
struct Counter<'a>(&'a Cell<u64>);

impl Write for Counter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn three_hundred_pages_pass_through_one_at_a_time() {
    const IMAGE: usize = 1_000_000;
    let written = Cell::new(0);
    let pages = (0..300_u64).map(|number| {
        // When a page is asked for, every page before it is already out.
        assert!(
            written.get() >= number * IMAGE as u64,
            "page {number} was held back"
        );
        let art = PageArt {
            width: 1654,
            height: 2339,
            encoding: ImageEncoding::Jpeg {
                components: 1,
                inverted: false,
            },
            orientation: 1,
            dpi: None,
            data: vec![number as u8; IMAGE],
        };
        Ok((art, Some(letter())))
    });
    let summary = searchable_pdf(pages, &info(), &mut Counter(&written)).unwrap();
    assert_eq!((summary.pages, summary.bytes), (300, written.get()));
    let overhead = summary.bytes - 300 * IMAGE as u64;
    assert!(overhead < 300 * 4_000, "{overhead} bytes beside the images");
}

#[test]
fn strange_readings_and_images_never_break_the_file() {
    let extremes = [0, 1, 40, 1654, u32::MAX / 2];
    let mut lines = Vec::new();
    for (place, angle) in [f32::NAN, f32::INFINITY, 1e30, -89.9, 45.0]
        .into_iter()
        .enumerate()
    {
        for vertical in [false, true] {
            let chars = ['存', ' ', '\0', '\u{FFFF}', '\u{10FFFF}', ')', '\\', '根']
                .into_iter()
                .zip(extremes.iter().cycle().skip(place))
                .map(|(c, size)| char_at(c, rect(*size, size / 2, size / 3, *size)))
                .collect();
            lines.push(OcrLine {
                angle,
                vertical,
                chars,
                ..line("", 0, 0, 0)
            });
        }
    }
    lines.push(line("   ", 5, 5, 5));
    let strange = |width, height| page(width, height, lines.clone());
    let mut sized = blank(ImageEncoding::CcittG4);
    sized.dpi = Some(f32::NAN);
    for reading in [strange(1654, 2339), strange(0, 7), strange(1, u32::MAX)] {
        Written::new(vec![(sized.clone(), Some(reading))]).text(&["-raw"]);
    }
    let refused = |art: PageArt| {
        let pages = vec![Delivered::Ok((art, None))];
        searchable_pdf(pages, &info(), &mut Vec::new()).is_err()
    };
    assert!(refused(PageArt {
        orientation: 9,
        ..sized.clone()
    }));
    assert!(refused(PageArt {
        width: 0,
        ..sized.clone()
    }));
    assert!(refused(PageArt {
        data: Vec::new(),
        ..sized.clone()
    }));
    let flate = ImageEncoding::Flate { components: 2 };
    assert!(refused(PageArt {
        encoding: flate,
        ..sized
    }));
    assert!(searchable_pdf(Vec::<Delivered>::new(), &info(), &mut Vec::new()).is_err());
    let failed: Vec<Delivered> = vec![Err(DeriveError::Source("gone".into()))];
    assert!(searchable_pdf(failed, &info(), &mut Vec::new()).is_err());
}

#[test]
fn a_real_page_keeps_its_reading_order() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/scans");
    let truth = fs::read_to_string(folder.join("bilingual-letter.gt.txt")).unwrap();
    let lines: Vec<OcrLine> = truth
        .lines()
        .enumerate()
        .map(|(row, text)| line(text, 120, 100 + 100 * row as u32, 0))
        .collect();
    // The reading was made at another scale than the scan, so that its longest line fits.
    let (width, height) = (2000, 2829);
    let scan = image::open(folder.join("bilingual-letter.jpg"))
        .unwrap()
        .to_rgb8();
    let art = art::encode(&scan, Some(200.0)).unwrap();
    let written = Written::new(vec![(art, Some(page(width, height, lines)))]);
    let found = written.text(&["-raw"]);
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeeze(&found), squeeze(&truth));
}
