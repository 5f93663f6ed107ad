//! Use cases of the window: what a person at the counter, in a department or behind the hall asks for, carried out
//! over the ledger, the vault and the blobs. Decisions are the domain's; nothing here knows HTTP, a screen or a
//! command line, and nothing here writes but through `Ledger::record`.

mod applicant;
mod auditing;
mod blanks;
pub(crate) mod bundles;
pub mod catalogue;
pub(crate) mod change;
mod department;
mod desk;
mod documents;
mod ending;
mod erasing;
mod error;
mod exporting;
mod hall;
mod handover;
mod intake;
mod issue;
mod items;
mod late;
mod listing;
mod load;
mod numbers;
mod opening;
mod places;
mod platform;
pub(crate) mod printing;
mod publishing;
mod reconcile;
mod refusal;
mod settle;
mod stock;
mod tickets;
mod view;
mod visits;
mod witnesses;
pub(crate) mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use self::blanks::{BlankBatchView, BlankOrder, BlankView};
pub use self::change::{Ask, Done};
pub use self::department::{DispatchOrder, ReviewOrder};
pub use self::desk::MaterialOrder;
pub use self::documents::{DOCUMENT_BYTES_MAX, DocumentView};
pub use self::ending::EndingOrder;
pub use self::erasing::ErasureOrder;
pub use self::error::{CounterError, Refusal};
pub use self::hall::{books, departments};
pub use self::handover::HandedOver;
pub use self::intake::IntakeOrder;
pub use self::issue::{RatingOrder, ResultOrder};
pub use self::items::{Change, Compared, ImportError, Imported};
pub use self::late::LateEntry;
pub use self::load::LOAD_DAYS_MAX;
pub use self::opening::OpenCase;
pub use self::places::{
    authorisation_list, case_list, department_list, owner_list, paper_list, placing, site_list,
    staff_list, ticket_list, visit_list, witness_list,
};
pub use self::platform::{ImportOrder, Unreported};
pub use self::printing::{
    FormsView, PrintOrder, PrintView, PrintableView, PrintedPaper, SealPlace, SlipView,
    UnsignedOrder,
};
pub use self::reconcile::RegisterRow;
pub use self::tickets::{MatterOrder, OpenTicketOrder, TicketOrder};
pub use self::view::{CaseView, ClockView, PartyView, RowView, TicketView, VisitView};
pub use self::visits::{GuidanceOrder, VisitOrder};
pub use self::witnesses::{CosignatureView, WitnessOrder, WitnessView};
use crate::domain::calendar::Calendar;
use crate::domain::catalogue::ServiceItem;
use crate::domain::{CaseNo, Clock, Digest, Subject};
use crate::forms::FormError;
use crate::ledger::Ledger;
use crate::store::blob::Blobs;
use crate::store::catalog::Catalog;
use crate::store::vault::Vault;
use crate::worker::Printer;

/// Item versions kept in memory.
const ITEMS_KEPT: usize = 4096;
/// Most bytes of a calendar file.
const CALENDAR_BYTES_MAX: u64 = 256 * 1024;

/// The use cases and the parts they work with.
pub struct Counter {
    /// Where facts go.
    pub ledger: Arc<Ledger>,
    /// Documents that are not personal: item versions, definitions.
    pub blobs: Arc<Blobs>,
    /// Personal data and free text.
    pub vault: Arc<Vault>,
    /// The lists.
    pub catalog: Arc<dyn Catalog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    items: Mutex<HashMap<Digest, Arc<ServiceItem>>>,
    /// How many facts the hall had, and its calendar then.
    calendar: RwLock<Option<(usize, Arc<Calendar>)>>,
    numbers: numbers::Numbers,
    /// The printer of forms, or why there is none.
    printer: Result<Printer, FormError>,
}

impl Counter {
    /// The use cases over these parts.
    pub fn new(
        ledger: Arc<Ledger>,
        blobs: Arc<Blobs>,
        vault: Arc<Vault>,
        catalog: Arc<dyn Catalog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            ledger,
            blobs,
            vault,
            catalog,
            clock,
            items: Mutex::default(),
            calendar: RwLock::default(),
            numbers: numbers::Numbers::default(),
            printer: Err(FormError::Worker {
                reason: "no printer was set up".to_owned(),
            }),
        }
    }

    /// The item version that a case pins, kept in memory: its content never changes.
    pub async fn pinned(&self, content: &Digest) -> Result<Arc<ServiceItem>, CounterError> {
        if let Some(known) = lock(&self.items).get(content) {
            return Ok(known.clone());
        }
        let item = Arc::new(self.service_item(content).await?);
        let mut items = lock(&self.items);
        if items.len() >= ITEMS_KEPT {
            items.clear();
        }
        items.insert(*content, item.clone());
        Ok(item)
    }

    /// The hall's calendar: the years built in and those an administrator added.
    pub async fn calendar(&self) -> Result<Arc<Calendar>, CounterError> {
        let history = self.history(&Subject::Hall).await?;
        if let Some(known) = self.known_calendar(history.len()) {
            return Ok(known);
        }
        let hall = crate::domain::hall::fold_hall(history.iter().map(|fact| &fact.entry.event));
        let mut calendar = Calendar::embedded();
        for file in hall.calendar.values() {
            let bytes = self.blobs.get(file, CALENDAR_BYTES_MAX).await?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let years = Calendar::parse(&text).map_err(|_| {
                CounterError::Internal(format!("the calendar file {file} is not valid"))
            })?;
            calendar = calendar.merge(years);
        }
        let calendar = Arc::new(calendar);
        let mut known = self
            .calendar
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some((history.len(), calendar.clone()));
        Ok(calendar)
    }
}

impl Counter {
    /// The calendar, if the hall has no more facts than when it was put together.
    fn known_calendar(&self, facts: usize) -> Option<Arc<Calendar>> {
        let known = self.calendar.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref().filter(|(then, _)| *then == facts);
        known.map(|(_, calendar)| calendar.clone())
    }
}

/// The subject of a case.
pub(crate) fn about(case: &CaseNo) -> Subject {
    Subject::Case(case.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
