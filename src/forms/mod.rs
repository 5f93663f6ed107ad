//! The printed forms: what each states, the digest of it, and the Typst world that turns it into a PDF/A. Strings
//! arrive here already formatted; no rule of a case is decided here, no clock is read, and nothing is rendered
//! outside the child process. Never a package, a network or a file that was not handed in.

mod barcode;
pub mod check;
pub mod data;
mod diagnose;
mod error;
pub mod fonts;
mod glyphs;
pub mod handover;
mod kind;
pub mod parts;
mod press;
mod qr;
pub mod sample;
mod sheet;
mod statement;
mod templates;
mod world;

pub use error::{FieldFault, FormError, MissingGlyph, TemplateProblem};
pub use kind::{Form, FormKind};
pub use parts::{Head, Party};
pub use press::{Press, Rendered};
pub use sheet::{Printing, Sheet, SheetFile};
pub use templates::Templates;
