//! What a transfer package is made of beyond being a bag, as pure code over paths, bytes and facts: the evidence that
//! goes with the payload (`evidence`), and the judgement of a package by somebody who trusts neither the hall nor this
//! program's server (`verify`). What is gathered from the ledger and the stores, and when, is decided by use cases and
//! never here; no clock, no chance, no network.

pub mod evidence;
pub mod verify;
