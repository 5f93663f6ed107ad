//! The hall behind a case: the books a decision opens, and the hall's own changes.

use super::{Ask, Counter, CounterError, Refusal};
use crate::domain::calendar::Calendar;
use crate::domain::catalogue::{self, ItemState, ServiceItem};
use crate::domain::hall::{
    self, AuthorisationState, DepartmentDefinition, DepartmentState, Departments, HallBooks,
    HallRefusal, HallState, Mandate, Post, Power, Role, SetupRefusal, SiteDefinition, SiteState,
};
use crate::domain::{
    AuthorisationId, Date, DepartmentCode, Digest, Event, SiteCode, StaffId, Subject, TaskCode,
    Timestamp, WindowCode,
};
use crate::ledger::{Decline, Reads, Receipt, Recorded};

/// The largest item version, definition or report, in bytes.
const BLOB_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The events of recorded facts.
pub(super) fn events(history: &[Recorded]) -> impl Iterator<Item = &Event> {
    history.iter().map(|recorded| &recorded.entry.event)
}

/// Opens the books for `task` at `site` within a decision: the decision holds only while none of them changed.
pub fn books(
    reads: &mut Reads<'_>,
    site: &SiteCode,
    task: &TaskCode,
) -> Result<HallBooks, Decline> {
    hall::gather(site, task, |subject| {
        let history = reads.history(subject)?;
        Ok::<_, Decline>(events(history).collect())
    })
}

/// Reads departments within a decision, with every one before and after them.
pub fn departments(
    reads: &mut Reads<'_>,
    codes: impl IntoIterator<Item = DepartmentCode>,
) -> Result<Departments, Decline> {
    hall::gather_departments(codes, |subject| {
        let history = reads.history(subject)?;
        Ok::<_, Decline>(events(history).collect())
    })
}

impl Counter {
    /// The hall as a whole.
    pub async fn hall(&self) -> Result<HallState, CounterError> {
        let history = self.history(&Subject::Hall).await?;
        Ok(hall::fold_hall(events(&history)))
    }

    /// A site.
    pub async fn site(&self, code: &SiteCode) -> Result<SiteState, CounterError> {
        let history = self.history(&Subject::Site(code.clone())).await?;
        let found = hall::fold_site(code, events(&history));
        found.ok_or_else(|| CounterError::NotFound(format!("site/{code}")))
    }

    /// A site in words.
    pub async fn site_definition(&self, state: &SiteState) -> Result<SiteDefinition, CounterError> {
        let bytes = self.definition(&state.definition).await?;
        let found = SiteDefinition::from_bytes(&bytes);
        found.map_err(|error| CounterError::Internal(format!("site/{}: {error}", state.code)))
    }

    /// A department in words.
    pub async fn department_definition(
        &self,
        state: &DepartmentState,
    ) -> Result<DepartmentDefinition, CounterError> {
        let bytes = self.definition(&state.definition).await?;
        let found = DepartmentDefinition::from_bytes(&bytes);
        found.map_err(|error| CounterError::Internal(format!("department/{}: {error}", state.code)))
    }

    /// A department.
    pub async fn department(&self, code: &DepartmentCode) -> Result<DepartmentState, CounterError> {
        let history = self.history(&Subject::Department(code.clone())).await?;
        let found = hall::fold_department(code, events(&history));
        found.ok_or_else(|| CounterError::NotFound(format!("department/{code}")))
    }

