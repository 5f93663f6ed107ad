//! The live items against the province's published list : every difference is a
//! pre-filled alarm for the department that keeps the list. Regulation Art 11(4), 14(2)2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::item::{Handling, Material, ServiceItem};
use crate::domain::id::{DepartmentCode, MaterialCode, TaskCode};

/// An item as the province publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedItem {
    /// Implementing code.
    pub task_code: TaskCode,
    /// What it is called.
    pub name: String,
    /// Legal limit in working days; none for an item done on the spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_days: Option<u16>,
    /// Promised limit in working days; none for an item done on the spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_days: Option<u16>,
    /// What has to be handed in.
    pub materials: Vec<PublishedMaterial>,
}

impl PublishedItem {
    /// An item as it would be published if the list said what the window asks for.
    pub fn of(item: &ServiceItem) -> Self {
        let (legal_days, promised_days) = limits(item);
        let materials = item.materials.iter().map(|material| PublishedMaterial {
            code: material.code.clone(),
            name: material.name.clone(),
            originals: material.originals,
            copies: material.copies,
        });
        Self {
            task_code: item.task_code.clone(),
            name: item.name.clone(),
            legal_days,
            promised_days,
            materials: materials.collect(),
        }
    }
}

/// Legal and promised limit; none for an item done on the spot.
fn limits(item: &ServiceItem) -> (Option<u16>, Option<u16>) {
    match item.handling {
        Handling::Instant => (None, None),
        Handling::TimeLimited {
            legal_days,
            promised_days,
        } => (Some(legal_days), Some(promised_days)),
    }
}

/// A material as the province publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedMaterial {
    /// Its code within the item.
    pub code: MaterialCode,
    /// What it is called.
    pub name: String,
    /// Originals asked for.
    pub originals: u8,
    /// Copies asked for.
    pub copies: u8,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mismatch {
    /// Which item.
    pub task_code: TaskCode,
    /// The department that keeps it; none when only the province knows the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentCode>,
    /// Which material, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<MaterialCode>,
    /// What differs.
    pub difference: Difference,
}

/// What differs between the published list and the live item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // `published` and `live` hold what each side says
pub enum Difference {
    /// The item is live here and not published.
    ItemNotPublished,
    /// The item is published and not live here.
    ItemNotLive,
    /// The item is called differently.
    ItemName { published: String, live: String },
    /// The legal limit differs; none is an item done on the spot.
    LegalLimit {
        published: Option<u16>,
        live: Option<u16>,
    },
    /// The promised limit differs; none is an item done on the spot.
    PromisedLimit {
        published: Option<u16>,
        live: Option<u16>,
    },
    /// The window asks for a material that is not published.
    MaterialExtra { live: String },
    /// A published material is not asked for at the window.
    MaterialMissing { published: String },
    /// The material is called differently.
    MaterialName { published: String, live: String },
    /// Another number of originals is asked for.
    Originals { published: u8, live: u8 },
    /// Another number of copies is asked for.
    Copies { published: u8, live: u8 },
}

impl Difference {
    /// Stable code in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Difference::ItemNotPublished => "item-not-published",
            Difference::ItemNotLive => "item-not-live",
            Difference::ItemName { .. } => "item-name",
            Difference::LegalLimit { .. } => "legal-limit",
            Difference::PromisedLimit { .. } => "promised-limit",
            Difference::MaterialExtra { .. } => "material-extra",
            Difference::MaterialMissing { .. } => "material-missing",
            Difference::MaterialName { .. } => "material-name",
            Difference::Originals { .. } => "originals",
            Difference::Copies { .. } => "copies",
        }
    }

    /// The difference, and what the department is to do, in Chinese.
    pub fn zh(&self) -> String {
        let limit = |days: &Option<u16>| match days {
            Some(days) => format!("{days} 个工作日"),
            None => "即办".to_owned(),
        };
        let said = match self {
            Difference::ItemNotPublished => "省网未公示该事项".to_owned(),
            Difference::ItemNotLive => "省网已公示，综合窗口未启用该事项".to_owned(),
            Difference::ItemName { published, live } => {
                format!("事项名称不一致：公示“{published}”，窗口“{live}”")
            }
            Difference::LegalLimit { published, live } => {
                format!(
                    "法定时限不一致：公示{}，窗口{}",
                    limit(published),
                    limit(live)
                )
            }
            Difference::PromisedLimit { published, live } => {
                format!(
                    "承诺时限不一致：公示{}，窗口{}",
                    limit(published),
                    limit(live)
                )
            }
            Difference::MaterialExtra { live } => format!("窗口多收材料“{live}”，省网未公示"),
            Difference::MaterialMissing { published } => {
                format!("省网公示材料“{published}”，窗口清单没有")
            }
            Difference::MaterialName { published, live } => {
                format!("材料名称不一致：公示“{published}”，窗口“{live}”")
            }
            Difference::Originals { published, live } => {
                format!("原件份数不一致：公示 {published} 份，窗口 {live} 份")
            }
            Difference::Copies { published, live } => {
                format!("复印件份数不一致：公示 {published} 份，窗口 {live} 份")
            }
        };
        format!("{said}；请部门更新公示内容，或函告更新后的清单")
    }

    /// The difference, and what the department is to do, in English.
    pub fn en(&self) -> String {
        let limit = |days: &Option<u16>| match days {
            Some(days) => format!("{days} working days"),
            None => "on the spot".to_owned(),
        };
        let said = match self {
            Difference::ItemNotPublished => "the item is not published".to_owned(),
            Difference::ItemNotLive => "the item is published and not live here".to_owned(),
            Difference::ItemName { published, live } => {
                format!("the item is published as {published}, here it is {live}")
            }
            Difference::LegalLimit { published, live } => format!(
                "the legal limit is published as {}, here it is {}",
                limit(published),
                limit(live)
            ),
            Difference::PromisedLimit { published, live } => format!(
                "the promised limit is published as {}, here it is {}",
                limit(published),
                limit(live)
            ),
            Difference::MaterialExtra { live } => {
                format!("the window asks for {live}, which is not published")
            }
            Difference::MaterialMissing { published } => {
                format!("{published} is published, the window does not ask for it")
            }
            Difference::MaterialName { published, live } => {
                format!("the material is published as {published}, here it is {live}")
            }
            Difference::Originals { published, live } => {
                format!("{published} originals are published, here {live} are asked for")
            }
            Difference::Copies { published, live } => {
                format!("{published} copies are published, here {live} are asked for")
            }
        };
        format!("{said}; the department updates what is published or notifies the new list")
    }
}

