//! People who work here, folded from their histories.

use serde::{Deserialize, Serialize};

/// What can happen to a person who works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StaffEvent {}
