//! Making out slips and outcomes. A draft is recorded nowhere: it is what a person signs, word for word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counter::{Counter, CounterError, Refusal};
use crate::domain::custody::{
    BUNDLES_MAX, Bundle, CustodyRefusal, Extra, Found, HeldPaper, Holder, Leg, OutcomeLine,
    PaperOutcome, SealRead, SealedBox, Side, SlipLine, SlipManifest, SlipOutcome, fold_bundle,
    to_check,
};
use crate::domain::{CaseNo, ContainerId, Date, Digest, SlipId, StaffId, Subject, TransferId};

/// Working days for which a slip is open, where nothing else is said.
const OPEN_DAYS: u32 = 3;

/// What is to be handed over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipDraft {
    /// On which leg.
    pub leg: Leg,
    /// The round, for a transfer.
    #[serde(default)]
    pub transfer: Option<TransferId>,
    /// The side the giver acts for.
    pub from: Side,
    /// The side that is to receive.
    pub to: Side,
    /// Until when a loan comes back.
    #[serde(default)]
    pub back_by: Option<Date>,
    /// The last day on which it may be received; three working days without it.
    #[serde(default)]
    pub expires: Option<Date>,
    /// The bundles. None of them for a transfer: then all that the giver holds of the round.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<BundleChoice>,
    /// Sealed boxes that go along with everything in them.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub boxes: Vec<ContainerId>,
}

/// A bundle, or some of its papers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleChoice {
    /// The case on its label.
    pub case: CaseNo,
    /// The papers, by number; without it all that the giver holds and that may go this way.
    #[serde(default)]
    pub papers: Option<Vec<u16>>,
}

/// A slip as the giver is to sign it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftedSlip {
    /// What is signed, word for word.
    pub manifest: SlipManifest,
    /// Its digest.
    pub digest: Digest,
}

/// What the receiver found.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeDraft {
    /// The labels that were scanned. What is on the slip and was not scanned is missing.
    #[schema(max_items = 4000)]
    pub scanned: Vec<CaseNo>,
    /// Papers that are not as the slip says.
    #[serde(default)]
    #[schema(max_items = 4000)]
    pub found: Vec<FoundLine>,
    /// The seals that were read. What is in a box whose seal is whole, and of which nothing was found,
    /// is taken by seal.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub seals: Vec<SealRead>,
    /// Whether a department without accounts signs and stamps on paper.
    #[serde(default)]
    pub stamped: bool,
}

/// What was found of a paper.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundLine {
    /// The case on the bundle's label.
    pub case: CaseNo,
    /// The paper's number.
    pub no: u16,
    /// What.
    pub found: Found,
}

/// An outcome as the receiver is to sign it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftedOutcome {
    /// What is signed, word for word.
    pub outcome: SlipOutcome,
    /// Its digest.
    pub digest: Digest,
}

pub(crate) fn field(name: &str, code: &str, zh: String, en: String) -> CounterError {
    CounterError::Fields(vec![Refusal {
        code: code.to_owned(),
        zh,
        en,
        field: Some(name.to_owned()),
    }])
}

impl Counter {
    /// A bundle as it stands; empty when the case has no paper.
    pub(crate) async fn bundle_now(&self, case: &CaseNo) -> Result<Bundle, CounterError> {
        let history = self.history(&Subject::Bundle(case.clone())).await?;
        let bundle = fold_bundle(history.iter().map(|fact| &fact.entry));
        Ok(bundle.unwrap_or_else(|| Bundle::new(case.clone())))
    }

