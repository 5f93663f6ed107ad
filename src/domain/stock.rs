//! Numbered blanks, counted by serial: received, used, spoiled.

use serde::{Deserialize, Serialize};

/// What can happen to a stock of numbered blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StockEvent {}
