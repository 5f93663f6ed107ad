//! Custody: who holds each paper, told at every instant from facts. A paper is held by exactly one person; it changes
//! hands only when the giver signed a slip and another person, between agencies one of the other side, checked every
//! line and signed what was there. There is no undo, only later facts. Here live facts, folds and pure decisions; never
//! I/O, never a clock of its own, never a name.
//!
//! | file | regulation |
//! |---|---|
//! | `bundle` | Art 12(4): the paper of a case, piece by piece |
//! | `keeping` | Art 8(2), 许可法 32: paper comes in, paper goes back to the applicant (L1, L4) |
//! | `slip`, `offer`, `receive` | Art 8(5), 12(3): two-party hand-over, line by line (L2, L3, L6) |
//! | `discrepancy` | Art 12(4): what did not match, with an owner and a day |
//! | `refile` | Art 12(1): paper in the wrong bundle |
//! | `signer` | 电子签名法 13: whose key signed, and for whom |

mod bundle;
mod discrepancy;
mod keeping;
mod offer;
mod receive;
mod refile;
mod refusal;
mod signer;
mod slip;
mod terms;

pub use bundle::{Bundle, BundleEvent, HeldPaper, Place, fold as fold_bundle};
pub(in crate::domain) use discrepancy::opened;
pub use discrepancy::{
    CLEAR_DAYS, Discrepancy, DiscrepancyEvent, DiscrepancyRefusal, DiscrepancyState, clear,
    clear_by, fold as fold_discrepancy,
};
pub use keeping::{NewPaper, give_back, take_in};
pub use offer::{BUNDLES_MAX, Bundles, cancel, lapse, offer, refuse};
pub use receive::receive;
pub use refile::refile;
pub use refusal::CustodyRefusal;
pub use signer::acts_for;
pub use slip::{Received, Slip, SlipEvent, Standing, fold as fold_slip};
pub use terms::*;