    /// Departments as they stand, with every one after them. One that is unknown is left out.
    pub(super) async fn departments_now(
        &self,
        codes: impl Iterator<Item = DepartmentCode>,
    ) -> Result<Departments, CounterError> {
        let mut found = Departments::new();
        let mut waiting: Vec<DepartmentCode> = codes.collect();
        while let Some(code) = waiting.pop() {
            if found.contains_key(&code) {
                continue;
            }
            match self.department(&code).await {
                Ok(state) => {
                    waiting.extend(state.successor.iter().map(|(by, ..)| by.clone()));
                    found.insert(code, state);
                }
                Err(CounterError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// An authorisation.
    pub async fn authorisation(
        &self,
        id: &AuthorisationId,
    ) -> Result<AuthorisationState, CounterError> {
        let history = self.history(&Subject::Authorisation(id.clone())).await?;
        let found = hall::fold_authorisation(id, events(&history));
        found.ok_or_else(|| CounterError::NotFound(format!("authorisation/{id}")))
    }

    /// An item with its versions.
    pub async fn item(&self, task: &TaskCode) -> Result<ItemState, CounterError> {
        let history = self.history(&Subject::Item(task.clone())).await?;
        let found = catalogue::fold_item(task, events(&history));
        found.ok_or_else(|| CounterError::NotFound(format!("item/{task}")))
    }

    /// The content of an item's version, by the digest its facts name.
    pub async fn service_item(&self, content: &Digest) -> Result<ServiceItem, CounterError> {
        let bytes = self.blobs.get(content, BLOB_BYTES_MAX).await?;
        let item = ServiceItem::from_bytes(&bytes);
        item.map_err(|error| CounterError::Internal(format!("item version {content}: {error}")))
    }

    /// The bytes of a definition or document that is not personal.
    pub(super) async fn blob(
        &self,
        digest: &Digest,
        bytes_max: u64,
    ) -> Result<Vec<u8>, CounterError> {
        Ok(self.blobs.get(digest, bytes_max).await?.to_vec())
    }

    /// The content of a definition.
    pub(super) async fn definition(&self, digest: &Digest) -> Result<Vec<u8>, CounterError> {
        self.blob(digest, BLOB_BYTES_MAX).await
    }

    /// The books for `task` at `site` as they stand: what a screen shows. A decision opens its own ([`books`]).
    pub async fn hall_books(
        &self,
        site: &SiteCode,
        task: &TaskCode,
    ) -> Result<HallBooks, CounterError> {
        let mut loaded: std::collections::HashMap<Subject, Vec<Recorded>> = Default::default();
        loop {
            let mut missing = None;
            let opened = hall::gather(site, task, |subject| match loaded.get(subject) {
                Some(history) => Ok(events(history).collect()),
                None => {
                    missing = Some(subject.clone());
                    Err(Missing::History)
                }
            });
            match (opened, missing) {
                (Ok(books), _) => return Ok(books),
                (Err(Missing::Refused(reason)), _) => return Err(reason.into()),
                (Err(Missing::History), Some(subject)) => {
                    let history = self.history(&subject).await?;
                    loaded.insert(subject, history);
                }
                (Err(Missing::History), None) => {
                    let reason = "the books asked for nothing".to_owned();
                    return Err(CounterError::Internal(reason));
                }
            }
        }
    }

    /// Whether a window may receive a new case of an item at `now`, and under which mandate.
    pub async fn may_receive(
        &self,
        site: &SiteCode,
        window: &WindowCode,
        task: &TaskCode,
        now: Timestamp,
    ) -> Result<Mandate, CounterError> {
        let books = self.hall_books(site, task).await?;
        Ok(books.may_receive(window, now)?)
    }

    /// Whether a window may advise at `now`.
    pub async fn may_consult(
        &self,
        site: &SiteCode,
        window: &WindowCode,
        now: Timestamp,
    ) -> Result<Post, CounterError> {
        let site = self.site(site).await?;
        Ok(site.stand(window, Role::Consult, now)?)
    }

    /// Takes powers back from an authorisation, from a day on.
    pub async fn revoke(
        &self,
        ask: &Ask,
        id: &AuthorisationId,
        powers: &[Power],
        from: Date,
        document: &[u8],
    ) -> Result<Receipt, CounterError> {
        let document = self.blobs.put(document).await?.digest;
        let subject = Subject::Authorisation(id.clone());
        self.change(ask, &subject, |history, _, now| {
            let state = hall::fold_authorisation(id, events(history));
            let state = state.ok_or_else(|| unknown(id))?;
            Ok(hall::revoke(&state, powers, from, document, now)?)
        })
        .await
    }

    /// Ends a person's post at a department, from a day on.
    pub async fn remove_from_post(
        &self,
        ask: &Ask,
        department: &DepartmentCode,
        staff: &StaffId,
        chief: bool,
        from: Date,
    ) -> Result<Receipt, CounterError> {
        let subject = Subject::Department(department.clone());
        self.change(ask, &subject, |history, _, now| {
            let state = hall::fold_department(department, events(history));
            let state = state.ok_or_else(|| unknown(department))?;
            Ok(hall::remove(&state, staff, chief, from, now)?)
        })
        .await
    }

    /// Opens a tidal window outside its timetable, until an instant (Art 7).
    pub async fn open_tidal(
        &self,
        ask: &Ask,
        site: &SiteCode,
        window: &WindowCode,
        until: Timestamp,
    ) -> Result<Receipt, CounterError> {
        self.change(ask, &Subject::Site(site.clone()), |history, _, now| {
            let state = hall::fold_site(site, events(history));
            let state = state.ok_or_else(|| HallRefusal::SiteUnknown { site: site.clone() })?;
            Ok(hall::open_tidal(&state, window, until, now)?)
        })
        .await
    }

    /// Adds a year to the working-day calendar, or corrects it, by the file that states this year and no other. A file
    /// that no calendar can be read from is refused with its lines.
    pub async fn extend_calendar(
        &self,
        ask: &Ask,
        year: i16,
        file: &[u8],
    ) -> Result<Receipt, CounterError> {
        check_calendar(year, file)?;
        let file = self.blobs.put(file).await?.digest;
        self.change(ask, &Subject::Hall, |history, _, _| {
            let state = hall::fold_hall(events(history));
            Ok(hall::extend_calendar(&state, year, file))
        })
        .await
    }

    /// Fixes the audit records of a day by their digest.
    pub async fn record_audit(
        &self,
        ask: &Ask,
        day: Date,
        digest: Digest,
        count: u64,
    ) -> Result<Receipt, CounterError> {
        self.change(ask, &Subject::Hall, |history, _, now| {
            let state = hall::fold_hall(events(history));
            Ok(hall::record_audit(&state, day, digest, count, now)?)
        })
        .await
    }
}

/// Whether a file states the calendar of `year` and nothing else.
fn check_calendar(year: i16, file: &[u8]) -> Result<(), CounterError> {
    let refusal = |code: &str, zh: String, en: String| Refusal {
        code: code.to_owned(),
        zh,
        en,
        field: Some("file".to_owned()),
    };
    let text = std::str::from_utf8(file).map_err(|_| {
        let zh = "文件不是 UTF-8 编码；请另存为 UTF-8".to_owned();
        let en = "the file is not UTF-8; save it as UTF-8".to_owned();
        CounterError::Fields(vec![refusal("calendar-not-utf8", zh, en)])
    })?;
    let calendar = Calendar::parse(text).map_err(|problems| {
        let told = problems.iter().map(|problem| {
            let (line, fault) = (problem.line, &problem.fault);
            let zh = format!("第 {line} 行：{}", fault.zh());
            refusal(fault.code(), zh, format!("line {line}: {}", fault.en()))
        });
        CounterError::Fields(told.collect())
    })?;
    if calendar.years().eq([year]) {
        return Ok(());
    }
    let zh = format!("文件应只写{year}年；请核对年份");
    let en = format!("the file must state the year {year} and no other; check the year");
    Err(CounterError::Fields(vec![refusal(
        "calendar-other-year",
        zh,
        en,
    )]))
}

/// Why books are not open yet.
enum Missing {
    History,
    Refused(HallRefusal),
}

impl From<HallRefusal> for Missing {
    fn from(reason: HallRefusal) -> Self {
        Missing::Refused(reason)
    }
}

pub(super) fn unknown(code: &impl ToString) -> SetupRefusal {
    let code = code.to_string();
    SetupRefusal::Unknown { code }
}
