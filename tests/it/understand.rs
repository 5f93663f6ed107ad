//! Understanding the readings of the committed pages: kinds and fields, and that nothing verified is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use counterfoil::domain::meaning::{FieldKind, PageMeaning, Standing};
use counterfoil::domain::text::{OcrChar, OcrLine, OcrPage, Rect};
use counterfoil::understand::{repair, understand};
use serde::Deserialize;

/// `[x, y, width, height, angle, joins next, least confidence, text]`.
type Line = (u32, u32, u32, u32, f32, u8, f32, String);

/// A reading as recorded.
#[derive(Deserialize)]
struct Recorded {
    kind: String,
    width: u32,
    height: u32,
    fields: Vec<(FieldKind, String)>,
    lines: Vec<Line>,
}

/// The page, its characters spread evenly over each line's box.
fn page(recorded: &Recorded) -> OcrPage {
    let lines = recorded
        .lines
        .iter()
        .map(|(x, y, width, height, angle, joins, p, text)| {
            let count = text.chars().count().max(1) as f32;
            let level = angle.to_radians();
            let (across, down) = (*width as f32, *width as f32 * level.tan());
            let tall = (*height as f32 - down.abs()).max(8.0);
            let backwards = level.cos() < 0.0;
            let chars = text.chars().enumerate().map(|(at, c)| {
                let share = at as f32 / count;
                let along = if backwards {
                    1.0 - share - 1.0 / count
                } else {
                    share
                };
                let fall = if level.tan() >= 0.0 {
                    along * down.abs()
                } else {
                    (1.0 - along) * down.abs()
                };
                let rect = Rect {
                    x: (*x as f32 + along * across) as u32,
                    y: (*y as f32 + fall) as u32,
                    width: (across / count) as u32,
                    height: tall as u32,
                };
                OcrChar {
                    c,
                    rect,
                    p: *p,
                    ..OcrChar::default()
                }
            });
            OcrLine {
                rect: Rect {
                    x: *x,
                    y: *y,
                    width: *width,
                    height: *height,
                },
                angle: *angle,
                joins_next: *joins == 1,
                chars: chars.collect(),
                ..OcrLine::default()
            }
        });
    OcrPage {
        width: recorded.width,
        height: recorded.height,
        lines: lines.collect(),
        ..OcrPage::default()
    }
}

fn readings() -> Vec<(String, Recorded)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/readings");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let recorded = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        found.push((name, recorded));
    }
    assert!(found.len() >= 18);
    found
}

fn values(meaning: &PageMeaning, kind: FieldKind) -> BTreeSet<&str> {
    let of_kind = meaning.fields.iter().filter(|field| field.field == kind);
    of_kind.map(|field| field.value.as_str()).collect()
}

#[test]
fn kinds_and_numbers_of_the_committed_pages_are_found() {
    let day = "2026-11-30".parse().unwrap();
    let (mut there, mut missing) = (0, Vec::new());
    for (name, recorded) in readings() {
        let mut read = page(&recorded);
        assert_eq!(
            repair(&mut read, day),
            0,
            "{name}: nothing was misread there"
        );
        let meaning = understand(&read, day);
        let kind = meaning.kind.as_ref().map(|kind| kind.kind.as_str());
        assert_eq!(kind, Some(recorded.kind.as_str()), "{name}");
        for (field, value) in &recorded.fields {
            there += 1;
            if !values(&meaning, *field).contains(value.as_str()) {
                missing.push(format!("{name}: {} {value}", field.code()));
            }
        }
        for field in &meaning.fields {
            let known = recorded
                .fields
                .contains(&(field.field, field.value.clone()));
            let own_number = field.field == FieldKind::LicenceNumber;
            assert!(
                field.standing != Standing::Verified || known || own_number,
                "{name}: {} {}",
                field.field.code(),
                field.value
            );
        }
    }
    // One date of the receipt is misread under its seal, one of the licence has lost its marks.
    assert!(
        missing.len() * 100 <= there,
        "{} of {there}: {missing:#?}",
        missing.len()
    );
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    let day = "2026-11-30".parse().unwrap();
    for (name, recorded) in readings() {
        let read = page(&recorded);
        let bytes = || serde_json::to_vec(&understand(&read, day)).unwrap();
        assert_eq!(bytes(), bytes(), "{name}");
        let again: PageMeaning = serde_json::from_slice(&bytes()).unwrap();
        assert_eq!(again, understand(&read, day));
        assert!(
            !format!("{again:?}").contains("沈若溪"),
            "debug shows nothing personal"
        );
    }
}