/// Every difference between the published list and the live items, by item code and material in the window's order.
pub fn compare(published: &[PublishedItem], live: &[ServiceItem]) -> Vec<Mismatch> {
    let theirs: BTreeMap<&TaskCode, &PublishedItem> = published
        .iter()
        .map(|item| (&item.task_code, item))
        .collect();
    let ours: BTreeMap<&TaskCode, &ServiceItem> =
        live.iter().map(|item| (&item.task_code, item)).collect();
    let mut codes: Vec<&TaskCode> = theirs.keys().chain(ours.keys()).copied().collect();
    codes.sort_unstable();
    codes.dedup();
    let mut found = Vec::new();
    for code in codes {
        let mut note = |material, difference| {
            found.push(Mismatch {
                task_code: code.clone(),
                department: ours.get(code).map(|item| item.lead.clone()),
                material,
                difference,
            });
        };
        match (theirs.get(code), ours.get(code)) {
            (Some(theirs), Some(ours)) => compare_item(theirs, ours, &mut note),
            (None, _) => note(None, Difference::ItemNotPublished),
            (_, None) => note(None, Difference::ItemNotLive),
        }
    }
    found
}

fn compare_item(
    theirs: &PublishedItem,
    ours: &ServiceItem,
    note: &mut impl FnMut(Option<MaterialCode>, Difference),
) {
    if theirs.name != ours.name {
        let (published, live) = (theirs.name.clone(), ours.name.clone());
        note(None, Difference::ItemName { published, live });
    }
    let (legal, promised) = limits(ours);
    if theirs.legal_days != legal {
        let (published, live) = (theirs.legal_days, legal);
        note(None, Difference::LegalLimit { published, live });
    }
    if theirs.promised_days != promised {
        let (published, live) = (theirs.promised_days, promised);
        note(None, Difference::PromisedLimit { published, live });
    }
    for material in &ours.materials {
        let mut published = theirs.materials.iter();
        match published.find(|row| row.code == material.code) {
            Some(row) => compare_material(row, material, note),
            None => {
                let live = material.name.clone();
                let code = Some(material.code.clone());
                note(code, Difference::MaterialExtra { live });
            }
        }
    }
    for row in &theirs.materials {
        if !ours
            .materials
            .iter()
            .any(|material| material.code == row.code)
        {
            let published = row.name.clone();
            note(
                Some(row.code.clone()),
                Difference::MaterialMissing { published },
            );
        }
    }
}

fn compare_material(
    theirs: &PublishedMaterial,
    ours: &Material,
    note: &mut impl FnMut(Option<MaterialCode>, Difference),
) {
    let mut note = |difference| note(Some(ours.code.clone()), difference);
    if theirs.name != ours.name {
        let (published, live) = (theirs.name.clone(), ours.name.clone());
        note(Difference::MaterialName { published, live });
    }
    if theirs.originals != ours.originals {
        let (published, live) = (theirs.originals, ours.originals);
        note(Difference::Originals { published, live });
    }
    if theirs.copies != ours.copies {
        let (published, live) = (theirs.copies, ours.copies);
        note(Difference::Copies { published, live });
    }
}
