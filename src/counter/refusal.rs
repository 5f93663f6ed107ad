//! The refusals of the domain in the form every face shows.

use std::error::Error;

use super::error::{CounterError, Refusal};
use crate::domain::calendar::NoYear;
use crate::domain::case::CaseRefusal;
use crate::domain::catalogue::ItemRefusal;
use crate::domain::custody::{
    CustodyRefusal, DiscrepancyRefusal, InventoryRefusal, LossRefusal, StocktakeRefusal,
};
use crate::domain::hall::{HallRefusal, SetupRefusal};
use crate::domain::person::FieldError;
use crate::domain::scan::RefilingRefusal;
use crate::domain::stock::StockRefusal;
use crate::domain::ticket::TicketRefusal;
use crate::domain::transfer::TransferRefusal;
use crate::domain::witness::WitnessRefusal;
use crate::ledger::LedgerError;

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

        /// What a decision refused with, when it is a rule of the domain.
        pub(super) fn of_domain(
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

as_refusal!(
    RefilingRefusal,
    CaseRefusal,
    CustodyRefusal,
    DiscrepancyRefusal,
    HallRefusal,
    InventoryRefusal,
    ItemRefusal,
    LossRefusal,
    SetupRefusal,
    StockRefusal,
    StocktakeRefusal,
    TicketRefusal,
    TransferRefusal,
    WitnessRefusal
);

impl From<LedgerError> for CounterError {
    fn from(error: LedgerError) -> Self {
        let reason = match error {
            LedgerError::Refused(reason) => reason,
            other => return CounterError::Ledger(other),
        };
        match reason.downcast::<CounterError>() {
            Ok(own) => *own,
            Err(other) => match of_domain(other) {
                Ok(known) => CounterError::Refused(known),
                Err(other) => CounterError::Internal(other.to_string()),
            },
        }
    }
}

impl From<Vec<FieldError>> for CounterError {
    fn from(fields: Vec<FieldError>) -> Self {
        let fields = fields.into_iter().map(|field| Refusal {
            code: field.code.to_owned(),
            zh: field.zh,
            en: field.en,
            field: Some(field.field),
        });
        CounterError::Fields(fields.collect())
    }
}

impl From<NoYear> for CounterError {
    fn from(missing: NoYear) -> Self {
        CaseRefusal::from(missing).into()
    }
}
