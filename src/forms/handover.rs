//! What the papers of custody and transfer state: labels, slips, registers. Codes, digests, counts and days; of people only
//! the codes of those who sign, and never an applicant.

use serde::{Deserialize, Serialize};

use super::Form;
use super::parts::Head;

/// On what labels are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelLayout {
    /// A roll of labels, 100 mm × 50 mm, one a page.
    #[default]
    Roll,
    /// A4 sheets of ten, 99 mm × 57 mm.
    Sheet,
}

/// See [`crate::forms::Form::BundleLabels`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleLabels {
    /// On what.
    pub layout: LabelLayout,
    /// Places of the first sheet that are used up, 0 to 9.
    pub skip: u32,
    /// The labels, at least one.
    pub labels: Vec<BundleLabel>,
}

/// The label of one bundle. It says what lies in it and nothing of whom: it is seen by everybody who passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleLabel {
    /// The case number, as both codes give it to whatever reads them.
    pub case: String,
    /// The site.
    pub site: String,
    /// The item.
    pub item: String,
    /// Papers in it.
    pub papers: u32,
    /// The day it was opened.
    pub day: String,
}

/// Where a paper stands in the log: what whoever keeps it can hold against the log later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPosition {
    /// Which log.
    pub origin: String,
    /// Facts in the checkpoint.
    pub size: u64,
    /// Root of its tree, as the checkpoint writes it (Base64).
    pub root: String,
}

/// What papers come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperTotals {
    /// Bundles.
    pub bundles: u32,
    /// Lines.
    pub papers: u32,
    /// Pieces: copies counted each.
    pub pieces: u64,
    /// Pages of all pieces, as far as they were counted.
    pub pages: u64,
}

impl PaperTotals {
    /// Counts a line.
    pub fn add(&mut self, count: u32, pages: Option<u32>) {
        self.papers = self.papers.saturating_add(1);
        self.pieces += u64::from(count);
        self.pages += u64::from(count) * u64::from(pages.unwrap_or(0));
    }
}

/// Lines of a volume. Typst takes some 0.1 MiB and 1 to 2 ms a line, so a volume of so many stays well below what a child
/// may take.
pub const VOLUME_ROWS: usize = 2_000;

/// Cuts `bundles` into volumes of at most [`VOLUME_ROWS`] lines; `rows` tells the lines of one. A bundle is not cut, so that
/// one with more lines than that is a volume of its own.
pub fn volumes<T>(bundles: Vec<T>, rows: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut volumes: Vec<Vec<T>> = Vec::new();
    let mut filled = 0;
    for bundle in bundles {
        let more = rows(&bundle);
        filled += more;
        match volumes.last_mut() {
            Some(volume) if filled <= VOLUME_ROWS => volume.push(bundle),
            _ => {
                filled = more;
                volumes.push(vec![bundle]);
            }
        }
    }
    volumes
}

/// See [`crate::forms::Form::CustodySlip`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodySlip {
    /// What stands around the content; `number` is the slip's.
    pub head: Head,
    /// On which leg: `办结移交`.
    pub leg: String,
    /// Where it stands: `待签收`.
    pub standing: String,
    /// The round of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// Who gives.
    pub from: SlipSide,
    /// Who receives, or is to.
    pub to: SlipSide,
    /// The last day on which it may be received.
    pub expires: String,
    /// Until when a loan comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_by: Option<String>,
    /// Which volume this is and how many there are; a slip that fits one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// What is on the whole slip.
    pub totals: PaperTotals,
    /// The bundles of this volume, at least one.
    pub bundles: Vec<SlipBundle>,
    /// The sealed boxes of the whole slip, in its last volume.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<SlipBox>,
    /// Labels that were there and on no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<SlipExtra>,
    /// The giver's signature.
    pub given: Box<SlipSignature>,
    /// The receiver's; none while it waits, and then there is room to sign and stamp by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Box<SlipSignature>>,
    /// When it ended without a hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// A checkpoint that holds its facts.
    pub log: LogPosition,
}

/// A side of a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipSide {
    /// What it is called.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The person, by code; none where nobody is known yet or a department signed on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

