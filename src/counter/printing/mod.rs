//! Printing the forms of a case. What a form states comes from the ledger and the vault as they were with the fact that
//! it states; the caller chooses the form, and how many copies and whose seal. Every printing is a fact, and a reprint
//! states what the original stated.

mod facts;
pub(crate) mod paper;
mod phrases;
mod slip;
mod stated;
mod unsigned;

pub use self::paper::PrintedPaper;
pub(super) use self::phrases::moment;
pub use self::slip::SlipView;
pub use self::unsigned::UnsignedOrder;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::fold_case;
use super::{Ask, Counter, CounterError, Refusal, about};
use crate::domain::case::{
    self, CaseEvent, CaseForm, FormPrint, PrintRecord, department_of, ground, printable,
};
use crate::domain::{CaseNo, Commitment, DepartmentCode, Digest, Entry, Event, Problem};
use crate::forms::{Form, FormError, Printing};
use crate::ledger::{LedgerError, Recorded};
use crate::worker::Printer;

/// Most bytes of a printed form.
const PDF_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How often a printing is tried again when somebody printed the same meanwhile.
const TRIES: usize = 4;

/// Whose seal belongs on a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealPlace {
    /// The site's.
    Site,
    /// The department's.
    Department,
}

/// A form to print.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintOrder {
    /// Which.
    pub form: CaseForm,
    /// The fact it states, by its place in the case's history; the last one that fits without it.
    #[serde(default)]
    pub fact: Option<u32>,
    /// How many copies it says there are, 1 to 3; 2 without it. Only for the original.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3)]
    pub copies: Option<u8>,
    /// Whose seal belongs on it. Only for the original.
    #[serde(default)]
    pub seal: Option<SealPlace>,
}

/// What the caller chose of a form.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Choices {
    copies: Option<u8>,
    seal: Option<SealPlace>,
}

/// A printing.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintView {
    /// Its place in the case's history.
    pub id: u32,
    /// Which form.
    pub form: CaseForm,
    /// Its title.
    pub title: String,
    /// The number on it: 办件编号.
    pub number: String,
    /// The fact it states, by its place in the case's history.
    pub fact: u32,
    /// 1 for the original; a later one is marked as reprint.
    pub print: u32,
    /// Digest of what it states, as it stands on the page.
    pub statement: String,
    /// Digest of the PDF.
    pub pdf: String,
    /// Its pages.
    pub pages: u32,
    /// When it was printed.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Where the PDF is.
    pub link: String,
}

/// A form that can be printed now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintableView {
    /// Which.
    pub form: CaseForm,
    /// Its title.
    pub title: String,
    /// The fact it would state.
    pub fact: u32,
    /// When that was.
    pub at: String,
    /// How often it was printed.
    pub prints: usize,
}

/// The forms of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormsView {
    /// What was printed, oldest first.
    pub printed: Vec<PrintView>,
    /// What can be printed, in the order of the facts.
    pub printable: Vec<PrintableView>,
}

/// A form on paper, not yet a fact.
struct Pressed {
    statement: Digest,
    pdf: Digest,
    pages: u32,
    print: u32,
}

impl Counter {
    /// Gives the use cases their printer, or the reason why there is none.
    pub fn set_printer(&mut self, printer: Result<Printer, FormError>) {
        self.printer = printer;
    }

