//! What somebody who leaves held at the windows, passed on: open tickets go to the successor at once; posts at
//! departments are named, because a letter ends them.

use super::hall::events;
use super::{Ask, Counter, CounterError};
use crate::counter::places::owner_list;
use crate::domain::hall;
use crate::domain::ticket::{self, Step};
use crate::domain::{
    Date, DepartmentCode, Digest, RequestId, StaffId, Subject, TicketId, Timestamp,
};
use crate::store::lists::Page;

/// Entries of a list read at once.
const PAGE: usize = 200;
/// Facts read at once.
const READ_FACTS: usize = 512;

/// What was passed on, and what is left to pass on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Open tickets that the successor sees to from now on.
    pub tickets: Vec<TicketId>,
    /// Departments at which the person still has a post, and whether as chief representative.
    pub posts: Vec<(DepartmentCode, bool)>,
}

impl Counter {
    /// Gives every open ticket of `from` to `to`, and tells which posts `from` still has at `now`. Asked again, it
    /// goes on where it stopped.
    pub async fn hand_over(
        &self,
        ask: &Ask,
        from: &StaffId,
        to: &StaffId,
        now: Timestamp,
    ) -> Result<HandedOver, CounterError> {
        let mut handed = HandedOver::default();
        for id in self.tickets_of(from).await? {
            let name = Digest::of(format!("{}/{id}", ask.request));
            let ask = Ask {
                request: RequestId::of_digest("hand-over", &name),
                expected: None,
                ..ask.clone()
            };
            let subject = Subject::Ticket(id.clone());
            self.change(&ask, &subject, |history, _, _| {
                let ticket = ticket::fold(history.iter().map(|fact| &fact.entry));
                match ticket.filter(|ticket| ticket.owner == *from && ticket.next != Step::Done) {
                    Some(ticket) => Ok(ticket::reassign(&ticket, to.clone())?),
                    None => Ok(Vec::new()),
                }
            })
            .await?;
            handed.tickets.push(id);
        }
        handed.posts = self.posts_of(from, Date::of(now)).await?;
        Ok(handed)
    }

    /// The open tickets of a person: those in the list, and those that the newest facts, not listed yet, are about.
    async fn tickets_of(&self, staff: &StaffId) -> Result<Vec<TicketId>, CounterError> {
        let mut candidates = Vec::new();
        // The position is read before the list: a fact between the two is looked at twice, and none is missed.
        let mut position = self.catalog.position().await.map_err(|error| {
            CounterError::Internal(format!("the lists have no position: {error}"))
        })?;
        let mut page = Page::first(PAGE);
        loop {
            let found = self.catalog.listed(&owner_list(staff), &page).await?;
            candidates.extend(found.iter().map(|entry| entry.subject.clone()));
            match found.last().filter(|_| found.len() == PAGE) {
                Some(last) => page.after = Some(last.clone()),
                None => break,
            }
        }
        loop {
            let facts = self.ledger.entries(position, READ_FACTS).await?;
            if facts.is_empty() {
                break;
            }
            position += facts.len() as u64;
            candidates.extend(facts.into_iter().map(|fact| fact.entry.subject));
        }
        candidates.sort_unstable();
        candidates.dedup();
        let mut tickets = Vec::new();
        for subject in candidates {
            let Subject::Ticket(id) = subject else {
                continue;
            };
            let (ticket, _) = self.ticket(&id).await?;
            if ticket.owner == *staff && ticket.next != Step::Done {
                tickets.push(id);
            }
        }
        Ok(tickets)
    }

    /// The posts that a person has on `day` or will have after it.
    async fn posts_of(
        &self,
        staff: &StaffId,
        day: Date,
    ) -> Result<Vec<(DepartmentCode, bool)>, CounterError> {
        let mut posts = Vec::new();
        for code in self.hall().await?.departments {
            let history = self.history(&Subject::Department(code.clone())).await?;
            let Some(state) = hall::fold_department(&code, events(&history)) else {
                continue;
            };
            for post in &state.posts {
                let ended = post.end().is_some_and(|end| end <= day);
                if post.staff == *staff && !ended {
                    posts.push((code.clone(), post.chief));
                }
            }
        }
        Ok(posts)
    }
}
