//! PURE: what a page of read text means: its fields, the material it is, what it resembles, and the repair of numbers
//! that a check character decides. Here live the rules and nothing else: no pixels, no files, no clock, and never a
//! value in a log line.

mod amounts;
mod codes;
mod dates;
mod fields;
mod kinds;
mod labels;
mod likeness;
mod numbers;
mod repair;
pub mod score;
mod stream;
mod suggest;
#[cfg(test)]
mod trials;
mod values;

use crate::domain::Date;
use crate::domain::meaning::PageMeaning;
use crate::domain::text::OcrPage;

pub use fields::{canonical_date, fields};
pub use kinds::{KINDS, KindRule, kind_name, kinds};
pub use likeness::{Likeness, likeness, may_be_same, text_print};
pub use repair::repair;
pub use suggest::{Suggestion, Wanted, suggest};

/// The largest page that is understood, in characters; of a larger one only the beginning is.
pub const CHARACTERS_MAX: usize = 60_000;

/// Everything understood of a page. `day` is the day it was received: no birth is later.
pub fn understand(page: &OcrPage, day: Date) -> PageMeaning {
    let fields = fields(page, day);
    let (kind, others) = kinds(page, &fields);
    PageMeaning {
        kind,
        others,
        print: text_print(page),
        fields,
    }
}
