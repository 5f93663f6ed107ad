//! The font of the invisible layer: one empty glyph that stands for every character, composed here byte by byte
//! (OpenType 1.9: `head`, `hhea`, `maxp`, `hmtx`, `cmap`, `loca`, `glyf`, `name`, `post`, `OS/2`), and the maps
//! between codes and characters.

use std::collections::BTreeMap;
use std::io::Write;

use super::super::DeriveError;
use super::writer::{ObjectId, ObjectWriter};

/// Width of the glyph and units of the em, so that one character is as wide as its font size.
const EM: u16 = 1000;

/// Height above the baseline in thousandths of the font size.
pub(super) const ASCENT: i16 = 800;

/// Depth below the baseline in thousandths of the font size.
pub(super) const DESCENT: i16 = -200;

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
    let program = program();
    writer.packed_stream(file, &format!("/Length1 {}", program.len()), program)?;
    writer.packed_stream(to_unicode, "", book.to_unicode().into_bytes())?;
    writer.packed_stream(to_glyph, "", [0, 1].repeat(0x1_0000))
}

/// The TrueType program: an empty `.notdef` and an empty glyph 1.
fn program() -> Vec<u8> {
    let tables: [(&[u8; 4], Vec<u8>); 10] = [
        (b"OS/2", os2()),
        (b"cmap", cmap()),
        (b"glyf", vec![0; 4]),
        (b"head", head()),
        (b"hhea", hhea()),
        (b"hmtx", shorts(&[EM as i16, 0, EM as i16, 0])),
        (b"loca", shorts(&[0, 0, 0])),
        (b"maxp", maxp()),
        (b"name", name()),
        (b"post", post()),
    ];
    let mut font = vec![0, 1, 0, 0];
    font.extend(shorts(&[tables.len() as i16, 128, 3, 32]));
    let first = font.len() + tables.len() * 16;
    let mut body: Vec<u8> = Vec::new();
    for (tag, data) in &tables {
        font.extend_from_slice(*tag);
        font.extend(checksum(data).to_be_bytes());
        font.extend(((first + body.len()) as u32).to_be_bytes());
        font.extend((data.len() as u32).to_be_bytes());
        body.extend_from_slice(data);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let head_at = first + HEAD_ADJUSTMENT + offset_of(&tables, b"head");
    font.extend(body);
    // The whole file must add up to this number (OpenType, `head`).
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&font));
    for (place, byte) in font.iter_mut().skip(head_at).zip(adjustment.to_be_bytes()) {
        *place = byte;
    }
    font
}

/// Where `checkSumAdjustment` stands in `head`.
const HEAD_ADJUSTMENT: usize = 8;

fn offset_of(tables: &[(&[u8; 4], Vec<u8>)], wanted: &[u8; 4]) -> usize {
    let before = tables.iter().take_while(|(tag, _)| *tag != wanted);
    before.map(|(_, data)| data.len().next_multiple_of(4)).sum()
}

fn checksum(data: &[u8]) -> u32 {
    data.chunks(4)
        .map(|chunk| {
            let mut word = [0; 4];
            for (place, byte) in word.iter_mut().zip(chunk) {
                *place = *byte;
            }
            u32::from_be_bytes(word)
        })
        .fold(0, u32::wrapping_add)
}

fn shorts(values: &[i16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect()
}

fn head() -> Vec<u8> {
    let mut table = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    table.extend(0x5F0F_3CF5_u32.to_be_bytes());
    table.extend(shorts(&[0x000B, EM as i16]));
    table.extend([0; 16]); // created and modified: the epoch of 1904
    table.extend(shorts(&[0, 0, 0, 0, 0, 8, 2, 0, 0]));
    table
}

fn hhea() -> Vec<u8> {
    let mut table = vec![0, 1, 0, 0];
    table.extend(shorts(&[ASCENT, DESCENT, 0, EM as i16, 0, 0, 0, 1]));
    table.extend(shorts(&[0, 0, 0, 0, 0, 0, 0, 2]));
    table
}

fn maxp() -> Vec<u8> {
    let mut table = vec![0, 1, 0, 0];
    table.extend(shorts(&[2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
    table
}

/// One Unicode subtable of format 4 that maps the space to glyph 1.
fn cmap() -> Vec<u8> {
    let mut table = shorts(&[0, 1, 3, 1]);
    table.extend(12_u32.to_be_bytes());
    table.extend(shorts(&[4, 32, 0, 4, 4, 1, 0]));
    table.extend(shorts(&[0x20, -1, 0, 0x20, -1, 1 - 0x20, 1, 0, 0]));
    table
}

fn name() -> Vec<u8> {
    let words: [(i16, &str); 5] = [
        (1, "Counterfoil Glyphless"),
        (2, "Regular"),
        (3, "Counterfoil Glyphless 1.0"),
        (4, "Counterfoil Glyphless"),
        (6, "Counterfoil-Glyphless"),
    ];
    let mut table = shorts(&[0, words.len() as i16, 6 + 12 * words.len() as i16]);
    let mut storage: Vec<u8> = Vec::new();
    for (id, text) in words {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        table.extend(shorts(&[
            3,
            1,
            0x409,
            id,
            units.len() as i16,
            storage.len() as i16,
        ]));
        storage.extend(units);
    }
    table.extend(storage);
    table
}

fn post() -> Vec<u8> {
    let mut table = vec![0, 3, 0, 0, 0, 0, 0, 0];
    table.extend(shorts(&[-100, 50]));
    table.extend(1_u32.to_be_bytes());
    table.extend([0; 16]);
    table
}

fn os2() -> Vec<u8> {
    let mut table = shorts(&[4, EM as i16, 400, 5, 0]);
    table.extend(shorts(&[650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0]));
    table.extend([0; 10]); // panose
    table.extend([0; 16]); // unicode ranges
    table.extend_from_slice(b"CFOI");
    table.extend(shorts(&[
        0x40, 0x20, 0x20, ASCENT, DESCENT, 0, ASCENT, -DESCENT,
    ]));
    table.extend([0; 8]); // code pages
    table.extend(shorts(&[500, 700, 0, 0x20, 1]));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_adds_up_and_its_tables_have_their_sizes() {
        let font = program();
        assert_eq!(checksum(&font), 0xB1B0_AFBA);
        assert_eq!((os2().len(), head().len(), hhea().len()), (96, 54, 36));
        assert_eq!((maxp().len(), post().len(), cmap().len()), (32, 32, 44));
    }

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
