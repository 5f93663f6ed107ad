//! How codes, days and numbers read on a printed form. Pure; the words are those of the forms' templates.

use crate::domain::case::{DefectKind, Outcome, PaperCount, RefusalReason};
use crate::domain::catalogue::{
    Handling, ItemKind, Material, MetBy, ServiceItem, SpecialProcedure,
};
use crate::domain::{Date, Timestamp};

/// Asia/Shanghai against UTC, in milliseconds; without summer time since 1991.
const OFFSET_MILLIS: i64 = 8 * 60 * 60 * 1000;
const LICENSING: &str = "《中华人民共和国行政许可法》";

/// `2026年11月23日`.
pub(super) fn day(day: Date) -> String {
    let text = day.compact();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let number = |digits: &str| digits.trim_start_matches('0').to_owned();
    format!(
        "{}年{}月{}日",
        part(0, 4),
        number(part(4, 6)),
        number(part(6, 8))
    )
}

/// `2026年11月23日 10时26分`, in the hall's time.
pub(in crate::counter) fn moment(at: Timestamp) -> String {
    let minutes = at
        .as_millis()
        .saturating_add(OFFSET_MILLIS)
        .div_euclid(60_000);
    let minutes = minutes.rem_euclid(24 * 60);
    format!(
        "{} {:02}时{:02}分",
        day(Date::of(at)),
        minutes / 60,
        minutes % 60
    )
}

/// `15 个工作日`, or that it is done on the spot.
pub(super) fn limit(days: Option<u16>) -> String {
    days.map_or_else(|| "当场办结".to_owned(), |days| format!("{days} 个工作日"))
}

/// The limit of the law.
pub(super) fn legal_days(item: &ServiceItem) -> Option<u16> {
    match item.handling {
        Handling::Instant => None,
        Handling::TimeLimited { legal_days, .. } => Some(legal_days),
    }
}

/// `原件 1 份，复印件 2 份`.
pub(super) fn asked(material: &Material) -> String {
    counted(PaperCount {
        originals: material.originals.into(),
        copies: material.copies.into(),
    })
}

fn counted(paper: PaperCount) -> String {
    match (paper.originals, paper.copies) {
        (0, 0) => "电子或核验".to_owned(),
        (originals, 0) => format!("原件 {originals} 份"),
        (0, copies) => format!("复印件 {copies} 份"),
        (originals, copies) => format!("原件 {originals} 份，复印件 {copies} 份"),
    }
}

/// How a material was met.
pub(super) const fn met_by(way: MetBy) -> &'static str {
    match way {
        MetBy::PaperKept => "纸质留存",
        MetBy::OriginalSeen => "核验原件退还",
        MetBy::ELicence => "电子证照",
        MetBy::SharedData => "数据共享",
        MetBy::Commitment => "告知承诺",
        MetBy::EarlierSubmission => "前次已交",
    }
}

/// What is wrong with a material or an entry.
pub(super) const fn fault(kind: DefectKind) -> &'static str {
    match kind {
        DefectKind::Missing => "未提交",
        DefectKind::WrongForm => "不符合法定形式",
        DefectKind::Unreadable => "无法辨认",
        DefectKind::Expired => "已失效",
        DefectKind::Inconsistent => "与其他材料或填报信息不一致",
        DefectKind::InvalidField => "填写内容不正确",
    }
}

/// A special procedure.
pub(super) const fn procedure(procedure: SpecialProcedure) -> &'static str {
    match procedure {
        SpecialProcedure::Hearing => "听证",
        SpecialProcedure::Tender => "招标",
        SpecialProcedure::Auction => "拍卖",
        SpecialProcedure::Inspection => "检验、检测、检疫",
        SpecialProcedure::Appraisal => "鉴定",
        SpecialProcedure::ExpertReview => "专家评审",
        SpecialProcedure::SiteInspection => "现场踏勘",
        SpecialProcedure::CollectiveDiscussion => "集体讨论",
        SpecialProcedure::PublicNotice => "公示",
    }
}

/// Why an application is not accepted.
pub(super) const fn refusal(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::NotRequired => "申请事项依法不需要办理",
        RefusalReason::NotCompetent => "申请事项依法不属于本机关职权范围",
        RefusalReason::NotEligible => "申请人不具备申请资格",
        RefusalReason::Incomplete => "申请材料经补正后仍不齐全或不符合法定形式",
        RefusalReason::Unlawful => "法律、法规禁止，或者申请材料虚假",
    }
}

/// What is handed out.
pub(super) fn result(outcome: Option<Outcome>, item: &ServiceItem) -> String {
    match outcome {
        Some(Outcome::Denied) => "不予办理决定书".to_owned(),
        _ => item.result.name.clone(),
    }
}

/// The law that a notice rests on: for a licence the paragraph `article` of the licensing law, for the other kinds what
/// the guide names.
pub(super) fn basis(item: &ServiceItem, article: &str) -> Vec<String> {
    match item.kind {
        ItemKind::Licence => vec![format!("{LICENSING}{article}")],
        _ => item.basis.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_those_of_the_hall() {
        let at: Timestamp = "2026-11-22T16:05:59.999Z".parse().unwrap();
        assert_eq!(moment(at), "2026年11月23日 00时05分");
        let at: Timestamp = "2026-01-02T03:59:00Z".parse().unwrap();
        assert_eq!(moment(at), "2026年1月2日 11时59分");
        assert_eq!(day(Date::of(at)), "2026年1月2日");
    }

    #[test]
    fn limits_and_counts_read_as_words() {
        assert_eq!(limit(Some(15)), "15 个工作日");
        assert_eq!(limit(None), "当场办结");
        let paper = |originals, copies| counted(PaperCount { originals, copies });
        assert_eq!(paper(1, 2), "原件 1 份，复印件 2 份");
        assert_eq!(paper(0, 2), "复印件 2 份");
        assert_eq!(paper(0, 0), "电子或核验");
    }
}
