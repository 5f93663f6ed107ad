//! Who applied, as the vault knows it; of a case that was taken over only its old number.

use super::opening::ApplicantRecord;
use super::{Counter, CounterError, PartyView, about};
use crate::domain::CaseNo;
use crate::domain::case::{self, CaseState};
use crate::domain::person;

impl Counter {
    /// What the applicant of a case is called.
    pub(crate) async fn applicant_name(&self, case: &CaseState) -> Result<String, CounterError> {
        Ok(self.applicant(case).await?.applicant.name().to_owned())
    }

    /// The applicant of a case. Of one that was taken over nobody is known.
    pub(super) async fn applicant(
        &self,
        case: &CaseState,
    ) -> Result<ApplicantRecord, CounterError> {
        if case.taken_over.is_some() {
            return Err(case::CaseRefusal::TakenOver.into());
        }
        let record = &case.applicant.record;
        self.read_record(&about(&case.no), record).await
    }

    /// The number that a case had before it was taken over.
    pub(crate) async fn old_number(&self, case: &CaseState) -> Result<String, CounterError> {
        let record = &case.applicant.record;
        self.read_record(&about(&case.no), record).await
    }

    /// The applicant's numbers as they are. Whoever asks notes the reason in the log of reads first.
    pub async fn reveal(&self, no: &CaseNo) -> Result<PartyView, CounterError> {
        let (case, _) = self.case(no).await?;
        let known = self.applicant(&case).await?;
        let number = match &known.applicant {
            person::Applicant::Person { id, .. } => id.number().to_owned(),
            person::Applicant::Organisation { credit_code, .. } => credit_code.as_str().to_owned(),
        };
        Ok(PartyView {
            name: known.applicant.name().to_owned(),
            number,
            phone: known.contact.phone.as_str().to_owned(),
        })
    }
}
