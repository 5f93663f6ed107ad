//! The service catalogue: versioned items (政务服务事项) with their materials and limits, their place on the
//! integrated window's list, and the comparison with what the province publishes. An item's content is a blob; facts
//! name its digest. Nothing here is personal, and nothing here is about one case.

mod compare;
mod document;
mod item;
mod state;
mod validate;

pub use compare::{Difference, Mismatch, PublishedItem, PublishedMaterial, compare};
pub use document::{DocumentNo, Letter};
pub use item::{
    ApplicantKind, CoTask, Deferral, Handling, ItemKind, Material, MetBy, Necessity, ResultKind,
    Retention, ReviewPoint, ServiceItem, SpecialProcedure, Weight,
};
pub use state::{
    ItemEvent, ItemRefusal, ItemState, Listing, VersionState, enter, fold as fold_item, go_live,
    notify, propose, withdraw,
};
pub use validate::{ItemFault, ItemPlace, ItemProblem, validate};
