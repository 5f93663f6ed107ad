//! Printing the referral slip (首问转办单, Art 12(5)) of a ticket: what was asked, and where the visitor is sent.

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::check_code;
use super::phrases;
use crate::counter::tickets::fold_ticket;
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::ticket::{self, Matter, SlipPrint, TicketEvent, TicketState};
use crate::domain::{Commitment, Digest, Event, Problem, Subject, TicketId};
use crate::forms::data::ReferralSlip;
use crate::forms::parts::{Head, Party};
use crate::forms::{Form, Printing};
use crate::ledger::Recorded;

/// A printed referral slip.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlipView {
    /// 1 for the original; a later one is marked as reprint.
    pub print: u32,
    /// The number on it: the ticket's.
    pub number: String,
    /// Digest of what it states, as it stands on the page.
    pub statement: String,
    /// Its pages.
    pub pages: u32,
    /// By whom it was printed.
    pub by: String,
    /// Where the PDF is.
    pub link: String,
}

impl SlipView {
    fn of(id: &TicketId, print: &SlipPrint) -> Self {
        Self {
            print: print.print,
            number: id.to_string(),
            statement: print.statement.to_string(),
            pages: print.pages,
            by: print.by.to_string(),
            link: format!("/api/v1/tickets/{id}/slip/{}", print.print),
        }
    }
}

impl Counter {
    /// Prints the referral slip of a ticket. The same request again gives the same printing.
    pub async fn print_slip(&self, ask: &Ask, id: &TicketId) -> Result<SlipView, CounterError> {
        let subject = Subject::Ticket(id.clone());
        let history = self.history(&subject).await?;
        if let Some(print) = slip_of(ask, id, &history) {
            return Ok(print);
        }
        let ticket = fold_ticket(id, &history)?;
        let by = ask.staff()?;
        let printer = self.printer.as_ref().map_err(|error| error.clone())?;
        let mut drafts = self.drafts(subject.clone());
        let form = match ticket.slips.first() {
            Some(first) => self.read_record(&subject, &first.record).await?,
            None => self.referral(&ticket).await?,
        };
        let reprint = u32::try_from(ticket.slips.len()).unwrap_or(u32::MAX - 1);
        let at = self.clock.now();
        let printed = printer.print(&form, Printing { at, reprint }).await?;
        let pdf = drafts.bytes(&printed.pdf).await?;
        let record = match ticket.slips.first() {
            Some(first) => first.record,
            None => drafts.bytes(&form.statement()?).await?,
        };
        let print = SlipPrint {
            print: reprint + 1,
            statement: printed.statement,
            record,
            pdf,
            pages: printed.pages,
            by,
        };
        let done = self
            .done(ask, &subject, |history, _, _| {
                let ticket = fold_ticket(id, history)?;
                Ok(ticket::print_slip(&ticket, print.clone())?)
            })
            .await;
        drafts.end(done).await?;
        let history = self.history(&subject).await?;
        let lost = || CounterError::Plain {
            problem: Problem::BadRequest,
            detail: "this Idempotency-Key was used for another request".to_owned(),
        };
        slip_of(ask, id, &history).ok_or_else(lost)
    }

    /// What the slip of a referral states.
    async fn referral(&self, ticket: &TicketState) -> Result<Form, CounterError> {
        let Matter::Referral { notice } = &ticket.matter else {
            return Err(ticket::TicketRefusal::NoReferral.into());
        };
        let subject = Subject::Ticket(ticket.id.clone());
        let (to, enquiry): (String, String) =
            self.read_record(&subject, &Commitment(*notice)).await?;
        let site = self
            .site_definition(&self.site(&ticket.site).await?)
            .await?;
        let due = ticket.due.map(phrases::day);
        let slip = ReferralSlip {
            head: Head {
                agency: site.name.clone(),
                number: ticket.id.to_string(),
                issued: phrases::moment(ticket.opened_at),
                window: "首问窗口".to_owned(),
                clerk: ticket.owner.to_string(),
                contact: site.phone.clone(),
                seal: site.name.clone(),
                copies: vec!["来访人".to_owned(), "首问窗口".to_owned()],
                verify: format!("持本件到任一综合窗口核验，核验码 {}", check_code()?),
            },
            visitor: Party {
                name: "来访人".to_owned(),
                id: None,
                phone: None,
                agent: None,
            },
            enquiry,
            reason: "该事项不属于本窗口办理范围".to_owned(),
            referred_to: to,
            address: "以该单位公布的地址为准".to_owned(),
            phone: site.phone.unwrap_or_else(|| "请向首问窗口咨询".to_owned()),
            follow_up: due.unwrap_or_else(|| "转办后由首问责任人跟进".to_owned()),
            advice: None,
        };
        Ok(slip.into())
    }

    /// The PDF of a printing of a ticket's slip.
    pub async fn slip(&self, id: &TicketId, print: u32) -> Result<(Digest, Bytes), CounterError> {
        let (ticket, _) = self.ticket(id).await?;
        let found = ticket.slips.iter().find(|slip| slip.print == print);
        let absent = || CounterError::NotFound(format!("slip {print} of ticket {id}"));
        let slip = found.ok_or_else(absent)?;
        let pdf = self
            .vault
            .get(&Subject::Ticket(id.clone()), &slip.pdf)
            .await?;
        Ok((slip.pdf.0, Bytes::copy_from_slice(&pdf)))
    }
}

/// The printing that this very request made before.
fn slip_of(ask: &Ask, id: &TicketId, history: &[Recorded]) -> Option<SlipView> {
    let mut ours = history
        .iter()
        .filter(|fact| fact.entry.request == ask.request && fact.entry.by == ask.by);
    ours.find_map(|fact| match &fact.entry.event {
        Event::Ticket {
            event: TicketEvent::SlipPrinted { print },
        } => Some(SlipView::of(id, print)),
        _ => None,
    })
}