    /// Prints a form of a case. `department` limits the forms to those that are its own. The same request again gives
    /// the same printing.
    pub async fn print_form(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: &PrintOrder,
        department: Option<&DepartmentCode>,
    ) -> Result<PrintView, CounterError> {
        for _ in 0..TRIES {
            let history = self.history(&about(no)).await?;
            if let Some(print) = printed_by(no, ask, &history)? {
                return Ok(print);
            }
            match self.print_once(ask, no, order, department, &history).await {
                Err(CounterError::Refused(refusal)) if refusal.code == "printed-meanwhile" => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    let history = self.history(&about(no)).await?;
                    let lost = || CounterError::Plain {
                        problem: Problem::BadRequest,
                        detail: "this Idempotency-Key was used for another request".to_owned(),
                    };
                    return printed_by(no, ask, &history)?.ok_or_else(lost);
                }
            }
        }
        Err(CounterError::Ledger(LedgerError::Contended))
    }

    async fn print_once(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: &PrintOrder,
        department: Option<&DepartmentCode>,
        history: &[Recorded],
    ) -> Result<(), CounterError> {
        let case = fold_case(no, history)?;
        let fact = ground(entries(history), order.form, order.fact)?;
        visible(fact, department)?;
        let printer = self.printer.as_ref().map_err(|error| error.clone())?;
        let by = ask.staff()?;
        let mut drafts = self.drafts(about(no));
        let mut before = case.prints(order.form, fact.seq);
        let first = before.next();
        let reprint = first.map_or(0, |_| before.count() + 1);
        let made = match first {
            Some(first) => self.stated_before(no, order, first).await,
            None => match self.known(no, order, history, fact).await {
                Ok(known) => drafts.statement(&known).await,
                Err(error) => Err(error),
            },
        };
        let pressed = match made {
            Ok((form, record)) => {
                let pressed = self.press(no, printer, &form, reprint).await;
                pressed.map(|pressed| (pressed, record))
            }
            Err(error) => Err(error),
        };
        let print = match pressed {
            Ok((pressed, record)) => FormPrint {
                form: order.form,
                of: fact.seq,
                print: pressed.print,
                statement: pressed.statement,
                record,
                pdf: pressed.pdf,
                pages: pressed.pages,
                by,
            },
            Err(error) => return drafts.end(Err(error)).await.map(|_| ()),
        };
        let done = self
            .done(ask, &about(no), |history, _, _| {
                let case = fold_case(no, history)?;
                Ok(case::print_form(&case, print.clone())?)
            })
            .await;
        drafts.end(done).await.map(|_| ())
    }

    /// What the original stated.
    async fn stated_before(
        &self,
        no: &CaseNo,
        order: &PrintOrder,
        first: &PrintRecord,
    ) -> Result<(Form, Commitment), CounterError> {
        if let Some(field) = order.chosen() {
            return Err(CounterError::Fields(vec![Refusal {
                code: "reprint-states-the-same".to_owned(),
                zh: "补打件与首次打印内容相同，不能另选份数或盖章单位；请去掉该选项".to_owned(),
                en: "a reprint states what the original stated; leave this choice out".to_owned(),
                field: Some(field.to_owned()),
            }]));
        }
        let bytes = self.vault.get(&about(no), &first.print.record).await?;
        let form: Option<Form> = serde_json::from_slice(&bytes).ok();
        let same = form.filter(|_| Digest::of(&*bytes) == first.print.statement);
        let damaged = || {
            let record = first.print.record.0;
            CounterError::Internal(format!("vault record {record} is not what was printed"))
        };
        Ok((same.ok_or_else(damaged)?, first.print.record))
    }

    /// Makes the PDF and stores it with the case.
    async fn press(
        &self,
        no: &CaseNo,
        printer: &Printer,
        form: &Form,
        reprint: usize,
    ) -> Result<Pressed, CounterError> {
        let reprint = u32::try_from(reprint).unwrap_or(u32::MAX - 1);
        let at = self.clock.now();
        let printed = printer.print(form, Printing { at, reprint }).await?;
        for warning in &printed.warnings {
            tracing::warn!(%warning, "a form's template");
        }
        let stored = self.blobs.for_case(no).put(&printed.pdf).await?;
        Ok(Pressed {
            statement: printed.statement,
            pdf: stored.digest,
            pages: printed.pages,
            print: reprint + 1,
        })
    }

    /// What was printed of a case, and what can be.
    pub async fn forms_of(
        &self,
        no: &CaseNo,
        department: Option<&DepartmentCode>,
    ) -> Result<FormsView, CounterError> {
        let history = self.history(&about(no)).await?;
        let case = fold_case(no, &history)?;
        let of = |seq: u32| entries(&history).find(|entry| entry.seq == seq);
        let own = |entry: &Entry| visible(entry, department).is_ok();
        let printed = case.prints.iter();
        let printed = printed.filter(|record| of(record.print.of).is_some_and(own));
        let printable = printable(entries(&history)).filter(|(_, entry)| own(entry));
        Ok(FormsView {
            printed: printed.map(|record| PrintView::of(no, record)).collect(),
            printable: printable
                .map(|(form, entry)| PrintableView {
                    form,
                    title: form.to_string(),
                    fact: entry.seq,
                    at: case::happened(entry).to_string(),
                    prints: case.prints(form, entry.seq).count(),
                })
                .collect(),
        })
    }

    /// The PDF of a printing.
    pub async fn printed_form(
        &self,
        no: &CaseNo,
        id: u32,
        department: Option<&DepartmentCode>,
    ) -> Result<(PrintView, Bytes), CounterError> {
        let history = self.history(&about(no)).await?;
        let case = fold_case(no, &history)?;
        let absent = || CounterError::NotFound(format!("printed form {id} of case {no}"));
        let record = case.prints.iter().find(|record| record.seq == id);
        let record = record.ok_or_else(absent)?;
        let fact = entries(&history).find(|entry| entry.seq == record.print.of);
        visible(fact.ok_or_else(absent)?, department).map_err(|_| absent())?;
        let pdf = self.blobs.get(&record.print.pdf, PDF_BYTES_MAX).await?;
        Ok((PrintView::of(no, record), pdf))
    }
}

