//! Counterfoil (存根): the paper a citizen hands over at a service counter, its scan, its text, and who holds it.
//!
//! One idea: **the ledger is the record; everything else is a cache of it or a blob it points to.**
//! An upload is acknowledged when its fact is durable in the ledger, and not before.
//!
//! | module | what lives there | may import (of ours) |
//! |---|---|---|
//! | [`domain`] | pure types and decisions: facts, scans, page text, findings, problems | nothing |
//! | [`merkle`] | pure: RFC 6962 tree, proofs, C2SP checkpoints | nothing |
//! | [`imaging`] | pure: bounded decoding, quality, skew | `domain` |
//! | [`pdf`] | reading PDF: structure, page images, rendering | `domain`, `imaging` |
//! | [`derive`] | writing searchable PDF and OFD, ALTO, hOCR and thumbnails | `domain`, `imaging` |
//! | [`ledger`] | `Ledger::record`, sequencer, follower, audit of the tree | `domain`, `merkle` |
//! | [`store`] | blobs, vault, keys; catalog; the stores' back ends | `ledger`, `domain`, `merkle` |
//! | [`search`] | the full-text projection | `ledger`, `store`, `domain` |
//! | [`ocr`] | recognition engines | `imaging`, `domain` |
//! | [`bag`] | BagIt 1.0 packages: writing, reading, validating | `domain` |
//! | [`package`] | a transfer package: its documents, its evidence, the judgement of one offline | `bag`, `merkle`, `derive`, `domain`, `strict` |
//! | [`forms`] | printed forms: what they state, Typst data → PDF/A | `domain` |
//! | [`malware`] | the virus scanner's daemon: streaming bytes to it, its verdict | nothing |
//! | [`platform`] | the city platform: fetching an application, telling progress | `domain` |
//! | [`understand`] | pure: what a page of text means: fields, material, likeness, repair | `domain` |
//! | [`worker`] | the child process that touches outside bytes, and its keeper | `ocr`, `understand`, `pdf`, `derive`, `imaging`, `forms`, `domain` |
//! | [`pipeline`] | how a scan is received and becomes a sealed record | everything above |
//! | [`people`] | use cases of the people who work here: accounts, signing in, sessions, tokens, signing keys | `store`, `ledger`, `domain` |
//! | [`records`] | use cases of whoever reads: state, text, export, audit | everything above |
//! | [`counter`] | use cases of the window: catalogue, visits, cases, tickets | `store`, `ledger`, `domain`, `strict`, `forms`, `worker`, `imaging` |
//! | [`custody`] | use cases of paper: slips offered and received, where each paper is, discrepancies, labels | `counter`, `forms`, `ledger`, `domain` |
//! | [`transfer`] | use cases of the monthly transfer: rounds, deferrals, packages, how months stand | `custody`, `counter`, `records`, `pipeline`, `worker`, `package`, `malware`, `bag`, `derive`, `forms`, `store`, `ledger`, `merkle`, `domain` |
//! | [`strict`] | reading TOML so that every problem is reported at once | nothing |
//! | [`config`], [`telemetry`] | what may be configured; the program's own log | `domain`, `malware`, `ocr`, `package`, `store`, `strict` |
//! | [`http`], [`cli`] | faces | use cases; `cli` also [`app`] |
//! | [`app`] | composition root: the only file that names adapters | everything |
//!
//! Invariants, guarded by `tests/it`:
//! 1. durable, then published, then acknowledged;
//! 2. a master is never altered, and everything derived says what made it;
//! 3. hostile bytes end as a sealed record, a held one or a clear refusal;
//! 4. time and chance are arguments: no module below `app` reads a clock or draws a random number on its own.

pub mod app;
pub mod bag;
pub mod cli;
pub mod config;
pub mod counter;
pub mod custody;
pub mod derive;
pub mod domain;
pub mod forms;
pub mod http;
pub mod imaging;
pub mod ledger;
pub mod malware;
pub mod merkle;
pub mod ocr;
pub mod package;
pub mod pdf;
pub mod people;
pub mod pipeline;
pub mod platform;
pub mod records;
pub mod search;
pub mod store;
pub mod strict;
pub mod telemetry;
pub mod transfer;
pub mod understand;
pub mod worker;
