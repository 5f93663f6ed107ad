//! Results: obtained by one of three routes, handed out after an identity check or posted, registered once, rated or
//! not. Art 10.

use serde::Deserialize;
use utoipa::ToSchema;

use super::documents::handed_in;
use super::stock::spend;
use super::{Ask, Counter, CounterError, Done, about, books};
use crate::domain::case::{
    self, Bearer, CaseResult, CaseState, FollowUp, HandOut, Party, Post, PostOutcome, Rate,
    RatingLevel, ResultRoute, StaffSignature, WitnessedSignature,
};
use crate::domain::catalogue::ServiceItem;
use crate::domain::hall::Mandate;
use crate::domain::identity::IdDocument;
use crate::domain::person;
use crate::domain::ticket;
use crate::domain::{
    CaseNo, Commitment, Digest, Fact, SerialNo, Subject, TicketId, Timestamp, WindowCode,
};
use crate::ledger::{Decline, Reads};

/// How a result comes to the window.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RouteOrder {
    /// The platform pushed it; the certificate is made here.
    Platform {},
    /// The certificate was made here in the department's own system.
    DepartmentSystem {},
    /// The department handed it over as paper, against two signatures.
    HandedOver {
        /// The department's signature.
        given: StaffSignature,
        /// The window's signature.
        taken: StaffSignature,
    },
}

/// Something done with a result.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultOrder {
    /// The window has it.
    Obtain {
        /// By which route.
        route: RouteOrder,
        /// Digest of the document.
        content: Digest,
        /// Serial of the certificate it is made on.
        #[serde(default)]
        serial: Option<SerialNo>,
    },
    /// It is handed out.
    HandOut {
        /// The window.
        window: WindowCode,
        /// Number of the document that the person shows.
        id_number: String,
        /// Digest of that person's signature.
        signature: Digest,
    },
    /// It is posted.
    Post {
        /// The window.
        window: WindowCode,
        /// The waybill.
        waybill: SerialNo,
    },
    /// How the post ended.
    EndPost {
        /// The waybill.
        waybill: SerialNo,
        /// What became of it.
        outcome: PostOutcome,
    },
    /// The applicant was reminded.
    Chase {
        /// What was said.
        note: String,
    },
}

/// The applicant's rating.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingOrder {
    /// The level.
    pub level: RatingLevel,
    /// In words.
    #[serde(default)]
    pub remarks: Option<String>,
}

impl Counter {
    /// Does something with a case's result.
    pub async fn handle_result(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: ResultOrder,
    ) -> Result<Done, CounterError> {
        let mut drafts = self.drafts(about(no));
        let bearer = match &order {
            ResultOrder::HandOut { id_number, .. } => self.bearer(no, id_number).await?,
            _ => Bearer::Other,
        };
        let note = match &order {
            ResultOrder::Chase { note } => Some(drafts.words("note", note).await?),
            _ => None,
        };
        let done = self
            .on_case_today(ask, no, |case, item, reads, now| {
                handed_in(case, &order.named())?;
                decide_result(ask, &order, (bearer, note), (case, item), reads, now)
            })
            .await;
        drafts.end(done).await
    }

    /// Who of the case's persons has the document that is shown (Art 10(2)).
    pub(super) async fn bearer(
        &self,
        no: &CaseNo,
        id_number: &str,
    ) -> Result<Bearer, CounterError> {
        let (case, _) = self.case(no).await?;
        let shown = id_number.trim().to_uppercase();
        let known = self.applicant(&case).await?;
        let number = match &known.applicant {
            person::Applicant::Person { id, .. } => number_of(id),
            person::Applicant::Organisation { credit_code, .. } => credit_code.as_str().to_owned(),
        };
        if number == shown {
            return Ok(Bearer::Applicant);
        }
        let Some(agent) = case.agent else {
            return Ok(Bearer::Other);
        };
        let known: person::Agent = self.read_record(&about(no), &agent.record).await?;
        Ok(match number_of(&known.id) == shown {
            true => Bearer::Agent,
            false => Bearer::Other,
        })
    }

    /// Takes the applicant's rating; a negative one opens a ticket named `id` that its owner follows up.
    pub async fn rate(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: RatingOrder,
        id: TicketId,
        days: u32,
    ) -> Result<Done, CounterError> {
        let calendar = self.calendar().await?;
        let mut drafts = self.drafts(about(no));
        let remarks = drafts
            .words_if_any("remarks", order.remarks.as_deref())
            .await?;
        let done = self
            .on_case(ask, no, |case, _, reads, now| {
                let history = reads.history(&Subject::Ticket(id.clone()))?;
                let known = ticket::fold(history.iter().map(|fact| &fact.entry));
                let follow_up = order.level.is_negative().then(|| FollowUp {
                    id: id.clone(),
                    owner: case.clerk.clone(),
                    days,
                });
                let command = Rate {
                    level: order.level,
                    remarks,
                    ticket: follow_up,
                };
                Ok(case::rate(case, command, known.as_ref(), &calendar, now)?)
            })
            .await;
        drafts.end(done).await
    }
}

fn number_of(id: &IdDocument) -> String {
    id.number().to_uppercase()
}

/// The window's right to issue now.
fn issuing(
    reads: &mut Reads<'_>,
    case: &CaseState,
    window: &WindowCode,
    now: Timestamp,
) -> Result<Mandate, Decline> {
    let books = books(reads, &case.mandate.site, &case.mandate.task)?;
    Ok(books.may_issue(window, case.mandate.version, now)?)
}

pub(super) fn decide_result(
    ask: &Ask,
    order: &ResultOrder,
    (bearer, note): (Bearer, Option<Commitment>),
    (case, item): (&CaseState, &ServiceItem),
    reads: &mut Reads<'_>,
    now: Timestamp,
) -> Result<Vec<Fact>, Decline> {
    let lost = || CounterError::Internal("the order's words were not put".to_owned());
    let facts = match order {
        ResultOrder::Obtain {
            route,
            content,
            serial,
        } => {
            let result = CaseResult {
                route: match route {
                    RouteOrder::Platform {} => ResultRoute::Platform,
                    RouteOrder::DepartmentSystem {} => ResultRoute::DepartmentSystem {
                        clerk: ask.staff()?,
                    },
                    RouteOrder::HandedOver { given, taken } => ResultRoute::HandedOver {
                        given: given.clone(),
                        taken: taken.clone(),
                    },
                },
                content: *content,
                serial: serial.clone(),
            };
            let mut facts = case::obtain_result(case, item, result, now)?;
            if let (Some(kind), Some(serial)) = (&item.result.certificate, serial) {
                facts.extend(spend(reads, kind, serial, case)?);
            }
            facts
        }
        ResultOrder::HandOut {
            window, signature, ..
        } => {
            let signature = WitnessedSignature {
                digest: *signature,
                witness: ask.staff()?,
            };
            let mandate = issuing(reads, case, window, now)?;
            case::hand_out(
                case,
                HandOut {
                    mandate,
                    bearer,
                    signature,
                },
                now,
            )?
        }
        ResultOrder::Post { window, waybill } => {
            let command = Post {
                mandate: issuing(reads, case, window, now)?,
                sender: Party::Window,
                waybill: waybill.clone(),
                clerk: ask.staff()?,
            };
            case::post(case, command, now)?
        }
        ResultOrder::EndPost { waybill, outcome } => case::end_post(case, waybill, *outcome)?,
        ResultOrder::Chase { .. } => case::chase(case, note.ok_or_else(lost)?, ask.staff()?)?,
    };
    Ok(facts)
}
