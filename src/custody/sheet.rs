//! The printed slip (交接单): what was offered and found, line by line, both signatures or room to sign by hand, and where
//! both facts stand in the log. With many lines it goes over several volumes, each complete in itself.

use std::collections::BTreeMap;

use super::view::{PaperSlipView, SignatureView, SlipStanding};
use crate::counter::printing::paper::{SideWords, day, moment, volume_index};
use crate::counter::{Counter, CounterError, PrintedPaper};
use crate::domain::catalogue::ServiceItem;
use crate::domain::custody::{
    Found, Holder, KeySignature, Paper, SlipLine, SlipManifest, SlipOutcome, Standing,
};
use crate::domain::{CaseNo, SlipId, StaffId};
use crate::forms::handover::{
    CustodySlip, PaperTotals, SlipBox, SlipBundle, SlipExtra, SlipPaper, SlipSide, SlipSignature,
    Volume, volumes,
};

/// Digits of a signature that are printed from its beginning and from its end.
const SIGNATURE_DIGITS: usize = 16;

/// What is printed where a seal is as the slip says.
const SEAL_WHOLE: &str = "完好";

/// What was found of each paper.
type Findings<'o> = BTreeMap<(&'o CaseNo, u16), Found>;

impl Counter {
    /// Prints volume `volume`, from 1, of a slip as it stands now.
    pub async fn print_slip_sheet(
        &self,
        id: &SlipId,
        volume: u32,
    ) -> Result<PrintedPaper, CounterError> {
        let (view, _) = self.slip_view(id).await?;
        let lines: Vec<(u32, &SlipLine)> = (1..).zip(&view.manifest.lines).collect();
        // A bundle has a line of its own above its papers.
        let cut = volumes(lines, |(_, line)| line.papers.len() + 1);
        let index = volume_index(volume, cut.len())?;
        let found = view.outcome.as_ref().map(findings);
        let mut bundles = Vec::new();
        for (place, line) in cut.get(index).into_iter().flatten() {
            bundles.push(self.slip_bundle(*place, line, found.as_ref()).await?);
        }
        let mut form = self.slip_form(&view, bundles).await?;
        if cut.len() > 1 {
            let of = u32::try_from(cut.len()).unwrap_or(u32::MAX);
            form.volume = Some(Volume { no: volume, of });
        }
        if index + 1 < cut.len() {
            form.boxes.clear();
            form.extras.clear();
        }
        let at = self.clock.now();
        self.print_paper(&form.into(), at, (index, cut.len())).await
    }

    async fn slip_form(
        &self,
        view: &PaperSlipView,
        bundles: Vec<SlipBundle>,
    ) -> Result<CustodySlip, CounterError> {
        let manifest = &view.manifest;
        let from = self.side_in_words(&manifest.from.side).await?;
        let to = self.side_in_words(&manifest.to).await?;
        let receiver = view.outcome.as_ref().map(|outcome| &outcome.to);
        let sides = (
            side(&from, manifest.from.staff.as_ref()),
            side(
                &to,
                receiver.and_then(|holder: &Holder| holder.staff.as_ref()),
            ),
        );
        let giver = view.given.by.staff.as_str();
        let number = manifest.slip.as_str();
        let ended = match self.slip_now(&manifest.slip).await?.0.standing {
            Standing::CalledOff { at, how } => Some(format!("{how}　{}", moment(at))),
            _ => None,
        };
        let extras = view.outcome.iter().flat_map(|outcome| &outcome.extras);
        Ok(CustodySlip {
            head: from.head(number, giver, view.given.at, &["交出方", "接收方"]),
            leg: manifest.leg.to_string(),
            standing: standing(view.standing).to_owned(),
            transfer: manifest.transfer.as_ref().map(ToString::to_string),
            from: sides.0,
            to: sides.1,
            expires: day(manifest.expires),
            back_by: manifest.back_by.map(day),
            volume: None,
            totals: totals(manifest),
            bundles,
            boxes: boxes(manifest, view.outcome.as_ref()),
            extras: extras
                .map(|extra| SlipExtra {
                    case: extra.case.to_string(),
                    count: extra.count,
                })
                .collect(),
            given: Box::new(signature(&view.given)),
            taken: view.taken.as_ref().map(signature).map(Box::new),
            ended,
            // Asked for last, so that it holds the facts above.
            log: self.log_position().await?,
        })
    }

