//! Boxes, shelves, cabinets and rooms: made, moved, filled, sealed and opened; and what is in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::draft::field;
use crate::counter::bundles::{bundle, bundles, person};
use crate::counter::change::count;
use crate::counter::{Ask, Counter, CounterError, Done, Refusal};
use crate::domain::custody::{
    self, Bundle, Bundles, Container, ContainerKind, SealedBox, Side, fold_container,
};
use crate::domain::{CaseNo, ContainerId, Fact, SealNo, SiteCode, StaffId, Subject, Timestamp};
use crate::ledger::{Decline, Reads, Recorded};

/// A container that comes into use.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContainer {
    /// The code on its label.
    pub id: ContainerId,
    /// What kind.
    pub kind: ContainerKind,
    /// Where.
    pub site: SiteCode,
}

/// What is done with a container.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ContainerOrder {
    /// It goes into a larger one, or stands alone. An empty box may go to another site.
    Move {
        /// Into which; it stands alone without it.
        #[serde(default)]
        into: Option<ContainerId>,
        /// At which site; where it is without it.
        #[serde(default)]
        site: Option<SiteCode>,
    },
    /// Papers of a case come into it.
    Put {
        /// The case on the bundle's label.
        case: CaseNo,
        /// The papers, by number; without it all that the site holds and that are at hand.
        #[serde(default)]
        papers: Option<Vec<u16>>,
    },
    /// Papers of a case come out of it.
    Take {
        /// The case on the bundle's label.
        case: CaseNo,
        /// The papers, by number; without it all that are in it.
        #[serde(default)]
        papers: Option<Vec<u16>>,
    },
    /// A box is sealed with all that is in it (封箱).
    Seal {
        /// The number of the seal.
        seal: SealNo,
    },
    /// A sealed box is opened.
    Open {
        /// Whether its seal was found broken.
        #[serde(default)]
        broken: bool,
    },
}

/// A container on the way from the largest to what a paper lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceStep {
    /// The code on its label.
    pub container: ContainerId,
    /// What kind.
    pub kind: ContainerKind,
    /// The same in Chinese.
    pub kind_zh: String,
    /// Since when it stands where it stands.
    pub since: Timestamp,
}

/// A seal on a box.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SealView {
    /// Its number.
    pub seal: SealNo,
    /// Since when.
    pub since: Timestamp,
    /// Papers under it.
    pub papers: u32,
    /// Who sealed the box.
    pub by: StaffId,
}

/// A container.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContainerView {
    /// The code on its label.
    pub id: ContainerId,
    /// What kind.
    pub kind: ContainerKind,
    /// The same in Chinese.
    pub kind_zh: String,
    /// Where it is.
    pub side: Side,
    /// What it stands in, from the largest, and itself last.
    pub place: Vec<PlaceStep>,
    /// Its seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealView>,
}

/// Something in a container.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentView {
    /// Papers of a case.
    Bundle {
        /// The case on the bundle's label.
        case: CaseNo,
        /// Those that lie here, by number.
        papers: Vec<u16>,
    },
    /// A smaller container.
    Container {
        /// It.
        container: ContainerView,
    },
}

/// A container within a decision.
fn container(history: &[Recorded], id: &ContainerId) -> Result<Container, Decline> {
    let found = fold_container(history.iter().map(|fact| &fact.entry));
    found.ok_or_else(|| CounterError::NotFound(format!("container/{id}")).into())
}

/// A container within a decision, with the bundles of which paper may be in it.
pub(super) fn with_content(
    reads: &mut Reads<'_>,
    id: &ContainerId,
) -> Result<(Container, Bundles), Decline> {
    let history = reads.history(&Subject::Container(id.clone()))?;
    let container = container(history, id)?;
    let inside = bundles(reads, &container.cases)?;
    Ok((container, inside))
}

