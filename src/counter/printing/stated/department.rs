//! The forms of the department.

use super::super::phrases;
use super::{Known, Words};
use crate::counter::CounterError;
use crate::domain::Date;
use crate::domain::case::{CaseEvent, RefusalReason};
use crate::forms::data::{AcceptanceNotice, RefusalToAccept, SpecialProcedureNotice};

impl Known {
    pub(super) fn acceptance_notice(&self) -> Result<AcceptanceNotice, CounterError> {
        let CaseEvent::Accepted { officer, .. } = &self.event else {
            return Err(self.misplaced());
        };
        let procedures = self.item.special_procedures.iter();
        let procedures: Vec<&str> = procedures.map(|one| phrases::procedure(*one)).collect();
        let excluded = (!procedures.is_empty())
            .then(|| format!("{}所需时间（另行书面告知）", procedures.join("、")));
        Ok(AcceptanceNotice {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            accepted: phrases::day(Date::of(self.at)),
            department: self.department.name.clone(),
            handler: officer.staff.to_string(),
            phone: self.phone(),
            legal_limit: phrases::limit(phrases::legal_days(&self.item)),
            promised_limit: phrases::limit(self.item.promised_days()),
            due: self.promised()?,
            query_code: self.query.clone(),
            materials: self.received(),
            basis: phrases::basis(&self.item, "第三十二条第一款第五项"),
            excluded,
        })
    }

    pub(super) fn refusal_to_accept(&self) -> Result<RefusalToAccept, CounterError> {
        let (CaseEvent::AcceptanceRefused { reason, .. }, Words::Text(note)) =
            (&self.event, &self.words)
        else {
            return Err(self.misplaced());
        };
        let article = match reason {
            RefusalReason::NotRequired => "第三十二条第一款第一项",
            RefusalReason::NotCompetent => "第三十二条第一款第二项",
            _ => "第三十二条",
        };
        Ok(RefusalToAccept {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            applied: phrases::day(Date::of(self.case.submitted_at)),
            department: self.department.name.clone(),
            reasons: vec![format!("{}。", phrases::refusal(*reason)), note.clone()],
            basis: phrases::basis(&self.item, article),
            advice: None,
            review_body: "本机关的本级人民政府或者上一级主管部门".to_owned(),
            court: "有管辖权的人民法院".to_owned(),
        })
    }

    pub(super) fn special_procedure_notice(&self) -> Result<SpecialProcedureNotice, CounterError> {
        let (
            CaseEvent::Suspended {
                procedure, days, ..
            },
            Words::Text(reason),
        ) = (&self.event, &self.words)
        else {
            return Err(self.misplaced());
        };
        let actual = "以实际所需时间为准，结束时恢复计时";
        let accepted = self.case.acceptance.as_ref();
        let accepted = accepted.map_or(self.case.submitted_at, |made| made.at);
        Ok(SpecialProcedureNotice {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            accepted: phrases::day(Date::of(accepted)),
            department: self.department.name.clone(),
            procedure: phrases::procedure(*procedure).to_owned(),
            reason: reason.clone(),
            begins: phrases::day(Date::of(self.at)),
            duration: days.map_or_else(
                || actual.to_owned(),
                |days| format!("预计 {days} 个工作日；{actual}"),
            ),
            due_before: self.promised()?,
            due_after: "自恢复计时之日起相应顺延".to_owned(),
            basis: phrases::basis(&self.item, "第四十五条"),
        })
    }

    fn phone(&self) -> String {
        let phone = self.department.phone.as_ref().or(self.site.phone.as_ref());
        phone.map_or_else(|| "请向综合窗口咨询".to_owned(), Clone::clone)
    }
}
