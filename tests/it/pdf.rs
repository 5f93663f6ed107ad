//! PDF: scanned pages give their own image, the rest is rendered, and every trap has its name.

mod verdicts;

use std::io::Write;

use bytes::Bytes;
use counterfoil::derive::ImageEncoding;
use counterfoil::domain::event::FileFormat;
use counterfoil::domain::finding::FindingCode;
use counterfoil::imaging::{Limits, rotate};
use counterfoil::worker::document::Document;
use image::{DynamicImage, ImageFormat, RgbImage};
use lopdf::{Dictionary, Document as Pdf, EncryptionState, EncryptionVersion, Object, Stream};
use lopdf::{Permissions, dictionary};

use crate::imaging::{assert_same, encoded, fixture, open, picture};

/// A PDF under construction: one page of 128 × 96 points each call of `page`.
struct Maker {
    pdf: Pdf,
    kids: Vec<Object>,
    pages: lopdf::ObjectId,
}

impl Maker {
    fn new() -> Self {
        let mut pdf = Pdf::with_version("1.7");
        let pages = pdf.new_object_id();
        Self {
            pdf,
            kids: Vec::new(),
            pages,
        }
    }

    fn page(&mut self, content: &[u8], resources: Dictionary, extra: Dictionary) {
        let content = self
            .pdf
            .add_object(Stream::new(dictionary! {}, content.to_vec()));
        let mut page = dictionary! {
            "Type" => "Page", "Parent" => self.pages, "Contents" => content,
            "MediaBox" => vec![0.into(), 0.into(), 128.into(), 96.into()],
            "Resources" => resources,
        };
        put(&mut page, &extra);
        let id = self.pdf.add_object(page);
        self.kids.push(id.into());
    }

    /// A page that is one image under `matrix`.
    fn scan(&mut self, image: Stream, matrix: &str, extra: Dictionary) {
        let image = self.pdf.add_object(image);
        let resources = dictionary! { "XObject" => dictionary! { "Im0" => image } };
        self.page(
            format!("q {matrix} cm /Im0 Do Q").as_bytes(),
            resources,
            extra,
        );
    }

    fn text(&mut self, text: &str) {
        let font =
            dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
        let resources = dictionary! { "Font" => dictionary! { "F1" => font } };
        let content = format!("BT /F1 24 Tf 10 40 Td ({text}) Tj ET");
        self.page(content.as_bytes(), resources, dictionary! {});
    }

    fn finish(mut self, catalog: Dictionary) -> Pdf {
        let count = self.kids.len() as i64;
        let tree = dictionary! { "Type" => "Pages", "Kids" => self.kids, "Count" => count };
        self.pdf.objects.insert(self.pages, tree.into());
        let mut root = dictionary! { "Type" => "Catalog", "Pages" => self.pages };
        put(&mut root, &catalog);
        let root = self.pdf.add_object(root);
        self.pdf.trailer.set("Root", root);
        self.pdf
            .trailer
            .set("ID", vec![Object::string_literal("counterfoil"); 2]);
        self.pdf
    }

    fn bytes(self, catalog: Dictionary) -> Vec<u8> {
        saved(self.finish(catalog))
    }
}

/// Sets every entry of `extra`, replacing what was there.
fn put(dict: &mut Dictionary, extra: &Dictionary) {
    for (key, value) in extra.iter() {
        dict.set(key.clone(), value.clone());
    }
}

fn saved(mut pdf: Pdf) -> Vec<u8> {
    let mut out = Vec::new();
    pdf.save_to(&mut out).unwrap();
    out
}

fn image(space: &str, filter: &str, data: Vec<u8>, extra: Dictionary) -> Stream {
    let mut dict = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 64, "Height" => 48,
        "ColorSpace" => space, "BitsPerComponent" => 8, "Filter" => filter,
    };
    put(&mut dict, &extra);
    Stream::new(dict, data).with_compression(false)
}