/// The papers that were chosen, or all that fit.
fn chosen(
    bundle: &Bundle,
    papers: &Option<Vec<u16>>,
    fits: impl Fn(&custody::HeldPaper) -> bool,
) -> Vec<u16> {
    match papers {
        Some(papers) => papers.clone(),
        None => {
            let all = bundle.papers.values().filter(|held| fits(held));
            all.map(|held| held.paper.no).collect()
        }
    }
}

fn decide(
    reads: &mut Reads<'_>,
    id: &ContainerId,
    by: &StaffId,
    order: &ContainerOrder,
) -> Result<Vec<Fact>, Decline> {
    let history = reads.history(&Subject::Container(id.clone()))?;
    let now = container(history, id)?;
    // Only these ask what is in it; a shelf may have held the paper of thousands of cases.
    let inside = match order {
        ContainerOrder::Move { .. } if now.kind == ContainerKind::Box => {
            bundles(reads, &now.cases)?
        }
        ContainerOrder::Seal { .. } | ContainerOrder::Open { .. } => bundles(reads, &now.cases)?,
        _ => Bundles::new(),
    };
    let state = person(reads, by)?;
    let keeper = (by, &state);
    Ok(match order {
        ContainerOrder::Move { into, site } => {
            let larger = match into {
                Some(into) => {
                    let history = reads.history(&Subject::Container(into.clone()))?;
                    Some(container(history, into)?)
                }
                None => None,
            };
            let site = match (site, &now.side) {
                (Some(site), _) | (None, Side::Hall { site }) => site.clone(),
                (None, Side::Department { .. }) => return Err(which_site().into()),
            };
            custody::move_to(&now, larger.as_ref(), &site, &inside, keeper)?
        }
        ContainerOrder::Put { case, papers } => {
            let mut bundle = bundle(reads, case)?;
            // What is elsewhere is not told of.
            bundle
                .papers
                .retain(|_, held| held.holder().map(|holder| &holder.side) == Some(&now.side));
            let fits = |held: &custody::HeldPaper| {
                let theirs = held.holder().map(|holder| &holder.side) == Some(&now.side);
                let shelf = held.shelf.as_ref();
                let here = shelf.is_some_and(|shelf| shelf.container == *id);
                theirs && !here && held.sealed().is_none() && held.away.is_none()
            };
            let papers = chosen(&bundle, papers, fits);
            custody::put(&now, &bundle, &papers, keeper)?
        }
        ContainerOrder::Take { case, papers } => {
            let bundle = bundle(reads, case)?;
            let here = |held: &custody::HeldPaper| {
                let shelf = held.shelf.as_ref();
                shelf.is_some_and(|shelf| shelf.container == *id)
            };
            let papers = chosen(&bundle, papers, here);
            custody::take_out(&now, &bundle, &papers, keeper)?
        }
        ContainerOrder::Seal { seal } => custody::seal(&now, &inside, seal, keeper)?,
        ContainerOrder::Open { broken } => custody::open_box(&now, &inside, !broken, keeper)?,
    })
}

fn which_site() -> CounterError {
    CounterError::Fields(vec![Refusal {
        code: "missing".to_owned(),
        zh: "空盒收回到哪个站点？请填写站点".to_owned(),
        en: "to which site does the empty box come back? name it".to_owned(),
        field: Some("site".to_owned()),
    }])
}

impl Counter {
    /// A container, and how many facts it has.
    pub async fn container(&self, id: &ContainerId) -> Result<(Container, u32), CounterError> {
        let history = self.history(&Subject::Container(id.clone())).await?;
        let found = fold_container(history.iter().map(|fact| &fact.entry));
        let found = found.ok_or_else(|| CounterError::NotFound(format!("container/{id}")))?;
        Ok((found, count(&history)))
    }

