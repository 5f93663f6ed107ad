//! What people do with rounds of transfer in two simulated years: looked up, sealed, offered, received, refused, left to
//! lapse, put off, opened early, and what did not match cleared up.

use std::collections::BTreeSet;

use counterfoil::counter::{Ask, Counter, CounterError};
use counterfoil::custody::*;
use counterfoil::domain::custody::*;
use counterfoil::domain::transfer::{Seal, fold_round, on_round, seal};
use counterfoil::domain::*;
use counterfoil::ledger::Receipt as Kept;
use counterfoil::transfer::*;

use crate::custody_kit::department;
use crate::transfer_years_days::{date, month_of};
use crate::transfer_years_kit::{DEPARTMENTS, SITES, record, system};
use crate::transfer_years_naive::Batch;
use crate::transfer_years_people::{Office, bundle, hall_staff};

/// Seals a round without the scans of its cases: the decision is the program's, the package is named after its lines.
pub async fn seal_lines(
    counter: &Counter,
    ask: &Ask,
    id: &TransferId,
    by: &StaffId,
) -> Result<Kept, CounterError> {
    let lines = counter
        .round_lines(&counter.round_now(id).await?.0.lines)
        .await?;
    record(counter, ask, |reads, _| {
        let history = reads.history(&Subject::Transfer(id.clone()))?;
        let round = fold_round(history.iter().map(|fact| &fact.entry)).unwrap();
        let cases = lines
            .lines
            .iter()
            .map(|line| Subject::Bundle(line.case.clone()));
        let cases: Vec<Subject> = cases.collect();
        reads.prefetch(&cases)?;
        let mut bundles = Bundles::new();
        for line in &lines.lines {
            bundles.insert(line.case.clone(), bundle(reads, &line.case)?);
        }
        let on = on_round(&round, &bundles);
        let package = Digest::of(serde_json::to_vec(&on).unwrap());
        let made = Seal {
            package,
            checks: Digest::of("checks"),
            failed: 0,
            files: 1,
            bytes: 1,
            log_size: 1,
            lines: on,
        };
        Ok(seal(&round, &bundles, &made, by)?)
    })
    .await
}

impl Office {
    /// A day at the archive.
    pub async fn archive(&mut self) {
        if self.one_in(20) {
            self.open_early().await;
        }
        let rounds: Vec<TransferId> = self.naive.rounds.keys().cloned().collect();
        for id in rounds {
            let round = self.naive.rounds[&id].clone();
            if round.papers.is_empty() {
                continue;
            }
            // Some never hurry.
            let lazy = Digest::of(id.as_str()).as_bytes()[0].is_multiple_of(10);
            if self.one_in(if lazy { 15 } else { 2 }) {
                self.further(&id, &round).await;
            }
        }
        let open = self.naive.doubts.iter().filter(|(_, doubt)| doubt.open);
        let open: Vec<_> = open
            .map(|(id, doubt)| (id.clone(), doubt.owner.clone()))
            .collect();
        for (id, owner) in open {
            if self.one_in(9) {
                self.clear(&id, &owner).await;
            }
        }
    }

    async fn open_early(&mut self) {
        let early = EarlyRound {
            department: DEPARTMENTS[self.below(8)].parse().unwrap(),
            site: SITES[self.below(3)].parse().unwrap(),
            month: date(self.today).month(),
        };
        let asked = (
            early.department.clone(),
            early.site.clone(),
            month_of(self.today),
        );
        self.naive.early.insert(asked);
        let opened = self.act(async |counter, _| counter.open_early(&system(), &early).await);
        opened.await.unwrap();
    }

    /// The open offers of rounds.
    pub fn open_offers(&self) -> Vec<(TransferId, SlipId)> {
        let open = self
            .naive
            .offers
            .iter()
            .filter(|(_, offer)| offer.ended.is_none());
        let of_rounds = open.filter_map(|(id, offer)| {
            let round = offer.manifest.transfer.clone()?;
            Some((round, id.clone()))
        });
        of_rounds.collect()
    }

    async fn further(&mut self, id: &TransferId, round: &Batch) {
        let offers = self.open_offers().into_iter();
        let offers: Vec<SlipId> = offers
            .filter(|(of, _)| of == id)
            .map(|(_, slip)| slip)
            .collect();
        if !offers.is_empty() {
            for slip in offers {
                self.answer(&slip, round).await;
            }
        } else if round.asked.is_some() {
            self.settle_deferral(id, round).await;
        } else if !round.reconciled || self.one_in(15) {
            match self.one_in(7) {
                true => self.ask_deferral(id, round).await,
                false => self.look_up(id, round).await,
            }
        } else if !round.sealed {
            let by = staff(&round.site, "a1");
            let sealed = self.act(async |counter, ask| seal_lines(counter, ask, id, &by).await);
            sealed.await.unwrap();
        } else {
            self.offer_round(id, round).await;
        }
    }

    async fn look_up(&mut self, id: &TransferId, round: &Batch) {
        let by = staff(&round.site, "a1");
        let mut scanned: BTreeSet<CaseNo> = round.papers.iter().map(|(no, _)| no.clone()).collect();
        let mut found = Vec::new();
        if self.one_in(5) {
            let papers: Vec<(CaseNo, u16)> = round.papers.iter().cloned().collect();
            let (case, no) = self.pick(&papers).unwrap();
            let kinds = [Found::Missing, Found::Damaged, Found::Misplaced];
            let found_as = kinds[self.below(3)];
            let line = FoundLine {
                case,
                no,
                found: found_as,
            };
            found.push(line);
        }
        if self.one_in(9) {
            // A bundle is not where it should be; a label lies there that belongs elsewhere.
            let missing = scanned.pop_first().unwrap();
            found.retain(|line| line.case != missing);
            let others: Vec<CaseNo> = self.naive.closed.keys().cloned().collect();
            scanned.extend(self.pick(&others).filter(|other| *other != missing));
        }
        let draft = ReconcileDraft {
            scanned: scanned.into_iter().collect(),
            found,
        };
        let looked = self
            .act(async |counter, ask| counter.reconcile_round(ask, id, &by, draft.clone()).await);
        looked.await.unwrap();
    }

