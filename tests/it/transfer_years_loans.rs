//! Paper on its other ways: handed on within the hall, lent and brought back, added to a closed case, given back to the
//! applicant from its round.

use counterfoil::custody::*;
use counterfoil::domain::case::Recipient;
use counterfoil::domain::custody::{self, *};
use counterfoil::domain::transfer::{fold_round, withdrawn};
use counterfoil::domain::*;

use crate::custody_kit::{department, site};
use crate::transfer_years_days::date;
use crate::transfer_years_kit::{DEPARTMENTS, SITES, record};
use crate::transfer_years_people::{Office, bundle, hall_staff, signature};

fn lines(cases: &[CaseNo]) -> Vec<BundleChoice> {
    let choice = |case: &CaseNo| BundleChoice {
        case: case.clone(),
        papers: None,
    };
    cases.iter().map(choice).collect()
}

impl Office {
    /// Hands papers over at once: offered, received, both signed.
    pub async fn hand_over(
        &mut self,
        draft: SlipDraft,
        giver: &StaffId,
        receiver: &str,
        spoils: bool,
    ) {
        let id = self.slip_id();
        let slip = self.offer_as(draft, id, giver).await;
        let Some(slip) = slip else { return };
        let scanned: Vec<CaseNo> = self.naive.offers[&slip]
            .manifest
            .lines
            .iter()
            .map(|line| line.case.clone())
            .collect();
        let mut found = Vec::new();
        if spoils && scanned.len() > 1 {
            let line = &self.naive.offers[&slip].manifest.lines[0];
            found.push(FoundLine {
                case: line.case.clone(),
                no: line.papers[0].no,
                found: Found::Damaged,
            });
        }
        let draft = OutcomeDraft {
            scanned,
            found,
            stamped: false,
            seals: Vec::new(),
        };
        let who = self.hall.person(receiver).id.clone();
        let drafted = self.hall.counter.draft_outcome(&slip, draft, &who).await;
        self.receive_as(&slip, receiver, drafted.unwrap().outcome)
            .await;
    }

    /// Makes a slip out, signs and offers it; none where there is nothing to go on it.
    pub async fn offer_as(
        &mut self,
        draft: SlipDraft,
        id: SlipId,
        giver: &StaffId,
    ) -> Option<SlipId> {
        let drafted = self.hall.counter.draft_slip(draft, id.clone(), giver).await;
        let DraftedSlip { manifest, digest } = drafted.unwrap();
        if manifest.lines.is_empty() {
            return None;
        }
        let given = self.hall.person(giver.as_str()).sign(&digest);
        self.naive.manifests.insert(digest, manifest.clone());
        let order = OfferOrder { manifest, given };
        let offered = self.act(async |counter, ask| counter.offer_slip(ask, order.clone()).await);
        offered.await.unwrap();
        Some(id)
    }

    /// Signs what was found of a slip and receives it.
    pub async fn receive_as(&mut self, slip: &SlipId, who: &str, outcome: SlipOutcome) {
        let by = self.hall.person(who).sign(&outcome.digest());
        self.naive
            .outcomes
            .insert(outcome.digest(), outcome.clone());
        let receipt = Receipt::Signed { by };
        let order = ReceiptOrder { outcome, receipt };
        let received =
            self.act(async |counter, ask| counter.receive_slip(ask, slip, order.clone()).await);
        received.await.unwrap();
    }

    /// A clerk hands on to the archivist, sometimes to that of another site (village to town).
    pub async fn hand_in(&mut self, at: &str) {
        let giver: StaffId = format!("{at}-c{}", 1 + self.below(2)).parse().unwrap();
        let to = if self.one_in(5) {
            SITES[self.below(3)]
        } else {
            at
        };
        let theirs = self.naive.about.iter().filter(|no| {
            let at_hand = self.at_hand(no, &giver);
            !at_hand.is_empty()
        });
        let mut theirs: Vec<CaseNo> = theirs.cloned().collect();
        theirs.truncate(12);
        if theirs.is_empty() {
            return;
        }
        let draft = SlipDraft {
            leg: Leg::Internal,
            transfer: None,
            from: site(at),
            to: site(to),
            back_by: None,
            expires: Some(date(self.today + 2)),
            lines: lines(&theirs),
            boxes: Vec::new(),
        };
        let spoils = self.one_in(6);
        self.hand_over(draft, &giver, &format!("{to}-a1"), spoils)
            .await;
    }

    /// A delivery receipt, a notice: paper that comes into a bundle, mostly of a case that is closed.
    pub async fn add_paper(&mut self) {
        let closed: Vec<CaseNo> = self.naive.closed.keys().cloned().collect();
        let recent = closed.len().saturating_sub(60);
        let Some(no) = self.pick(&closed[recent..]) else {
            return;
        };
        let at = self.site_of[&no];
        let clerk: StaffId = format!("{at}-c1").parse().unwrap();
        let added = self.act(async |counter, ask| {
            let order = PaperOrder {
                form: PaperForm::Copy,
                count: 1,
                pages: None,
                condition: Condition::Good,
            };
            counter.add_paper(ask, &no, &clerk, order).await
        });
        added.await.unwrap();
        self.naive.note("added");
    }

