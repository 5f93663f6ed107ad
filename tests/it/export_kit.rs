//! Scans with a known reading for the tests of exports.

use std::io::Cursor;
use std::path::Path;

use counterfoil::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, PageTurn, Rect};
use counterfoil::ocr::recorded::page_key;

use crate::support::tiny_scan;

/// The line that is read on the scan of this seed.
pub fn line_of(seed: u64) -> String {
    format!("第{seed}件材料 No.{seed}")
}

/// A scan of 96 by 128 pixels whose reading is kept in `folder`; its first page was turned when `turn` says so.
pub fn scan_with_reading(folder: &Path, seed: u64, turn: PageTurn) -> Vec<u8> {
    let scan = tiny_scan(seed);
    let pixels = image::load_from_memory(&scan).unwrap().to_rgb8();
    let (width, height) = match turn.degrees() % 180 {
        0 => (96, 128),
        _ => (128, 96),
    };
    let line = line_of(seed);
    let chars = line.chars().zip(0u32..).map(|(c, place)| OcrChar {
        c,
        rect: Rect::from([4 + 7 * place, 20, 7, 8]),
        p: 0.97,
        ..OcrChar::default()
    });
    let page = OcrPage {
        engine: EngineId {
            name: "recorded".into(),
            version: "1".into(),
            models: "0".into(),
            settings: String::new(),
        },
        turn,
        width,
        height,
        lines: vec![OcrLine {
            rect: Rect::from([4, 20, 80, 8]),
            chars: chars.collect(),
            ..OcrLine::default()
        }],
        ..OcrPage::default()
    };
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join(format!("{}.json", page_key(&pixels)));
    std::fs::write(file, serde_json::to_vec(&page).unwrap()).unwrap();
    scan
}

/// The parts of an OFD, as text.
pub fn ofd_text(bytes: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for place in 0..zip.len() {
        let mut part = zip.by_index(place).unwrap();
        if part.name().unwrap().ends_with(".xml") {
            std::io::Read::read_to_string(&mut part, &mut text).unwrap();
        }
    }
    text
}