    async fn ask_deferral(&mut self, id: &TransferId, round: &Batch) {
        let by = staff(&round.site, "c1");
        let cases: BTreeSet<CaseNo> = round.papers.iter().map(|(no, _)| no.clone()).collect();
        let some: Vec<CaseNo> = cases.into_iter().take(2).collect();
        let until = round.due.max(self.today) + 1 + self.below(70) as i64;
        let request = DeferralRequestOrder {
            cases: self.one_in(2).then_some(some),
            until: date(until),
            reason: "房间装修".to_owned(),
        };
        let order = DeferralOrder::Ask { request };
        self.defer(id, &by, order).await;
    }

    async fn settle_deferral(&mut self, id: &TransferId, round: &Batch) {
        let declined = self.one_in(4);
        let reason = "不同意".to_owned();
        let officer = staff_of(&round.department, "o1");
        let supervisor = staff(&round.site, "s1");
        let (by, order) = match (round.consented, declined) {
            (false, false) => (officer, DeferralOrder::Consent {}),
            (false, true) => (officer, DeferralOrder::DepartmentDeclines { reason }),
            (true, false) => (supervisor, DeferralOrder::Approve {}),
            (true, true) => (supervisor, DeferralOrder::HallDeclines { reason }),
        };
        self.defer(id, &by, order).await;
    }

    async fn defer(&mut self, id: &TransferId, by: &StaffId, order: DeferralOrder) {
        let done =
            self.act(async |counter, ask| counter.defer_round(ask, id, by, order.clone()).await);
        done.await.unwrap();
    }

    /// Everybody who holds paper of the round offers it.
    async fn offer_round(&mut self, id: &TransferId, round: &Batch) {
        let holders = round.papers.iter().filter_map(|(case, no)| {
            let sheet = &self.naive.cases[case][no];
            let side = sheet.at.clone()?.side;
            let free = sheet.offered.is_none();
            hall_staff(sheet)
                .filter(|_| free)
                .map(|staff| (side, staff))
        });
        let holders: BTreeSet<(Side, StaffId)> = holders.collect();
        let some = self.one_in(5);
        for (side, giver) in holders.into_iter().take(if some { 1 } else { 9 }) {
            let expires = self.below(7) as i64;
            let draft = SlipDraft {
                leg: Leg::Transfer,
                transfer: Some(id.clone()),
                from: side,
                to: department(round.department.as_str()),
                back_by: None,
                expires: (expires > 0).then(|| date(self.today + expires)),
                lines: Vec::new(),
                boxes: Vec::new(),
            };
            let slip = self.slip_id();
            self.offer_as(draft, slip, &giver).await;
        }
    }

    /// The department answers an offer, or its giver takes it back.
    async fn answer(&mut self, slip: &SlipId, round: &Batch) {
        let manifest = self.naive.offers[slip].manifest.clone();
        let reason = "请核对".to_owned();
        let officer = staff_of(&round.department, "o1");
        let (by, order) = match self.below(9) {
            0 => (officer, CallOffOrder::Refuse { reason }),
            1 => {
                let giver = manifest.from.staff.clone().unwrap();
                (giver, CallOffOrder::Cancel { reason })
            }
            _ => return self.take_over(slip, &manifest, &officer).await,
        };
        let ended = self
            .act(async |counter, ask| counter.call_off_slip(ask, slip, &by, order.clone()).await);
        ended.await.unwrap();
    }

    async fn take_over(&mut self, slip: &SlipId, manifest: &SlipManifest, officer: &StaffId) {
        let scanned = manifest.lines.iter().map(|line| line.case.clone());
        let mut scanned: Vec<CaseNo> = scanned.collect();
        let mut found = Vec::new();
        if scanned.len() > 1 && self.one_in(4) {
            scanned.remove(0);
        }
        let last = manifest.lines.last().unwrap();
        if scanned.len() > 1 && self.one_in(4) {
            let kinds = [Found::Worse, Found::Damaged, Found::Disputed];
            found.push(FoundLine {
                case: last.case.clone(),
                no: last.papers[0].no,
                found: kinds[self.below(3)],
            });
        }
        let draft = OutcomeDraft {
            scanned,
            found,
            stamped: false,
            seals: Vec::new(),
        };
        let drafted = self.hall.counter.draft_outcome(slip, draft, officer).await;
        self.receive_as(slip, officer.as_str(), drafted.unwrap().outcome)
            .await;
    }

    async fn clear(&mut self, id: &DiscrepancyId, owner: &Holder) {
        let by = owner.staff.clone().unwrap_or_else(|| match &owner.side {
            Side::Hall { site } => staff(site, "c1"),
            Side::Department { department } => staff_of(department, "o1"),
        });
        let cleared =
            self.act(async |counter, ask| counter.clear_discrepancy(ask, id, &by, "已找到").await);
        cleared.await.unwrap();
        self.naive.note("cleared");
    }
}

fn staff(at: &SiteCode, who: &str) -> StaffId {
    format!("{at}-{who}").parse().unwrap()
}

fn staff_of(department: &DepartmentCode, who: &str) -> StaffId {
    format!("{department}-{who}").parse().unwrap()
}
