//! Opening cases: what was entered is checked field by field, the persons go into the vault, the case pins the live
//! version of its item. Art 8(2), 11(3), 12(1), 13(2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::change::fold_visit;
use super::words::Drafts;
use super::{Ask, Counter, CounterError, Done, LateEntry, about, books};
use crate::domain::case::{self, Agent, Applicant, Application, DeliveryChoice, VisitEvent};
use crate::domain::catalogue::{ApplicantKind, ServiceItem, fold_item};
use crate::domain::hall::HallRefusal;
use crate::domain::person::{self, Contact, Parties, PartiesInput};
use crate::domain::{CaseNo, Commitment, Date, Digest, Event, Subject, TaskCode, VisitId};
use crate::ledger::{Decline, LedgerError};
use crate::store::keys::fill_random;

/// Digits of a query code.
const QUERY_DIGITS: usize = 8;
/// How often another number is tried when somebody took one first.
const NUMBER_TRIES: usize = 8;

/// What a case is opened with.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// The visit.
    pub visit: VisitId,
    /// The item.
    pub task: TaskCode,
    /// Everybody it is about.
    pub parties: PartiesInput,
    /// The consultation of the visit that it comes from, counted from 0.
    #[serde(default)]
    pub consultation: Option<u32>,
    /// When the applicant handed it in, if it is entered later (补录).
    #[serde(default)]
    pub occurred: Option<LateEntry>,
}

/// The vault record of the applicant.
#[derive(Serialize, Deserialize)]
pub(super) struct ApplicantRecord {
    pub applicant: person::Applicant,
    pub contact: Contact,
}

/// The persons of a case as its facts name them.
pub(super) struct Named {
    pub applicant: Applicant,
    pub agent: Option<Agent>,
    pub delivery: DeliveryChoice,
}

impl Counter {
    /// Opens a case on a visit; its number is in the answer. The same request again gives the same case.
    pub async fn open_case(
        &self,
        ask: &Ask,
        order: OpenCase,
    ) -> Result<(CaseNo, Done), CounterError> {
        let now = order
            .occurred
            .as_ref()
            .map_or_else(|| self.clock.now(), |one| one.at);
        let today = Date::of(now);
        let parties = Parties::validate(&order.parties, today)?;
        for _ in 0..NUMBER_TRIES {
            let number = self.free_number(&order.task, today).await?;
            match self.open_as(ask, &order, &parties, &number).await {
                Err(CounterError::Refused(refusal)) if refusal.code == "case-already-open" => {}
                Err(error) => return Err(error),
                Ok(done) if done.receipt.repeated => {
                    let first = self.opened_by(&order.visit, ask).await?;
                    return Ok((first, done));
                }
                Ok(done) => return Ok((number, done)),
            }
        }
        Err(CounterError::Ledger(LedgerError::Contended))
    }

