//! The rules of PDF/A-2b on the font of the invisible text (ISO 19005-2, 6.2.11).

use lopdf::{Dictionary, Object};

use super::pdfa_rules::Judge;

impl Judge<'_> {
    /// 6.2.11: embedded, with widths and glyphs for every code that is shown, and with characters for them.
    pub(super) fn font(&mut self, font: &Dictionary, codes: &[u16]) {
        let kind = (self.named(font, "Subtype"), self.named(font, "Encoding"));
        self.holds(
            "6.2.11.3 encoding",
            kind == ("Type0".into(), "Identity-H".into()),
        );
        let inner = font.get(b"DescendantFonts").and_then(Object::as_array);
        let inner = inner
            .ok()
            .and_then(|fonts| fonts.first()?.as_reference().ok());
        let inner = inner
            .and_then(|id| self.document.get_dictionary(id).ok().cloned())
            .unwrap_or_default();
        self.holds(
            "6.2.11.3 CIDFont",
            self.named(&inner, "Subtype") == "CIDFontType2",
        );
        let same = self.named(&inner, "BaseFont") == self.named(font, "BaseFont");
        self.holds("6.2.11.2 names", same);
        let width = inner.get(b"DW").and_then(Object::as_i64).unwrap_or(0);
        let descriptor = self
            .dictionary(&inner, "FontDescriptor")
            .unwrap_or_default();
        self.holds("6.2.11.4.2 CIDSet", descriptor.get(b"CIDSet").is_err());
        let program = self.stream(&descriptor, "FontFile2");
        let program = program
            .map(|program| program.get_plain_content().unwrap_or_default())
            .unwrap_or_default();
        let table = |tag: &[u8]| {
            let count = usize::from(u16::from_be_bytes([program[4], program[5]]));
            let entry = (0..count)
                .map(|place| &program[12 + 16 * place..28 + 16 * place])
                .find(|entry| &entry[..4] == tag)?;
            let word =
                |at: usize| u32::from_be_bytes(entry[at..at + 4].try_into().unwrap()) as usize;
            Some(program[word(8)..word(8) + word(12)].to_vec())
        };
        if program.len() < 12 {
            return self.faults.push("6.2.11.4.1 embedded".into());
        }
        let widths = table(b"hmtx").unwrap_or_default();
        let advance = |glyph: u16| {
            let at = 4 * usize::from(glyph);
            widths
                .get(at..at + 2)
                .map(|pair| i64::from(u16::from_be_bytes([pair[0], pair[1]])))
        };
        let glyphs = self.stream(&inner, "CIDToGIDMap");
        let glyphs = glyphs
            .map(|map| map.get_plain_content().unwrap_or_default())
            .unwrap_or_default();
        let unicode = self.stream(font, "ToUnicode");
        let unicode = unicode
            .map(|map| map.get_plain_content().unwrap_or_default())
            .unwrap_or_default();
        let unicode = Ranges::read(&String::from_utf8_lossy(&unicode));
        for code in codes {
            let at = 2 * usize::from(*code);
            let glyph = glyphs
                .get(at..at + 2)
                .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]));
            self.holds("6.2.11.8 .notdef", glyph != 0);
            self.holds("6.2.11.5 widths", advance(glyph) == Some(width));
            let target = unicode.of(*code);
            let fits = target.is_some_and(|first| !matches!(first, 0 | 0xFEFF | 0xFFFE));
            self.holds("6.2.11.7.2 ToUnicode", fits);
        }
    }
}

/// The lines of a ToUnicode map: first code, last code, the first unit of the first target.
struct Ranges(Vec<[u16; 3]>);

impl Ranges {
    fn read(map: &str) -> Self {
        let number = |word: &str| u16::from_str_radix(word.get(1..5)?, 16).ok();
        let line = |line: &str| {
            let words: Vec<&str> = line
                .split(' ')
                .filter(|word| word.starts_with('<'))
                .collect();
            match words[..] {
                [first, last, target] => Some([number(first)?, number(last)?, number(target)?]),
                [code, target] => Some([number(code)?, number(code)?, number(target)?]),
                _ => None,
            }
        };
        // The first is the space of codes.
        Self(map.lines().filter_map(line).skip(1).collect())
    }

    fn of(&self, code: u16) -> Option<u16> {
        let fits = |range: &&[u16; 3]| (range[0]..=range[1]).contains(&code);
        self.0
            .iter()
            .find(fits)
            .map(|range| range[2] + (code - range[0]))
    }
}
