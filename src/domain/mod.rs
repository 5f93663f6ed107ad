//! Pure types and decisions: what a fact is, how a scan's history folds into its state, what a page of text
//! looks like, which findings and problems exist. Nothing here does I/O, reads a clock, draws a random number
//! or imports another module of this crate.

pub mod digest;
pub mod event;
pub mod finding;
pub mod id;
pub mod manifest;
pub mod problem;
pub mod scan;
pub mod text;
pub mod time;

pub use digest::{Digest, Sm3};
pub use event::{Entry, Event, Fact, Occurred};
pub use finding::{Finding, FindingCode};
pub use id::{Actor, CaseNo, Commitment, PipelineName, RequestId, Subject};
pub use problem::Problem;
pub use time::{Clock, Timestamp};
