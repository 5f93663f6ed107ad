//! The service catalogue: versioned items (政务服务事项) with their materials and limits. An item's content is a blob;
//! facts name its digest. Nothing here is personal.

mod item;

use serde::{Deserialize, Serialize};

pub use item::{
    ApplicantKind, CoTask, Deferral, Handling, ItemKind, Material, MetBy, Necessity, ResultKind,
    Retention, ReviewPoint, ServiceItem, SpecialProcedure, Weight,
};

/// What can happen to a service item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemEvent {}
