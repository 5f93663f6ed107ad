//! The package of a round: gathered, checked, sealed, written out. Its payload is fixed when it is sealed, as a list of
//! blobs by path; it can be written as often as one likes and is the same each time. What grows afterwards, signatures
//! and proofs, goes into it as tag files.

mod accept;
mod ahead;
mod checks;
mod content;
mod derived;
mod describe;
mod evidence;
mod report;
mod seal;
mod sip;
mod source;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

pub use accept::{Acceptance, acceptance, check_of};
pub use report::{Check, CheckReport, CheckVerdict, Property};
pub use sip::Submitted;
pub use write::{PackageForm, PackageProfile};

pub(super) use describe::described;

use crate::bag::Fault;
use crate::counter::{CounterError, Refusal};
use crate::ledger::Ledger;
use crate::malware::Clamd;
use crate::package::metadata::Dialect;
use crate::package::{ContactDoc, PackageFault};
use crate::pipeline::Pipelines;
use crate::records::Records;
use crate::worker::WorkerPool;

/// Makes packages.
pub struct Packer {
    /// Reads scans and what was derived from them.
    pub records: Records,
    /// Draws the pages of searchable PDFs.
    pub pool: Arc<WorkerPool>,
    /// How long a page may take.
    pub pipelines: Pipelines,
    /// Facts and proofs.
    pub ledger: Arc<Ledger>,
    /// In which dialect metadata are written.
    pub dialect: Dialect,
    /// The hall's fonds at the archive (全宗号).
    pub fonds: Option<String>,
    /// Whom the archive asks.
    pub contact: Option<ContactDoc>,
    /// The virus scanner, where one is configured.
    pub clamd: Option<Clamd>,
    /// A folder for files while they are made.
    pub scratch: PathBuf,
}

/// What the documents of a package refuse, as every face shows it.
fn unmade(fault: &PackageFault) -> CounterError {
    CounterError::Refused(Refusal {
        code: fault.code().to_owned(),
        zh: fault.zh(),
        en: fault.en(),
        field: None,
    })
}

/// What a bag refuses, as every face shows it.
fn unbagged(fault: &Fault) -> CounterError {
    CounterError::Refused(Refusal {
        code: fault.code().to_owned(),
        zh: fault.zh(),
        en: fault.en(),
        field: None,
    })
}

fn internal(error: impl std::fmt::Display) -> CounterError {
    CounterError::Internal(error.to_string())
}
