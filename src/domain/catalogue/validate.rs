//! What a service item must fulfil before it may be proposed. Every problem is told at once.

use std::collections::BTreeSet;

use super::item::{Handling, Material, Necessity, Retention, ServiceItem, Weight};
use crate::domain::id::{DepartmentCode, MaterialCode};
use crate::domain::refusal::refusals;

/// Length of a base code (基本编码), standards of the national exchange tables.
const CATALOG_CODE_CHARS: usize = 12;
/// Longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// Longest limit, in working days.
const DAYS_MAX: u16 = 1000;

/// Where in the item a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemPlace {
    /// A field of the item itself.
    Item(&'static str),
    /// A field of the material at this place, from 0.
    Material(usize, &'static str),
    /// A field of the co-task at this place, from 0.
    CoTask(usize, &'static str),
    /// A field of the review point at this place, from 0.
    ReviewPoint(usize, &'static str),
}

impl std::fmt::Display for ItemPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ItemPlace::Item(field) => f.write_str(field),
            ItemPlace::Material(place, field) => write!(f, "materials[{place}].{field}"),
            ItemPlace::CoTask(place, field) => write!(f, "co_tasks[{place}].{field}"),
            ItemPlace::ReviewPoint(place, field) => write!(f, "review_points[{place}].{field}"),
        }
    }
}

/// One thing that is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemProblem {
    /// Where.
    pub place: ItemPlace,
    /// What.
    pub fault: ItemFault,
}

refusals! {
    /// What can be wrong with an item.
    ItemFault;
    CatalogCode { found: usize }, "catalog-code", "catalog_code",
        "基本编码应为 {CATALOG_CODE_CHARS} 位，现为 {found} 位；请核对", "the base code has {found} characters, it must have {CATALOG_CODE_CHARS}; check it";
    VersionZero {}, "version-zero", "version",
        "版本从 1 开始；请更正", "versions count from 1; correct it";
    Empty {}, "empty", "",
        "不能为空；请填写", "it must not be empty; fill it in";
    TooLong { found: usize }, "too-long", "",
        "共 {found} 字，最多 {TEXT_CHARS_MAX} 字；请精简", "it has {found} characters, at most {TEXT_CHARS_MAX} are allowed; shorten it";
    Twice { what: String }, "twice", "",
        "{what} 重复；请删去或改用其他代码", "{what} stands here twice; remove one or give it another code";
    Days { found: u16 }, "days", "",
        "{found} 个工作日不在 1–{DAYS_MAX} 之间；请更正", "{found} working days are not within 1 to {DAYS_MAX}; correct it";
    PromisedLonger { promised: u16, legal: u16 }, "promised-longer", "promised_days",
        "承诺时限 {promised} 天长于法定时限 {legal} 天；请缩短", "the promised limit of {promised} days is longer than the legal one of {legal}; shorten it";
    NoMaterials {}, "no-materials", "materials",
        "没有申请材料；请至少列出一项", "there is no material; list at least one";
    DeferralOfMain {}, "deferral-of-main", "deferral",
        "主要材料不得容缺；请改为次要材料或取消容缺", "only secondary materials can be deferred; make it secondary or take the deferral away";
    DeferralOfInstant {}, "deferral-of-instant", "deferral",
        "即办件没有承诺时限，不得容缺；请取消容缺", "an item done on the spot has no limit to defer within; take the deferral away";
    DeferralLonger { days: u16, promised: u16 }, "deferral-longer", "deferral",
        "容缺 {days} 天长于承诺时限 {promised} 天；请缩短", "the deferral of {days} days is longer than the promised limit of {promised}; shorten it";
    MetByNothing {}, "met-by-nothing", "met_by",
        "没有列明满足方式；请至少列出一种", "no way to meet it is given; give at least one";
    NoPieces {}, "no-pieces", "originals",
        "留存纸质材料时，原件与复印件不能都为 0；请填写份数", "paper that is kept needs originals or copies; give the numbers";
    TransferElsewhere { department: DepartmentCode }, "transfer-elsewhere", "transfer_to",
        "材料移交部门 {department} 既非牵头部门也非协办部门；请更正", "{department}, to which paper is to be transferred, neither leads nor takes part; correct it";
    UnknownMaterial { material: MaterialCode }, "unknown-material", "materials",
        "没有材料 {material}；请核对材料代码", "there is no material {material}; check its code";
    LeadAgain {}, "lead-again", "department",
        "牵头部门不能同时是协办部门；请删去", "the lead department is not a co-department of its own; remove it";
    StepZero {}, "step-zero", "step",
        "步骤从 1 开始；请更正", "steps count from 1; correct it";
    CoTaskLonger { days: u16, promised: u16 }, "co-task-longer", "days",
        "协办时限 {days} 天长于承诺时限 {promised} 天；请缩短", "the co-department's {days} days are longer than the promised limit of {promised}; shorten them";
    RetentionYears { found: u16 }, "retention-years", "retention",
        "保管期限 {found} 年不正确；定期应为 10 或 30 年", "retention of {found} years is not one of 10 or 30; correct it";
}

