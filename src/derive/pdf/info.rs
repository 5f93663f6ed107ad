//! What a file says about itself, once as an information dictionary and once as XMP, both with the same words.

use super::super::DeriveError;
use crate::domain::time::Timestamp;

/// The longest title in characters.
const TITLE_CHARS_MAX: usize = 500;

/// The program named as producer.
const PRODUCER: &str = concat!("Counterfoil ", env!("CARGO_PKG_VERSION"));

/// What the file says about itself. Dates and the identifier are arguments so that the same record gives the same
/// bytes on any day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfInfo {
    /// Title shown by viewers, at most 500 characters.
    pub title: String,
    /// What made the text and the images, as `paddle 1.2`.
    pub creator: String,
    /// When the record was made.
    pub created: Timestamp,
    /// Language of the text as a BCP 47 tag, as `zh-CN`.
    pub language: String,
    /// File identifier: for example the first half of the record's digest.
    pub id: [u8; 16],
}

/// The same, checked and in the forms the file needs.
pub(super) struct Described<'a> {
    info: &'a PdfInfo,
    /// `2026-11-22T08:30:00`, UTC.
    instant: String,
}

impl PdfInfo {
    /// Checks the words and the date.
    pub(super) fn described(&self) -> Result<Described<'_>, DeriveError> {
        if self.title.chars().count() > TITLE_CHARS_MAX {
            return Err(DeriveError::Limit {
                limit: TITLE_CHARS_MAX as u64,
                unit: "characters of title",
            });
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.language.is_empty() || self.language.len() > 35 || !self.language.chars().all(tag) {
            return Err(DeriveError::Info("the language is not a BCP 47 tag".into()));
        }
        let text = self.created.to_string();
        let instant: String = text.chars().take(19).collect();
        let dated = instant.len() == 19 && text.as_bytes().get(10) == Some(&b'T');
        if !dated || !instant.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(DeriveError::Info(
                "the date lies outside years 0 to 9999".into(),
            ));
        }
        Ok(Described {
            info: self,
            instant,
        })
    }
}

impl Described<'_> {
    /// The information dictionary.
    pub(super) fn dictionary(&self) -> String {
        let digits: String = self.instant.chars().filter(char::is_ascii_digit).collect();
        format!(
            "<< /Title {} /Creator {} /Producer {} /CreationDate (D:{digits}Z) /ModDate (D:{digits}Z) >>",
            text_string(&self.info.title),
            text_string(&self.info.creator),
            text_string(PRODUCER),
        )
    }

    /// The XMP packet; `pdf_a` adds the claim of PDF/A-2b.
    pub(super) fn xmp(&self, pdf_a: bool) -> String {
        let claim = if pdf_a {
            "   <pdfaid:part>2</pdfaid:part>\n   <pdfaid:conformance>B</pdfaid:conformance>\n"
        } else {
            ""
        };
        let date = format!("{}Z", self.instant);
        let (title, creator) = (escape(&self.info.title), escape(&self.info.creator));
        format!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
             <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n \
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n  \
             <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
             xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n\
             {claim}   \
             <dc:format>application/pdf</dc:format>\n   \
             <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\n   \
             <xmp:CreatorTool>{creator}</xmp:CreatorTool>\n   \
             <xmp:CreateDate>{date}</xmp:CreateDate>\n   \
             <xmp:ModifyDate>{date}</xmp:ModifyDate>\n   \
             <pdf:Producer>{PRODUCER}</pdf:Producer>\n  \
             </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>"
        )
    }
}

/// Writes a text string as UTF-16 in hexadecimal, which needs no escapes.
fn text_string(words: &str) -> String {
    let mut text = String::from("<FEFF");
    for unit in printable(words).encode_utf16() {
        text.push_str(&format!("{unit:04X}"));
    }
    text.push('>');
    text
}

fn escape(words: &str) -> String {
    printable(words)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Leaves out what XML 1.0 cannot hold.
fn printable(words: &str) -> String {
    words
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .collect()
}
