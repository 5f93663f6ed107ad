//! The font of the invisible layer in a PDF: one glyph that draws nothing and stands for every character, and the maps
//! between codes and characters.

use std::collections::BTreeMap;
use std::io::Write;

use super::super::DeriveError;
use super::super::glyphless::{self, ASCENT, DESCENT, EM, Glyphs};
use super::writer::{ObjectId, ObjectWriter};

/// The name of a subset font needs six letters and a plus sign.
const NAME: &str = "CNTRFL+Counterfoil-Glyphless";

/// First of the 2,048 codes that no character of the basic plane uses: the surrogates of UTF-16.
const SPARE_FIRST: u32 = 0xD800;
const SPARE_COUNT: usize = 0x800;

/// Which two-byte code stands for which character. A character of the basic plane is its own code; rarer ones take
/// the spare codes in the order they come.
#[derive(Debug, Default)]
pub(super) struct CodeBook {
    spare: BTreeMap<char, u16>,
}

impl CodeBook {
    /// The code of a character. Control characters become a space; what Unicode calls no character, and
    /// rare characters after the first 2,048 different ones, become U+FFFD.
    pub(super) fn code(&mut self, c: char) -> u16 {
        let point = c as u32;
        match point {
            _ if c.is_control() => 0x20,
            0xFEFF | 0xFFFE | 0xFFFF => 0xFFFD,
            0..0x1_0000 => point as u16,
            _ => {
                let taken = self.spare.len();
                if let Some(code) = self.spare.get(&c) {
                    return *code;
                }
                if taken >= SPARE_COUNT {
                    return 0xFFFD;
                }
                let code = (SPARE_FIRST as usize + taken) as u16;
                self.spare.insert(c, code);
                code
            }
        }
    }

    /// The map from codes to characters (ISO 32000-1, 9.10.3). A range never leaves its first byte.
    fn to_unicode(&self) -> String {
        let mut ranges = vec!["<0001> <00FF> <0001>".to_owned()];
        for high in (0x01..=0xFF_u32).filter(|high| !(0xD8..=0xDF).contains(high)) {
            let last = if high == 0xFF { 0xFD } else { 0xFF };
            ranges.push(format!(
                "<{high:02X}00> <{high:02X}{last:02X}> <{high:02X}00>"
            ));
        }
        let singles: Vec<String> = self.spare.iter().map(single).collect();
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        for (kind, entries) in [("bfrange", &ranges), ("bfchar", &singles)] {
            for block in entries.chunks(100) {
                map.push_str(&format!("{} begin{kind}\n", block.len()));
                map.push_str(&block.join("\n"));
                map.push_str(&format!("\nend{kind}\n"));
            }
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }
}

fn single((c, code): (&char, &u16)) -> String {
    let mut units = [0; 2];
    let target: String = c
        .encode_utf16(&mut units)
        .iter()
        .map(|unit| format!("{unit:04X}"))
        .collect();
    format!("<{code:04X}> <{target}>")
}

/// Writes the font and everything it needs; `font` is the object that pages name.
pub(super) fn write<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    font: ObjectId,
    book: &CodeBook,
) -> Result<(), DeriveError> {
    let descendant = writer.reserve();
    let descriptor = writer.reserve();
    let file = writer.reserve();
    let to_unicode = writer.reserve();
    let to_glyph = writer.reserve();
    let body = format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H /DescendantFonts [{}] /ToUnicode {} >>",
        descendant.reference(),
        to_unicode.reference(),
    );
    writer.object(font, &body)?;
    let body = format!(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME} /DW {EM} \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> \
         /FontDescriptor {} /CIDToGIDMap {} >>",
        descriptor.reference(),
        to_glyph.reference(),
    );
    writer.object(descendant, &body)?;
    let body = format!(
        "<< /Type /FontDescriptor /FontName /{NAME} /Flags 4 /FontBBox [0 {DESCENT} {EM} {ASCENT}] /ItalicAngle 0 \
         /Ascent {ASCENT} /Descent {DESCENT} /CapHeight {ASCENT} /StemV 80 /FontFile2 {} >>",
        file.reference(),
    );
    writer.object(descriptor, &body)?;
    let program = glyphless::program(&[(' ', EM)], Glyphs::Extent);
    writer.packed_stream(file, &format!("/Length1 {}", program.len()), program)?;
    writer.packed_stream(to_unicode, "", book.to_unicode().into_bytes())?;
    writer.packed_stream(to_glyph, "", [0, 1].repeat(0x1_0000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_characters_and_rare_ones_take_the_spare_codes_in_turn() {
        let mut book = CodeBook::default();
        assert_eq!(book.code('存'), 0x5B58);
        assert_eq!(book.code('𠮷'), 0xD800);
        assert_eq!(book.code('𡈽'), 0xD801);
        assert_eq!(book.code('𠮷'), 0xD800);
        assert_eq!(book.code('\n'), 0x20);
        let map = book.to_unicode();
        assert!(map.contains("<D800> <D842DFB7>"));
        for point in (0..SPARE_COUNT as u32).filter_map(|n| char::from_u32(0x2_F000 + n)) {
            book.code(point);
        }
        assert_eq!(book.code('\u{1F600}'), 0xFFFD);
    }
}