    /// Cases with paper that a department holds, and whether it was lent.
    fn at_departments(&self, lent: bool) -> Vec<(CaseNo, Holder)> {
        let mut found = Vec::new();
        for (no, sheets) in self.naive.cases.iter().rev().take(400) {
            let there = sheets.values().find_map(|sheet| {
                let at = sheet.at.clone()?;
                let theirs = matches!(at.side, Side::Department { .. });
                let fits = sheet.offered.is_none() && sheet.lender.is_some() == lent;
                (theirs && fits).then_some(at)
            });
            found.extend(there.map(|at| (no.clone(), at)));
        }
        found
    }

    /// What a department has comes back to the window (L3), and is owed again.
    pub async fn bring_back(&mut self) {
        let there = self.at_departments(false);
        let Some((no, from)) = self.pick(&there) else {
            return;
        };
        let at = self.site_of[&no];
        let draft = SlipDraft {
            leg: Leg::Return,
            transfer: None,
            from: from.side,
            to: site(at),
            back_by: None,
            expires: Some(date(self.today + 1)),
            lines: lines(&[no]),
            boxes: Vec::new(),
        };
        let receiver = format!("{at}-c2");
        self.hand_over(draft, &from.staff.unwrap(), &receiver, false)
            .await;
    }

    /// Paper that is lent to a department, by a department to the hall or to another department, and comes back.
    pub async fn loans(&mut self) {
        if self.one_in(9) {
            self.lend().await;
        }
        let mut lent = Vec::new();
        for no in &self.naive.about {
            let there = self.naive.cases[no].values().find_map(|sheet| {
                let free = sheet.offered.is_none();
                let both = (sheet.at.clone()?, sheet.lender.clone()?);
                free.then_some(both)
            });
            lent.extend(there.map(|(at, lender)| (no.clone(), at, lender)));
        }
        let chosen = self.pick(&lent);
        let Some((no, at, lender)) = chosen.filter(|_| self.one_in(12)) else {
            return;
        };
        let draft = SlipDraft {
            leg: Leg::LoanReturn,
            transfer: None,
            from: at.side,
            to: lender.side,
            back_by: None,
            expires: Some(date(self.today + 1)),
            lines: lines(&[no]),
            boxes: Vec::new(),
        };
        let (giver, receiver) = (at.staff.unwrap(), lender.staff.unwrap());
        self.hand_over(draft, &giver, receiver.as_str(), false)
            .await;
    }

    async fn lend(&mut self) {
        let mut from: Vec<(CaseNo, Holder)> = self.at_departments(false);
        from.truncate(5);
        for (no, sheets) in self.naive.cases.iter().rev().take(80) {
            let free = sheets.values().find(|sheet| sheet.free_at().is_some());
            from.extend(free.and_then(|sheet| Some((no.clone(), sheet.at.clone()?))));
        }
        let Some((no, at)) = self.pick(&from) else {
            return;
        };
        let other = DEPARTMENTS[self.below(8)];
        let to = match &at.side {
            Side::Department { .. } if self.one_in(2) => (site("CENTRE"), "CENTRE-c1".to_owned()),
            side if *side == department(other) => (site("CENTRE"), "CENTRE-c1".to_owned()),
            _ => (department(other), format!("{other}-o2")),
        };
        let draft = SlipDraft {
            leg: Leg::Loan,
            transfer: None,
            from: at.side,
            to: to.0,
            back_by: Some(date(self.today + 20)),
            expires: Some(date(self.today + 1)),
            lines: lines(&[no]),
            boxes: Vec::new(),
        };
        self.hand_over(draft, &at.staff.unwrap(), &to.1, false)
            .await;
    }

    /// The applicant comes for paper that is on a round.
    pub async fn withdraw(&mut self) {
        let offered: Vec<TransferId> = self
            .open_offers()
            .into_iter()
            .map(|(round, _)| round)
            .collect();
        let mut on = Vec::new();
        for (id, round) in &self.naive.rounds {
            if offered.contains(id) {
                continue;
            }
            on.extend(
                round
                    .papers
                    .iter()
                    .map(|(case, no)| (id.clone(), case.clone(), *no)),
            );
        }
        let Some((id, case, no)) = self.pick(&on) else {
            return;
        };
        let sheet = self.naive.cases[&case][&no].clone();
        let Some(staff) = hall_staff(&sheet).filter(|_| sheet.offered.is_none()) else {
            return;
        };
        let gone = self.act(async |counter, ask| {
            record(counter, ask, |reads, _| {
                let history = reads.history(&Subject::Transfer(id.clone()))?;
                let round = fold_round(history.iter().map(|fact| &fact.entry)).unwrap();
                let bundle = bundle(reads, &case)?;
                let mut facts = withdrawn(&round, &bundle, &[no])?;
                let (to, signed) = (Recipient::Applicant, signature(&staff));
                facts.extend(custody::give_back(&bundle, &[no], to, &signed)?);
                Ok(facts)
            })
            .await
        });
        gone.await.unwrap();
    }
}
