//! From what is known of a case to what a form states. Pure: the same knowledge gives the same statement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::phrases;
use super::{Choices, SealPlace};
use crate::counter::CounterError;
use crate::counter::intake::CorrectionPaper;
use crate::counter::opening::ApplicantRecord;
use crate::domain::calendar::Calendar;
use crate::domain::case::{CaseEvent, CaseForm, CaseState, DeliveryWay};
use crate::domain::catalogue::ServiceItem;
use crate::domain::hall::{DepartmentDefinition, SiteDefinition};
use crate::domain::person;
use crate::domain::{Digest, MaterialCode, Timestamp};
use crate::forms::parts::{Head, Item, Party};
use crate::forms::{FieldFault, Form, FormError};

mod department;
mod window;

/// The vault's words that a form repeats.
pub(super) enum Words {
    /// None.
    None,
    /// What a correction notice asks for.
    Correction(CorrectionPaper),
    /// A reason.
    Text(String),
}

/// Everything that a form is made from.
pub(super) struct Known {
    /// Which form.
    pub form: CaseForm,
    /// The case as it stood with the fact that the form states.
    pub case: CaseState,
    /// The item version it pins.
    pub item: Arc<ServiceItem>,
    /// That fact.
    pub event: CaseEvent,
    /// When it happened, and when it was entered if that was later (补录).
    pub at: Timestamp,
    /// See `at`.
    pub entered: Option<Timestamp>,
    /// Who acted: a staff code.
    pub clerk: String,
    /// The site that took the case.
    pub site: SiteDefinition,
    /// The department that the fact is of, or else the one that decides.
    pub department: DepartmentDefinition,
    /// Who applies.
    pub applicant: ApplicantRecord,
    /// Who acts for the applicant.
    pub agent: Option<person::Agent>,
    /// Where the result goes.
    pub address: Option<person::DeliveryChoice>,
    /// The code for looking up progress.
    pub query: String,
    /// What the vault holds of the fact.
    pub words: Words,
    /// Pages of scans, as far as they were read.
    pub pages: BTreeMap<Digest, u32>,
    /// Rows that the department of a push may read.
    pub readable: BTreeSet<MaterialCode>,
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// The drawn code by which the paper is checked.
    pub check_code: String,
    /// What the caller chose.
    pub choices: Choices,
}

impl Known {
    /// What the form states.
    pub(super) fn state(&self) -> Result<Form, CounterError> {
        Ok(match self.form {
            CaseForm::IntakeReceipt => self.intake_receipt()?.into(),
            CaseForm::OneTimeNotice => self.one_time_notice()?.into(),
            CaseForm::Undertaking => self.undertaking()?.into(),
            CaseForm::ConditionalAcceptance => self.conditional_acceptance()?.into(),
            CaseForm::DeferralRefusal => self.deferral_refusal()?.into(),
            CaseForm::AcceptanceNotice => self.acceptance_notice()?.into(),
            CaseForm::RefusalToAccept => self.refusal_to_accept()?.into(),
            CaseForm::DispatchSlip => self.dispatch_slip()?.into(),
            CaseForm::SpecialProcedureNotice => self.special_procedure_notice()?.into(),
            CaseForm::DeliveryReceipt => self.delivery_receipt()?.into(),
        })
    }

    /// A form of the department, under its name, or one of the window.
    fn is_departments(&self) -> bool {
        matches!(
            self.form,
            CaseForm::AcceptanceNotice
                | CaseForm::RefusalToAccept
                | CaseForm::SpecialProcedureNotice
        )
    }

    fn head(&self) -> Result<Head, CounterError> {
        let department = self.is_departments();
        let agency = match department {
            true => &self.department.name,
            false => &self.site.name,
        };
        let window = match (department, &self.event) {
            (true, _) => self.department.name.clone(),
            (false, CaseEvent::Delivered { way }) => match way.window() {
                Some(window) => format!("{window} 号窗口"),
                None => "综合出件窗口".to_owned(),
            },
            (false, _) => format!("{} 号窗口", self.case.mandate.window),
        };
        Ok(Head {
            agency: agency.clone(),
            number: self.case.no.to_string(),
            issued: phrases::moment(self.at),
            window,
            clerk: self.clerk.clone(),
            contact: self.contact(department),
            seal: self.seal(department),
            copies: self.copies()?,
            verify: format!("持本件到任一综合窗口核验，核验码 {}", self.check_code),
        })
    }