    async fn open_as(
        &self,
        ask: &Ask,
        order: &OpenCase,
        parties: &Parties,
        number: &CaseNo,
    ) -> Result<Done, CounterError> {
        let happened = order.occurred.as_ref().map(|late| late.at);
        let day = Date::of(happened.unwrap_or_else(|| self.clock.now()));
        let item = self.live_item(&order.task, day).await?;
        let mut drafts = self.drafts(about(number));
        let ask = match drafts.late(ask, order.occurred.as_ref()).await {
            Ok(ask) => ask,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let named = drafts.parties(parties).await?;
        let query = drafts.record(&query_code()?.as_str()).await?;
        let opened = self
            .ledger
            .record(ask.request.clone(), &ask.by, |reads, now| {
                // The visit is read first: a repeated request is known by its facts there.
                let visit = fold_visit(&order.visit, reads.history(&visit_subject(&order.visit))?)?;
                let history = reads.history(&about(number))?;
                let now = happened.unwrap_or(now);
                let mandate =
                    books(reads, &visit.site, &order.task)?.may_receive(&visit.window, now)?;
                let known = case::number(history.iter().map(|fact| &fact.entry));
                let application = Application {
                    mandate,
                    clerk: ask.staff()?,
                    applicant: named.applicant,
                    agent: named.agent.clone(),
                    delivery: named.delivery,
                    query,
                    findings: Vec::new(),
                };
                let from = order.consultation;
                let mut facts = case::open(&known, number, &visit, &item, application, from, now)?;
                for fact in &mut facts {
                    fact.occurred = ask.occurred.clone();
                }
                Ok::<_, Decline>(facts)
            })
            .await;
        let done = match opened {
            Ok(receipt) => Ok(Done {
                receipt,
                version: 1,
            }),
            Err(error) => Err(error.into()),
        };
        drafts.end(done).await
    }

    /// The content of the version that a case opened now would pin.
    pub(super) async fn live_item(
        &self,
        task: &TaskCode,
        day: Date,
    ) -> Result<Arc<ServiceItem>, CounterError> {
        Ok(self.live_version(task, day).await?.1)
    }

    /// The same with the digest of its blob.
    pub(crate) async fn live_version(
        &self,
        task: &TaskCode,
        day: Date,
    ) -> Result<(Digest, Arc<ServiceItem>), CounterError> {
        let history = self.history(&Subject::Item(task.clone())).await?;
        let state = fold_item(task, history.iter().map(|fact| &fact.entry.event));
        let state = state.ok_or_else(|| HallRefusal::ItemUnknown { task: task.clone() })?;
        let (_, version) = state.admits(day)?;
        let content = version.content;
        Ok((content, self.pinned(&content).await?))
    }

    /// The case that a request opened before.
    async fn opened_by(&self, visit: &VisitId, ask: &Ask) -> Result<CaseNo, CounterError> {
        let history = self.history(&visit_subject(visit)).await?;
        let ours = history
            .iter()
            .find(|fact| fact.entry.request == ask.request && fact.entry.by == ask.by);
        let case = ours.and_then(|fact| match &fact.entry.event {
            Event::Visit {
                event: VisitEvent::CaseOpened { case, .. },
            } => Some(case.clone()),
            _ => None,
        });
        case.ok_or_else(|| CounterError::Internal("a repeated request opened no case".to_owned()))
    }

    /// Whether `code` is the code that the case's receipt shows. Compared in constant time.
    pub async fn query_code_fits(&self, no: &CaseNo, code: &str) -> Result<bool, CounterError> {
        let (case, _) = self.case(no).await?;
        if case.taken_over.is_some() {
            return Ok(false);
        }
        let known: Zeroizing<String> =
            Zeroizing::new(self.read_record(&about(no), &case.query).await?);
        Ok(known.as_bytes().ct_eq(code.as_bytes()).into())
    }

    /// The code that the case's receipt shows.
    pub(super) async fn query_code(
        &self,
        no: &CaseNo,
        query: &Commitment,
    ) -> Result<String, CounterError> {
        self.read_record(&about(no), query).await
    }
}

impl Drafts<'_> {
    /// Puts everybody of a case.
    pub(super) async fn parties(&mut self, parties: &Parties) -> Result<Named, CounterError> {
        let kind = match parties.applicant {
            person::Applicant::Person { .. } => ApplicantKind::Person,
            person::Applicant::Organisation { .. } => ApplicantKind::Organisation,
        };
        let record = ApplicantRecord {
            applicant: parties.applicant.clone(),
            contact: parties.contact.clone(),
        };
        let record = self.record(&record).await?;
        let agent = match &parties.agent {
            Some(agent) => Some(self.agent(agent).await?),
            None => None,
        };
        Ok(Named {
            applicant: Applicant { kind, record },
            agent,
            delivery: self.delivery(&parties.delivery).await?,
        })
    }

    /// Puts an agent with the power of attorney.
    pub(super) async fn agent(&mut self, agent: &person::Agent) -> Result<Agent, CounterError> {
        let power = &agent.power_of_attorney;
        Ok(Agent {
            record: self.record(agent).await?,
            powers: power.powers.clone(),
            signed_on: power.signed_on,
            valid_until: power.valid_until,
        })
    }

    /// Puts where the result is to go.
    pub(super) async fn delivery(
        &mut self,
        choice: &person::DeliveryChoice,
    ) -> Result<DeliveryChoice, CounterError> {
        Ok(match choice {
            person::DeliveryChoice::PickUp => DeliveryChoice::PickUp,
            mail @ person::DeliveryChoice::Mail { .. } => DeliveryChoice::Mail {
                address: self.record(mail).await?,
            },
        })
    }
}

fn visit_subject(visit: &VisitId) -> Subject {
    Subject::Visit(visit.clone())
}

/// A random code of digits. Two bytes a digit leave no digit noticeably likelier than another.
pub(super) fn query_code() -> Result<Zeroizing<String>, CounterError> {
    let mut bytes = Zeroizing::new([0u8; 2 * QUERY_DIGITS]);
    fill_random(bytes.as_mut_slice()).map_err(|error| CounterError::Internal(error.to_string()))?;
    let digits = bytes.chunks_exact(2).map(|pair| {
        let drawn = u32::from(pair[0]) << 8 | u32::from(pair[1]);
        char::from_digit(drawn % 10, 10).unwrap_or('0')
    });
    Ok(Zeroizing::new(digits.collect()))
}
