//! Where paper is: the bundle of a case with each paper in it, and paper that the window adds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::containers::PlaceStep;
use super::view::JourneyView;
use crate::counter::bundles::bundle;
use crate::counter::change::{count, fold_case};
use crate::counter::{Ask, Counter, CounterError, Done, about};
use crate::domain::custody::{
    self, Bundle, Condition, HeldPaper, Holder, Leg, NewPaper, Origin, Paper, PaperForm, Place,
    fold_bundle,
};
use crate::domain::{
    CaseNo, ContainerId, Date, DiscrepancyId, SealNo, SlipId, StaffId, Subject, Timestamp,
    TransferId,
};

/// Paper that comes into a bundle in the course of the case: a signed delivery receipt, a notice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaperOrder {
    /// Original or copy.
    pub form: PaperForm,
    /// How many of them lie together.
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: u32,
    /// Pages of each, where they were counted.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub pages: Option<u32>,
    /// How it looks.
    pub condition: Condition,
}

/// A bundle.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BundleView {
    /// The case on its label.
    pub case: CaseNo,
    /// Its papers.
    pub papers: Vec<HeldView>,
}

/// A paper with where it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    /// What it is.
    pub paper: Paper,
    /// When it came in.
    pub since: Timestamp,
    /// Who holds it; none where it went back to the applicant, is in another bundle or is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// The case in whose bundle it is, where it lay in this one by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<CaseNo>,
    /// Who held it last, where it is lost with the approval of both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Holder>,
    /// Since when it is there.
    pub there_since: Timestamp,
    /// On which leg it came there; none where it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came_by: Option<Leg>,
    /// The slip it is offered on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<SlipId>,
    /// What it lies in, from the room to the box; empty where it is in no container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub place: Vec<PlaceStep>,
    /// Since when it lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_since: Option<Timestamp>,
    /// The number of the box's seal, while it is sealed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealNo>,
    /// The carrier that has it (在途).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit: Option<TransitView>,
    /// Until when it comes back, if it is lent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_by: Option<Date>,
    /// Whether it arrived damaged somewhere.
    pub damaged: bool,
    /// The round of transfer it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// The day to which its transfer was put off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Date>,
    /// What does not match and is not cleared up.
    pub doubts: Vec<DiscrepancyId>,
}

/// A carrier that has a paper.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransitView {
    /// The slip it is on.
    pub slip: SlipId,
    /// Since when.
    pub since: Timestamp,
    /// With whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<JourneyView>,
}

impl From<&HeldPaper> for HeldView {
    fn from(held: &HeldPaper) -> Self {
        Self {
            paper: held.paper.clone(),
            since: held.since,
            holder: match &held.place {
                Place::With(holder) => Some(holder.clone()),
                Place::Applicant | Place::Refiled(_) | Place::Lost { .. } => None,
            },
            moved_to: match &held.place {
                Place::Refiled(case) => Some(case.clone()),
                _ => None,
            },
            lost: match &held.place {
                Place::Lost { last } => Some(last.clone()),
                _ => None,
            },
            there_since: held.there_since,
            came_by: held.came_by,
            offered: held.offered.as_ref().map(|(slip, _)| slip.clone()),
            place: Vec::new(),
            in_since: held.shelf.as_ref().map(|shelf| shelf.since),
            seal: held.sealed().map(|(_, seal)| seal.clone()),
            transit: held.away.as_ref().map(|(slip, since)| TransitView {
                slip: slip.clone(),
                since: *since,
                carrier: None,
            }),
            back_by: held.lent.as_ref().map(|(day, _)| *day),
            damaged: held.damaged,
            transfer: held.listed.clone(),
            deferred: held.deferred,
            doubts: held.doubts.iter().cloned().collect(),
        }
    }
}

impl BundleView {
    /// A bundle as it stands, told from its own history alone.
    fn of(bundle: &Bundle) -> Self {
        Self {
            case: bundle.case.clone(),
            papers: bundle.papers.values().map(HeldView::from).collect(),
        }
    }
}

impl Counter {
    /// The bundle of a case, and how many facts it has. A case without paper has an empty one.
    pub async fn bundle_view(&self, case: &CaseNo) -> Result<(BundleView, u32), CounterError> {
        self.case(case).await?;
        let history = self.history(&Subject::Bundle(case.clone())).await?;
        let bundle = fold_bundle(history.iter().map(|fact| &fact.entry));
        let bundle = bundle.unwrap_or_else(|| Bundle::new(case.clone()));
        let mut view = BundleView::of(&bundle);
        self.find(&bundle, &mut view).await?;
        Ok((view, count(&history)))
    }

    /// Adds where the papers are: in which containers, and with which carrier.
    async fn find(&self, bundle: &Bundle, view: &mut BundleView) -> Result<(), CounterError> {
        let mut places: BTreeMap<ContainerId, Vec<PlaceStep>> = BTreeMap::new();
        let mut carriers: BTreeMap<SlipId, Option<JourneyView>> = BTreeMap::new();
        for (held, shown) in bundle.papers.values().zip(&mut view.papers) {
            if let Some(shelf) = &held.shelf {
                let id = &shelf.container;
                if !places.contains_key(id) {
                    places.insert(id.clone(), self.place_of(id).await?);
                }
                shown.place = places.get(id).cloned().unwrap_or_default();
            }
            if let Some(transit) = &mut shown.transit {
                let id = &transit.slip;
                if !carriers.contains_key(id) {
                    let (slip, _) = self.slip_now(id).await?;
                    let carrier = match slip.on_the_way() {
                        Some(way) => Some(self.journey_view(id, way).await),
                        None => None,
                    };
                    carriers.insert(id.clone(), carrier);
                }
                transit.carrier = carriers.get(id).cloned().flatten();
            }
        }
        Ok(())
    }

    /// Puts paper into the bundle that was made in the course of the case.
    pub async fn add_paper(
        &self,
        ask: &Ask,
        case: &CaseNo,
        clerk: &StaffId,
        order: PaperOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Bundle(case.clone());
        self.done(ask, &subject, |_, reads, _| {
            let site = fold_case(case, reads.history(&about(case))?)?.mandate.site;
            let new = NewPaper {
                row: None,
                form: order.form,
                count: order.count,
                pages: order.pages,
                condition: order.condition,
                origin: Origin::Process,
            };
            Ok(custody::take_in(
                &bundle(reads, case)?,
                &site,
                clerk,
                vec![new],
            )?)
        })
        .await
    }
}