/// A bundle on a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipBundle {
    /// Its place on the slip, from 1 over all volumes.
    pub place: u32,
    /// The case on its label.
    pub case: String,
    /// The item; none where it is not known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Its papers on the slip.
    pub papers: Vec<SlipPaper>,
}

/// A paper on a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipPaper {
    /// Its number in the bundle.
    pub no: u16,
    /// What it is.
    pub name: String,
    /// Original or copy.
    pub form: String,
    /// How many.
    pub count: u32,
    /// Pages of each, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// How it looked when it came in.
    pub condition: String,
    /// What the receiver found; none before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Whether that is something else than the slip says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differs: bool,
}

/// A sealed box on a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipBox {
    /// Its label.
    pub container: String,
    /// The number of its seal.
    pub seal: String,
    /// Bundles in it.
    pub bundles: u32,
    /// Papers in it.
    pub papers: u32,
    /// What the receiver read: `完好`, or what was wrong with the seal; none before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Whether the seal is not as the slip says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differs: bool,
}

/// A label that was there and on no line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipExtra {
    /// The case on it.
    pub case: String,
    /// How many papers.
    pub count: u32,
}

/// A signature on a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipSignature {
    /// Who: of a stamped sheet the clerk who saw it.
    pub staff: String,
    /// With which key.
    pub key: String,
    /// When it was recorded.
    pub at: String,
    /// First and last digits of the signature.
    pub signature: String,
    /// Digest of what was signed: the manifest, or the outcome.
    pub statement: String,
    /// Digest of the scanned sheet, where a department signed and stamped on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The place of the fact in the log.
    pub index: u64,
}

/// See [`crate::forms::Form::TransferRegister`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferRegister {
    /// What stands around the content; `number` is the round's.
    pub head: Head,
    /// The site that hands over.
    pub site: String,
    /// The department that receives.
    pub department: String,
    /// The month its cases closed in.
    pub month: String,
    /// Which round of that month, from 1.
    pub round: u32,
    /// The last day for it.
    pub due: String,
    /// Where the round stands: `已封装`.
    pub standing: String,
    /// Which volume this is and how many there are; a register that fits one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// Of the whole round.
    pub totals: PaperTotals,
    /// The lines, at least one.
    pub rows: Vec<RegisterRow>,
    /// A checkpoint of the log.
    pub log: LogPosition,
}

/// A volume of a paper with many lines (册).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Which, from 1.
    pub no: u32,
    /// How many.
    pub of: u32,
}

/// A line of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRow {
    /// Its number, from 1 over all volumes.
    pub no: u32,
    /// The case.
    pub case: String,
    /// The item.
    pub item: String,
    /// The material.
    pub material: String,
    /// Original or copy; none in the line of a case without paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// How many.
    pub count: u32,
    /// Pages of each, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// How it looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The day the case closed.
    pub closed: String,
    /// The last day for its paper.
    pub due: String,
    /// What the receiver found; none before the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl Form {
    /// Lines of a paper that may have thousands of them; none on any other.
    pub fn long_lines(&self) -> usize {
        match self {
            Form::CustodySlip(slip) => {
                let bundles = slip.bundles.iter().map(|one| one.papers.len() + 1);
                bundles.sum::<usize>() + slip.extras.len()
            }
            Form::TransferRegister(register) => register.rows.len(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_full_and_no_bundle_is_cut() {
        let sizes = |bundles: Vec<usize>| -> Vec<usize> {
            let cut = volumes(bundles, |rows| *rows);
            cut.iter().map(|volume| volume.iter().sum()).collect()
        };
        assert_eq!(sizes(vec![]), Vec::<usize>::new());
        assert_eq!(sizes(vec![1; 2_000]), [2_000]);
        assert_eq!(sizes(vec![1; 2_001]), [2_000, 1]);
        assert_eq!(sizes(vec![3; 1_000]), [1_998, 1_002]);
        assert_eq!(sizes(vec![5_000, 1, 1]), [5_000, 2]);
    }
}
