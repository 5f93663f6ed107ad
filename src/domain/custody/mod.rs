//! Custody: who holds each paper, told at every instant from facts. A paper is held by exactly one person; it changes
//! hands only when the giver signed a slip and another person, between agencies one of the other side, checked every
//! line and signed what was there. There is no undo, only later facts. Here live facts, folds and pure decisions; never
//! I/O, never a clock of its own, never a name.
//!
//! | file | regulation |
//! |---|---|
//! | `bundle`, `held` | Art 12(4): the paper of a case, piece by piece |
//! | `keeping` | Art 8(2), 许可法 32: paper comes in, paper goes back to the applicant (L1, L4) |
//! | `slip`, `offer`, `receive` | Art 8(5), 12(3): two-party hand-over, line by line (L2, L3, L6) |
//! | `discrepancy` | Art 12(4): what did not match, with an owner and a day |
//! | `refile` | Art 12(1): paper in the wrong bundle |
//! | `stocktake` | Art 12(4): paper that lay in the cabinets before the system was there |
//! | `inventory` | Art 12(4): paper counted and compared with what the ledger says is there |
//! | `loss`, `found` | Art 12(4): paper that is lost, and found again; never silent |
//! | `signer` | 电子签名法 13: whose key signed, and for whom |

mod bundle;
mod discrepancy;
mod found;
mod held;
mod inventory;
mod keeping;
mod loss;
mod loss_state;
mod offer;
mod receive;
mod refile;
mod refusal;
mod signer;
mod slip;
mod stocktake;
mod terms;

pub use bundle::{Bundle, BundleEvent, fold as fold_bundle};
pub(in crate::domain) use discrepancy::opened;
pub use discrepancy::{
    CLEAR_DAYS, Discrepancy, DiscrepancyEvent, DiscrepancyRefusal, DiscrepancyState, clear,
    clear_by, fold as fold_discrepancy,
};
pub use found::{FoundPaper, report_found, take_back};
pub use held::{HeldPaper, Place};
pub use inventory::{
    Figures, INVENTORY_MAX, InventoryClosing, InventoryEvent, InventoryFindings, InventoryLine,
    InventoryRefusal, InventoryState, LABELS_MAX, close as close_inventory, compare,
    fold as fold_inventory, open as open_inventory, scan,
};
pub use keeping::{NewPaper, give_back, take_in};
pub use loss::{LossEvent, LossRefusal, approve, decline, report_loss, search};
pub use loss_state::{
    Approval, LossDocument, LossSearch, LossStanding, LossState, Reported, fold as fold_loss,
};
pub use offer::{BUNDLES_MAX, Bundles, cancel, lapse, offer, refuse};
pub use receive::receive;
pub use refile::refile;
pub use refusal::CustodyRefusal;
pub use signer::acts_for;
pub use slip::{Received, Slip, SlipEvent, Standing, fold as fold_slip};
pub use stocktake::{
    OldFile, StocktakeEvent, StocktakeRefusal, StocktakeState, TakenFile, close as close_stocktake,
    fold as fold_stocktake, open as open_stocktake, register,
};
pub use terms::*;