    fn contact(&self, department: bool) -> Option<String> {
        if department {
            return self.department.phone.clone();
        }
        let site = &self.site;
        let parts = [
            site.phone.as_ref(),
            Some(&site.address),
            site.hours.as_ref(),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        Some(parts.join("　"))
    }

    fn seal(&self, department: bool) -> String {
        let of_window = match self.form {
            CaseForm::DeliveryReceipt => "出件专用章",
            _ => "收件专用章",
        };
        match (self.choices.seal, department) {
            (Some(SealPlace::Department), _) | (None, true) => self.department.name.clone(),
            (Some(SealPlace::Site), _) | (None, false) => {
                format!("{}（{of_window}）", self.site.name)
            }
        }
    }

    /// Who keeps a copy: the first ones of the form's list, two without a choice.
    fn copies(&self) -> Result<Vec<String>, CounterError> {
        let holders: &[&str] = match self.form {
            CaseForm::DispatchSlip => &["综合窗口", "业务审批部门", "档案"],
            CaseForm::DeliveryReceipt => &["领取人", "综合窗口", "档案"],
            CaseForm::Undertaking => &["承诺人", "综合窗口", "业务审批部门"],
            _ if self.is_departments() => &["申请人", "业务审批部门", "综合窗口"],
            _ => &["申请人", "综合窗口", "业务审批部门"],
        };
        let wanted = usize::from(self.choices.copies.unwrap_or(2));
        if !(1..=holders.len()).contains(&wanted) {
            let most = u32::try_from(holders.len()).unwrap_or(1);
            return Err(CounterError::Form(FormError::Field {
                field: "copies".to_owned(),
                fault: FieldFault::OutOfRange { least: 1, most },
            }));
        }
        let holders = holders.iter().take(wanted);
        Ok(holders.map(|holder| (*holder).to_owned()).collect())
    }

    fn item(&self) -> Item {
        Item {
            name: self.item.name.clone(),
            code: Some(self.item.task_code.to_string()),
        }
    }

    fn applicant(&self) -> Party {
        Party {
            name: self.applicant.applicant.name().to_owned(),
            id: Some(self.applicant.applicant.masked_number()),
            phone: Some(self.applicant.contact.phone.masked()),
            agent: self.agent.as_ref().map(|agent| agent.name.clone()),
        }
    }

    /// Who took the result.
    fn recipient(&self, way: &DeliveryWay) -> (Party, String) {
        use crate::domain::case::Recipient;
        let agents = |agent: &person::Agent| Party {
            name: agent.name.clone(),
            id: Some(agent.id.masked()),
            phone: Some(agent.phone.masked()),
            agent: None,
        };
        let checked = "有效身份证件，与登记信息一致".to_owned();
        let mut own = self.applicant();
        own.agent = None;
        match (way, &self.agent, &self.address) {
            (
                DeliveryWay::PickUp {
                    recipient: Recipient::Agent,
                    ..
                },
                Some(agent),
                _,
            ) => (agents(agent), checked),
            (DeliveryWay::PickUp { .. }, ..) => (own, checked),
            (
                DeliveryWay::Mail { .. },
                _,
                Some(person::DeliveryChoice::Mail {
                    recipient, phone, ..
                }),
            ) => {
                let party = Party {
                    name: recipient.clone(),
                    id: None,
                    phone: Some(phone.masked()),
                    agent: None,
                };
                (party, "由承运方投递签收".to_owned())
            }
            (DeliveryWay::Mail { .. }, ..) => (own, "由承运方投递签收".to_owned()),
        }
    }

    fn material(&self, code: &MaterialCode) -> String {
        let known = self.item.material(code);
        known.map_or_else(|| code.to_string(), |material| material.name.clone())
    }

    /// The day until which the decision is promised, as it was at the fact.
    fn promised(&self) -> Result<String, CounterError> {
        use crate::domain::case::clocks::promised_due;
        let due = promised_due(&self.case, &self.item, &self.calendar, self.at)?;
        Ok(due.map_or_else(
            || "自收件之日起计算".to_owned(),
            |limit| phrases::day(limit.last_day),
        ))
    }

    /// The fact is none that this form states: a fault of this program.
    fn misplaced(&self) -> CounterError {
        CounterError::Internal(format!("the fact of {:?} is another", self.form))
    }
}
