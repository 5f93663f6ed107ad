//! Numbered blanks, counted by serial: certificates of one kind, or the blank receipts that cover an outage. Each
//! serial that was received is used once or spoiled once, or still there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::event::{Event, Fact};
use super::hall::{HallEvent, hall_fact};
use super::id::{
    CaseNo, CertificateKind, Commitment, NotACode, SerialNo, SiteCode, StaffId, Subject,
};
use super::refusal::refusals;

/// The most blanks of one delivery.
pub const RANGE_MAX: u64 = 1_000_000;
/// The kind of blank receipts (空白收件凭证), which cover an outage.
pub const BLANK_RECEIPTS: &str = "blank-receipt";
/// The most digits at the end of a serial that are counted.
const DIGITS_MAX: usize = 18;

/// Consecutive serials: the same text up to the digits at the end, which count up. Both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialRange {
    /// The first.
    pub first: SerialNo,
    /// The last.
    pub last: SerialNo,
}

impl SerialRange {
    /// The serials from `first` to `last`, if they are of one kind, in order and at most [`RANGE_MAX`].
    pub fn new(first: SerialNo, last: SerialNo) -> Result<Self, StockRefusal> {
        let (prefix, from) = split(&first);
        let (last_prefix, to) = split(&last);
        let alike = prefix == last_prefix && first.as_str().len() == last.as_str().len();
        let (Some(from), Some(to)) = (from, to) else {
            return Err(StockRefusal::NotARange { first, last });
        };
        if !alike || to < from || to - from >= RANGE_MAX {
            return Err(StockRefusal::NotARange { first, last });
        }
        Ok(Self { first, last })
    }

    /// How many serials it has.
    pub fn count(&self) -> u64 {
        let (from, to) = (split(&self.first).1, split(&self.last).1);
        from.zip(to)
            .map_or(0, |(from, to)| to.saturating_sub(from).saturating_add(1))
    }

    /// Whether a serial lies in it. Ends of one length and prefix sort as they count.
    pub fn contains(&self, serial: &SerialNo) -> bool {
        let (prefix, number) = split(serial);
        let alike = serial.as_str().len() == self.first.as_str().len();
        number.is_some()
            && alike
            && prefix == split(&self.first).0
            && (&self.first..=&self.last).contains(&serial)
    }

    fn overlaps(&self, other: &SerialRange) -> bool {
        self.contains(&other.first) || other.contains(&self.first)
    }

    /// Its serials in order.
    pub fn serials(&self) -> impl Iterator<Item = SerialNo> + use<> {
        let (prefix, from) = split(&self.first);
        let (prefix, from) = (prefix.to_owned(), from.unwrap_or(0));
        let width = self.first.as_str().len() - prefix.len();
        let numbers = from..from.saturating_add(self.count());
        numbers.filter_map(move |number| SerialNo::new(format!("{prefix}{number:0width$}")).ok())
    }
}

/// A serial's text before its last digits, and those digits as a number.
fn split(serial: &SerialNo) -> (&str, Option<u64>) {
    let text = serial.as_str();
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, digits) = text.split_at(text.len() - digits.min(DIGITS_MAX));
    (prefix, digits.parse().ok())
}

/// What can happen to a stock of numbered blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StockEvent {
    /// Blanks came in.
    Received {
        /// Which.
        range: SerialRange,
        /// The site that may use them; none for blanks that every site uses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteCode>,
    },
    /// Blank receipts were printed here, and came in with that.
    Printed {
        /// Which.
        range: SerialRange,
        /// The site that printed them.
        site: SiteCode,
        /// Digests of the PDFs, one a serial, in their order.
        papers: Vec<Digest>,
        /// Who printed them.
        by: StaffId,
    },
    /// A blank became a certificate or a receipt.
    Used {
        /// Which.
        serial: SerialNo,
        /// For which case.
        case: CaseNo,
        /// At which site.
        site: SiteCode,
    },
    /// A blank was spoiled.
    Spoiled {
        /// Which.
        serial: SerialNo,
        /// Vault record with the reason.
        reason: Commitment,
        /// At which site.
        site: SiteCode,
    },
}

