//! Recognition engines on small pages we rendered ourselves, and a measurement on a corpus when one is named.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use counterfoil::domain::text::{OcrLine, OcrPage, PageTurn};
use counterfoil::ocr::paddle::PaddleEngine;
use counterfoil::ocr::paddle::net::Runtime;
use counterfoil::ocr::score::score;
use counterfoil::ocr::{EngineKind, Language, OcrEngine, OcrError, open};
use image::imageops;
use image::{Rgb, RgbImage};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};

const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

fn model_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("COUNTERFOIL_OCR_DIR") {
        return folder.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"),
        PathBuf::from,
    );
    cache.join("counterfoil/ocr")
}

/// One engine for all tests of this file: loading it costs more than a page.
fn read_with_paddle(page: &RgbImage) -> OcrPage {
    static ENGINE: OnceLock<Mutex<PaddleEngine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let opened = PaddleEngine::open(&model_folder(), Runtime::Auto);
        Mutex::new(opened.expect("the models are there: run make setup or tools/fetch-ocr.sh"))
    });
    let mut engine = engine.lock().unwrap_or_else(|broken| broken.into_inner());
    engine.recognise(page, None, &LANGUAGES, soon()).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(300)
}

fn fixture(name: &str) -> (RgbImage, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ocr");
    let page = image::open(folder.join(format!("{name}.png"))).unwrap();
    let truth = std::fs::read_to_string(folder.join(format!("{name}.gt.txt"))).unwrap();
    (page.to_rgb8(), truth)
}

fn texts(page: &OcrPage) -> Vec<String> {
    page.lines.iter().map(OcrLine::text).collect()
}

/// The text in one piece, without spaces.
fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}

fn check_shape(read: &OcrPage, page: &RgbImage) {
    assert_eq!((read.width, read.height), page.dimensions());
    for line in &read.lines {
        assert!(!line.chars.is_empty());
        for char in &line.chars {
            let [x, y, width, height] = char.rect.into();
            assert!(
                width > 0 && height > 0 && x + width <= read.width && y + height <= read.height
            );
            assert!((0.0..=1.0).contains(&char.p) && char.others.len() <= 3);
        }
    }
}

#[test]
fn paddle_reads_a_notice_with_places_and_paragraphs() {
    let (page, truth) = fixture("notice");
    let read = read_with_paddle(&page);
    check_shape(&read, &page);
    assert_eq!(score(&truth, &texts(&read)).errors, 0, "{:?}", texts(&read));
    let joins: Vec<bool> = read.lines.iter().map(|line| line.joins_next).collect();
    assert_eq!(joins, [false, true, true, false, false, false]);
    // The title is drawn from x 190 at 34 pixels a character.
    for (index, char) in read.lines[0].chars.iter().enumerate() {
        let middle = char.rect.x as f32 + char.rect.width as f32 / 2.0;
        let drawn = 190.0 + (index as f32 + 0.5) * 34.0;
        assert!(
            (middle - drawn).abs() < 8.0,
            "{} at {middle}, drawn at {drawn}",
            char.c
        );
    }
    assert_eq!(read.engine.name, "paddle");
    assert_eq!(read.engine.models.len(), 64);
}

#[test]
fn paddle_reads_tables_by_rows_and_columns_one_by_one() {
    for name in ["table", "columns", "vertical"] {
        let (page, truth) = fixture(name);
        let read = read_with_paddle(&page);
        check_shape(&read, &page);
        assert_eq!(compact(&read.text()), compact(&truth), "{name}");
        let vertical = read
            .lines
            .iter()
            .all(|line| line.vertical && line.angle.abs() < 2.0);
        assert_eq!(vertical, name == "vertical", "{name}");
    }
}

#[test]
fn paddle_reads_pages_that_lie_or_stand_on_their_head() {
    let (page, truth) = fixture("notice");
    let upright = read_with_paddle(&page);
    assert_eq!(upright.turn, PageTurn::None);
    let turned = [
        (PageTurn::ThreeQuarters, imageops::rotate90(&page)),
        (PageTurn::Half, imageops::rotate180(&page)),
        (PageTurn::Quarter, imageops::rotate270(&page)),
    ];
    for (turn, lying) in turned {
        let read = read_with_paddle(&lying);
        check_shape(&read, &page);
        assert_eq!(read.turn, turn);
        assert_eq!(
            compact(&read.text()),
            compact(&truth),
            "to be turned by {turn:?}"
        );
        // Its places are those of the page as it stands.
        for (line, wanted) in read.lines.iter().zip(&upright.lines) {
            assert!(
                !line.vertical && line.angle.abs() < 2.0,
                "{turn:?}: {}",
                line.angle
            );
            let (place, wanted) = (<[u32; 4]>::from(line.rect), <[u32; 4]>::from(wanted.rect));
            assert_eq!(place, wanted, "{turn:?}");
        }
    }
}

