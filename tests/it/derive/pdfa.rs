//! PDF/A-2b: the rules hold for every file that claims it, and the judge finds a file that breaks one. Where
//! COUNTERFOIL_PDFA names a folder, the files are left there for other validators (tools/derive-agree.sh).

use std::path::Path;

use counterfoil::derive::ImageEncoding;
use counterfoil::derive::info::{Bookmark, FileInfo};
use counterfoil::domain::text::{OcrPage, PageTurn};

use super::kit::{blank, described, info, letter, line, page};
use super::pdfa_rules::faults;

/// Files of every kind that is written.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let jpeg = ImageEncoding::Jpeg {
        components: 1,
        inverted: false,
    };
    let marked = FileInfo {
        bookmarks: vec![
            Bookmark {
                title: "营业执照".into(),
                page: 1,
            },
            Bookmark {
                title: "租赁合同".into(),
                page: 2,
            },
        ],
        ..info()
    };
    let turned = OcrPage {
        turn: PageTurn::Quarter,
        ..page(2339, 1654, vec![line("横放的图纸 A3", 200, 200, 2)])
    };
    let strange = page(
        1654,
        2339,
        vec![line("𠮷\u{0}\u{feff}\u{fffe}\u{ffff}\u{10ffff}田", 9, 9, 0)],
    );
    let g4 = ImageEncoding::CcittG4;
    let drawn = ImageEncoding::Flate { components: 3 };
    vec![
        (
            "g4",
            described(vec![(blank(g4), Some(letter()))], &info()).0,
        ),
        (
            "jpeg",
            described(vec![(blank(jpeg), Some(letter()))], &info()).0,
        ),
        (
            "flate",
            described(vec![(blank(drawn), Some(letter()))], &info()).0,
        ),
        ("no-text", described(vec![(blank(g4), None)], &info()).0),
        (
            "strange",
            described(vec![(blank(g4), Some(strange))], &info()).0,
        ),
        (
            "several",
            described(
                vec![(blank(g4), Some(letter())), (blank(jpeg), Some(turned))],
                &marked,
            )
            .0,
        ),
    ]
}

#[test]
fn no_rule_is_broken() {
    for (name, bytes) in files() {
        assert_eq!(faults(&bytes), Vec::<String>::new(), "{name}");
        if let Ok(folder) = std::env::var("COUNTERFOIL_PDFA") {
            std::fs::write(Path::new(&folder).join(format!("{name}.pdf")), bytes).unwrap();
        }
    }
}

/// `bytes` with one place changed for another of the same length.
fn with(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap_or_else(|| panic!("{from} is not in the file"));
    let mut changed = bytes.to_vec();
    changed[at..at + to.len()].copy_from_slice(to.as_bytes());
    changed
}

#[test]
fn a_broken_rule_is_found() {
    let (_, good) = files().swap_remove(5);
    for (from, to, fault) in [
        ("%PDF-1.7", "%PDF-2.0", "6.1.2 header"),
        ("/ID [<3", "/IX [<3", "6.1.3 file identifier"),
        ("/GTS_PDFA1", "/GTS_PDFX1", "6.2.3 output intent"),
        ("/N 3", "/N 4", "6.2.3 ICC profile"),
        (">2</pdfaid:part>", ">1</pdfaid:part>", "6.6.4 part 2"),
        (">B</pdfaid", ">A</pdfaid", "6.6.4 conformance B"),
        (
            "/CreationDate (D:2026",
            "/CreationDate (D:2025",
            "6.6.3 CreationDate",
        ),
        ("/DW 1000", "/DW 0999", "6.2.11.5 widths"),
        ("/ToUnicode ", "/ToUnicorn ", "6.2.11.7.2 ToUnicode"),
        ("/CIDToGIDMap", "/CIDToGIDMop", "6.2.11.8 .notdef"),
        ("/FontFile2", "/FontFileX", "6.2.11.4.1 embedded"),
        (
            "/DeviceGray",
            "/DeviceCMYK",
            "6.2.4.3 device colour under the sRGB intent",
        ),
        ("/Lang (", "/AA   (", "/AA has no place here"),
    ] {
        let found = faults(&with(&good, from, to));
        assert!(found.iter().any(|one| one == fault), "{from}: {found:?}");
    }
    let broken = with(&good, "/Filter /CCITTFaxDecode", "/Filter /LZWDecodeXXXXX");
    assert!(faults(&broken).iter().any(|one| one == "6.1.7.2 filter"));
}
