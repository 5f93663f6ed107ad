//! Paper that stays missing in two simulated years: reported, searched for, and lost with the signatures of both sides; now
//! and then it is found again.

use counterfoil::custody::{ApprovalOrder, BackOrder, FoundOrder, SearchOrder};
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::transfer_years_people::Office;

impl Office {
    /// Something missing is given up, or something lost turns up.
    pub async fn losses(&mut self) {
        if self.one_in(3) {
            self.lose().await;
        }
        if self.one_in(20) {
            self.turn_up().await;
        }
    }

    /// A discrepancy about missing paper that one person of the hall holds and nobody moves.
    async fn given_up(&mut self) -> Option<(DiscrepancyId, Holder, CaseNo)> {
        let open = self.naive.doubts.iter().filter(|(_, doubt)| doubt.open);
        let open: Vec<DiscrepancyId> = open.map(|(id, _)| id.clone()).collect();
        let id = self.pick(&open)?;
        let (state, _) = self.hall.counter.discrepancy(&id).await.unwrap();
        let what = state.discrepancy;
        // A label that was on no line may be that of a case without paper.
        let sheets = self.naive.cases.get(&what.case)?;
        let missing = what.papers.iter().filter_map(|no| sheets.get(no));
        let missing: Vec<_> = missing.collect();
        let first = missing.first()?;
        let holder = first.at.clone()?;
        let still = missing.iter().all(|sheet| {
            let theirs = sheet.at.as_ref() == Some(&holder);
            theirs && sheet.offered.is_none() && sheet.listed.is_none() && sheet.lender.is_none()
        });
        let hall = matches!(holder.side, Side::Hall { .. }) && holder.staff.is_some();
        let fits = still && hall && what.kind == DiscrepancyKind::Missing;
        fits.then_some((id, holder, what.case))
    }

    async fn lose(&mut self) {
        let Some((id, holder, _)) = self.given_up().await else {
            return;
        };
        let Side::Hall { site } = &holder.side else {
            return;
        };
        let staff = |role: &str| -> StaffId { format!("{site}-{role}").parse().unwrap() };
        let (reporter, searcher) = match holder.staff == Some(staff("a1")) {
            true => (staff("a1"), staff("c1")),
            false => (staff("c1"), staff("a1")),
        };
        let reported = self
            .act(async |counter, ask| counter.report_loss(ask, &id, &reporter, "missing").await);
        reported.await.unwrap();
        let words = SearchOrder {
            searched: "every cabinet".to_owned(),
            result: "nothing".to_owned(),
        };
        let searched =
            self.act(async |counter, ask| counter.search_loss(ask, &id, &searcher, &words).await);
        searched.await.unwrap();
        let drafted = self.hall.counter.draft_loss(&id).await.unwrap();
        let (state, _) = self.hall.counter.loss(&id).await.unwrap();
        for side in state.sides() {
            let who = match &side {
                Side::Hall { site } => format!("{site}-s1"),
                Side::Department { department } => format!("{department}-o1"),
            };
            let order = ApprovalOrder {
                side,
                document: drafted.digest,
                signed: self.hall.person(&who).sign(&drafted.digest),
            };
            let approved =
                self.act(async |counter, ask| counter.approve_loss(ask, &id, &order).await);
            approved.await.unwrap();
        }
        self.naive.lost.push(id);
    }

    async fn turn_up(&mut self) {
        let lost = self.naive.lost.clone();
        let Some(id) = self.pick(&lost) else { return };
        self.naive.lost.retain(|one| *one != id);
        let drafted = self.hall.counter.draft_found(&id, None).await.unwrap();
        let holder = drafted.to.staff.clone().unwrap();
        let Side::Hall { site } = &drafted.to.side else {
            return;
        };
        let finder = format!("{site}-s1");
        let found = FoundOrder {
            signed: self.hall.person(&finder).sign(&drafted.digest),
            to: drafted.to.clone(),
        };
        let said = self.act(async |counter, ask| counter.report_found(ask, &id, &found).await);
        said.await.unwrap();
        let back = BackOrder {
            document: drafted.digest,
            signed: self.hall.person(holder.as_str()).sign(&drafted.digest),
        };
        let taken = self.act(async |counter, ask| counter.take_back_found(ask, &id, &back).await);
        taken.await.unwrap();
    }
}