fn jpeg() -> Vec<u8> {
    encoded(&DynamicImage::from(picture()), ImageFormat::Jpeg)
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

const FULL: &str = "128 0 0 96 0 0";

/// One page of text and nothing special.
pub fn text_pdf() -> Vec<u8> {
    let mut maker = Maker::new();
    maker.text("Receipt 42");
    maker.bytes(dictionary! {})
}

/// One scanned page.
pub fn scanned_pdf() -> Vec<u8> {
    let mut maker = Maker::new();
    maker.scan(
        image("DeviceRGB", "DCTDecode", jpeg(), dictionary! {}),
        FULL,
        dictionary! {},
    );
    maker.bytes(dictionary! {})
}

fn verdict(bytes: Vec<u8>) -> FindingCode {
    match open(bytes) {
        Err(code) => code,
        Ok(document) => document.page(1).unwrap_err().code,
    }
}

#[test]
fn a_scanned_page_gives_its_jpeg_untouched_at_every_rotation() {
    // Matrices that place the image upright, mirrored, upside down and on its side.
    let cases = [
        (FULL, 0, 1),
        (FULL, 90, 6),
        (FULL, 180, 3),
        (FULL, 270, 8),
        (FULL, -90, 8),
        ("-128 0 0 96 128 0", 0, 2),
        ("-128 0 0 -96 128 96", 0, 3),
        ("128 0 0 -96 0 96", 0, 4),
        ("0 96 -128 0 128 0", 0, 8),
        ("0 -96 128 0 0 96", 0, 6),
        ("0 96 128 0 0 0", 0, 7),
        ("0 -96 -128 0 128 96", 0, 5),
        ("0 -96 128 0 0 96", 90, 3),
    ];
    for (matrix, turn, orientation) in cases {
        let mut maker = Maker::new();
        let scan = image("DeviceRGB", "DCTDecode", jpeg(), dictionary! {});
        maker.scan(scan, matrix, dictionary! { "Rotate" => turn });
        let document = open(maker.bytes(dictionary! {})).unwrap();
        let art = document.original(1).unwrap();
        let name = format!("{matrix} turned {turn}");
        assert_eq!(art.data, jpeg(), "{name}");
        assert_eq!(art.orientation, orientation, "{name}");
        assert_eq!((art.width, art.height), (64, 48));
        let page = document.page(1).unwrap();
        let wanted = rotate::upright(picture(), orientation);
        assert_fields(&page.pixels, &wanted, &name);
        // The renderer, which knows nothing of our orientations, must agree.
        let rendered = rendered_beside(matrix, turn);
        assert_fields(&rendered, &wanted, &format!("{name}, rendered"));
        // On its side the image is stretched: 48 pixels over 128 points are the weaker axis.
        let stretched = matrix.starts_with("0 ");
        assert_eq!(
            page.dpi,
            Some(if stretched { 27.0 } else { 36.0 }),
            "{name}"
        );
    }
}

/// The corners tell how an image lies: compares them.
fn assert_fields(got: &RgbImage, wanted: &RgbImage, name: &str) {
    for (x, y) in [(3, 3), (20, 20), (44, 20), (20, 40), (44, 44)] {
        let at = |image: &RgbImage| {
            let (x, y) = (x * image.width() / 64, y * image.height() / 64);
            image.get_pixel(x, y).0
        };
        let far = at(got)
            .iter()
            .zip(at(wanted))
            .any(|(a, b)| a.abs_diff(b) > 16);
        assert!(
            !far,
            "{name} at {x},{y}: {:?} is not {:?}",
            at(got),
            at(wanted)
        );
    }
}

fn rendered_beside(matrix: &str, turn: i64) -> RgbImage {
    let mut maker = Maker::new();
    let id = maker
        .pdf
        .add_object(image("DeviceRGB", "DCTDecode", jpeg(), dictionary! {}));
    let resources = dictionary! { "XObject" => dictionary! { "Im0" => id } };
    let content = format!("q {matrix} cm /Im0 Do Q 1 0 0 rg 63 47 1 1 re f");
    maker.page(
        content.as_bytes(),
        resources,
        dictionary! { "Rotate" => turn },
    );
    let document = open(maker.bytes(dictionary! {})).unwrap();
    assert!(document.original(1).is_none());
    document.page(1).unwrap().pixels
}

#[test]
fn other_scans_give_the_pixels_of_their_image() {
    let gray = DynamicImage::from(picture()).to_luma8();
    let bits: Vec<u8> = (0..48)
        .flat_map(|y| [if y < 24 { 0u8 } else { 0xFF }; 8])
        .collect();
    let bilevel = RgbImage::from_fn(64, 48, |_, y| image::Rgb([if y < 24 { 0 } else { 255 }; 3]));
    let mut fax = fax::encoder::Encoder::new(fax::VecWriter::new());
    for y in 0..48 {
        let colour = if y < 24 {
            fax::Color::Black
        } else {
            fax::Color::White
        };
        fax.encode_line(std::iter::repeat_n(colour, 64), 64)
            .unwrap();
    }
    let fax = fax.finish().unwrap().finish();
    let one_bit = || dictionary! { "BitsPerComponent" => 1 };
    let mut fax_extra = one_bit();
    fax_extra.set(
        "DecodeParms",
        dictionary! { "K" => -1, "Columns" => 64, "Rows" => 48 },
    );
    let cases = [
        (
            "rgb",
            image(
                "DeviceRGB",
                "FlateDecode",
                zlib(picture().as_raw()),
                dictionary! {},
            ),
            picture(),
        ),
        (
            "grey",
            image(
                "DeviceGray",
                "FlateDecode",
                zlib(gray.as_raw()),
                dictionary! {},
            ),
            DynamicImage::from(gray.clone()).to_rgb8(),
        ),
        (
            "bits",
            image("DeviceGray", "FlateDecode", zlib(&bits), one_bit()),
            bilevel.clone(),
        ),
        (
            "fax",
            image("DeviceGray", "CCITTFaxDecode", fax, fax_extra),
            bilevel,
        ),
    ];
    for (name, scan, wanted) in cases {
        let mut maker = Maker::new();
        maker.scan(scan, FULL, dictionary! {});
        let document = open(maker.bytes(dictionary! {})).unwrap();
        assert!(document.original(1).is_none(), "{name}");
        let page = document.page(1).unwrap();
        assert_eq!(page.pixels.dimensions(), (64, 48), "{name}");
        assert_same(&page.pixels, &wanted, 1, name);
        assert_eq!(page.dpi, Some(36.0), "{name}");
    }
}

#[test]
fn cmyk_scans_follow_the_decode_array() {
    let inverted: Vec<Object> = [1, 0, 1, 0, 1, 0, 1, 0].map(Object::from).to_vec();
    let mut maker = Maker::new();
    let decode = dictionary! { "Decode" => inverted };
    let scan = image("DeviceCMYK", "DCTDecode", fixture("cmyk-adobe.jpg"), decode);
    maker.scan(scan, FULL, dictionary! {});
    let document = open(maker.bytes(dictionary! {})).unwrap();
    assert_same(
        &document.page(1).unwrap().pixels,
        &picture(),
        12,
        "inverted",
    );
    let encoding = document.original(1).unwrap().encoding;
    assert_eq!(
        encoding,
        ImageEncoding::Jpeg {
            components: 4,
            inverted: true
        }
    );
}

#[test]
fn text_is_rendered_and_an_invisible_layer_is_not_text() {
    let document = open(text_pdf()).unwrap();
    let page = document.page(1).unwrap();
    assert_eq!(page.pixels.dimensions(), (533, 400));
    assert!(page.dpi.is_some_and(|dpi| (dpi - 300.0).abs() < 1.0));
    let dark = page
        .pixels
        .pixels()
        .filter(|pixel| pixel.0[0] < 100)
        .count();
    assert!((500..40_000).contains(&dark), "{dark} dark pixels");
    for (mode, original) in [(3, true), (0, false)] {
        let mut maker = Maker::new();
        let scan = image("DeviceRGB", "DCTDecode", jpeg(), dictionary! {});
        let id = maker.pdf.add_object(scan);
        let font =
            dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
        let resources = dictionary! {
            "XObject" => dictionary! { "Im0" => id }, "Font" => dictionary! { "F1" => font },
        };
        let content = format!("q {FULL} cm /Im0 Do Q BT {mode} Tr /F1 9 Tf (text) Tj ET");
        maker.page(content.as_bytes(), resources, dictionary! {});
        let document = open(maker.bytes(dictionary! {})).unwrap();
        assert_eq!(document.original(1).is_some(), original, "mode {mode}");
        assert!(document.page(1).is_ok());
    }
}

#[test]
fn chinese_text_without_its_font_never_fails_the_page() {
    let mut maker = Maker::new();
    let descendant = dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => "STSong-Light",
        "CIDSystemInfo" => dictionary! {
            "Registry" => Object::string_literal("Adobe"),
            "Ordering" => Object::string_literal("GB1"), "Supplement" => 2,
        },
        "FontDescriptor" => dictionary! {
            "Type" => "FontDescriptor", "FontName" => "STSong-Light", "Flags" => 6,
        },
    };
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "STSong-Light",
        "Encoding" => "UniGB-UCS2-H", "DescendantFonts" => vec![descendant.into()],
    };
    let resources = dictionary! { "Font" => dictionary! { "F1" => font } };
    maker.page(
        b"BT /F1 24 Tf 10 40 Td <75338BF78868> Tj ET",
        resources,
        dictionary! {},
    );
    let page = open(maker.bytes(dictionary! {})).unwrap().page(1).unwrap();
    let dark = page
        .pixels
        .pixels()
        .filter(|pixel| pixel.0[0] < 100)
        .count();
    let noto = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
    if std::path::Path::new(noto).exists() {
        assert!(dark > 500, "{dark} dark pixels");
    }
}
