//! What a PDF is held for, each by its name.

use super::*;

#[test]
fn encryption_is_named_with_and_without_a_password() {
    for (owner, user) in [("owner", "user"), ("owner", ""), ("", "")] {
        let mut maker = Maker::new();
        maker.text("secret");
        let mut pdf = maker.finish(dictionary! {});
        let version = EncryptionVersion::V2 {
            document: &pdf,
            owner_password: owner,
            user_password: user,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        pdf.encrypt(&state).unwrap();
        assert_eq!(verdict(saved(pdf)), FindingCode::PdfEncrypted);
    }
}

#[test]
fn what_acts_is_noted_and_a_link_does_not_act() {
    let action = |kind: &str| dictionary! { "S" => kind, "JS" => Object::string_literal("1") };
    let launch = dictionary! { "S" => "Launch", "F" => Object::string_literal("a.exe") };
    let submit = dictionary! { "S" => "SubmitForm" };
    let files = dictionary! { "EmbeddedFiles" => dictionary! { "Names" => Vec::<Object>::new() } };
    let xfa = dictionary! { "XFA" => Object::string_literal("<xfa/>") };
    let link = dictionary! { "S" => "URI", "URI" => Object::string_literal("http://example.com") };
    for (catalog, active) in [
        (dictionary! { "OpenAction" => action("JavaScript") }, true),
        (dictionary! { "OpenAction" => launch }, true),
        (dictionary! { "AA" => dictionary! { "WC" => submit } }, true),
        (dictionary! { "Names" => files }, true),
        (dictionary! { "AcroForm" => xfa }, true),
        (dictionary! { "OpenAction" => link }, false),
        (dictionary! {}, false),
    ] {
        let mut maker = Maker::new();
        maker.text("page");
        let name = format!("{catalog:?}");
        let document = open(maker.bytes(catalog)).unwrap();
        let codes: Vec<_> = document
            .findings()
            .iter()
            .map(|finding| finding.code)
            .collect();
        let wanted = if active {
            vec![FindingCode::PdfActiveContent]
        } else {
            vec![]
        };
        assert_eq!(codes, wanted, "{name}");
        assert!(document.page(1).is_ok());
    }
}

#[test]
fn broken_structures_have_names() {
    assert_eq!(
        verdict(Maker::new().bytes(dictionary! {})),
        FindingCode::NoPages
    );
    assert_eq!(
        verdict(b"%PDF-1.7\nnothing\n%%EOF".to_vec()),
        FindingCode::PdfBroken
    );
    assert_eq!(
        verdict(b"%PDF-1.7\n1 0 obj <<".to_vec()),
        FindingCode::Truncated
    );
    let deep = [
        b"%PDF-1.7\n1 0 obj ".to_vec(),
        vec![b'['; 50_000],
        vec![b']'; 50_000],
        b" endobj startxref 0 %%EOF".to_vec(),
    ];
    assert_eq!(verdict(deep.concat()), FindingCode::TooDeep);
    let whole = scanned_pdf();
    let garbage = [
        b"garbage\n".to_vec(),
        whole.clone(),
        b"more garbage".to_vec(),
    ]
    .concat();
    assert!(open(garbage).unwrap().page(1).is_ok());
    let end = whole.windows(4).rposition(|four| four == b"xref").unwrap() - 5;
    let cut = open(whole[..end].to_vec()).unwrap();
    assert_eq!(cut.findings()[0].code, FindingCode::Truncated);
    assert!(cut.page(1).is_ok());
}

#[test]
fn page_trees_that_loop_or_dive_are_bounded() {
    let mut maker = Maker::new();
    maker.text("page");
    let own = maker.pages;
    maker.kids.push(own.into());
    assert_eq!(open(maker.bytes(dictionary! {})).unwrap().pages(), 1);
    let mut maker = Maker::new();
    maker.text("page");
    let mut below = maker.kids.clone();
    for _ in 0..200 {
        let node = dictionary! { "Type" => "Pages", "Kids" => below, "Count" => 1 };
        below = vec![maker.pdf.add_object(node).into()];
    }
    maker.kids = below;
    assert_eq!(verdict(maker.bytes(dictionary! {})), FindingCode::TooDeep);
    let mut maker = Maker::new();
    for _ in 0..501 {
        maker.page(b"", dictionary! {}, dictionary! {});
    }
    assert_eq!(
        verdict(maker.bytes(dictionary! {})),
        FindingCode::TooManyPages
    );
}

#[test]
fn bombs_are_refused_before_they_expand() {
    let mut maker = Maker::new();
    let packed = zlib(&vec![b' '; 70 << 20]);
    let dict = dictionary! { "Filter" => "FlateDecode" };
    let content = maker.pdf.add_object(Stream::new(dict, packed));
    maker.page(b"", dictionary! {}, dictionary! { "Contents" => content });
    assert_eq!(
        verdict(maker.bytes(dictionary! {})),
        FindingCode::TooMuchWork
    );
    let mut maker = Maker::new();
    let size = dictionary! { "Width" => 60_000, "Height" => 60_000 };
    maker.scan(
        image("DeviceRGB", "FlateDecode", zlib(&[0; 99]), size),
        FULL,
        dictionary! {},
    );
    assert_eq!(
        verdict(maker.bytes(dictionary! {})),
        FindingCode::TooManyPixels
    );
    let mut maker = Maker::new();
    let side: Vec<Object> = [0, 0, 200_000, 200_000].map(Object::from).to_vec();
    maker.page(
        b"0 0 9 9 re f",
        dictionary! {},
        dictionary! { "MediaBox" => side },
    );
    let page = open(maker.bytes(dictionary! {})).unwrap().page(1).unwrap();
    assert!(page.pixels.width() <= 6000 && page.pixels.height() <= 6000);
}

#[test]
fn a_damaged_image_is_not_a_white_page() {
    let mut broken = jpeg();
    let middle = broken.len() - 200;
    broken[middle..middle + 60].fill(0xFF);
    let mut maker = Maker::new();
    maker.scan(
        image("DeviceRGB", "DCTDecode", broken, dictionary! {}),
        FULL,
        dictionary! {},
    );
    assert_eq!(verdict(maker.bytes(dictionary! {})), FindingCode::Damaged);
}

#[test]
fn a_file_larger_than_allowed_is_refused_unread() {
    let limits = Limits {
        bytes_max: 100,
        ..Limits::default()
    };
    let finding = Document::open(Bytes::from(text_pdf()), FileFormat::Pdf, &limits)
        .err()
        .unwrap();
    assert_eq!(finding.code, FindingCode::TooMuchWork);
    assert_eq!(finding.limit, Some(100.0));
}
