//! What the naive reader of the years of transfers knows of one paper, one round, one offer and one thing in doubt.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

/// A paper.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub row: Option<MaterialCode>,
    pub came_in: i64,
    /// Who holds it; none at the applicant's.
    pub at: Option<Holder>,
    pub lender: Option<Holder>,
    pub offered: Option<SlipId>,
    pub listed: Option<TransferId>,
    pub deferred: Option<i64>,
    /// Since when nothing is owed.
    pub settled_on: Option<i64>,
    /// When it was put off.
    pub put_off_on: Option<i64>,
    pub doubts: BTreeSet<DiscrepancyId>,
}

impl Sheet {
    pub fn new(row: Option<MaterialCode>, came_in: i64, at: Option<Holder>) -> Self {
        Self {
            row,
            came_in,
            at,
            lender: None,
            offered: None,
            listed: None,
            deferred: None,
            settled_on: None,
            put_off_on: None,
            doubts: BTreeSet::new(),
        }
    }

    /// Whether nothing is owed any more: the applicant has it, or a department that need not give it back.
    pub fn settled(&self) -> bool {
        let owner = self.lender.as_ref().or(self.at.as_ref());
        owner.is_none_or(|owner| matches!(owner.side, Side::Department { .. }))
    }

    /// The site at which it lies with nothing being done to it.
    pub fn free_at(&self) -> Option<&SiteCode> {
        let free = self.offered.is_none() && self.lender.is_none() && self.listed.is_none();
        match self.at.as_ref().map(|at| &at.side) {
            Some(Side::Hall { site }) if free && self.doubts.is_empty() => Some(site),
            _ => None,
        }
    }
}

/// A round.
#[derive(Debug, Clone)]
pub struct Batch {
    pub department: DepartmentCode,
    pub site: SiteCode,
    pub month: i64,
    pub on: i64,
    pub due: i64,
    pub papers: BTreeSet<(CaseNo, u16)>,
    /// Day of a reminder, and when it was told.
    pub reminded: BTreeMap<u32, i64>,
    pub overdue: Option<i64>,
    pub levels: BTreeMap<u8, i64>,
    pub reconciled: bool,
    pub sealed: bool,
    pub asked: Option<StaffId>,
    pub consented: bool,
}

/// An offer.
#[derive(Debug, Clone)]
pub struct Offer {
    pub manifest: SlipManifest,
    pub on: i64,
    /// The first day on which it was no longer open.
    pub ended: Option<i64>,
    pub received: bool,
}

/// Something in doubt.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub owner: Holder,
    pub open: bool,
}
