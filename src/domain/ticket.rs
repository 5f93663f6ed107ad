//! What is followed up: consultations, referrals, complaints, inspection findings, negative ratings.

use serde::{Deserialize, Serialize};

/// What can happen to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketEvent {}
