//! The forms of the window.

use super::super::phrases;
use super::{Known, Words};
use crate::counter::CounterError;
use crate::domain::case::{
    CaseEvent, CaseState, DefectSubject, Deferred, DeliveryChoice, DeliveryWay, Standing, checklist,
};
use crate::domain::catalogue::MetBy;
use crate::domain::{Date, MaterialCode};
use crate::forms::data::{
    ConditionalAcceptance, DeferralRefusal, DeliveryReceipt, DispatchSlip, IntakeReceipt,
    OneTimeNotice, Undertaking,
};
use crate::forms::parts::{
    Defect, DispatchedMaterial, MissingMaterial, ReceivedMaterial, RefusedDeferral, ResultDocument,
};

const CONSEQUENCE: &str = "逾期未补齐的，终止本次办理，退还已提交的材料。";

impl Known {
    pub(super) fn intake_receipt(&self) -> Result<IntakeReceipt, CounterError> {
        let CaseEvent::ReceiptIssued { serial, .. } = &self.event else {
            return Err(self.misplaced());
        };
        let mut notes = self.deferred_notes();
        if let Some(serial) = serial {
            notes.push(format!(
                "本件于信息系统停用期间以空白收件凭证 {serial} 收件，载明内容以本凭证为准。"
            ));
        }
        if let Some(entered) = self.entered {
            let entered = phrases::moment(entered);
            notes.push(format!("收件时间为实际发生时间，{entered}补录入系统。"));
        }
        let promised = match self.item.promised_days() {
            None => "当场办结".to_owned(),
            Some(days) => format!("{}前（{days} 个工作日）", self.promised()?),
        };
        Ok(IntakeReceipt {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            received: phrases::moment(self.at),
            materials: self.received(),
            promised,
            query_code: self.query.clone(),
            query_way: "任一综合窗口或进度查询页面".to_owned(),
            delivery: delivery(&self.case),
            notes,
        })
    }

    /// The materials that were there, in the order of the guide.
    pub(super) fn received(&self) -> Vec<ReceivedMaterial> {
        let rows = checklist(&self.case, &self.item).into_iter();
        let rows = rows.filter_map(|row| {
            let met = row.row.met.as_ref()?;
            let shared = met.shared.as_ref().map(|shared| &shared.case);
            let elsewhere = shared.or(met.earlier.as_ref());
            Some(ReceivedMaterial {
                name: row.material.name.clone(),
                originals: met.kept.originals,
                copies: met.kept.copies,
                met_by: phrases::met_by(met.way).to_owned(),
                remark: elsewhere.map(|case| format!("见办件 {case}")),
            })
        });
        let mut rows: Vec<ReceivedMaterial> = rows.collect();
        if rows.is_empty() {
            rows.push(ReceivedMaterial {
                name: "（未收取材料）".to_owned(),
                originals: 0,
                copies: 0,
                met_by: "无".to_owned(),
                remark: None,
            });
        }
        rows
    }

    /// What is to come later, a sentence a row.
    fn deferred_notes(&self) -> Vec<String> {
        let rows = checklist(&self.case, &self.item).into_iter();
        let rows = rows.filter(|row| row.standing == Standing::Deferred);
        let notes = rows.filter_map(|row| {
            let due = phrases::day(row.row.deferred?);
            Some(format!(
                "容缺材料：{}，请于{due}前补齐。",
                row.material.name
            ))
        });
        notes.collect()
    }

    pub(super) fn one_time_notice(&self) -> Result<OneTimeNotice, CounterError> {
        let Words::Correction(paper) = &self.words else {
            return Err(self.misplaced());
        };
        let defects = paper.defects.iter().map(|(about, kind, note)| Defect {
            material: match about {
                DefectSubject::Row { row } => self.material(row),
                DefectSubject::Field { field } => format!("填报信息 {field}"),
            },
            fault: phrases::fault(*kind).to_owned(),
            demand: note.trim().to_owned(),
        });
        Ok(OneTimeNotice {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            applied: phrases::day(Date::of(self.case.submitted_at)),
            defects: defects.collect(),
            deadline: Some(phrases::day(paper.due)),
            basis: phrases::basis(&self.item, "第三十二条第一款第四项"),
            notes: Vec::new(),
        })
    }

    fn deferral(&self) -> Result<&Deferred, CounterError> {
        match &self.event {
            CaseEvent::DeferralGranted { deferred } => Ok(deferred),
            _ => Err(self.misplaced()),
        }
    }

    fn missing(&self, deferred: &Deferred) -> Vec<MissingMaterial> {
        let rows = deferred.rows.iter().map(|code| MissingMaterial {
            name: self.material(code),
            form: self
                .item
                .material(code)
                .map_or_else(|| "按办事指南".to_owned(), phrases::asked),
            deadline: phrases::day(deferred.due),
            way: "窗口提交".to_owned(),
        });
        rows.collect()
    }

    pub(super) fn undertaking(&self) -> Result<Undertaking, CounterError> {
        let missing = self.missing(self.deferral()?);
        Ok(Undertaking {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            missing,
            consequence: CONSEQUENCE.to_owned(),
        })
    }

