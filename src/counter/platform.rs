//! Cases that the city platform knows: imported by their number, told back how far they are. Art 11(7), 13(2).

use serde::Deserialize;
use utoipa::ToSchema;

use super::change::{fold_case, happened};
use super::opening::query_code;
use super::{Ask, Counter, CounterError, Done, about, books, case_list};
use crate::domain::case::{self, Application, CaseState, Channel, Progress};
use crate::domain::person::{Parties, PartiesInput};
use crate::domain::{CaseNo, Date, SiteCode, Subject, TaskCode, Timestamp, WindowCode};
use crate::ledger::Decline;
use crate::store::lists::Page;

/// Which application of the platform is wanted, and where it is handled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportOrder {
    /// Its number on the platform (办件编号).
    pub number: CaseNo,
    /// The site.
    pub site: SiteCode,
    /// The window.
    pub window: WindowCode,
}

/// How far a case is, as the platform is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreported {
    /// The case.
    pub no: CaseNo,
    /// The number the platform knows it by.
    pub number: CaseNo,
    /// The case as it stands.
    pub case: CaseState,
    /// How far.
    pub progress: Progress,
    /// How many facts the case has.
    pub version: u32,
    /// Since when: the time of its newest fact.
    pub since: Timestamp,
}

/// The number the platform knows a case by, if it knows it.
pub(super) fn platform_number(case: &CaseState) -> Option<&CaseNo> {
    let imported = case.channel == Channel::Platform;
    case.platform_no.as_ref().or(imported.then_some(&case.no))
}

impl Counter {
    /// Imports an application under the number the platform gave it; `task` and `parties` are what the platform says.
    /// One that is here already, under this number or as the platform's name of it, is that case: nothing is keyed or
    /// recorded twice.
    pub async fn import_case(
        &self,
        ask: &Ask,
        order: &ImportOrder,
        task: &TaskCode,
        parties: &PartiesInput,
    ) -> Result<CaseNo, CounterError> {
        let clerk = ask.staff()?;
        let history = self.history(&about(&order.number)).await?;
        match case::number(history.iter().map(|fact| &fact.entry)) {
            case::Number::NameOf(case) => return Ok(case),
            case::Number::Case(_) | case::Number::Free => {}
        }
        let today = Date::of(self.clock.now());
        let parties = Parties::validate(parties, today)?;
        let item = self.live_item(task, today).await?;
        let mut drafts = self.drafts(about(&order.number));
        let named = drafts.parties(&parties).await?;
        let query = drafts.record(&query_code()?.as_str()).await?;
        let imported = self
            .ledger
            .record(ask.request.clone(), &ask.by, |reads, now| {
                let history = reads.history(&about(&order.number))?;
                let now = happened(ask, now)?;
                let books = books(reads, &order.site, task)?;
                let application = Application {
                    mandate: books.may_receive(&order.window, now)?,
                    clerk: clerk.clone(),
                    applicant: named.applicant,
                    agent: named.agent.clone(),
                    delivery: named.delivery,
                    query,
                    findings: Vec::new(),
                };
                let known = case::number(history.iter().map(|fact| &fact.entry));
                Ok::<_, Decline>(case::import(
                    &known,
                    &order.number,
                    &item,
                    application,
                    now,
                )?)
            });
        let done = match imported.await {
            Ok(receipt) => Ok(Done {
                receipt,
                version: 1,
            }),
            Err(error) => Err(error.into()),
        };
        drafts.end(done).await?;
        Ok(order.number.clone())
    }

    /// Notes the number that the platform gave a case of ours.
    pub async fn number_case(
        &self,
        ask: &Ask,
        no: &CaseNo,
        number: &CaseNo,
    ) -> Result<Done, CounterError> {
        self.on_case(ask, no, |case, _, reads, _| {
            let history = reads.history(&about(number))?;
            let known = case::number(history.iter().map(|fact| &fact.entry));
            Ok(case::assign_platform_no(case, &known, number)?)
        })
        .await
    }

    /// Cases of which the platform was not told the newest progress, at most `limit`, those that wait longest first.
    pub async fn unreported(&self, limit: usize) -> Result<Vec<Unreported>, CounterError> {
        let listed = self
            .catalog
            .listed(case_list::UNREPORTED, &Page::first(limit))
            .await?;
        let mut found = Vec::new();
        for entry in listed {
            let Subject::Case(no) = entry.subject else {
                continue;
            };
            let history = self.history(&about(&no)).await?;
            let case = fold_case(&no, &history)?;
            let progress = case::progress(&case);
            let (Some(number), Some(last)) = (platform_number(&case), history.last()) else {
                continue;
            };
            // The list may be a moment behind.
            if case.reported == Some(progress) {
                continue;
            }
            found.push(Unreported {
                number: number.clone(),
                progress,
                version: super::change::count(&history),
                since: last.entry.at,
                no,
                case,
            });
        }
        Ok(found)
    }

    /// Notes that the platform was told how far a case is, unless it has moved on since.
    pub async fn reported(&self, ask: &Ask, told: &Unreported) -> Result<(), CounterError> {
        let subject = about(&told.no);
        let noted = self.change(ask, &subject, |history, _, _| {
            let case = fold_case(&told.no, history)?;
            if case::progress(&case) != told.progress {
                return Ok(Vec::new());
            }
            Ok(case::report_progress(&case))
        });
        noted.await.map(drop)
    }
}
