//! Writing XML 1.0: elements, attributes and text, indented, every character either held or replaced. It knows no
//! vocabulary. It cannot fail, and what it gives is well-formed as long as names are XML names.
//!
//! Own code because the writers at hand pass on what XML 1.0 cannot hold (control characters, U+FFFE) and write line
//! breaks in attributes so that a reader turns them into blanks.

use std::fmt::{Display, Write};

/// What stands for a character that XML 1.0 cannot hold.
pub const REPLACEMENT: char = '\u{fffd}';

/// Whether XML 1.0 (2.2) can hold `c` at all, escaped or not.
pub fn holds(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Appends `text` so that a reader gets back the same characters, in content and in attributes alike; each one that
/// cannot be held becomes [`REPLACEMENT`]. Returns how many were.
pub fn escape_into(out: &mut String, text: &str) -> u64 {
    let mut replaced = 0;
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c if holds(c) => out.push(c),
            _ => {
                out.push(REPLACEMENT);
                replaced += 1;
            }
        }
    }
    replaced
}

/// A document being written, in memory. Whoever writes bounds what is put in.
#[derive(Debug)]
pub struct Xml {
    text: String,
    open: Vec<&'static str>,
    /// The start tag of the innermost element is not closed yet.
    in_tag: bool,
    /// The innermost element holds text, so its end tag follows without a line break.
    holds_text: bool,
    replaced: u64,
}

impl Xml {
    /// Begins a document in UTF-8.
    pub fn new() -> Self {
        Self {
            text: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
            open: Vec::new(),
            in_tag: false,
            holds_text: false,
            replaced: 0,
        }
    }

    /// Begins a document that says which kind it is, as `html`.
    pub fn with_doctype(doctype: &str) -> Self {
        let mut xml = Self::new();
        xml.text.push_str("\n<!DOCTYPE ");
        xml.text.push_str(doctype);
        xml.text.push('>');
        xml
    }

    /// Gives what is written so far and keeps nothing of it, so that a long document needs the memory of a part.
    pub fn drain(&mut self) -> String {
        self.close_tag();
        std::mem::take(&mut self.text)
    }

    /// Begins an element inside the innermost open one.
    pub fn begin(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.line();
        self.text.push('<');
        self.text.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self.holds_text = false;
        self
    }

    /// Adds an attribute to the element just begun; after its content it would have no place and is left out.
    pub fn with(&mut self, name: &str, value: impl Display) -> &mut Self {
        if self.in_tag {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.put(&value.to_string());
            self.text.push('"');
        }
        self
    }

    /// Adds an attribute where there is a value.
    pub fn with_some(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.with(name, value);
        }
        self
    }

    /// Puts text into the innermost element.
    pub fn put_text(&mut self, text: impl Display) -> &mut Self {
        self.close_tag();
        self.put(&text.to_string());
        self.holds_text = true;
        self
    }

    /// Ends the innermost element.
    pub fn end(&mut self) -> &mut Self {
        let Some(name) = self.open.pop() else {
            return self;
        };
        if self.in_tag {
            self.text.push_str("/>");
        } else {
            if !self.holds_text {
                self.line();
            }
            // Writing to a String does not fail.
            let _ = write!(self.text, "</{name}>");
        }
        self.in_tag = false;
        self.holds_text = false;
        self
    }

    /// An element that holds text and nothing else.
    pub fn leaf(&mut self, name: &'static str, text: impl Display) -> &mut Self {
        self.begin(name).put_text(text).end()
    }

    /// How many characters were replaced so far because XML cannot hold them.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Ends what is open and gives the document, in UTF-8.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.end();
        }
        self.text.push('\n');
        self.text.into_bytes()
    }

    fn put(&mut self, text: &str) {
        self.replaced += escape_into(&mut self.text, text);
    }

    fn close_tag(&mut self) {
        if self.in_tag {
            self.text.push('>');
            self.in_tag = false;
        }
    }

    fn line(&mut self) {
        self.text.push('\n');
        for _ in 0..self.open.len() {
            self.text.push(' ');
        }
    }
}

impl Default for Xml {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_back_every_character_that_can_be_held() {
        let text = "<存根> & \"'\u{9}\n\r ]]> 𠮷\u{85}\u{2028}";
        let mut xml = Xml::new();
        xml.begin("a").with("b", text).put_text(text);
        assert_eq!(xml.replaced(), 0);
        let bytes = xml.finish();
        let document = roxmltree::Document::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
        assert_eq!(document.root_element().attribute("b"), Some(text));
        assert_eq!(document.root_element().text(), Some(text));
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced_and_counted() {
        let mut xml = Xml::new();
        xml.begin("a")
            .with("b", "\0\u{8}")
            .put_text("\u{fffe}\u{1b}x");
        assert_eq!(xml.replaced(), 4);
        let bytes = xml.finish();
        let text = std::str::from_utf8(&bytes).unwrap();
        let document = roxmltree::Document::parse(text).unwrap();
        assert_eq!(document.root_element().text(), Some("\u{fffd}\u{fffd}x"));
    }

    #[test]
    fn elements_are_indented_and_text_is_not() {
        let mut xml = Xml::new();
        xml.begin("a").begin("b").with("c", 1).end().leaf("d", "e");
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let expected = format!("{head}<a>\n <b c=\"1\"/>\n <d>e</d>\n</a>\n");
        assert_eq!(String::from_utf8(xml.finish()).unwrap(), expected);
    }
}
