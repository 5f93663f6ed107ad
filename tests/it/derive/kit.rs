//! Readings with boxes, written files and the programs that judge them.

use std::fs;
use std::process::Command;

use base64::Engine;
use counterfoil::derive::info::FileInfo;
use counterfoil::derive::pdf::{PdfSummary, searchable_pdf};
use counterfoil::derive::{DeriveError, ImageEncoding, PageArt, art};
use counterfoil::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, Rect};
use counterfoil::domain::time::Timestamp;
use image::{Rgb, RgbImage};

pub(super) type Delivered = Result<(PageArt, Option<OcrPage>), DeriveError>;

pub(super) fn info() -> FileInfo {
    FileInfo {
        title: "关于推行“一窗受理”<改革> & 36号".into(),
        creator: "paddle 1".into(),
        created: Timestamp::from_millis(1_795_336_200_123),
        language: "zh-CN".into(),
        id: *b"0123456789abcdef",
        bookmarks: Vec::new(),
    }
}

pub(super) fn bytes_of(pages: Vec<(PageArt, Option<OcrPage>)>) -> (Vec<u8>, PdfSummary) {
    described(pages, &info())
}

pub(super) fn described(
    pages: Vec<(PageArt, Option<OcrPage>)>,
    info: &FileInfo,
) -> (Vec<u8>, PdfSummary) {
    let mut out = Vec::new();
    let pages = pages.into_iter().map(Delivered::Ok);
    let summary = searchable_pdf(pages, info, &mut out).unwrap();
    assert_eq!(summary.bytes, out.len() as u64);
    (out, summary)
}

/// A PDF on disk and what other programs say about it.
pub(super) struct Written {
    pub(super) folder: tempfile::TempDir,
    pub(super) summary: PdfSummary,
}

impl Written {
    /// Writes the pages and has qpdf check the file.
    pub(super) fn new(pages: Vec<(PageArt, Option<OcrPage>)>) -> Self {
        Self::described(pages, &info())
    }

    pub(super) fn described(pages: Vec<(PageArt, Option<OcrPage>)>, info: &FileInfo) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, summary) = described(pages, info);
        fs::write(folder.path().join("a.pdf"), bytes).unwrap();
        let written = Self { folder, summary };
        let report = run("qpdf", &["--check", &written.path()]);
        assert!(!report.contains("WARNING"), "{report}");
        written
    }

    pub(super) fn path(&self) -> String {
        let path = self.folder.path().join("a.pdf");
        path.to_str().unwrap().to_owned()
    }

    pub(super) fn text(&self, options: &[&str]) -> String {
        let path = self.path();
        let mut arguments = vec!["-enc", "UTF-8"];
        arguments.extend(options);
        arguments.extend([path.as_str(), "-"]);
        run("pdftotext", &arguments)
    }

    pub(super) fn render(&self, dpi: u32) -> RgbImage {
        let target = self.folder.path().join("page");
        let target = target.to_str().unwrap();
        let dpi = dpi.to_string();
        let path = self.path();
        run(
            "pdftoppm",
            &["-r", &dpi, "-png", "-singlefile", &path, target],
        );
        image::open(format!("{target}.png")).unwrap().to_rgb8()
    }
}

/// Runs a program of the set-up list; what it prints, or a failed test.
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} (apt: poppler-utils, qpdf): {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {text}{errors}");
    assert_eq!(errors, "", "{program}");
    text
}

pub(super) fn engine() -> EngineId {
    EngineId {
        name: "recorded".into(),
        version: "1".into(),
        models: String::new(),
        settings: String::new(),
    }
}

pub(super) fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

pub(super) fn char_at(c: char, rect: Rect) -> OcrChar {
    OcrChar {
        c,
        rect,
        p: 0.9,
        others: Vec::new(),
        ..OcrChar::default()
    }
}

/// Sets a line in boxes as a reader would draw them: Han 40 wide, others 20, `gap` between.
pub(super) fn line(text: &str, x: u32, y: u32, gap: u32) -> OcrLine {
    let mut at = x;
    let mut chars = Vec::new();
    for c in text.chars() {
        let width = if (c as u32) < 0x2E80 { 20 } else { 40 };
        chars.push(char_at(c, rect(at, y, width, 40)));
        at += width + gap;
    }
    OcrLine {
        rect: rect(x, y, at - x, 40),
        angle: 0.0,
        vertical: false,
        joins_next: false,
        chars,
        ..OcrLine::default()
    }
}

pub(super) fn page(width: u32, height: u32, lines: Vec<OcrLine>) -> OcrPage {
    OcrPage {
        engine: engine(),
        width,
        height,
        lines,
        ..OcrPage::default()
    }
}

pub(super) const LINES: [&str; 7] = [
    "云澜市青槐区行政审批服务局文件",
    "青审批〔2026〕36号",
    "统一社会信用代码：91369901MA7K3QH89M",
    "To: Nordland Seafood (Lingdong) Co., Ltd.",
    "租金为每月人民币壹万贰仟叁佰元整（¥12,300.00），按季支付",
    "𠮷田𡈽木 & <b> \\ (x) ①℃",
    "2026年11月9日 印发",
];

pub(super) fn letter() -> OcrPage {
    let lines = LINES
        .iter()
        .enumerate()
        .map(|(row, text)| line(text, 100, 100 + 90 * row as u32, 2 * row as u32))
        .collect();
    page(1654, 2339, lines)
}

pub(super) fn blank(encoding: ImageEncoding) -> PageArt {
    let white = RgbImage::from_pixel(1654, 2339, Rgb([255; 3]));
    let grained = RgbImage::from_fn(1654, 2339, |x, y| {
        Rgb([200 + ((x * 7 + y * 13) % 50) as u8; 3])
    });
    let drawn = RgbImage::from_fn(1654, 2339, |x, _| Rgb([255, (x % 2 * 200) as u8, 0]));
    let found = match encoding {
        ImageEncoding::CcittG4 => art::encode(&white, Some(200.0)),
        ImageEncoding::Jpeg { .. } => art::encode(&grained, Some(200.0)),
        ImageEncoding::Flate { .. } => art::encode(&drawn, Some(200.0)),
    };
    let found = found.unwrap();
    assert_eq!(found.encoding, encoding);
    found
}

/// 16 × 16 pixels of pure red in CMYK, stored inverted as Adobe programs do.
pub(super) fn cmyk() -> PageArt {
    let data = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkf\
                LTAtKDAlKCko/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAAI/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4E\
                QwBNAFkASwAAPwCqUqJUVSAAAA//2Q==";
    PageArt {
        width: 16,
        height: 16,
        encoding: ImageEncoding::Jpeg {
            components: 4,
            inverted: true,
        },
        orientation: 1,
        dpi: Some(72.0),
        data: base64::engine::general_purpose::STANDARD
            .decode(data)
            .unwrap(),
    }
}
