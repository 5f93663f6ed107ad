//! The documents of a transfer package (移交包): what it holds ([`model`]), its metadata in the dialect an archive asks
//! for ([`metadata`]), its description as an E-ARK submission ([`mets`]), its register ([`register`]). Pure: data in,
//! bytes out, the same bytes for the same data. No clock, no store, no network, no case history; the only files that
//! are read are those of a hall's own dialect. How a package is put into a bag, signed and proved never lives here.

mod fault;
pub mod metadata;
pub mod mets;
pub mod model;
pub mod register;

pub use fault::PackageFault;
pub use model::{CaseDoc, FileDoc, FileKind, PackageDoc, PaperDoc, StepDoc, Words};