    pub(super) fn conditional_acceptance(&self) -> Result<ConditionalAcceptance, CounterError> {
        let deferred = self.deferral()?;
        let promised = phrases::limit(self.item.promised_days());
        Ok(ConditionalAcceptance {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            applied: phrases::day(Date::of(self.case.submitted_at)),
            missing: self.missing(deferred),
            deadline: phrases::day(deferred.due),
            promised: format!("自收件之日起 {promised}"),
            consequence: CONSEQUENCE.to_owned(),
        })
    }

    pub(super) fn deferral_refusal(&self) -> Result<DeferralRefusal, CounterError> {
        let CaseEvent::DeferralRefused { rows, .. } = &self.event else {
            return Err(self.misplaced());
        };
        let refused = rows.iter().map(|row| RefusedDeferral {
            material: self.material(&row.row),
            reason: row.bar.zh().to_owned(),
        });
        Ok(DeferralRefusal {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            applied: phrases::day(Date::of(self.case.submitted_at)),
            refused: refused.collect(),
            basis: Vec::new(),
            advice: "请备齐上列材料后再次提交；材料齐全、符合法定形式的，本窗口当场予以收件。"
                .to_owned(),
        })
    }

    pub(super) fn dispatch_slip(&self) -> Result<DispatchSlip, CounterError> {
        let (way, materials) = match &self.event {
            CaseEvent::Pushed { by_paper, .. } => {
                let rows = self.readable.iter();
                let rows = rows.filter_map(|row| self.pushed(row, by_paper.contains(row)));
                ("平台推送", rows.collect())
            }
            CaseEvent::PaperCollected { rows, .. } => {
                let rows = rows.iter().map(|row| self.dispatched(row, "纸质", true, 0));
                ("窗口领取", rows.collect())
            }
            _ => return Err(self.misplaced()),
        };
        Ok(DispatchSlip {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            department: self.department.name.clone(),
            way: way.to_owned(),
            bundle: None,
            dispatched: phrases::moment(self.at),
            due: self.promised()?,
            materials,
            remark: None,
        })
    }

    /// A row of a push: what goes over the platform, and what is to be collected.
    fn pushed(&self, code: &MaterialCode, by_paper: bool) -> Option<DispatchedMaterial> {
        let row = self.case.row(code);
        let met = row.met.as_ref()?;
        let pages: u32 = row
            .scans
            .iter()
            .filter_map(|scan| self.pages.get(scan))
            .sum();
        let electronic = !row.scans.is_empty() || met.evidence.is_some();
        let carrier = match (by_paper, electronic) {
            (true, true) => "电子，纸质另领",
            (true, false) => "纸质另领",
            (false, true) => "电子",
            (false, false) => "核验信息",
        };
        let mut sent = self.dispatched(code, carrier, by_paper, pages);
        // Pages are known once a scan was read; until then none are stated as if they were counted.
        let unread = row
            .scans
            .iter()
            .filter(|scan| !self.pages.contains_key(scan));
        let unread = unread.count();
        if unread > 0 {
            let told = format!("扫描件 {unread} 份，页数待识别");
            sent.remark = Some(match sent.remark {
                Some(remark) => format!("{remark}；{told}"),
                None => told,
            });
        }
        Some(sent)
    }

    fn dispatched(
        &self,
        code: &MaterialCode,
        carrier: &str,
        paper: bool,
        pages: u32,
    ) -> DispatchedMaterial {
        let row = self.case.row(code);
        let kept = if paper {
            row.kept()
        } else {
            Default::default()
        };
        let seen = row.met.is_some_and(|met| met.way == MetBy::OriginalSeen);
        DispatchedMaterial {
            name: self.material(code),
            carrier: carrier.to_owned(),
            originals: kept.originals,
            copies: kept.copies,
            pages,
            remark: seen.then(|| "原件已核验退还".to_owned()),
        }
    }

    pub(super) fn delivery_receipt(&self) -> Result<DeliveryReceipt, CounterError> {
        let CaseEvent::Delivered { way } = &self.event else {
            return Err(self.misplaced());
        };
        let result = self.case.result.as_ref().map(|record| &record.result);
        let result = result.ok_or_else(|| self.misplaced())?;
        let short: String = result.content.to_string().chars().take(16).collect();
        let serial = result.serial.as_ref().map(ToString::to_string);
        let outcome = self.case.decision.as_ref().map(|decision| decision.outcome);
        let (recipient, id_check) = self.recipient(way);
        let (told, waybill) = match way {
            DeliveryWay::PickUp { .. } => ("窗口领取", None),
            DeliveryWay::Mail { waybill } => ("邮寄送达", Some(waybill.to_string())),
        };
        let document = ResultDocument {
            name: phrases::result(outcome, &self.item),
            serial: serial.unwrap_or_else(|| format!("摘要 {short}")),
            count: 1,
            remark: None,
        };
        Ok(DeliveryReceipt {
            head: self.head()?,
            item: self.item(),
            applicant: self.applicant(),
            department: self.department.name.clone(),
            results: vec![document],
            recipient,
            id_check,
            way: told.to_owned(),
            waybill,
            delivered: phrases::moment(self.at),
            rating: Some(
                "诚邀您在窗口评价器上对本次服务作出评价，评价与否由您自愿决定。".to_owned(),
            ),
        })
    }
}

fn delivery(case: &CaseState) -> String {
    match case.delivery {
        DeliveryChoice::PickUp => "到窗口领取".to_owned(),
        DeliveryChoice::Mail { .. } => "邮寄送达".to_owned(),
    }
}
