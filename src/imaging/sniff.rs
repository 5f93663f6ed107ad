//! What a file is, told from its first bytes and never from its name.

use crate::domain::event::FileFormat;

/// How many first bytes [`sniff`] needs to be sure: a PDF header may stand anywhere in them.
pub const HEAD_BYTES: usize = 1024;

/// What a file is that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the kinds
pub enum Foreign {
    Empty,
    Executable,
    Script,
    Zip,
    Archive,
    Office,
    Text,
    Html,
    Xml,
    Jpeg2000,
    Heif,
    Media,
    Unknown,
}

impl Foreign {
    /// Every kind, for tables and tests.
    pub const ALL: &[Foreign] = &[
        Foreign::Empty,
        Foreign::Executable,
        Foreign::Script,
        Foreign::Zip,
        Foreign::Archive,
        Foreign::Office,
        Foreign::Text,
        Foreign::Html,
        Foreign::Xml,
        Foreign::Jpeg2000,
        Foreign::Heif,
        Foreign::Media,
        Foreign::Unknown,
    ];

    /// What it looks like, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Foreign::Empty => "空文件",
            Foreign::Executable => "可执行程序",
            Foreign::Script => "脚本",
            Foreign::Zip => "ZIP 压缩包（含 OFD、DOCX 等）",
            Foreign::Archive => "压缩包或归档文件",
            Foreign::Office => "Office 文档",
            Foreign::Text => "纯文本",
            Foreign::Html => "网页（HTML）",
            Foreign::Xml => "XML 文件",
            Foreign::Jpeg2000 => "JPEG 2000 图像",
            Foreign::Heif => "HEIF/HEIC/AVIF 图像",
            Foreign::Media => "音频或视频",
            Foreign::Unknown => "未知内容",
        }
    }

    /// What it looks like, in English.
    pub const fn en(self) -> &'static str {
        match self {
            Foreign::Empty => "an empty file",
            Foreign::Executable => "a program",
            Foreign::Script => "a script",
            Foreign::Zip => "a ZIP archive (also OFD, DOCX)",
            Foreign::Archive => "an archive",
            Foreign::Office => "an office document",
            Foreign::Text => "plain text",
            Foreign::Html => "a web page (HTML)",
            Foreign::Xml => "an XML file",
            Foreign::Jpeg2000 => "a JPEG 2000 image",
            Foreign::Heif => "a HEIF, HEIC or AVIF image",
            Foreign::Media => "audio or video",
            Foreign::Unknown => "unknown content",
        }
    }
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.en())
    }
}

/// Tells the format of a file from its first [`HEAD_BYTES`] bytes (all of them, if it is shorter). An error
/// says what the file looks like instead.
///
/// A PDF header is accepted anywhere in these bytes, as readers do (ISO 32000-1 annex H, implementation note
/// 13), except inside a program or an archive.
pub fn sniff(head: &[u8]) -> Result<FileFormat, Foreign> {
    if head.is_empty() {
        return Err(Foreign::Empty);
    }
    if let Some(format) = accepted(head) {
        return Ok(format);
    }
    if let Some(foreign) = container(head) {
        return Err(foreign);
    }
    let window = head.get(..HEAD_BYTES).unwrap_or(head);
    if window.windows(5).any(|five| five == b"%PDF-") {
        return Ok(FileFormat::Pdf);
    }
    Err(text(head))
}

fn accepted(head: &[u8]) -> Option<FileFormat> {
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Some(FileFormat::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(FileFormat::Png);
    }
    let tiff: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    if tiff.iter().any(|magic| head.starts_with(magic)) {
        return Some(FileFormat::Tiff);
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some(FileFormat::Gif);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some(FileFormat::Webp);
    }
    if is_bmp(head) {
        return Some(FileFormat::Bmp);
    }
    head.starts_with(b"%PDF-").then_some(FileFormat::Pdf)
}

/// `BM` alone is two letters of text: the size of the second header must be one that exists.
fn is_bmp(head: &[u8]) -> bool {
    let known = [12, 16, 40, 52, 56, 64, 108, 124];
    head.starts_with(b"BM")
        && head
            .get(14..18)
            .and_then(|four| <[u8; 4]>::try_from(four).ok())
            .is_some_and(|four| known.contains(&u32::from_le_bytes(four)))
}

