//! The fixtures are what their description says: every page decodes and has its truth, every number on them checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader};

/// The most the scans may weigh together, in bytes.
const BYTES_MAX: u64 = 6_000_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scans")
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".truth.json"))
        .collect();
    names.sort();
    names
}

fn truths(stem: &str, pages: usize) -> Vec<String> {
    match pages {
        1 => vec![format!("{stem}.gt.txt")],
        _ => (1..=pages)
            .map(|page| format!("{stem}.p{page}.gt.txt"))
            .collect(),
    }
}

/// Decodes every page of a scan with decoders that are not ours.
fn decode(name: &str) -> Vec<DynamicImage> {
    let bytes = fs::read(folder().join(name)).unwrap();
    match name.rsplit_once('.').unwrap().1 {
        "tif" => tiff_pages(&bytes),
        "pdf" => pdf_pages(&bytes),
        _ => vec![image::load_from_memory(&bytes).unwrap()],
    }
}

/// Points the header at each directory in turn, because the decoder reads the first only.
fn tiff_pages(bytes: &[u8]) -> Vec<DynamicImage> {
    assert_eq!(&bytes[..4], b"II*\0");
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut pages = Vec::new();
    let mut directory = word(4);
    while directory != 0 {
        let mut page = bytes.to_vec();
        page[4..8].copy_from_slice(&directory.to_le_bytes());
        pages.push(image::load_from_memory(&page).unwrap());
        let at = directory as usize;
        let entries = u16::from_le_bytes([bytes[at], bytes[at + 1]]) as usize;
        directory = word(at + 2 + 12 * entries);
    }
    pages
}

fn pdf_pages(bytes: &[u8]) -> Vec<DynamicImage> {
    let document = lopdf::Document::load_mem(bytes).unwrap();
    document
        .get_pages()
        .values()
        .map(|page| {
            let images = document.get_page_images(*page).unwrap();
            assert_eq!(images.len(), 1);
            let decoded = image::load_from_memory(images[0].content).unwrap();
            assert_eq!(i64::from(decoded.width()), images[0].width);
            assert_eq!(i64::from(decoded.height()), images[0].height);
            decoded
        })
        .collect()
}

#[test]
fn every_page_decodes_and_has_its_true_text() {
    let names = names();
    let (texts, scans): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| name.ends_with(".gt.txt"));
    let texts: BTreeSet<String> = texts.into_iter().cloned().collect();
    let mut expected = BTreeSet::new();
    assert!(scans.len() >= 10, "only {} scans", scans.len());
    for name in scans {
        let pages = decode(name);
        for page in &pages {
            let (short, long) = (
                page.width().min(page.height()),
                page.width().max(page.height()),
            );
            let ratio = f64::from(long) / f64::from(short);
            assert!(
                (ratio - 2_f64.sqrt()).abs() < 0.01,
                "{name} is not of an A size: {ratio}"
            );
            assert!(short >= 1_600, "{name} is below 200 dpi");
        }
        expected.extend(truths(name.rsplit_once('.').unwrap().0, pages.len()));
    }
    assert_eq!(texts, expected);
}

#[test]
fn the_true_text_is_clean() {
    for name in names().iter().filter(|name| name.ends_with(".gt.txt")) {
        let text = fs::read_to_string(folder().join(name)).unwrap();
        if name.starts_with("blank") {
            assert_eq!(text, "", "{name}");
            continue;
        }
        assert!(text.lines().count() >= 8 && text.ends_with('\n'), "{name}");
        for line in text.lines() {
            assert!(!line.is_empty() && line.trim() == line, "{name}: {line:?}");
        }
    }
}

#[test]
fn the_scans_stay_small() {
    let total: u64 = names()
        .iter()
        .map(|name| fs::metadata(folder().join(name)).unwrap().len())
        .sum();
    assert!(total < BYTES_MAX, "{total} bytes");
}

#[test]
fn the_turned_page_says_so_in_its_exif() {
    let reader = ImageReader::open(folder().join("commitment-exif6.jpg")).unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    assert_eq!(decoder.orientation().unwrap().to_exif(), 6);
    let (width, height) = decoder.dimensions();
    assert!(width > height);
}

/// GB 11643: weights 2^(17-i) mod 11.
fn citizen_id_checks(number: &str) -> bool {
    let total: u32 = number
        .chars()
        .take(17)
        .enumerate()
        .map(|(place, digit)| digit.to_digit(10).unwrap() * ((1 << (17 - place)) % 11))
        .sum();
    number.chars().nth(17) == "10X98765432".chars().nth(total as usize % 11)
}

/// GB 32100: weights 3^i mod 31.
fn credit_code_checks(code: &str) -> bool {
    let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut weight = 1;
    let mut total = 0;
    for c in code.chars().take(17) {
        total += alphabet.find(c).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    code.chars().nth(17) == alphabet.chars().nth((31 - total % 31) % 31)
}

#[test]
fn every_identity_number_and_credit_code_has_a_valid_check_character() {
    assert!(citizen_id_checks("11010519491231002X") && !citizen_id_checks("110105194912310021"));
    assert!(credit_code_checks("91350100M000100Y43") && !credit_code_checks("91350100M000100Y44"));
    let (mut people, mut companies) = (BTreeSet::new(), BTreeSet::new());
    for name in names().iter().filter(|name| name.ends_with(".gt.txt")) {
        let text = fs::read_to_string(folder().join(name)).unwrap();
        for token in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            if token.len() == 18 && token.starts_with("369901") {
                assert!(citizen_id_checks(token), "{name}: {token}");
                people.insert(token.to_owned());
            }
            if token.len() == 18 && token.starts_with("91369901") {
                assert!(credit_code_checks(token), "{name}: {token}");
                companies.insert(token.to_owned());
            }
        }
    }
    assert_eq!((people.len(), companies.len()), (2, 2));
}
