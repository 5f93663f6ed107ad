//! Finding pages by what stands on them: normalised page text in a tantivy index, a page a document, kept as a
//! projection of the ledger. Here live the normalisation, the tokenizer, the query language, the tables of
//! look-alikes and surnames, and the index. It never decides anything about a scan, never writes a fact and never keeps
//! what cannot be rebuilt.

mod alike;
mod chars;
mod compile;
pub mod excerpt;
mod index;
mod lexer;
mod loose;
pub mod matches;
mod names;
pub mod near;
pub mod normalise;
mod parse;
mod phrase;
pub mod query;
mod rank;
mod schema;
mod sound;
pub mod source;
mod tokenizer;
pub mod view;
mod ways;
mod words;
mod writer;

pub use excerpt::{Snippet, excerpt};
pub use index::SearchIndex;
pub use matches::boxes;
pub use near::RunnersUp;
pub use normalise::{Origin, PageText, normalise, normalise_query};
pub use query::{Mode, Query, QueryError};
pub use schema::INDEX_VERSION;
pub use source::{MemorySource, PageSource};
pub use view::{Hit, Hits, Reader, SearchView, case_label};
pub use ways::How;

/// Why the search index did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process has the index open for writing.
    #[error(
        "the search index is in use by another process; stop that process or open the index for reading only"
    )]
    InUse,
    /// The folder holds no index that this program can read.
    #[error("the search index cannot be read: {reason}; start the server to have it rebuilt")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Facts were left out.
    #[error("facts were left out: the search index is at {position}, the facts begin at {from}")]
    Gap {
        /// Index of the first fact offered.
        from: u64,
        /// Index of the fact expected.
        position: u64,
    },
    /// More hits were asked for than one call gives.
    #[error("too many hits asked for: at most {limit} at once, beginning at most {offset} hits in")]
    TooMany {
        /// The most hits one call returns.
        limit: usize,
        /// The largest number of hits that can be skipped.
        offset: usize,
    },
    /// Work on the index was cut short.
    #[error("work on the search index was cut short; it is repeated with the next facts")]
    CutShort,
    /// tantivy failed.
    #[error("the search index failed: {0}; check the disk, then rebuild it if this persists")]
    Index(#[from] tantivy::TantivyError),
    /// The folder of the index could not be read or written.
    #[error("the folder of the search index failed: {0}; check the disk and its permissions")]
    Io(#[from] std::io::Error),
}
