//! Custody: who holds each paper, told at every instant from facts. A paper is held by exactly one person; it changes
//! hands only when the giver signed a slip and another person, between agencies one of the other side, checked every
//! line and signed what was there. There is no undo, only later facts. Here live facts, folds and pure decisions; never
//! I/O, never a clock of its own, never a name.
//!
//! | file | regulation |
//! |---|---|
//! | `bundle`, `held` | Art 12(4): the paper of a case, piece by piece |
//! | `container`, `storing` | Art 12(4): what paper is kept in, and where that stands |
//! | `carriage` | Art 12(3): paper on its way with a carrier |
//! | `by_seal` | Art 12(3): sealed boxes, received by the number of the seal and checked within days |
//! | `keeping` | Art 8(2), 许可法 32: paper comes in, paper goes back to the applicant (L1, L4) |
//! | `slip`, `offer`, `receive` | Art 8(5), 12(3): two-party hand-over, line by line (L2, L3, L6) |
//! | `discrepancy` | Art 12(4): what did not match, with an owner and a day |
//! | `refile` | Art 12(1): paper in the wrong bundle |
//! | `stocktake` | Art 12(4): paper that lay in the cabinets before the system was there |
//! | `inventory` | Art 12(4): paper counted and compared with what the ledger says is there |
//! | `loss`, `found` | Art 12(4): paper that is lost, and found again; never silent |
//! | `signer` | 电子签名法 13: whose key signed, and for whom |

mod bundle;
mod bundle_event;
mod by_seal;
mod carriage;
mod container;
mod discrepancy;
mod documents;
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
mod slip_event;
mod stocktake;
mod storing;
mod terms;

pub use bundle::{Bundle, fold as fold_bundle};
pub use bundle_event::BundleEvent;
pub use by_seal::{CHECK_DAYS, check_lines, check_overdue, to_check};
pub use carriage::{Carriage, bring_back, dispatch};
pub use container::{Container, ContainerEvent, SealOn, fold as fold_container};
pub(in crate::domain) use discrepancy::opened;
pub use discrepancy::{
    CLEAR_DAYS, Discrepancy, DiscrepancyEvent, DiscrepancyRefusal, DiscrepancyState, clear,
    clear_by, fold as fold_discrepancy,
};
pub use documents::*;
pub use found::{FoundPaper, report_found, take_back};
pub use held::{HeldPaper, Place, Shelf};
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
pub use receive::{Days, receive};
pub use refile::{RefiledPaper, refile};
pub use refusal::CustodyRefusal;
pub use signer::acts_for;
pub use slip::{Checked, Journey, Received, Slip, Standing, fold as fold_slip};
pub use slip_event::SlipEvent;
pub use stocktake::{
    OldFile, StocktakeEvent, StocktakeRefusal, StocktakeState, TakenFile, close as close_stocktake,
    fold as fold_stocktake, open as open_stocktake, register,
};
pub use storing::{Keeper, as_sealed, make, move_to, open_box, put, seal, take_out};
pub use terms::*;
