//! How a use case writes: it reads histories, lets the domain decide, and records what was decided, once.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Counter, CounterError, about};
use crate::domain::case::{self, CaseRefusal, CaseState, VisitState};
use crate::domain::catalogue::ServiceItem;
use crate::domain::hall::{HallRefusal, SiteState, fold_site};
use crate::domain::{
    Actor, CaseNo, Date, Fact, Occurred, RequestId, SiteCode, StaffId, Subject, Timestamp, VisitId,
};
use crate::ledger::{Decline, Reads, Receipt, Recorded};

/// Who asks, under which name, for which version of the subject, and for which instant.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who acts: `staff:…`, or `cli:operator`.
    pub by: Actor,
    /// The request's name: asked again, it does nothing a second time.
    pub request: RequestId,
    /// How many facts the asker knows of the subject; none where that does not matter.
    pub expected: Option<u32>,
    /// When it happened, if it is entered later (补录).
    pub occurred: Option<Occurred>,
}

impl Ask {
    /// The person who acts. A case is handled by people only.
    pub fn staff(&self) -> Result<StaffId, CounterError> {
        let code = self.by.as_str().strip_prefix("staff:");
        let staff = code.and_then(|code| StaffId::new(code).ok());
        staff.ok_or_else(|| CounterError::Forbidden("only a person may do this".to_owned()))
    }
}

/// What was recorded, and how the subject stands after it.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ledger's receipt.
    pub receipt: Receipt,
    /// How many facts the subject has now.
    pub version: u32,
}

impl Counter {
    /// The whole history of a subject.
    pub async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, CounterError> {
        Ok(self.ledger.history(subject).await?)
    }

    /// The whole history of each of many subjects, in the order asked.
    pub async fn histories(
        &self,
        subjects: &[Subject],
    ) -> Result<Vec<Vec<Recorded>>, CounterError> {
        Ok(self.ledger.histories(subjects).await?)
    }