    /// Makes a slip out for `giver`, from the papers as they are registered.
    pub async fn draft_slip(
        &self,
        draft: SlipDraft,
        id: SlipId,
        giver: &StaffId,
    ) -> Result<DraftedSlip, CounterError> {
        let today = Date::of(self.clock.now());
        let expires = match draft.expires {
            Some(day) => day,
            None => self.calendar().await?.plus_working_days(today, OPEN_DAYS)?,
        };
        let from = Holder {
            side: draft.from,
            staff: Some(giver.clone()),
        };
        let boxes = self.boxes_now(&draft.boxes, &from.side).await?;
        let lines = match (&draft.transfer, draft.lines.is_empty()) {
            (Some(transfer), true) => self.round_choices(transfer).await?,
            _ => with_boxes(draft.lines, &boxes),
        };
        if lines.len() > BUNDLES_MAX {
            let zh = format!("一张交接单最多 {BUNDLES_MAX} 个材料袋；请分成几张");
            let en = format!("a slip has at most {BUNDLES_MAX} bundles; make several");
            return Err(field("lines", "too-many-bundles", zh, en));
        }
        let leg = (draft.leg, draft.transfer.as_ref());
        let listed = self.listed(&lines, &from, leg, &boxes).await?;
        let manifest = SlipManifest {
            slip: id,
            leg: draft.leg,
            transfer: draft.transfer,
            from,
            to: draft.to,
            back_by: draft.back_by,
            expires,
            lines: listed,
            boxes,
        };
        let digest = manifest.digest();
        Ok(DraftedSlip { manifest, digest })
    }

    /// The lines of what was chosen, from the papers as they are registered. What may not go this way is refused when it
    /// is offered, and says why.
    async fn listed(
        &self,
        choices: &[BundleChoice],
        from: &Holder,
        (leg, transfer): (Leg, Option<&TransferId>),
        boxes: &[SealedBox],
    ) -> Result<Vec<SlipLine>, CounterError> {
        let mut listed = Vec::new();
        for choice in choices {
            let bundle = self.bundle_now(&choice.case).await?;
            let theirs = |held: &&HeldPaper| {
                let along = held.sealed().is_none_or(|(container, _)| {
                    boxes.iter().any(|one| one.container == *container)
                });
                let here = held.offered.is_none() && held.away.is_none() && along;
                let free = here && held.holder() == Some(from);
                let round = leg == Leg::Internal || held.listed.as_ref() == transfer;
                free && round && held.lent.is_some() == (leg == Leg::LoanReturn)
            };
            let held: Vec<&HeldPaper> = match &choice.papers {
                Some(numbers) => {
                    // What another side holds is not told of.
                    let numbers = numbers.iter();
                    let held = numbers.filter_map(|no| bundle.papers.get(no));
                    let ours = |held: &&HeldPaper| {
                        held.holder().is_some_and(|holder| holder.side == from.side)
                    };
                    held.filter(ours).collect()
                }
                None => bundle.papers.values().filter(theirs).collect(),
            };
            if choice
                .papers
                .as_ref()
                .is_some_and(|all| all.len() != held.len())
            {
                let case = &choice.case;
                let zh = format!("材料袋 {case} 没有所列的某号材料；请核对清单");
                let en = format!("bundle {case} has no paper of a number listed; check its list");
                return Err(field("lines", "no-paper", zh, en));
            }
            if !held.is_empty() || transfer.is_none() {
                let papers = held.into_iter().map(|held| held.paper.clone());
                listed.push(SlipLine {
                    case: choice.case.clone(),
                    papers: papers.collect(),
                });
            }
        }
        Ok(listed)
    }

    async fn round_choices(&self, id: &TransferId) -> Result<Vec<BundleChoice>, CounterError> {
        let round = self.round_now(id).await?.0;
        let lines = self.round_lines(&round.lines).await?;
        let choices = lines.lines.into_iter().map(|line| BundleChoice {
            case: line.case,
            papers: None,
        });
        Ok(choices.collect())
    }