fn container(head: &[u8]) -> Option<Foreign> {
    let table: [(&[u8], Foreign); 21] = [
        (b"MZ", Foreign::Executable),
        (b"\x7fELF", Foreign::Executable),
        (&[0xFE, 0xED, 0xFA, 0xCE], Foreign::Executable),
        (&[0xFE, 0xED, 0xFA, 0xCF], Foreign::Executable),
        (&[0xCE, 0xFA, 0xED, 0xFE], Foreign::Executable),
        (&[0xCF, 0xFA, 0xED, 0xFE], Foreign::Executable),
        (&[0xCA, 0xFE, 0xBA, 0xBE], Foreign::Executable),
        (b"\0asm", Foreign::Executable),
        (b"#!", Foreign::Script),
        (b"PK\x03\x04", Foreign::Zip),
        (b"PK\x05\x06", Foreign::Zip),
        (b"PK\x07\x08", Foreign::Zip),
        (b"Rar!", Foreign::Archive),
        (b"7z\xbc\xaf\x27\x1c", Foreign::Archive),
        (&[0x1F, 0x8B], Foreign::Archive),
        (b"BZh", Foreign::Archive),
        (&[0xFD, b'7', b'z', b'X', b'Z', 0], Foreign::Archive),
        (&[0x28, 0xB5, 0x2F, 0xFD], Foreign::Archive),
        (&[0xD0, 0xCF, 0x11, 0xE0], Foreign::Office),
        (b"{\\rtf", Foreign::Office),
        (&[0xFF, 0x4F, 0xFF, 0x51], Foreign::Jpeg2000),
    ];
    if let Some((_, foreign)) = table.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*foreign);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Foreign::Archive);
    }
    if head.get(4..8) == Some(b"jP  ") {
        return Some(Foreign::Jpeg2000);
    }
    if head.get(4..8) == Some(b"ftyp") {
        let brand = head.get(8..12).unwrap_or_default();
        let heif: [&[u8]; 6] = [b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc"];
        return Some(if heif.contains(&brand) {
            Foreign::Heif
        } else {
            Foreign::Media
        });
    }
    let media = head.starts_with(b"RIFF") || head.starts_with(b"ID3") || head.starts_with(b"OggS");
    media.then_some(Foreign::Media)
}

fn text(head: &[u8]) -> Foreign {
    let body = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let start = body
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(0);
    let lower: Vec<u8> = body
        .iter()
        .skip(start)
        .take(64)
        .map(u8::to_ascii_lowercase)
        .collect();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return Foreign::Html;
    }
    if lower.starts_with(b"<?xml") || lower.starts_with(b"<!doctype") {
        return Foreign::Xml;
    }
    let wide = body.starts_with(&[0xFF, 0xFE]) || body.starts_with(&[0xFE, 0xFF]);
    let control = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r' | 0x0C);
    if wide || !body.iter().any(control) {
        return Foreign::Text;
    }
    Foreign::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let cases: [(&[u8], Result<FileFormat, Foreign>); 24] = [
            (b"", Err(Foreign::Empty)),
            (&[0xFF, 0xD8, 0xFF, 0xE0], Ok(FileFormat::Jpeg)),
            (b"\x89PNG\r\n\x1a\n....", Ok(FileFormat::Png)),
            (b"II*\0....", Ok(FileFormat::Tiff)),
            (b"MM\0*....", Ok(FileFormat::Tiff)),
            (b"II+\0....", Ok(FileFormat::Tiff)),
            (b"GIF89a", Ok(FileFormat::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Ok(FileFormat::Webp)),
            (b"BM............\x28\0\0\0", Ok(FileFormat::Bmp)),
            (b"%PDF-1.7", Ok(FileFormat::Pdf)),
            (b"some garbage\n%PDF-1.4", Ok(FileFormat::Pdf)),
            (b"MZ\x90\0", Err(Foreign::Executable)),
            (b"MZ\x90\0%PDF-1.4", Err(Foreign::Executable)),
            (b"PK\x03\x04%PDF-1.4", Err(Foreign::Zip)),
            (b"#!/bin/sh\n", Err(Foreign::Script)),
            (b"BMW is a car, not a bitmap", Err(Foreign::Text)),
            (b"<!DOCTYPE html><p>", Err(Foreign::Html)),
            (b"\xEF\xBB\xBF <?xml version='1.0'?>", Err(Foreign::Xml)),
            (b"\0\0\0\x0cjP  \r\n", Err(Foreign::Jpeg2000)),
            (b"\0\0\0\x18ftypheic", Err(Foreign::Heif)),
            (b"\0\0\0\x18ftypisom", Err(Foreign::Media)),
            ("申请表".as_bytes(), Err(Foreign::Text)),
            (&[0xC9, 0xEA, 0xC7, 0xEB], Err(Foreign::Text)), // GB 18030
            (&[1, 2, 3, 0], Err(Foreign::Unknown)),
        ];
        for (head, expected) in cases {
            assert_eq!(sniff(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_pdf_header_is_looked_for_in_the_first_kibibyte_only() {
        let mut near = vec![b' '; HEAD_BYTES - 5];
        near.extend_from_slice(b"%PDF-1.4");
        assert_eq!(sniff(&near), Ok(FileFormat::Pdf));
        let mut far = vec![b' '; HEAD_BYTES];
        far.extend_from_slice(b"%PDF-1.4");
        assert_eq!(sniff(&far), Err(Foreign::Text));
    }

    #[test]
    fn every_kind_has_words() {
        for foreign in Foreign::ALL {
            assert!(!foreign.zh().is_empty() && !foreign.en().is_empty());
        }
    }
}
