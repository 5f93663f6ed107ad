//! Bar codes and matrix codes: what the fixtures carry, what is drawn here at every turn, and nothing where there is
//! none; kept with the record and never told to a log.

use std::path::Path;

use code128::Code128;
use counterfoil::domain::barcode::{Barcode, BarcodeKind, PageCodes};
use counterfoil::imaging::rotate::quarter_turns;
use counterfoil::imaging::{Copies, barcode};
use image::{Rgb, RgbImage};
use qrcode::{Color, QrCode};
use zxingcpp::BarcodeFormat;

use crate::support::{Random, Workspace};

fn page(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/scans")
        .join(name);
    image::open(path).unwrap().into_rgb8()
}

fn find(page: &RgbImage) -> PageCodes {
    barcode::find(&Copies::new(page))
}

fn told(codes: &[Barcode]) -> Vec<(BarcodeKind, &str)> {
    let told = codes.iter().map(|code| (code.kind, code.value.as_str()));
    told.collect()
}

/// A page of A4 at 150 dpi, white.
fn sheet() -> RgbImage {
    RgbImage::from_pixel(1240, 1754, Rgb([255; 3]))
}

fn fill(page: &mut RgbImage, (x, y): (u32, u32), (width, height): (u32, u32), grey: u8) {
    for down in y..y + height {
        for across in x..x + width {
            page.put_pixel(across, down, Rgb([grey; 3]));
        }
    }
}

fn draw_qr(page: &mut RgbImage, text: &str, (x, y): (u32, u32), module: u32) {
    let code = QrCode::new(text).unwrap();
    let width = code.width() as u32;
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Dark {
            let (column, row) = (at as u32 % width, at as u32 / width);
            let place = (x + column * module, y + row * module);
            fill(page, place, (module, module), 0);
        }
    }
}

fn draw_bars(page: &mut RgbImage, text: &str, (x, y): (u32, u32), grey: u8) {
    let module = 2;
    for bar in Code128::encode_str(text).unwrap().bar_coordinates() {
        let place = (x + bar.x * module, y);
        fill(page, place, (u32::from(bar.width) * module, 90), grey);
    }
}

#[test]
fn the_codes_of_the_fixtures_are_read_where_they_stand() {
    let receipt = find(&page("acceptance-receipt.jpg")).codes;
    let expected = [
        (BarcodeKind::Qr, "counterfoil:QH2026-1103-0042"),
        (BarcodeKind::Code128, "QH2026-1103-0042"),
    ];
    assert_eq!(told(&receipt), expected);
    let [x, y, width, height] = receipt[0].rect.into();
    assert!(x.abs_diff(1995) < 12 && y.abs_diff(100) < 12, "{receipt:?}");
    assert!(width.abs_diff(276) < 12 && height.abs_diff(277) < 12);
    let licence = find(&page("business-licence.jpg")).codes;
    let text = "https://example.invalid/licence/91369901MA7K3QH89M";
    assert_eq!(told(&licence), [(BarcodeKind::Qr, text)]);
    let permit = find(&page("food-permit.jpg")).codes;
    assert_eq!(told(&permit), [(BarcodeKind::Qr, "JY23699010004217")]);
}

#[test]
fn a_page_without_codes_has_none() {
    for name in [
        "bilingual-letter.jpg",
        "blank-reverse.jpg",
        "identity-card.jpg",
        "material-list.jpg",
        "official-letter.jpg",
        "permit-application.jpg",
        "power-of-attorney.png",
        "qualification.jpg",
    ] {
        assert_eq!(find(&page(name)).codes, vec![], "{name}");
    }
    // Rules of a form and hatching of random width are no bars.
    for seed in 1..=6 {
        let mut random = Random::new(seed);
        let mut page = sheet();
        let mut x = 100;
        while x < 1100 {
            let width = 1 + random.below(4) as u32;
            fill(&mut page, (x, 300), (width, 400), 0);
            x += width + 1 + random.below(5) as u32;
        }
        assert_eq!(find(&page).codes, vec![], "seed {seed}");
    }
}

#[test]
fn several_codes_are_read_at_every_quarter_turn_and_inverted() {
    let mut upright = sheet();
    draw_qr(&mut upright, "受理凭证 QH2026-1103-0042", (120, 140), 4);
    draw_bars(&mut upright, "QH2026-1103-0042", (500, 700), 0);
    draw_qr(&mut upright, "second", (800, 1400), 5);
    let mut inverted = upright.clone();
    image::imageops::invert(&mut inverted);
    for turned in [upright, inverted] {
        let light = turned.get_pixel(0, 0).0[0];
        for quarters in 0..4 {
            let codes = find(&quarter_turns(turned.clone(), quarters)).codes;
            let mut told = told(&codes);
            told.sort_by_key(|(_, value)| value.len());
            let expected = [
                (BarcodeKind::Qr, "second"),
                (BarcodeKind::Code128, "QH2026-1103-0042"),
                (BarcodeKind::Qr, "受理凭证 QH2026-1103-0042"),
            ];
            assert_eq!(told, expected, "{quarters} quarter turns on {light}");
        }
    }
}

