//! Pure types and decisions: what a fact is, how a scan's history folds into its state, what a page of text
//! looks like, which findings and problems exist. Nothing here does I/O, reads a clock, draws a random number
//! or imports another module of this crate.

pub mod access;
pub mod barcode;
pub mod calendar;
pub mod case;
pub mod catalogue;
pub mod custody;
pub mod date;
pub mod digest;
pub mod event;
pub mod finding;
pub mod hall;
pub mod id;
pub mod identity;
pub mod manifest;
pub mod meaning;
pub mod person;
pub mod problem;
pub(crate) mod refusal;
pub mod scan;
pub mod staff;
pub mod stock;
pub mod text;
pub mod ticket;
pub mod time;
pub mod transfer;
pub mod witness;

pub use calendar::{Calendar, NoYear};
pub use date::{Date, Month};
pub use digest::{Digest, Sm3};
pub use event::{Entry, Event, Fact, Occurred};
pub use finding::{Finding, FindingCode};
pub use id::{
    Actor, AuthorisationId, CaseNo, CertificateKind, Commitment, ContainerId, DepartmentCode,
    DiscrepancyId, FactorId, FieldCode, FieldName, InventoryId, MaterialCode, MonthId,
    PipelineName, RequestId, SealNo, SerialNo, SigningKeyId, SiteCode, SlipId, StaffId, Subject,
    TaskCode, TicketId, TokenId, TransferId, VisitId, WindowCode, WitnessId,
};
pub use problem::Problem;
pub use time::{Clock, Timestamp};
