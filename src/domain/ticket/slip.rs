//! What a ticket's facts hold beside its steps: a printed referral slip (Art 12(5)), a call that took long.

use serde::{Deserialize, Serialize};

use super::{Matter, TicketEvent, TicketRefusal, TicketState};
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{Commitment, StaffId, Subject, TicketId};

/// An expert call that took long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateCall {
    /// The call's ticket.
    pub call: TicketId,
    /// Milliseconds until the answer, or until the complaint if there was none.
    pub waited_ms: i64,
}

/// One printing of a referral slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipPrint {
    /// 1 for the original; every later one is a reprint and states the same.
    pub print: u32,
    /// Digest of what it states, as it stands on the page.
    pub statement: Digest,
    /// Vault record of the statement; a reprint has that of the original.
    pub record: Commitment,
    /// Vault record of the PDF, which goes with the ticket and not with a case.
    pub pdf: Commitment,
    /// Its pages.
    pub pages: u32,
    /// Who printed it.
    pub by: StaffId,
}

/// Notes a printing of the slip of a referral. `print.print` counts up from 1; another number means that somebody printed
/// it meanwhile.
pub fn print_slip(ticket: &TicketState, print: SlipPrint) -> Result<Vec<Fact>, TicketRefusal> {
    if !matches!(ticket.matter, Matter::Referral { .. }) {
        return Err(TicketRefusal::NoReferral);
    }
    if u32::try_from(ticket.slips.len()).ok() != print.print.checked_sub(1) {
        return Err(TicketRefusal::PrintedMeanwhile);
    }
    let subject = Subject::Ticket(ticket.id.clone());
    let event = TicketEvent::SlipPrinted { print };
    Ok(vec![Fact::new(subject, Event::Ticket { event })])
}