/// What became of a serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was used for a case.
    Used(CaseNo),
    /// It was spoiled.
    Spoiled,
}

/// A delivery of blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which serials.
    pub range: SerialRange,
    /// The site that may use them.
    pub site: Option<SiteCode>,
}

/// A stock as its history tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockState {
    /// What came in, oldest first.
    pub deliveries: Vec<Delivery>,
    /// What is gone, by serial.
    pub gone: BTreeMap<SerialNo, Fate>,
    /// Blanks printed here: the site and the PDF's digest.
    pub printed: BTreeMap<SerialNo, (SiteCode, Digest)>,
}

/// A stock in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Blanks that came in.
    pub received: u64,
    /// Blanks used.
    pub used: u64,
    /// Blanks spoiled.
    pub spoiled: u64,
}

impl Count {
    /// Blanks still there: received − used − spoiled.
    pub fn balance(self) -> u64 {
        self.received.saturating_sub(self.used + self.spoiled)
    }
}

refusals! {
    /// Why blanks cannot be booked like this.
    StockRefusal;
    NotARange { first: SerialNo, last: SerialNo }, "not-a-range", "last",
        "{first} 至 {last} 不是连续编号（前缀、位数须相同，末号不小于首号，最多 {RANGE_MAX} 份）；请核对", "{first} to {last} are not consecutive serials (one prefix and length, the last not before the first, at most {RANGE_MAX}); check them";
    Overlap { first: SerialNo, last: SerialNo }, "overlap", "first",
        "{first} 至 {last} 与已入库的编号重叠；请核对实物编号", "{first} to {last} overlap serials received before; check the blanks themselves";
    NotReceived { serial: SerialNo }, "not-received", "serial",
        "编号 {serial} 未入库；请核对实物编号或先办理入库", "serial {serial} was never received; check the blank or receive it first";
    OtherSite { serial: SerialNo, site: SiteCode }, "other-site", "serial",
        "编号 {serial} 属于站点 {site}；请使用本站点的空白件", "serial {serial} belongs to site {site}; use a blank of this site";
    UsedBefore { serial: SerialNo, case: CaseNo }, "used-before", "serial",
        "编号 {serial} 已用于办件 {case}；请更换编号并核查", "serial {serial} was used for case {case}; take another and look into it";
    SpoiledBefore { serial: SerialNo }, "spoiled-before", "serial",
        "编号 {serial} 已作废；请更换编号", "serial {serial} was spoiled; take another";
}

/// Folds the history of a stock, oldest first; empty when nothing came in.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Event>) -> StockState {
    let mut state = StockState::default();
    for event in history {
        let Event::Stock { event } = event else {
            continue;
        };
        match event {
            StockEvent::Received { range, site } => state.deliveries.push(Delivery {
                range: range.clone(),
                site: site.clone(),
            }),
            StockEvent::Printed {
                range,
                site,
                papers,
                ..
            } => {
                let papers = range.serials().zip(papers);
                let papers = papers.map(|(serial, pdf)| (serial, (site.clone(), *pdf)));
                state.printed.extend(papers);
            }
            StockEvent::Used { serial, case, .. } => {
                state.gone.insert(serial.clone(), Fate::Used(case.clone()));
            }
            StockEvent::Spoiled { serial, .. } => {
                state.gone.insert(serial.clone(), Fate::Spoiled);
            }
        }
    }
    state
}

impl StockState {
    /// The stock in numbers.
    pub fn count(&self) -> Count {
        let used = self
            .gone
            .values()
            .filter(|fate| matches!(fate, Fate::Used(_)));
        let used = used.count() as u64;
        Count {
            received: self.deliveries.iter().map(|one| one.range.count()).sum(),
            used,
            spoiled: self.gone.len() as u64 - used,
        }
    }

    /// The next blank that `site` may use, in the order they came.
    pub fn next(&self, site: &SiteCode) -> Option<SerialNo> {
        let ours = self.deliveries.iter().filter(|delivery| {
            let holder = delivery.site.as_ref();
            holder.is_none_or(|holder| holder == site)
        });
        ours.flat_map(|delivery| delivery.range.serials())
            .find(|serial| !self.gone.contains_key(serial))
    }

