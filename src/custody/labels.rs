//! The labels of bundles: what lies in each, by case number. Printed as often as one likes; nothing is recorded.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use super::draft::field;
use crate::counter::printing::paper::day;
use crate::counter::{Counter, CounterError, PrintedPaper};
use crate::domain::custody::{CustodyRefusal, Place};
use crate::domain::{CaseNo, Date, SiteCode};
use crate::forms::handover::{BundleLabel, BundleLabels, LabelLayout};

/// Most labels printed at once.
pub const LABELS_MAX: usize = 200;

/// Characters of an item's name that a label has room for.
const ITEM_CHARS: usize = 60;

/// The labels to print.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelOrder {
    /// The bundles, by case number.
    #[schema(min_items = 1, max_items = 200)]
    pub cases: Vec<CaseNo>,
    /// On what: `roll` (100 mm × 50 mm, one a page) without it, or `sheet` (A4, ten of 99 mm × 57 mm).
    #[serde(default)]
    #[schema(value_type = String, pattern = "^(roll|sheet)$")]
    pub layout: LabelLayout,
    /// Places of the first sheet that are used up, 0 to 9.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9)]
    pub skip: u32,
}

impl Counter {
    /// Prints the labels of bundles. Refused for a case without paper: its bundle opens with the receipt.
    pub async fn print_labels(&self, order: &LabelOrder) -> Result<PrintedPaper, CounterError> {
        let count = order.cases.len();
        if !(1..=LABELS_MAX).contains(&count) {
            let zh = format!("一次打印 1 至 {LABELS_MAX} 张标签；请分批打印");
            let en = format!("1 to {LABELS_MAX} labels are printed at once; print them in parts");
            return Err(field("cases", "out-of-range", zh, en));
        }
        let mut sites: BTreeMap<SiteCode, String> = BTreeMap::new();
        let mut labels = Vec::with_capacity(count);
        for case in &order.cases {
            labels.push(self.label(case, &mut sites).await?);
        }
        let labels = BundleLabels {
            layout: order.layout,
            skip: match order.layout {
                LabelLayout::Sheet => order.skip,
                LabelLayout::Roll => 0,
            },
            labels,
        };
        self.print_paper(&labels.into(), self.clock.now(), (0, 1))
            .await
    }

    async fn label(
        &self,
        no: &CaseNo,
        sites: &mut BTreeMap<SiteCode, String>,
    ) -> Result<BundleLabel, CounterError> {
        let (case, _) = self.case(no).await?;
        let item = self.pinned(&case.mandate.content).await?;
        let bundle = self.bundle_now(no).await?;
        let opened = bundle.papers.values().map(|held| held.since).min();
        let opened = opened.ok_or_else(|| CustodyRefusal::NoBundle { case: no.clone() })?;
        let code = &case.mandate.site;
        let site = match sites.get(code) {
            Some(known) => known.clone(),
            None => {
                let known = self.site_definition(&self.site(code).await?).await?;
                sites.insert(code.clone(), known.name.clone());
                known.name
            }
        };
        let there = |place: &Place| matches!(place, Place::With(_));
        let papers = bundle.papers.values().filter(|held| there(&held.place));
        Ok(BundleLabel {
            case: no.to_string(),
            site,
            item: shortened(&item.name),
            papers: u32::try_from(papers.count()).unwrap_or(u32::MAX),
            day: format!("{}收件", day(Date::of(opened))),
        })
    }
}

/// A name cut to what a label has room for.
fn shortened(name: &str) -> String {
    if name.chars().count() <= ITEM_CHARS {
        return name.to_owned();
    }
    let cut: String = name.chars().take(ITEM_CHARS - 1).collect();
    format!("{cut}…")
}