/// Everything that is wrong with an item; nothing when it may be proposed.
pub fn validate(item: &ServiceItem) -> Vec<ItemProblem> {
    let mut found = Found(Vec::new());
    found.head(item);
    found.handling(item);
    if item.materials.is_empty() {
        found.note(ItemPlace::Item("materials"), ItemFault::NoMaterials {});
    }
    let mut codes = BTreeSet::new();
    for (place, material) in item.materials.iter().enumerate() {
        if !codes.insert(&material.code) {
            let what = material.code.to_string();
            found.note(
                ItemPlace::Material(place, "code"),
                ItemFault::Twice { what },
            );
        }
        found.material(place, material, item.handling);
    }
    found.co_tasks(item, &codes);
    for (place, point) in item.review_points.iter().enumerate() {
        found.text(ItemPlace::ReviewPoint(place, "text"), &point.text);
        if let Some(material) = point.material.as_ref().filter(|code| !codes.contains(code)) {
            let material = material.clone();
            let at = ItemPlace::ReviewPoint(place, "material");
            found.note(at, ItemFault::UnknownMaterial { material });
        }
    }
    found.0
}

struct Found(Vec<ItemProblem>);

impl Found {
    fn note(&mut self, place: ItemPlace, fault: ItemFault) {
        self.0.push(ItemProblem { place, fault });
    }

    fn text(&mut self, place: ItemPlace, text: &str) {
        let chars = text.chars().count();
        if text.trim().is_empty() {
            self.note(place, ItemFault::Empty {});
        } else if chars > TEXT_CHARS_MAX {
            self.note(place, ItemFault::TooLong { found: chars });
        }
    }

    fn days(&mut self, place: ItemPlace, days: u16) {
        if !(1..=DAYS_MAX).contains(&days) {
            self.note(place, ItemFault::Days { found: days });
        }
    }

    fn unique<T: PartialEq + std::fmt::Debug>(&mut self, place: ItemPlace, list: &[T]) {
        for (at, one) in list.iter().enumerate() {
            if list.iter().take(at).any(|other| other == one) {
                let what = format!("{one:?}");
                self.note(place, ItemFault::Twice { what });
            }
        }
    }

    fn head(&mut self, item: &ServiceItem) {
        let chars = item.catalog_code.as_str().chars().count();
        if chars != CATALOG_CODE_CHARS {
            let place = ItemPlace::Item("catalog_code");
            self.note(place, ItemFault::CatalogCode { found: chars });
        }
        if item.version == 0 {
            self.note(ItemPlace::Item("version"), ItemFault::VersionZero {});
        }
        self.text(ItemPlace::Item("name"), &item.name);
        self.text(ItemPlace::Item("result"), &item.result.name);
        if item.applicants.is_empty() {
            self.note(ItemPlace::Item("applicants"), ItemFault::Empty {});
        }
        self.unique(ItemPlace::Item("applicants"), &item.applicants);
        let special = ItemPlace::Item("special_procedures");
        self.unique(special, &item.special_procedures);
        for basis in &item.basis {
            self.text(ItemPlace::Item("basis"), basis);
        }
        if let Retention::Years { years } = item.retention
            && ![10, 30].contains(&years)
        {
            let place = ItemPlace::Item("retention");
            self.note(place, ItemFault::RetentionYears { found: years });
        }
    }

