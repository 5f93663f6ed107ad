//! The printed forms, through the real program's child: what stands on the paper, hostile data and hostile
//! templates.

mod hostile;
mod paper;
pub mod support;
mod templates;
