//! Whole stretches of a case's way, for tests that are about what comes after them.

use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::ServiceItem;
use counterfoil::domain::hall::Power;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_world::*;

impl World {
    pub async fn meet(&self, no: &str, item: &ServiceItem, meet: Meet) -> Result<u64, CaseRefusal> {
        let other = match &meet.shared {
            Some(shared) => Some(self.case(shared.case.as_str()).await),
            None => None,
        };
        let decide =
            |case: &CaseState, now| case::meet(case, item, meet.clone(), other.as_ref(), now);
        self.act(no, decide).await
    }

    pub async fn issue(&self, no: &str, item: &ServiceItem) -> Result<u64, CaseRefusal> {
        let decide = |case: &CaseState, now| issue_receipt(case, item, receipt(item), now);
        self.act(no, decide).await
    }

    /// Opens a case and meets every row by paper where that is allowed, by its first way elsewhere; decides that
    /// conditional rows are not needed.
    pub async fn fill(&self, no: &str, item: &ServiceItem) {
        self.open(no, item).await.unwrap();
        self.fill_rows(no, item).await;
    }

    pub async fn fill_rows(&self, no: &str, item: &ServiceItem) {
        for row in checklist(&self.case(no).await, item) {
            let code = row.material.code.clone();
            match row.standing {
                Standing::Undecided => {
                    let decide = |case: &CaseState, _| {
                        let clerk = crate::case_kit::code("clerk-1");
                        decide_row(case, item, &code, false, secret("reason"), clerk)
                    };
                    self.act(no, decide).await.unwrap();
                }
                Standing::Open => {
                    let way = row.material.met_by[0];
                    let mut meet = by(code.as_str(), way, Some("evidence"));
                    if keeps_paper(way) {
                        meet.originals = row.material.originals;
                        meet.copies = row.material.copies;
                    }
                    self.meet(no, item, meet).await.unwrap();
                }
                _ => {}
            }
        }
    }

    pub async fn receive(&self, no: &str, item: &ServiceItem) {
        self.fill(no, item).await;
        self.issue(no, item).await.unwrap();
    }

    /// Files a scan under every row with paper, and pushes.
    pub async fn scan_and_push(&self, no: &str, item: &ServiceItem) {
        for row in &item.materials {
            let digest = Digest::of(format!("{no}/{}", row.code));
            let file = |case: &CaseState, _| file_scan(case, item, &row.code, digest);
            self.act(no, file).await.unwrap();
        }
        self.push(no, item).await.unwrap();
    }

    pub async fn push(&self, no: &str, item: &ServiceItem) -> Result<u64, CaseRefusal> {
        let decide = |case: &CaseState, now| case::push(case, item, &[], now);
        self.act(no, decide).await
    }

    pub async fn accept(&self, no: &str, item: &ServiceItem) -> Result<u64, CaseRefusal> {
        let lead = officer(item.lead.as_str());
        let notice = Digest::of("acceptance");
        let decide = |case: &CaseState, now| accept(case, item, lead.clone(), notice, now);
        self.act(no, decide).await
    }

    pub async fn accepted(&self, no: &str, item: &ServiceItem) {
        self.receive(no, item).await;
        self.scan_and_push(no, item).await;
        self.accept(no, item).await.unwrap();
    }

    pub async fn finish_task(
        &self,
        no: &str,
        item: &ServiceItem,
        department: &str,
        step: u8,
    ) -> Result<u64, CaseRefusal> {
        let opinion = Digest::of("opinion");
        let decide = |case: &CaseState, now| {
            complete_task(case, item, officer(department), step, opinion, now)
        };
        self.act(no, decide).await
    }

    pub async fn grant(&self, no: &str, item: &ServiceItem) -> Result<u64, CaseRefusal> {
        let decide =
            |case: &CaseState, now| case::decide(case, item, granted(item.lead.as_str()), now);
        self.act(no, decide).await
    }

    /// Up to a result at the window.
    pub async fn ready(&self, no: &str, item: &ServiceItem) {
        self.accepted(no, item).await;
        self.grant(no, item).await.unwrap();
        self.obtain(no, item, made_here(Some("S-1"))).await.unwrap();
    }

    pub async fn obtain(
        &self,
        no: &str,
        item: &ServiceItem,
        result: CaseResult,
    ) -> Result<u64, CaseRefusal> {
        let decide = |case: &CaseState, now| obtain_result(case, item, result.clone(), now);
        self.act(no, decide).await
    }

    pub async fn hand_out(
        &self,
        no: &str,
        item: &ServiceItem,
        bearer: Bearer,
    ) -> Result<u64, CaseRefusal> {
        let decide = |case: &CaseState, now| case::hand_out(case, hand(item, bearer), now);
        self.act(no, decide).await
    }

    pub async fn post(
        &self,
        no: &str,
        item: &ServiceItem,
        sender: Party,
        waybill: &str,
    ) -> Result<u64, CaseRefusal> {
        let decide = |case: &CaseState, now| {
            let post = Post {
                mandate: mandate(item, Power::Issue),
                sender: sender.clone(),
                waybill: code(waybill),
                clerk: code("clerk-1"),
            };
            case::post(case, post, now)
        };
        self.act(no, decide).await
    }
}

/// A case of `food` whose lease is to come within 2 working days.
pub async fn deferred(world: &World, item: &ServiceItem) {
    world.open("c1", item).await.unwrap();
    let decide = |case: &CaseState, now| {
        let command = Defer {
            rows: vec![code("lease")],
            days: 2,
            excluded: false,
            undertaking: Digest::of("undertaking"),
            signature: signed("applicant"),
        };
        defer(case, item, &world.calendar, command, now)
    };
    world.act("c1", decide).await.unwrap();
    world.fill_rows("c1", item).await;
    world.issue("c1", item).await.unwrap();
    world.scan_and_push("c1", item).await;
    world.accept("c1", item).await.unwrap();
}

pub async fn supply(world: &World, item: &ServiceItem) -> Result<u64, CaseRefusal> {
    let decide = |case: &CaseState, now| {
        let right = mandate(item, Power::Receive);
        supplement(case, item, &right, paper("lease", 1, 1), None, now)
    };
    world.act("c1", decide).await
}
