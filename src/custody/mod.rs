//! Use cases of paper: slips made out, offered, carried, received, called off and printed; labels; where each paper is, and
//! what it is kept in; what did not match and who clears it up; paper that was there before the system, paper that is
//! counted, paper that is lost. Who may hold paper and what a signature is worth is the domain's to decide; nothing here
//! knows HTTP or a command line, and nothing here writes but through `Ledger::record`. They work with the parts of
//! [`Counter`](crate::counter::Counter).

mod bundles;
mod carry;
mod containers;
mod discrepancies;
mod draft;
mod hand;
mod inventory;
mod labels;
mod loss;
mod loss_view;
mod moves;
mod old_files;
mod refile;
mod rows;
mod sheet;
mod stocktake;
mod stocktake_view;
mod view;

pub use bundles::{BundleView, HeldView, PaperOrder, TransitView};
pub use carry::CarriageOrder;
pub use containers::{
    ContainerOrder, ContainerView, ContentView, NewContainer, PlaceStep, SealView,
};
pub use discrepancies::DiscrepancyView;
pub use draft::{BundleChoice, DraftedOutcome, DraftedSlip, FoundLine, OutcomeDraft, SlipDraft};
pub use hand::{CallOffOrder, OfferOrder, ReceiptOrder};
pub use inventory::{DraftedFindings, FindingsOrder, InventoryOrder, InventoryView};
pub use labels::{LABELS_MAX, LabelOrder};
pub use loss::{ApprovalOrder, BackOrder, DeclineOrder, FoundOrder, SearchOrder};
pub use loss_view::{DraftedFound, DraftedLoss, LossView};
pub use refile::{MovedPaper, MovedScan, RefileOrder};
pub use stocktake::{FILES_MAX, NumberedFile, OldFileOrder, RegisteredView};
pub use stocktake_view::{StocktakeView, TakenFileView};
pub use view::{JourneyView, LineCheckView, PaperSlipView, SignatureView, SlipStanding};