    /// Brings a container into use.
    pub async fn make_container(
        &self,
        ask: &Ask,
        by: &StaffId,
        new: &NewContainer,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Container(new.id.clone());
        self.done(ask, &subject, |history, reads, _| {
            let known = fold_container(history.iter().map(|fact| &fact.entry));
            let state = person(reads, by)?;
            let keeper = (by, &state);
            let NewContainer { id, kind, site } = new;
            Ok(custody::make(known.as_ref(), id, *kind, site, keeper)?)
        })
        .await
    }

    /// Does something with a container.
    pub async fn act_on_container(
        &self,
        ask: &Ask,
        id: &ContainerId,
        by: &StaffId,
        order: &ContainerOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Container(id.clone());
        self.done(ask, &subject, |_, reads, _| decide(reads, id, by, order))
            .await
    }

    /// What a container stands in, from the largest, and itself last.
    pub(super) async fn place_of(&self, id: &ContainerId) -> Result<Vec<PlaceStep>, CounterError> {
        let mut steps = Vec::new();
        let mut next = Some(id.clone());
        while let Some(id) = next {
            let (container, _) = self.container(&id).await?;
            steps.push(PlaceStep {
                container: id,
                kind: container.kind,
                kind_zh: container.kind.to_string(),
                since: container.since,
            });
            // Each is of a larger kind than the one in it, so this ends.
            next = container
                .into
                .filter(|_| steps.len() < ContainerKind::ALL.len());
        }
        steps.reverse();
        Ok(steps)
    }

    /// A container with where it stands, and how many facts it has.
    pub async fn container_view(
        &self,
        id: &ContainerId,
    ) -> Result<(ContainerView, u32), CounterError> {
        let (container, version) = self.container(id).await?;
        let view = ContainerView {
            id: id.clone(),
            kind: container.kind,
            kind_zh: container.kind.to_string(),
            side: container.side,
            place: self.place_of(id).await?,
            seal: container.seal.map(|on| SealView {
                seal: on.seal,
                since: on.since,
                papers: on.papers,
                by: on.by,
            }),
        };
        Ok((view, version))
    }

    /// Something that a list says is in a container, as it is there now; none where it is not any more.
    pub async fn content_view(
        &self,
        id: &ContainerId,
        subject: &Subject,
    ) -> Result<Option<ContentView>, CounterError> {
        match subject {
            Subject::Container(inner) => {
                if self.container(inner).await?.0.into.as_ref() != Some(id) {
                    return Ok(None);
                }
                let (view, _) = self.container_view(inner).await?;
                Ok(Some(ContentView::Container { container: view }))
            }
            Subject::Bundle(case) => {
                let bundle = self.bundle_now(case).await?;
                let here = bundle.papers.values().filter(|held| {
                    let shelf = held.shelf.as_ref();
                    shelf.is_some_and(|shelf| shelf.container == *id)
                });
                let papers: Vec<u16> = here.map(|held| held.paper.no).collect();
                let case = case.clone();
                Ok((!papers.is_empty()).then_some(ContentView::Bundle { case, papers }))
            }
            _ => Ok(None),
        }
    }

    /// Sealed boxes with what is in them, for a slip.
    pub(super) async fn boxes_now(
        &self,
        ids: &[ContainerId],
        from: &Side,
    ) -> Result<Vec<SealedBox>, CounterError> {
        let mut boxes = Vec::with_capacity(ids.len());
        for id in ids {
            let (container, _) = self.container(id).await?;
            if container.side != *from {
                return Err(CounterError::NotFound(format!("container/{id}")));
            }
            let Some(on) = &container.seal else {
                let zh = format!("{id} 没有封签；请先封签，或直接列出其中的材料袋");
                let en = format!("{id} is not sealed; seal it, or list the bundles in it");
                return Err(field("boxes", "box-not-sealed", zh, en));
            };
            let mut bundles = Bundles::new();
            for case in &container.cases {
                bundles.insert(case.clone(), self.bundle_now(case).await?);
            }
            boxes.push(SealedBox {
                container: id.clone(),
                seal: on.seal.clone(),
                lines: container.content(&bundles),
            });
        }
        Ok(boxes)
    }
}