    fn free(&self, serial: &SerialNo, site: &SiteCode) -> Result<(), StockRefusal> {
        let serial_no = || serial.clone();
        match self.gone.get(serial) {
            Some(Fate::Used(case)) => {
                return Err(StockRefusal::UsedBefore {
                    serial: serial_no(),
                    case: case.clone(),
                });
            }
            Some(Fate::Spoiled) => {
                return Err(StockRefusal::SpoiledBefore {
                    serial: serial_no(),
                });
            }
            None => {}
        }
        let mut deliveries = self.deliveries.iter();
        let delivery = deliveries.find(|delivery| delivery.range.contains(serial));
        match delivery.map(|delivery| &delivery.site) {
            None => Err(StockRefusal::NotReceived {
                serial: serial_no(),
            }),
            Some(Some(holder)) if holder != site => Err(StockRefusal::OtherSite {
                serial: serial_no(),
                site: holder.clone(),
            }),
            Some(_) => Ok(()),
        }
    }
}

fn fact(kind: &CertificateKind, event: StockEvent) -> Fact {
    Fact::new(Subject::Stock(kind.clone()), Event::Stock { event })
}

/// Decides whether blanks may be received: none of them may have come in before. The first delivery lists the stock.
pub fn receive(
    state: &StockState,
    kind: &CertificateKind,
    range: SerialRange,
    site: Option<SiteCode>,
) -> Result<Vec<Fact>, StockRefusal> {
    // Read from outside, so its two ends may still be wrong.
    let range = SerialRange::new(range.first, range.last)?;
    let known = |delivery: &Delivery| delivery.range.overlaps(&range);
    if state.deliveries.iter().any(known) {
        let SerialRange { first, last } = range;
        return Err(StockRefusal::Overlap { first, last });
    }
    let listed = state
        .deliveries
        .is_empty()
        .then(|| hall_fact(HallEvent::StockListed { kind: kind.clone() }));
    let received = fact(kind, StockEvent::Received { range, site });
    Ok(listed.into_iter().chain([received]).collect())
}

/// The next `count` serials that begin with `prefix`, which were never received. Digits are six.
pub fn next_range(state: &StockState, prefix: &str, count: u32) -> Result<SerialRange, NotACode> {
    let ends = state.deliveries.iter().map(|delivery| &delivery.range.last);
    let known = ends.filter_map(|last| last.as_str().strip_prefix(prefix)?.parse::<u64>().ok());
    let from = known.max().unwrap_or(0).saturating_add(1);
    let to = from.saturating_add(u64::from(count.max(1)) - 1);
    Ok(SerialRange {
        first: SerialNo::new(format!("{prefix}{from:06}"))?,
        last: SerialNo::new(format!("{prefix}{to:06}"))?,
    })
}

/// Notes blanks that `site` printed, and receives them.
pub fn printed(
    state: &StockState,
    kind: &CertificateKind,
    range: SerialRange,
    site: SiteCode,
    papers: Vec<Digest>,
    by: StaffId,
) -> Result<Vec<Fact>, StockRefusal> {
    let mut facts = receive(state, kind, range.clone(), Some(site.clone()))?;
    let event = StockEvent::Printed {
        range,
        site,
        papers,
        by,
    };
    facts.push(fact(kind, event));
    Ok(facts)
}

/// Decides whether `site` may use a blank for a case: once, and only one it holds.
pub fn spend(
    state: &StockState,
    kind: &CertificateKind,
    serial: SerialNo,
    case: CaseNo,
    site: SiteCode,
) -> Result<Vec<Fact>, StockRefusal> {
    state.free(&serial, &site)?;
    let event = StockEvent::Used { serial, case, site };
    Ok(vec![fact(kind, event)])
}

/// Decides whether `site` may write a blank off, with a reason: once, and only one it holds and did not use.
pub fn spoil(
    state: &StockState,
    kind: &CertificateKind,
    serial: SerialNo,
    reason: Commitment,
    site: SiteCode,
) -> Result<Vec<Fact>, StockRefusal> {
    state.free(&serial, &site)?;
    let event = StockEvent::Spoiled {
        serial,
        reason,
        site,
    };
    Ok(vec![fact(kind, event)])
}

#[cfg(test)]
mod tests;
