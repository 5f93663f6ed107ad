//! Making out slips and outcomes. A draft is recorded nowhere: it is what a person signs, word for word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counter::{Counter, CounterError, Refusal};
use crate::domain::custody::{
    BUNDLES_MAX, Bundle, Extra, Found, HeldPaper, Holder, Leg, OutcomeLine, PaperOutcome, Side,
    SlipLine, SlipManifest, SlipOutcome, fold_bundle,
};
use crate::domain::{CaseNo, Date, Digest, SlipId, StaffId, Subject, TransferId};

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
        let lines = match (&draft.transfer, draft.lines.is_empty()) {
            (Some(transfer), true) => self.round_choices(transfer).await?,
            _ => draft.lines,
        };
        if lines.len() > BUNDLES_MAX {
            let zh = format!("一张交接单最多 {BUNDLES_MAX} 个材料袋；请分成几张");
            let en = format!("a slip has at most {BUNDLES_MAX} bundles; make several");
            return Err(field("lines", "too-many-bundles", zh, en));
        }
        let leg = (draft.leg, draft.transfer.as_ref());
        let listed = self.listed(&lines, &from, leg).await?;
        let manifest = SlipManifest {
            slip: id,
            leg: draft.leg,
            transfer: draft.transfer,
            from,
            to: draft.to,
            back_by: draft.back_by,
            expires,
            lines: listed,
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
    ) -> Result<Vec<SlipLine>, CounterError> {
        let mut listed = Vec::new();
        for choice in choices {
            let bundle = self.bundle_now(&choice.case).await?;
            let theirs = |held: &&HeldPaper| {
                let free = held.offered.is_none() && held.holder() == Some(from);
                let round = leg == Leg::Internal || held.listed.as_ref() == transfer;
                free && round && held.lent.is_some() == (leg == Leg::LoanReturn)
            };
            let held: Vec<&HeldPaper> = match &choice.papers {
                Some(numbers) => {
                    let numbers = numbers.iter();
                    numbers.filter_map(|no| bundle.papers.get(no)).collect()
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

    /// Makes an outcome out for `receiver`: what was scanned is there unless something else was found of it.
    pub async fn draft_outcome(
        &self,
        id: &SlipId,
        draft: OutcomeDraft,
        receiver: &StaffId,
    ) -> Result<DraftedOutcome, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let scanned: BTreeSet<&CaseNo> = draft.scanned.iter().collect();
        let mut found: BTreeMap<(&CaseNo, u16), Found> = BTreeMap::new();
        for line in &draft.found {
            let on = manifest.lines.iter().any(|listed| {
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
        let lines = manifest.lines.iter().map(|line| {
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
        let lines: Vec<OutcomeLine> = lines.collect();
        let listed: BTreeSet<&CaseNo> = manifest.lines.iter().map(|line| &line.case).collect();
        let extras = scanned.difference(&listed).map(|case| Extra {
            case: Clone::clone(case),
            count: 1,
        });
        let outcome = SlipOutcome {
            slip: id.clone(),
            manifest: slip.manifest,
            to: Holder {
                side: slip.to.clone(),
                staff: (!draft.stamped).then(|| receiver.clone()),
            },
            extras: extras.collect(),
            lines,
        };
        let digest = outcome.digest();
        Ok(DraftedOutcome { outcome, digest })
    }
}