/// A licence with a seal, dense tables, and a deed written in columns.
#[test]
fn every_kind_of_page_is_set_upright_from_each_side() {
    for name in [
        "scans/business-licence.jpg",
        "pages/test-report.jpg",
        "pages/social-insurance.jpg",
        "pages/vertical-deed.jpg",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name);
        let page = image::open(path).unwrap().into_rgb8();
        let upright = read_with_paddle(&page);
        assert_eq!(upright.turn, PageTurn::None, "{name}");
        let turned = [
            (PageTurn::ThreeQuarters, imageops::rotate90(&page)),
            (PageTurn::Half, imageops::rotate180(&page)),
            (PageTurn::Quarter, imageops::rotate270(&page)),
        ];
        for (turn, lying) in turned {
            let read = read_with_paddle(&lying);
            assert_eq!(read.turn, turn, "{name}");
            assert_eq!(
                texts(&read),
                texts(&upright),
                "{name}, to be turned by {turn:?}"
            );
        }
    }
}

#[test]
fn what_shines_through_from_the_back_is_no_text() {
    let page = image::open("fixtures/pages/blank-bleed-through.jpg").unwrap();
    assert_eq!(texts(&read_with_paddle(&page.into_rgb8())), [""; 0]);
}

#[test]
fn both_engines_read_a_skewed_page() {
    let (page, truth) = fixture("notice");
    let white = Border::Constant(Rgb([255; 3]));
    let skewed = rotate_about_center(&page, 2.0_f32.to_radians(), Interpolation::Bicubic, white);
    let read = read_with_paddle(&skewed);
    check_shape(&read, &skewed);
    assert_eq!(compact(&read.text()), compact(&truth));
    assert!(
        (read.lines[1].angle - 2.0).abs() < 0.7,
        "{}",
        read.lines[1].angle
    );

    let mut tesseract = open(EngineKind::Tesseract, Path::new(""), Runtime::Auto).unwrap();
    let read = tesseract
        .recognise(&skewed, Some(110.0), &LANGUAGES, soon())
        .unwrap();
    check_shape(&read, &skewed);
    let found = score(&truth, &texts(&read));
    assert!(found.percent() < 8.0, "{:?}", texts(&read));
    // Boxes are on the page given: the long second line falls by 2 degrees.
    let line = &read.lines[1];
    let (first, last) = (&line.chars[0].rect, &line.chars[line.chars.len() - 1].rect);
    let fall = last.y as f32 + last.height as f32 - first.y as f32 - first.height as f32;
    let run = (last.x - first.x) as f32;
    assert!(
        (fall / run - 2.0_f32.to_radians().tan()).abs() < 0.02,
        "{fall} over {run}"
    );
}

#[test]
fn tesseract_reads_han_without_spaces_and_says_how_sure_it_is() {
    let (page, truth) = fixture("notice");
    let mut engine = open(EngineKind::Tesseract, Path::new(""), Runtime::Auto).unwrap();
    let read = engine
        .recognise(&page, Some(110.0), &LANGUAGES, soon())
        .unwrap();
    check_shape(&read, &page);
    assert!(
        score(&truth, &texts(&read)).percent() < 4.0,
        "{:?}",
        texts(&read)
    );
    assert!(
        texts(&read)
            .iter()
            .any(|line| line.contains("材料接收通知书"))
    );
    assert!(
        texts(&read)
            .iter()
            .any(|line| line.contains("Service Hall"))
    );
    assert!(
        read.lines
            .iter()
            .flat_map(|line| &line.chars)
            .any(|char| !char.others.is_empty())
    );
    assert_eq!(read.engine, engine.id());

    let blank = RgbImage::from_pixel(300, 200, Rgb([255; 3]));
    assert!(
        engine
            .recognise(&blank, None, &LANGUAGES, soon())
            .unwrap()
            .lines
            .is_empty()
    );
    let late = engine.recognise(&page, None, &LANGUAGES, Instant::now());
    assert!(matches!(late, Err(OcrError::Deadline)));
}

#[test]
fn paddle_keeps_the_deadline_and_finds_nothing_on_blank_or_tiny_pages() {
    for (width, height) in [(300, 200), (1, 1), (2, 900), (0, 0)] {
        let blank = RgbImage::from_pixel(width, height, Rgb([250; 3]));
        assert!(read_with_paddle(&blank).lines.is_empty());
    }
    let mut engine = open(EngineKind::Auto, &model_folder(), Runtime::Auto).unwrap();
    assert_eq!(engine.id().name, "paddle");
    let (page, _) = fixture("notice");
    let late = engine.recognise(&page, None, &LANGUAGES, Instant::now());
    assert!(matches!(late, Err(OcrError::Deadline)));
}

#[test]
fn absent_models_are_named_and_auto_does_without() {
    let empty = tempfile::tempdir().unwrap();
    let refused = open(EngineKind::Paddle, empty.path(), Runtime::Auto)
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("tools/fetch-ocr.sh"), "{refused}");
    let engine = open(EngineKind::Auto, empty.path(), Runtime::Auto).unwrap();
    assert_eq!(engine.id().name, "tesseract");
}

#[test]
fn fetching_again_says_and_changes_nothing() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/fetch-ocr.sh");
    let run = std::process::Command::new(script)
        .arg(model_folder())
        .output()
        .unwrap();
    assert!(
        run.status.success() && run.stdout.is_empty() && run.stderr.is_empty(),
        "{run:?}"
    );
}
