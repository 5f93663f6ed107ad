//! The refusals of the hall's rules in the form every face shows.

use std::error::Error;

use super::error::{CounterError, Refusal};
use crate::domain::catalogue::ItemRefusal;
use crate::domain::hall::{HallRefusal, SetupRefusal};
use crate::domain::stock::StockRefusal;

macro_rules! as_refusal {
    ($($name:ident),*) => {
        $(
            impl From<$name> for Refusal {
                fn from(reason: $name) -> Self {
                    Self {
                        code: reason.code().to_owned(),
                        zh: reason.zh(),
                        en: reason.en(),
                        field: reason.field().map(str::to_owned),
                    }
                }
            }

            impl From<$name> for CounterError {
                fn from(reason: $name) -> Self {
                    CounterError::Refused(reason.into())
                }
            }
        )*

        /// What a decision refused with, when it is a rule of the hall.
        pub(super) fn of_hall(
            reason: Box<dyn Error + Send + Sync>,
        ) -> Result<Refusal, Box<dyn Error + Send + Sync>> {
            $(
                let reason = match reason.downcast::<$name>() {
                    Ok(known) => return Ok((*known).into()),
                    Err(other) => other,
                };
            )*
            Err(reason)
        }
    };
}

as_refusal!(HallRefusal, SetupRefusal, ItemRefusal, StockRefusal);
