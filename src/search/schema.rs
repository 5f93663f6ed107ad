//! What the index holds of a page and of a scan.

use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions, Value,
};
use tantivy::tokenizer::{PreTokenizedString, TextAnalyzer, Token};
use tantivy::{Index, TantivyDocument, Term};

use serde::{Deserialize, Serialize};

use crate::domain::event::FileFormat;
use crate::domain::manifest::{PageManifest, RecordManifest};
use crate::domain::text::OcrPage;
use crate::domain::{CaseNo, Digest, Timestamp};

use super::names::initials_in;
use super::near::RunnersUp;
use super::normalise::normalise;
use super::tokenizer::{GramTokenizer, TOKENIZER_NAME};
use super::view::{UNFILED_LABEL, case_label};

/// Version of the schema, the normalisation, the tokenizer, the runner-ups and the names together. An index of another version is built
/// anew.
pub const INDEX_VERSION: u32 = 2;

/// Bits of [`Fields::place`] that hold the page number; the bits above hold the index of the receiving fact.
const PLACE_PAGE_BITS: u32 = 24;

/// The fields of the index. A page's document has all but `state_of` and `state`; a scan's has only these two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Always [`PAGE_KIND`].
    pub kind: Field,
    /// Digest of the master, in hexadecimal.
    pub record: Field,
    /// Page number from 1.
    pub page: Field,
    /// File format of the master.
    pub format: Field,
    /// Case numbers.
    pub case: Field,
    /// Who may find the page, see [`super::view::Reader`].
    pub label: Field,
    /// When the scan was received, in milliseconds since 1970 UTC.
    pub received: Field,
    /// Order of pages with the same score: receiving fact, then page number.
    pub place: Field,
    /// Digest of the recognised page, to find boxes.
    pub ocr: Field,
    /// The normalised text.
    pub text: Field,
    /// Grams in which a runner-up stands, at the positions of `text`, see [`super::near`].
    pub near: Field,
    /// The runner-ups by place, to say where something was nearly read.
    pub runners_up: Field,
    /// The initials of names, see [`super::names`].
    pub names: Field,
    /// Digest of the scan whose state this is.
    pub state_of: Field,
    /// A [`ScanEntry`] in JSON.
    pub state: Field,
}

/// The one value of [`Fields::kind`].
pub(super) const PAGE_KIND: &str = "page";

/// What facts said about a scan so far. It is kept in the index itself, so that it moves in the same commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ScanEntry {
    pub cases: Vec<CaseNo>,
    pub received_at: Timestamp,
    pub received_index: u64,
    pub manifest: Option<Digest>,
}

/// Builds the schema; the same each time.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let keyword = || -> TextOptions {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        TextOptions::default().set_indexing_options(indexing)
    };
    // Terms that are made before they are given to the index.
    let made = |option| -> TextOptions {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(option);
        TextOptions::default().set_indexing_options(indexing)
    };
    let grams = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER_NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let fields = Fields {
        kind: builder.add_text_field("kind", keyword()),
        record: builder.add_text_field("record", keyword() | STORED),
        page: builder.add_u64_field("page", FAST | STORED),
        format: builder.add_text_field("format", keyword()),
        case: builder.add_text_field("case", keyword()),
        label: builder.add_text_field("label", keyword()),
        received: builder.add_i64_field("received", FAST),
        place: builder.add_u64_field("place", FAST),
        ocr: builder.add_text_field("ocr", STORED),
        text: builder.add_text_field(
            "text",
            TextOptions::default().set_indexing_options(grams) | STORED,
        ),
        near: builder.add_text_field("near", made(IndexRecordOption::WithFreqsAndPositions)),
        runners_up: builder.add_text_field("runners_up", STORED),
        names: builder.add_text_field("names", made(IndexRecordOption::WithFreqs)),
        state_of: builder.add_text_field("state_of", keyword()),
        state: builder.add_text_field("state", STORED),
    };
    (builder.build(), fields)
}

/// Makes the tokenizer known to an index. Needed after each opening.
pub(super) fn register_tokenizer(index: &Index) {
    let analyzer = TextAnalyzer::from(GramTokenizer::default());
    index.tokenizers().register(TOKENIZER_NAME, analyzer);
}

/// The name of a format as facts write it.
pub(super) fn format_name(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Jpeg => "jpeg",
        FileFormat::Png => "png",
        FileFormat::Tiff => "tiff",
        FileFormat::Bmp => "bmp",
        FileFormat::Webp => "webp",
        FileFormat::Gif => "gif",
        FileFormat::Pdf => "pdf",
    }
}

impl Fields {
    /// The terms whose documents make up a scan: its state and its pages.
    pub fn terms_of(&self, scan: &Digest) -> [Term; 2] {
        let name = scan.to_string();
        [
            Term::from_field_text(self.state_of, &name),
            Term::from_field_text(self.record, &name),
        ]
    }

    /// The document that keeps a scan's state.
    pub fn state_document(
        &self,
        scan: &Digest,
        entry: &ScanEntry,
    ) -> Result<TantivyDocument, serde_json::Error> {
        let mut document = TantivyDocument::new();
        document.add_text(self.state_of, scan.to_string());
        document.add_text(self.state, serde_json::to_string(entry)?);
        Ok(document)
    }

    /// Reads what [`Fields::state_document`] kept.
    pub fn read_state(&self, document: &TantivyDocument) -> Option<ScanEntry> {
        let json = document.get_first(self.state)?.as_str()?;
        serde_json::from_str(json).ok()
    }

    /// The document of one page. `scan` is the subject of the facts, not what the manifest says of itself.
    pub fn page_document(
        &self,
        scan: &Digest,
        entry: &ScanEntry,
        manifest: &RecordManifest,
        page: &PageManifest,
        read: &OcrPage,
    ) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.kind, PAGE_KIND);
        document.add_text(self.record, scan.to_string());
        document.add_u64(self.page, u64::from(page.page));
        document.add_text(self.format, format_name(manifest.format));
        for case in &entry.cases {
            document.add_text(self.case, case.as_str());
            document.add_text(self.label, case_label(case));
        }
        if entry.cases.is_empty() {
            document.add_text(self.label, UNFILED_LABEL);
        }
        document.add_i64(self.received, entry.received_at.as_millis());
        document.add_u64(self.place, place(entry.received_index, page.page));
        document.add_text(self.ocr, page.text.to_string());
        self.add_text(&mut document, read);
        document
    }

    fn add_text(&self, document: &mut TantivyDocument, read: &OcrPage) {
        let normalised = normalise(read);
        let text: Vec<char> = normalised.text.chars().collect();
        let runners_up = RunnersUp::of(read, &normalised);
        if !runners_up.is_empty() {
            document.add_pre_tokenized_text(self.near, runners_up.grams(&text));
            document.add_text(self.runners_up, runners_up.written());
        }
        let names = initials_in(&text).into_iter().enumerate();
        let tokens: Vec<Token> = names
            .map(|(position, text)| Token {
                position,
                text,
                ..Token::default()
            })
            .collect();
        if !tokens.is_empty() {
            let text = String::new();
            document.add_pre_tokenized_text(self.names, PreTokenizedString { text, tokens });
        }
        document.add_text(self.text, normalised.text);
    }
}

fn place(received_index: u64, page: u32) -> u64 {
    let page_max = (1u64 << PLACE_PAGE_BITS) - 1;
    let index_max = u64::MAX >> PLACE_PAGE_BITS;
    (received_index.min(index_max) << PLACE_PAGE_BITS) | u64::from(page).min(page_max)
}