impl PrintOrder {
    /// The first choice that was made.
    fn chosen(&self) -> Option<&'static str> {
        let copies = self.copies.map(|_| "copies");
        copies.or(self.seal.map(|_| "seal"))
    }
}

impl PrintView {
    fn of(no: &CaseNo, record: &PrintRecord) -> Self {
        let print = &record.print;
        Self {
            id: record.seq,
            form: print.form,
            title: print.form.to_string(),
            number: no.to_string(),
            fact: print.of,
            print: print.print,
            statement: print.statement.to_string(),
            pdf: print.pdf.to_string(),
            pages: print.pages,
            at: record.at.to_string(),
            by: print.by.to_string(),
            link: format!("/api/v1/cases/{no}/forms/{}", record.seq),
        }
    }
}

fn entries(history: &[Recorded]) -> impl Iterator<Item = &Entry> + Clone {
    history.iter().map(|fact| &fact.entry)
}

/// Whether somebody with the eyes of `department` may have the paper of a fact: only a department's own (Art 8(6)).
fn visible(fact: &Entry, department: Option<&DepartmentCode>) -> Result<(), CounterError> {
    let Some(eyes) = department else {
        return Ok(());
    };
    let own = match &fact.event {
        Event::Case { event } => department_of(event) == Some(eyes),
        _ => false,
    };
    if own {
        return Ok(());
    }
    let reason = "this form belongs to the window or to another department".to_owned();
    Err(CounterError::Forbidden(reason))
}

/// The printing that this very request made before.
fn printed_by(
    no: &CaseNo,
    ask: &Ask,
    history: &[Recorded],
) -> Result<Option<PrintView>, CounterError> {
    let ours = entries(history).find(|entry| {
        let printed = matches!(
            entry.event,
            Event::Case {
                event: CaseEvent::FormPrinted { .. }
            }
        );
        printed && entry.request == ask.request && entry.by == ask.by
    });
    let Some(ours) = ours else { return Ok(None) };
    let case = fold_case(no, history)?;
    let record = case.prints.iter().find(|record| record.seq == ours.seq);
    Ok(record.map(|record| PrintView::of(no, record)))
}
