//! What a PDF says about itself, once as an information dictionary and once as XMP, both with the same words.

use super::super::DeriveError;
use super::super::info::FileInfo;

/// The program named as producer.
const PRODUCER: &str = concat!("Counterfoil ", env!("CARGO_PKG_VERSION"));

/// The description, checked and in the forms the file needs.
pub(super) struct Described<'a> {
    info: &'a FileInfo,
    /// `2026-11-22T08:30:00`, UTC.
    instant: String,
}

impl<'a> Described<'a> {
    /// Checks the words and the date.
    pub(super) fn new(info: &'a FileInfo) -> Result<Self, DeriveError> {
        let instant = info.checked()?;
        Ok(Self { info, instant })
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
pub(super) fn text_string(words: &str) -> String {
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