    /// Makes an outcome out for `receiver`: what was scanned is there unless something else was found of it, and a box
    /// whose seal is whole is taken by seal.
    pub async fn draft_outcome(
        &self,
        id: &SlipId,
        draft: OutcomeDraft,
        receiver: &StaffId,
    ) -> Result<DraftedOutcome, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let (mut lines, extras) = found(&manifest.lines, &draft)?;
        by_seal(&manifest, &draft, &mut lines);
        let outcome = SlipOutcome {
            slip: id.clone(),
            manifest: slip.manifest,
            to: Holder {
                side: slip.to.clone(),
                staff: (!draft.stamped).then(|| receiver.clone()),
            },
            extras,
            lines,
            seals: draft.seals,
        };
        let digest = outcome.digest();
        Ok(DraftedOutcome { outcome, digest })
    }

    /// Makes out what was found when the lines that were taken by seal are checked.
    pub async fn draft_check(
        &self,
        id: &SlipId,
        draft: OutcomeDraft,
    ) -> Result<DraftedOutcome, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let Some(received) = slip.received() else {
            let slip = id.clone();
            return Err(CustodyRefusal::NothingToCheck { slip }.into());
        };
        let first = self.slip_outcome(&received.outcome).await?;
        let (lines, extras) = found(&to_check(&manifest, &first), &draft)?;
        let outcome = SlipOutcome {
            slip: id.clone(),
            manifest: slip.manifest,
            to: received.to.clone(),
            extras,
            lines,
            seals: Vec::new(),
        };
        let digest = outcome.digest();
        Ok(DraftedOutcome { outcome, digest })
    }
}

/// The bundles that were chosen, and what is in the boxes.
fn with_boxes(mut choices: Vec<BundleChoice>, boxes: &[SealedBox]) -> Vec<BundleChoice> {
    for line in boxes.iter().flat_map(|one| &one.lines) {
        match choices.iter_mut().find(|choice| choice.case == line.case) {
            Some(choice) => {
                if let Some(papers) = &mut choice.papers {
                    let more = line.papers.iter().filter(|no| !papers.contains(no));
                    let more: Vec<u16> = more.copied().collect();
                    papers.extend(more);
                }
            }
            None => choices.push(BundleChoice {
                case: line.case.clone(),
                papers: Some(line.papers.clone()),
            }),
        }
    }
    choices
}

/// What was found of these lines by the labels that were scanned, and the labels that are on none of them.
fn found(
    lines: &[SlipLine],
    draft: &OutcomeDraft,
) -> Result<(Vec<OutcomeLine>, Vec<Extra>), CounterError> {
    let scanned: BTreeSet<&CaseNo> = draft.scanned.iter().collect();
    let mut found: BTreeMap<(&CaseNo, u16), Found> = BTreeMap::new();
    for line in &draft.found {
        let on = lines.iter().any(|listed| {
            listed.case == line.case && listed.papers.iter().any(|paper| paper.no == line.no)
        });
        if !on {
            let (case, no) = (&line.case, line.no);
            let zh = format!("交接单上没有 {case} 第 {no} 号材料；多出的材料请扫描其标签");
            let en = format!(
                "paper {no} of {case} is not on the slip; scan the label of what is there besides"
            );
            return Err(field("found", "not-on-slip", zh, en));
        }
        found.insert((&line.case, line.no), line.found);
    }
    let outcomes = lines.iter().map(|line| {
        let there = scanned.contains(&line.case);
        let whole = if there {
            Found::Present
        } else {
            Found::Missing
        };
        let papers = line.papers.iter().map(|paper| PaperOutcome {
            no: paper.no,
            found: found.get(&(&line.case, paper.no)).copied().unwrap_or(whole),
        });
        OutcomeLine {
            case: line.case.clone(),
            papers: papers.collect(),
        }
    });
    let outcomes = outcomes.collect();
    let listed: BTreeSet<&CaseNo> = lines.iter().map(|line| &line.case).collect();
    let extras = scanned.difference(&listed).map(|case| Extra {
        case: Clone::clone(case),
        count: 1,
    });
    Ok((outcomes, extras.collect()))
}

/// Takes what is in boxes by their seals: where the number that was read is on the slip and the seal is whole, and nothing
/// was said of a paper in the box.
fn by_seal(manifest: &SlipManifest, draft: &OutcomeDraft, lines: &mut [OutcomeLine]) {
    for one in &manifest.boxes {
        let mut reads = draft.seals.iter();
        let whole = reads
            .any(|read| read.container == one.container && read.seal == one.seal && read.whole);
        let said = draft
            .found
            .iter()
            .any(|line| one.holds(&line.case, line.no));
        if !whole || said {
            continue;
        }
        for line in lines.iter_mut() {
            for paper in &mut line.papers {
                if one.holds(&line.case, paper.no) {
                    paper.found = Found::Sealed;
                }
            }
        }
    }
}
