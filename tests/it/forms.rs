//! The printed forms, through the real program's child: what stands on the paper, hostile data and hostile
//! templates; labels, slips and registers with thousands of lines.

pub mod bars;
mod handover;
mod hostile;
mod paper;
pub mod support;
mod templates;