    async fn slip_bundle(
        &self,
        place: u32,
        line: &SlipLine,
        found: Option<&Findings<'_>>,
    ) -> Result<SlipBundle, CounterError> {
        let item = match self.case(&line.case).await {
            Ok((case, _)) => Some(self.pinned(&case.mandate.content).await?),
            Err(CounterError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let papers = line.papers.iter().map(|paper| {
            let found = found.and_then(|found| found.get(&(&line.case, paper.no)));
            SlipPaper {
                no: paper.no,
                name: name(paper, item.as_deref()),
                form: paper.form.to_string(),
                count: paper.count,
                pages: paper.pages,
                condition: paper.condition.to_string(),
                found: found.map(ToString::to_string),
                differs: found
                    .is_some_and(|found| !matches!(found, Found::Present | Found::Sealed)),
            }
        });
        Ok(SlipBundle {
            place,
            case: line.case.to_string(),
            papers: papers.collect(),
            item: item.map(|item| item.name.clone()),
        })
    }
}

/// What a paper is: its material, by name where the item is known.
fn name(paper: &Paper, item: Option<&ServiceItem>) -> String {
    let Some(row) = &paper.row else {
        return paper.origin.to_string();
    };
    let material = item.and_then(|item| item.material(row));
    material.map_or_else(|| row.to_string(), |material| material.name.clone())
}

fn findings(outcome: &SlipOutcome) -> Findings<'_> {
    let lines = outcome.lines.iter();
    let papers = lines.flat_map(|line| line.papers.iter().map(move |paper| (&line.case, paper)));
    papers
        .map(|(case, paper)| ((case, paper.no), paper.found))
        .collect()
}

fn totals(manifest: &SlipManifest) -> PaperTotals {
    let mut totals = PaperTotals {
        bundles: u32::try_from(manifest.lines.len()).unwrap_or(u32::MAX),
        ..PaperTotals::default()
    };
    for paper in manifest.lines.iter().flat_map(|line| &line.papers) {
        totals.add(paper.count, paper.pages);
    }
    totals
}

fn boxes(manifest: &SlipManifest, outcome: Option<&SlipOutcome>) -> Vec<SlipBox> {
    let sealed = manifest.boxes.iter();
    let sealed = sealed.map(|sealed| {
        let mut read = outcome.iter().flat_map(|outcome| &outcome.seals);
        let read = read.find(|read| read.container == sealed.container);
        let found = match (outcome, read) {
            (None, _) => None,
            (Some(_), None) => Some("未核对封签".to_owned()),
            (Some(_), Some(read)) if !read.whole => Some("封签破损".to_owned()),
            (Some(_), Some(read)) if read.seal != sealed.seal => {
                Some(format!("封签号为 {}", read.seal))
            }
            (Some(_), Some(_)) => Some(SEAL_WHOLE.to_owned()),
        };
        let papers: usize = sealed.lines.iter().map(|line| line.papers.len()).sum();
        SlipBox {
            container: sealed.container.to_string(),
            seal: sealed.seal.to_string(),
            bundles: u32::try_from(sealed.lines.len()).unwrap_or(u32::MAX),
            papers: u32::try_from(papers).unwrap_or(u32::MAX),
            differs: found.as_ref().is_some_and(|found| found != SEAL_WHOLE),
            found,
        }
    });
    sealed.collect()
}

fn side(words: &SideWords, staff: Option<&StaffId>) -> SlipSide {
    SlipSide {
        name: words.name.clone(),
        code: words.code.clone(),
        staff: staff.map(ToString::to_string),
    }
}

fn signature(view: &SignatureView) -> SlipSignature {
    let KeySignature {
        staff,
        key,
        signature,
    } = &view.by;
    let digits = signature.to_string();
    let first = digits.get(..SIGNATURE_DIGITS).unwrap_or_default();
    let last = digits.len().saturating_sub(SIGNATURE_DIGITS);
    let last = digits.get(last..).unwrap_or_default();
    SlipSignature {
        staff: staff.to_string(),
        key: key.to_string(),
        at: moment(view.at),
        signature: format!("{first}…{last}"),
        statement: view.statement.to_string(),
        sheet: view.sheet.map(|sheet| sheet.to_string()),
        index: view.index,
    }
}

/// Where a slip stands, in Chinese.
fn standing(standing: SlipStanding) -> &'static str {
    let words = standing.words();
    words.split_once(' ').map_or(words, |(zh, _)| zh)
}