#[test]
fn light_bars_on_a_dark_label_are_read() {
    let mut page = sheet();
    fill(&mut page, (300, 800), (500, 130), 20);
    draw_bars(&mut page, "QH2026-1103-0042", (320, 820), 245);
    let codes = find(&page).codes;
    assert_eq!(told(&codes), [(BarcodeKind::Code128, "QH2026-1103-0042")]);
}

#[test]
fn every_kind_is_read_with_exactly_its_value() {
    let kinds = [
        (
            BarcodeFormat::DataMatrix,
            BarcodeKind::DataMatrix,
            "批号 20260307/甲",
        ),
        (
            BarcodeFormat::PDF417,
            BarcodeKind::Pdf417,
            "PDF417 of 3 lines\r\nand more",
        ),
        (BarcodeFormat::Aztec, BarcodeKind::Aztec, "aztec-2026"),
        (
            BarcodeFormat::Code128,
            BarcodeKind::Code128,
            "(2026)-0042 x",
        ),
        (BarcodeFormat::Code93, BarcodeKind::Code93, "CODE93 42"),
        (BarcodeFormat::Code39, BarcodeKind::Code39, "CODE-39"),
        (BarcodeFormat::EAN13, BarcodeKind::Ean13, "6901234567892"),
        (BarcodeFormat::EAN8, BarcodeKind::Ean8, "69012341"),
        (BarcodeFormat::ITF, BarcodeKind::Itf, "12345678901231"),
        (BarcodeFormat::Codabar, BarcodeKind::Codabar, "A4012345678B"),
    ];
    for (format, kind, value) in kinds {
        let made = zxingcpp::create(format).from_str(value).unwrap();
        let style = zxingcpp::write().scale(4).add_quiet_zones(true);
        let drawn = made.to_image_with(&style).unwrap();
        let (width, height) = (drawn.width() as u32, drawn.height() as u32);
        let data = drawn.data();
        let mut page = sheet();
        for y in 0..height {
            for x in 0..width {
                let grey = data[(y * width + x) as usize];
                page.put_pixel(60 + x, 500 + y, Rgb([grey; 3]));
            }
        }
        let codes = find(&page).codes;
        assert_eq!(told(&codes), [(kind, value)], "{}", kind.name());
        assert!(!codes[0].binary);
    }
}

#[test]
fn bytes_that_are_no_text_are_told_in_hexadecimal_digits() {
    let bytes = [0x00, 0xff, 0x1b, 0x00, 0x80, 0x41];
    let made = zxingcpp::create(BarcodeFormat::QRCode);
    let made = made.from_slice(bytes).unwrap();
    let drawn = made.to_image_with(&zxingcpp::write().scale(5)).unwrap();
    let (width, data) = (drawn.width() as usize, drawn.data());
    let mut page = sheet();
    for (at, grey) in data.into_iter().enumerate() {
        let (x, y) = (300 + (at % width) as u32, 300 + (at / width) as u32);
        page.put_pixel(x, y, Rgb([grey; 3]));
    }
    let codes = find(&page).codes;
    assert_eq!(told(&codes), [(BarcodeKind::Qr, "00ff1b008041")]);
    assert!(codes[0].binary);
}

/// The codes are kept with the record and shown; a control character steers no terminal, and no log tells a value.
#[test]
fn show_tells_the_codes_of_a_record_and_no_log_line_does() {
    let workspace = Workspace::new();
    let mut page = sheet();
    draw_qr(&mut page, "tel:13800138000\u{1b}[2J", (200, 300), 5);
    let file = workspace.path().join("page.png");
    page.save(&file).unwrap();
    let file = file.display().to_string();
    let ingested = workspace
        .command(&["--json", "ingest", &file])
        .env("COUNTERFOIL_LOG", "trace")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ingested.stderr);
    assert!(!errors.contains("13800138000"), "{errors}");
    let result: serde_json::Value = serde_json::from_slice(&ingested.stdout).unwrap();
    let record = result["record"].as_str().unwrap();
    let shown = workspace
        .command(&["--json", "show", record])
        .output()
        .unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let code = &shown["codes"][0];
    assert_eq!(code["kind"], "qr", "{shown}");
    assert_eq!(code["value"], "tel:13800138000\u{1b}[2J");
    assert_eq!(shown["page"], 1);
    let words = workspace.command(&["show", record]).output().unwrap();
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.contains("tel:13800138000\\u{1b}[2J"), "{words}");
    assert!(!words.contains('\u{1b}'), "{words}");
}
