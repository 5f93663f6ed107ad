//! Blank receipts for an outage (空白收件凭证): a batch is printed, numbered and registered as stock of its site. A case
//! that is entered afterwards names the serial it was written on, which is then used up (`intake`).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hall::events;
use super::printing::moment;
use super::stock::blank_receipts;
use super::{Ask, Counter, CounterError, Refusal};
use crate::domain::stock::{self, SerialRange, StockEvent};
use crate::domain::{Digest, Event, Problem, SerialNo, SiteCode, StaffId, Subject, WindowCode};
use crate::forms::Printing;
use crate::forms::data::BlankReceipt;
use crate::forms::parts::Head;
use crate::ledger::{LedgerError, Recorded};

/// Most blanks of a batch: each is a page that is printed while the asker waits.
const BATCH_MAX: u32 = 20;
/// Lines for materials on a blank.
const LINES: u32 = 7;
/// Most bytes of a printed blank.
const PDF_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How often other serials are tried when somebody took them first.
const TRIES: usize = 4;

/// A batch of blank receipts to print.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlankOrder {
    /// The window that keeps them.
    pub window: WindowCode,
    /// How many, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub count: u32,
}

/// A printed blank.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlankView {
    /// Its serial.
    pub serial: String,
    /// Digest of the PDF.
    pub pdf: String,
    /// Where the PDF is.
    pub link: String,
}

/// A batch of printed blanks.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlankBatchView {
    /// The first serial.
    pub first: String,
    /// The last serial.
    pub last: String,
    /// Each blank.
    pub blanks: Vec<BlankView>,
}

impl Counter {
    /// Prints a batch of blank receipts for a window of `site` and registers them as stock. The same request again gives
    /// the same batch.
    pub async fn print_blanks(
        &self,
        ask: &Ask,
        site: &SiteCode,
        order: &BlankOrder,
    ) -> Result<BlankBatchView, CounterError> {
        let by = ask.staff()?;
        if !(1..=BATCH_MAX).contains(&order.count) {
            return Err(field(
                "count",
                "out-of-range",
                &format!("每批 1 至 {BATCH_MAX} 份"),
                &format!("a batch has 1 to {BATCH_MAX} blanks"),
            ));
        }
        if !self.site(site).await?.windows.contains_key(&order.window) {
            let (zh, en) = (
                "本站点没有该窗口；请核对",
                "the site has no such window; check it",
            );
            return Err(field("window", "window-unknown", zh, en));
        }
        let kind = blank_receipts()?;
        let subject = Subject::Stock(kind.clone());
        for _ in 0..TRIES {
            let history = self.history(&subject).await?;
            if let Some(batch) = batch_of(ask, site, &history) {
                return Ok(batch);
            }
            let state = stock::fold(events(&history));
            let range = stock::next_range(&state, &format!("KB-{site}-"), order.count);
            let range = range.map_err(|error| CounterError::Internal(error.to_string()))?;
            let papers = self.press_blanks(site, order, &by, &range).await?;
            let done = self
                .change(ask, &subject, |history, _, _| {
                    let state = stock::fold(events(history));
                    let (range, site, papers) = (range.clone(), site.clone(), papers.clone());
                    Ok(stock::printed(
                        &state,
                        &kind,
                        range,
                        site,
                        papers,
                        by.clone(),
                    )?)
                })
                .await;
            match done {
                Err(CounterError::Refused(refusal)) if refusal.code == "overlap" => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    let history = self.history(&subject).await?;
                    let lost = || CounterError::Plain {
                        problem: Problem::BadRequest,
                        detail: "this Idempotency-Key was used for another request".to_owned(),
                    };
                    return batch_of(ask, site, &history).ok_or_else(lost);
                }
            }
        }
        Err(CounterError::Ledger(LedgerError::Contended))
    }

    async fn press_blanks(
        &self,
        site: &SiteCode,
        order: &BlankOrder,
        by: &StaffId,
        range: &SerialRange,
    ) -> Result<Vec<Digest>, CounterError> {
        let printer = self.printer.as_ref().map_err(|error| error.clone())?;
        let known = self.site_definition(&self.site(site).await?).await?;
        let at = self.clock.now();
        let phone = known.phone.clone();
        let mut papers = Vec::new();
        for serial in range.serials() {
            let blank = BlankReceipt {
                head: Head {
                    agency: known.name.clone(),
                    number: serial.to_string(),
                    issued: moment(at),
                    window: format!("{} 号窗口", order.window),
                    clerk: by.to_string(),
                    contact: phone.clone(),
                    seal: format!("{}（收件专用章）", known.name),
                    copies: vec!["申请人".to_owned(), "综合窗口".to_owned()],
                    verify: "持本件到任一综合窗口核验".to_owned(),
                },
                lines: LINES,
                entered_by: "系统恢复后 1 个工作日内".to_owned(),
                query_way: "任一综合窗口".to_owned(),
            };
            let printing = Printing { at, reprint: 0 };
            let printed = printer.print(&blank.into(), printing).await?;
            // It names nobody, so it belongs to the hall.
            papers.push(self.blobs.put(&printed.pdf).await?.digest);
        }
        Ok(papers)
    }

    /// The PDF of a blank that `site` printed.
    pub async fn blank(
        &self,
        site: &SiteCode,
        serial: &SerialNo,
    ) -> Result<(Digest, Bytes), CounterError> {
        let state = self.stock(&blank_receipts()?).await?;
        let found = state.printed.get(serial).filter(|(of, _)| of == site);
        let absent = || CounterError::NotFound(format!("blank receipt {serial} of site {site}"));
        let (_, pdf) = found.ok_or_else(absent)?;
        Ok((*pdf, self.blobs.get(pdf, PDF_BYTES_MAX).await?))
    }
}

/// The batch that this very request printed before.
fn batch_of(ask: &Ask, site: &SiteCode, history: &[Recorded]) -> Option<BlankBatchView> {
    let ours = history
        .iter()
        .filter(|fact| fact.entry.request == ask.request && fact.entry.by == ask.by);
    let mut batches = ours.filter_map(|fact| match &fact.entry.event {
        Event::Stock {
            event: StockEvent::Printed { range, papers, .. },
        } => Some((range, papers)),
        _ => None,
    });
    let (range, papers) = batches.next()?;
    let blanks = range.serials().zip(papers).map(|(serial, pdf)| BlankView {
        link: format!("/api/v1/sites/{site}/blank-receipts/{serial}"),
        serial: serial.to_string(),
        pdf: pdf.to_string(),
    });
    Some(BlankBatchView {
        first: range.first.to_string(),
        last: range.last.to_string(),
        blanks: blanks.collect(),
    })
}

fn field(field: &str, code: &str, zh: &str, en: &str) -> CounterError {
    CounterError::Fields(vec![Refusal {
        code: code.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        field: Some(field.to_owned()),
    }])
}
