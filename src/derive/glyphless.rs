//! Fonts whose glyphs draw nothing: what carries the text of a page that is seen in its image. Composed byte by byte
//! (OpenType 1.9: `head`, `hhea`, `maxp`, `hmtx`, `cmap`, `loca`, `glyf`, `name`, `post`, `OS/2`).

/// Units of the em, and the width of a full-width character.
pub(super) const EM: u16 = 1000;

/// Height above the baseline in thousandths of the font size.
pub(super) const ASCENT: i16 = 800;

/// Depth below the baseline in thousandths of the font size.
pub(super) const DESCENT: i16 = -200;

/// The most characters of one font; a glyph has a number of 16 bits.
const GLYPHS_MAX: usize = 0xFFF0;

/// The most runs that a subtable of format 4 can state, its length having 16 bits.
const SEGMENTS_MAX: usize = 8_000;

/// What the glyphs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyphs {
    /// Nothing at all.
    Empty,
    /// A line there and back from one corner of the em to the other: no area, so nothing is drawn, but a reader that
    /// passes over text without extent (PDFium) finds it. The first character's alone.
    Extent,
}

/// The TrueType program: an empty `.notdef`, then a glyph of its own width for each character. The characters ascend;
/// those past the most glyphs a font can have get none.
pub(super) fn program(chars: &[(char, u16)], drawn: Glyphs) -> Vec<u8> {
    let chars = chars.get(..GLYPHS_MAX).unwrap_or(chars);
    let glyphs = chars.len() + 1;
    let tables: [(&[u8; 4], Vec<u8>); 10] = [
        (b"OS/2", os2(chars)),
        (b"cmap", cmap(chars)),
        (b"glyf", glyf(drawn)),
        (b"head", head()),
        (b"hhea", hhea(glyphs)),
        (b"hmtx", widths(chars)),
        (b"loca", loca(glyphs, drawn)),
        (b"maxp", maxp(glyphs)),
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
    table.extend(shorts(&[0, DESCENT, EM as i16, ASCENT, 0, 8, 2, 0, 0]));
    table
}

/// The line's points as steps: to one corner, to the other, and back.
fn glyf(drawn: Glyphs) -> Vec<u8> {
    if drawn == Glyphs::Empty {
        return vec![0; 4];
    }
    let em = EM as i16;
    let mut table = shorts(&[1, 0, DESCENT, em, ASCENT, 2, 0]);
    table.extend([1, 1, 1]); // on the curve, steps of two bytes
    table.extend(shorts(&[0, em, -em, DESCENT, em, -em]));
    table.push(0);
    table
}

/// Where each glyph begins, in units of two bytes; what begins where the next one does is empty.
fn loca(glyphs: usize, drawn: Glyphs) -> Vec<u8> {
    let first = match drawn {
        Glyphs::Empty => 0,
        Glyphs::Extent => glyf(drawn).len() as i16 / 2,
    };
    let mut places = vec![first; glyphs + 1];
    for place in places.iter_mut().take(2) {
        *place = 0;
    }
    shorts(&places)
}

fn hhea(glyphs: usize) -> Vec<u8> {
    let mut table = vec![0, 1, 0, 0];
    table.extend(shorts(&[ASCENT, DESCENT, 0, EM as i16, 0, 0, 0, 1]));
    table.extend(shorts(&[0, 0, 0, 0, 0, 0, 0, glyphs as i16]));
    table
}

fn maxp(glyphs: usize) -> Vec<u8> {
    let mut table = vec![0, 1, 0, 0];
    table.extend(shorts(&[glyphs as i16, 3, 1, 0, 0, 1, 0]));
    table.extend(shorts(&[0, 0, 0, 0, 0, 0, 0]));
    table
}

/// An advance and no left bearing for each glyph.
fn widths(chars: &[(char, u16)]) -> Vec<u8> {
    let advances = std::iter::once(EM).chain(chars.iter().map(|(_, width)| *width));
    let both = advances.flat_map(|advance| [advance as i16, 0]);
    shorts(&both.collect::<Vec<i16>>())
}

/// A run of characters that follow one another, with the glyph of the first.
struct Run {
    first: u32,
    last: u32,
    glyph: u32,
}

fn runs(chars: &[(char, u16)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for ((c, _), glyph) in chars.iter().zip(1..) {
        let point = u32::from(*c);
        match runs.last_mut() {
            Some(run) if run.last + 1 == point => run.last = point,
            _ => runs.push(Run {
                first: point,
                last: point,
                glyph,
            }),
        }
    }
    runs
}

/// Unicode subtables: format 4 for the basic plane, format 12 for all where that one does not hold them.
fn cmap(chars: &[(char, u16)]) -> Vec<u8> {
    let basic = |(c, _): &&(char, u16)| u32::from(*c) < 0xFFFF;
    let low: Vec<(char, u16)> = chars.iter().filter(basic).copied().collect();
    let mut segments = runs(&low);
    let all = low.len() == chars.len() && segments.len() <= SEGMENTS_MAX;
    segments.truncate(SEGMENTS_MAX);
    let short = format_4(&segments);
    if all {
        let mut table = shorts(&[0, 1, 3, 1]);
        table.extend(12_u32.to_be_bytes());
        table.extend(short);
        return table;
    }
    let mut table = shorts(&[0, 2, 3, 1]);
    table.extend(20_u32.to_be_bytes());
    table.extend(shorts(&[3, 10]));
    table.extend((20 + short.len() as u32).to_be_bytes());
    table.extend(short);
    table.extend(format_12(&runs(chars)));
    table
}

fn format_4(runs: &[Run]) -> Vec<u8> {
    let segments = runs.len() + 1;
    let power = segments.ilog2();
    let range = 2 << power;
    let numbers = [
        4,
        16 + 8 * segments,
        0,
        2 * segments,
        range,
        power as usize,
        2 * segments - range,
    ];
    let mut table = shorts(&numbers.map(|number| number as i16));
    let last = |run: &Run| run.last as i16;
    let first = |run: &Run| run.first as i16;
    let delta = |run: &Run| run.glyph.wrapping_sub(run.first) as i16;
    let column = |value: &dyn Fn(&Run) -> i16, end: i16| {
        let values = runs.iter().map(value).chain([end]);
        shorts(&values.collect::<Vec<i16>>())
    };
    table.extend(column(&last, -1));
    table.extend([0, 0]);
    table.extend(column(&first, -1));
    table.extend(column(&delta, 1));
    table.extend(vec![0; 2 * segments]);
    table
}

fn format_12(runs: &[Run]) -> Vec<u8> {
    let mut table = shorts(&[12, 0]);
    for number in [16 + 12 * runs.len() as u32, 0, runs.len() as u32] {
        table.extend(number.to_be_bytes());
    }
    for run in runs {
        for number in [run.first, run.last, run.glyph] {
            table.extend(number.to_be_bytes());
        }
    }
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

fn os2(chars: &[(char, u16)]) -> Vec<u8> {
    let edge = |one: Option<&(char, u16)>| one.map_or(0x20, |(c, _)| u32::from(*c).min(0xFFFF));
    let (first, last) = (edge(chars.first()), edge(chars.last()));
    let mut table = shorts(&[4, EM as i16, 400, 5, 0]);
    table.extend(shorts(&[650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0]));
    table.extend([0; 10]); // panose
    table.extend([0; 16]); // unicode ranges
    table.extend_from_slice(b"CFOI");
    table.extend(shorts(&[0x40, first as i16, last as i16]));
    table.extend(shorts(&[ASCENT, DESCENT, 0, ASCENT, -DESCENT]));
    table.extend([0; 8]); // code pages
    table.extend(shorts(&[500, 700, 0, 0x20, 1]));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_adds_up_and_its_tables_have_their_sizes() {
        let space = [(' ', EM)];
        for drawn in [Glyphs::Empty, Glyphs::Extent] {
            assert_eq!(checksum(&program(&space, drawn)), 0xB1B0_AFBA);
        }
        assert_eq!(glyf(Glyphs::Extent).len(), 30);
        assert_eq!(loca(2, Glyphs::Extent), [0, 0, 0, 0, 0, 15]);
        assert_eq!((os2(&space).len(), head().len()), (96, 54));
        assert_eq!((hhea(2).len(), maxp(2).len()), (36, 32));
        assert_eq!((post().len(), cmap(&space).len()), (32, 44));
    }

    #[test]
    fn every_character_has_its_glyph() {
        let chars: Vec<(char, u16)> = [' ', 'A', 'B', '一', '丁', '存', '\u{F900}']
            .map(|c| (c, 500))
            .to_vec();
        let starts: Vec<u32> = runs(&chars).iter().map(|run| run.glyph).collect();
        assert_eq!(starts, [1, 2, 4, 6, 7]);
        let font = program(&chars, Glyphs::Empty);
        assert_eq!(checksum(&font), 0xB1B0_AFBA);
        assert_eq!(cmap(&chars).len(), 12 + 16 + 8 * 6);
        let rare = [('存', EM), ('𠮷', EM)];
        assert_eq!(cmap(&rare).len(), 20 + 16 + 8 * 2 + 16 + 12 * 2);
    }
}