    /// Records what `decide` decides about `subject`, whose history it is given. Refuses with
    /// [`CounterError::Stale`] when the asker knows another number of facts.
    pub async fn change(
        &self,
        ask: &Ask,
        subject: &Subject,
        decide: impl Fn(&[Recorded], &mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Receipt, CounterError> {
        let recorded = self
            .ledger
            .record(ask.request.clone(), &ask.by, |reads, now| {
                let history = reads.history(subject)?;
                let found = count(history);
                match ask.expected {
                    Some(expected) if expected != found => {
                        return Err(CounterError::Stale { expected, found }.into());
                    }
                    _ => {}
                }
                let mut facts = decide(history, reads, happened(ask, now)?)?;
                for fact in &mut facts {
                    fact.occurred = ask.occurred.clone();
                }
                Ok(facts)
            })
            .await;
        recorded.map_err(CounterError::from)
    }

    /// The same, with how the subject stands after it.
    pub(crate) async fn done(
        &self,
        ask: &Ask,
        subject: &Subject,
        decide: impl Fn(&[Recorded], &mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Done, CounterError> {
        let receipt = self.change(ask, subject, decide).await?;
        let version = count(&self.history(subject).await?);
        Ok(Done { receipt, version })
    }

    /// The same for a case, with the item version it pins.
    pub(super) async fn on_case(
        &self,
        ask: &Ask,
        no: &CaseNo,
        decide: impl Fn(
            &CaseState,
            &ServiceItem,
            &mut Reads<'_>,
            Timestamp,
        ) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Done, CounterError> {
        let (case, _) = self.case(no).await?;
        let item = self.pinned(&case.mandate.content).await?;
        self.done(ask, &about(no), |history, reads, now| {
            let case = fold_case(no, history)?;
            if case.erased.is_some() {
                return Err(CaseRefusal::Erased.into());
            }
            decide(&case, &item, reads, now)
        })
        .await
    }

    /// The same for what departments do: the item says who answers for each part today, after every reform of
    /// departments.
    pub(super) async fn on_case_today(
        &self,
        ask: &Ask,
        no: &CaseNo,
        decide: impl Fn(
            &CaseState,
            &ServiceItem,
            &mut Reads<'_>,
            Timestamp,
        ) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Done, CounterError> {
        self.on_case(ask, no, |case, item, reads, now| {
            let named = case::named_departments(item).cloned();
            let departments = super::departments(reads, named)?;
            let item = case::with_successors(item, case, &departments, Date::of(now));
            decide(case, &item, reads, now)
        })
        .await
    }

    /// What a decision about a case would record; nothing is.
    pub(super) async fn rehearse(
        &self,
        ask: &Ask,
        no: &CaseNo,
        decide: impl Fn(
            &CaseState,
            &ServiceItem,
            &mut Reads<'_>,
            Timestamp,
        ) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Vec<Fact>, CounterError> {
        let decided = Mutex::new(Vec::new());
        self.on_case_today(ask, no, |case, item, reads, now| {
            *super::lock(&decided) = decide(case, item, reads, now)?;
            Ok(Vec::new())
        })
        .await?;
        Ok(decided.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The item version a case pins, with who answers for each part of it on the day of `now`.
    pub async fn item_today(
        &self,
        case: &CaseState,
        now: Timestamp,
    ) -> Result<Arc<ServiceItem>, CounterError> {
        let item = self.pinned(&case.mandate.content).await?;
        let named = case::named_departments(&item).cloned();
        let departments = self.departments_now(named).await?;
        let today = case::with_successors(&item, case, &departments, Date::of(now));
        Ok(match today {
            Cow::Borrowed(_) => item,
            Cow::Owned(item) => Arc::new(item),
        })
    }

    /// A case, and how many facts it has.
    pub async fn case(&self, no: &CaseNo) -> Result<(CaseState, u32), CounterError> {
        let history = self.history(&about(no)).await?;
        Ok((fold_case(no, &history)?, count(&history)))
    }

    /// A visit, and how many facts it has.
    pub async fn visit(&self, id: &VisitId) -> Result<(VisitState, u32), CounterError> {
        let history = self.history(&Subject::Visit(id.clone())).await?;
        Ok((fold_visit(id, &history)?, count(&history)))
    }
}

pub(super) fn happened(ask: &Ask, now: Timestamp) -> Result<Timestamp, CounterError> {
    match &ask.occurred {
        Some(occurred) if occurred.at > now => Err(CounterError::Fields(vec![super::Refusal {
            code: "in-the-future".to_owned(),
            zh: "补录的发生时间不能晚于现在".to_owned(),
            en: "what is entered later cannot have happened after now".to_owned(),
            field: Some("occurred.at".to_owned()),
        }])),
        Some(occurred) => Ok(occurred.at),
        None => Ok(now),
    }
}

pub(crate) fn count(history: &[Recorded]) -> u32 {
    u32::try_from(history.len()).unwrap_or(u32::MAX)
}

pub(crate) fn fold_case(no: &CaseNo, history: &[Recorded]) -> Result<CaseState, CounterError> {
    let case = case::fold(history.iter().map(|fact| &fact.entry));
    case.ok_or_else(|| CounterError::NotFound(format!("case {no}")))
}

pub(crate) fn fold_visit(id: &VisitId, history: &[Recorded]) -> Result<VisitState, CounterError> {
    let visit = case::fold_visit(history.iter().map(|fact| &fact.entry));
    visit.ok_or_else(|| CounterError::NotFound(format!("visit {id}")))
}

/// The site as its history tells it.
pub(super) fn books_site(reads: &mut Reads<'_>, site: &SiteCode) -> Result<SiteState, Decline> {
    let history = reads.history(&Subject::Site(site.clone()))?;
    let state = fold_site(site, history.iter().map(|fact| &fact.entry.event));
    state.ok_or_else(|| HallRefusal::SiteUnknown { site: site.clone() }.into())
}
