//! A transfer package (移交包) as pure code over paths, bytes and facts. Its documents: what it holds ([`model`]), its
//! metadata in the dialect an archive asks for ([`metadata`]), its description as an E-ARK submission ([`mets`]), its
//! register ([`register`]); the same bytes for the same data. The evidence that goes with the payload ([`evidence`]), and
//! the judgement of a package by somebody who trusts neither the hall nor this program's server ([`verify`]). No clock, no
//! chance, no store, no network; the only files that are read are those of a hall's own dialect. What is gathered, and
//! when, is decided by use cases and never here.

pub mod evidence;
mod fault;
pub mod metadata;
pub mod mets;
pub mod model;
pub mod register;
pub mod verify;

pub use fault::PackageFault;
pub use model::{
    CaseDoc, ContactDoc, DialectDoc, FileDoc, FileKind, PackageDoc, PaperDoc, StepDoc, Words,
};
