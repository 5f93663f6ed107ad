//! From Tesseract's iterators to lines of characters.

use tesseract_rs::{ResultIterator, TessPageIteratorLevel, TesseractAPI};

use super::failed;
use crate::ocr::OcrError;

/// Runner-ups below this confidence are not kept, and at most three.
const MIN_OTHER: f32 = 0.01;
const MAX_OTHERS: usize = 3;
/// Lines read from one page.
const MAX_LINES: usize = 5000;
const LINE: TessPageIteratorLevel = TessPageIteratorLevel::RIL_TEXTLINE;
const SYMBOL: TessPageIteratorLevel = TessPageIteratorLevel::RIL_SYMBOL;

/// Left, top, right, bottom on the straightened page.
pub type Bounds = (i32, i32, i32, i32);

/// One symbol as Tesseract gives it: mostly one character.
struct Symbol {
    text: String,
    bounds: Bounds,
    p: f32,
    others: Vec<(char, f32)>,
}

/// One character of a line.
pub struct Glyph {
    /// The character.
    pub c: char,
    /// Its box.
    pub bounds: Bounds,
    /// Its confidence.
    pub p: f32,
    /// Runner-ups, best first.
    pub others: Vec<(char, f32)>,
}

/// One line.
pub struct Found {
    /// Its box.
    pub bounds: Bounds,
    /// Its characters, with the spaces that are text.
    pub glyphs: Vec<Glyph>,
}

/// Walks lines and symbols side by side: the line's text says where the spaces are, the symbols where the characters.
pub fn collect(api: &TesseractAPI) -> Result<Vec<Found>, OcrError> {
    let Ok(lines) = api.get_iterator() else {
        return Ok(Vec::new()); // an empty page has no iterator
    };
    let symbols = api
        .get_iterator()
        .map_err(|error| failed("symbols", &error))?;
    let mut next_symbol = Symbols {
        iterator: symbols,
        more: true,
        ahead: None,
    };
    let mut found = Vec::new();
    loop {
        if let Ok(text) = lines.get_utf8_text(LINE) {
            let bounds = lines
                .get_bounding_box(LINE)
                .map_err(|error| failed("line box", &error))?;
            let line = line_of(&text, bounds, &mut next_symbol);
            if !line.glyphs.is_empty() {
                found.push(line);
            }
        }
        let more = lines
            .next(LINE)
            .map_err(|error| failed("next line", &error))?;
        if !more || found.len() >= MAX_LINES {
            return Ok(found);
        }
    }
}

fn line_of(text: &str, bounds: Bounds, symbols: &mut Symbols) -> Found {
    let mut glyphs: Vec<Glyph> = Vec::new();
    let mut rest = text.trim_end();
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
            let after = rest.chars().next();
            let before = glyphs.last().map(|last| last.c);
            if let (Some(before), Some(after)) = (before, after)
                && !(is_han(before) && is_han(after))
            {
                // Its box is set from its neighbours below.
                glyphs.push(Glyph {
                    p: 1.0,
                    ..unplaced(' ', bounds)
                });
            }
            continue;
        }
        let Some(symbol) = symbols.take(rest) else {
            symbols.skip(bounds);
            glyphs.extend(rest.chars().map(|c| unplaced(c, bounds)));
            break;
        };
        rest = rest.get(symbol.text.len()..).unwrap_or("");
        for c in symbol.text.chars() {
            glyphs.push(Glyph {
                c,
                bounds: symbol.bounds,
                p: symbol.p,
                others: symbol.others.clone(),
            });
        }
    }
    set_spaces(&mut glyphs, bounds);
    Found { bounds, glyphs }
}

/// A character of the line's text that no symbol answers to: it has the line's box and no confidence.
fn unplaced(c: char, bounds: Bounds) -> Glyph {
    Glyph {
        c,
        bounds,
        p: 0.0,
        others: Vec::new(),
    }
}

fn set_spaces(glyphs: &mut [Glyph], line: Bounds) {
    for index in 1..glyphs.len().saturating_sub(1) {
        if glyphs[index].c == ' ' {
            let left = glyphs[index - 1].bounds.2;
            let right = glyphs[index + 1].bounds.0.max(left + 1);
            glyphs[index].bounds = (left, line.1, right, line.3);
        }
    }
}

/// Han characters and the punctuation set with them.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{20000}'..='\u{3ffff}'
        | '“' | '”' | '‘' | '’' | '…' | '—')
}

struct Symbols {
    iterator: ResultIterator,
    more: bool,
    ahead: Option<Symbol>,
}

impl Symbols {
    /// The next symbol, if `text` begins with it.
    fn take(&mut self, text: &str) -> Option<Symbol> {
        self.look_ahead();
        if !text.starts_with(self.ahead.as_ref()?.text.as_str()) {
            return None;
        }
        self.ahead.take()
    }

    /// Passes over the symbols that lie in a line.
    fn skip(&mut self, line: Bounds) {
        loop {
            self.look_ahead();
            let inside = self.ahead.as_ref().is_some_and(|symbol| {
                let (x, y) = (symbol.bounds.0, (symbol.bounds.1 + symbol.bounds.3) / 2);
                (line.0..=line.2).contains(&x) && (line.1..=line.3).contains(&y)
            });
            if !inside {
                return;
            }
            self.ahead = None;
        }
    }

    /// Makes `ahead` the next symbol with text, if there is one.
    fn look_ahead(&mut self) {
        while self.ahead.is_none() && self.more {
            self.ahead = self.current();
            self.more = self.iterator.next(SYMBOL).unwrap_or(false);
        }
    }

    fn current(&self) -> Option<Symbol> {
        let text = self.iterator.get_utf8_text(SYMBOL).ok()?;
        if text.trim().is_empty() {
            return None;
        }
        Some(Symbol {
            bounds: self.iterator.get_bounding_box(SYMBOL).ok()?,
            p: (self.iterator.confidence(SYMBOL).ok()? / 100.0).clamp(0.0, 1.0),
            others: self.others(&text),
            text,
        })
    }

    fn others(&self, best: &str) -> Vec<(char, f32)> {
        let mut found = Vec::new();
        let Ok(choices) = self.iterator.get_choice_iterator() else {
            return found;
        };
        loop {
            let choice = choices.get_utf8_text().ok().zip(choices.confidence().ok());
            if let Some((text, confidence)) = choice {
                let mut chars = text.chars();
                let p = (confidence / 100.0).clamp(0.0, 1.0);
                if let (Some(c), None) = (chars.next(), chars.next())
                    && text != best
                    && p >= MIN_OTHER
                {
                    found.push((c, p));
                }
            }
            if !choices.next().unwrap_or(false) {
                break;
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.dedup_by_key(|(c, _)| *c);
        found.truncate(MAX_OTHERS);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_between_han_characters_are_not_text() {
        assert!(is_han('存') && is_han('，') && is_han('。') && is_han('（'));
        assert!(!is_han('A') && !is_han('1') && !is_han('Ａ'));
    }
}