    fn handling(&mut self, item: &ServiceItem) {
        let Handling::TimeLimited {
            legal_days: legal,
            promised_days: promised,
        } = item.handling
        else {
            return;
        };
        self.days(ItemPlace::Item("legal_days"), legal);
        self.days(ItemPlace::Item("promised_days"), promised);
        if promised > legal {
            let place = ItemPlace::Item("promised_days");
            self.note(place, ItemFault::PromisedLonger { promised, legal });
        }
    }

    fn material(&mut self, place: usize, material: &Material, handling: Handling) {
        let at = |field| ItemPlace::Material(place, field);
        self.text(at("name"), &material.name);
        if let Necessity::Conditional { when } = &material.necessity {
            self.text(at("when"), when);
        }
        for mark in &material.marks {
            self.text(at("marks"), mark);
        }
        if material.met_by.is_empty() {
            self.note(at("met_by"), ItemFault::MetByNothing {});
        }
        self.unique(at("met_by"), &material.met_by);
        let kept = material.met_by.contains(&super::MetBy::PaperKept);
        if kept && material.originals == 0 && material.copies == 0 {
            self.note(at("originals"), ItemFault::NoPieces {});
        }
        let Some(deferral) = material.deferral else {
            return;
        };
        let days = deferral.days;
        self.days(at("deferral_days"), days);
        if material.weight == Weight::Main {
            self.note(at("deferral_days"), ItemFault::DeferralOfMain {});
        }
        match handling {
            Handling::Instant => self.note(at("deferral_days"), ItemFault::DeferralOfInstant {}),
            Handling::TimeLimited {
                promised_days: promised,
                ..
            } if days > promised => {
                let fault = ItemFault::DeferralLonger { days, promised };
                self.note(at("deferral_days"), fault);
            }
            Handling::TimeLimited { .. } => {}
        }
    }

    fn transfers(&mut self, item: &ServiceItem) {
        for (place, material) in item.materials.iter().enumerate() {
            let Some(department) = &material.transfer_to else {
                continue;
            };
            let part = item
                .co_tasks
                .iter()
                .any(|task| task.department == *department);
            if !part && *department != item.lead {
                let department = department.clone();
                let at = ItemPlace::Material(place, "transfer_to");
                self.note(at, ItemFault::TransferElsewhere { department });
            }
        }
    }

    fn co_tasks(&mut self, item: &ServiceItem, codes: &BTreeSet<&MaterialCode>) {
        self.transfers(item);
        let mut seen = BTreeSet::new();
        for (place, task) in item.co_tasks.iter().enumerate() {
            let at = |field| ItemPlace::CoTask(place, field);
            if task.department == item.lead {
                self.note(at("department"), ItemFault::LeadAgain {});
            }
            if !seen.insert(&task.department) {
                let what = task.department.to_string();
                self.note(at("department"), ItemFault::Twice { what });
            }
            if task.step == 0 {
                self.note(at("step"), ItemFault::StepZero {});
            }
            self.days(at("days"), task.days);
            if let Handling::TimeLimited {
                promised_days: promised,
                ..
            } = item.handling
                && task.days > promised
            {
                let days = task.days;
                self.note(at("days"), ItemFault::CoTaskLonger { days, promised });
            }
            self.unique(at("materials"), &task.materials);
            for material in task.materials.iter().filter(|code| !codes.contains(code)) {
                let material = material.clone();
                self.note(at("materials"), ItemFault::UnknownMaterial { material });
            }
        }
    }
}
