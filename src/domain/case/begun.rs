//! How every case begins, whatever it begins with.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{CaseState, Stage};
use super::terms::{Applicant, Channel, DeliveryChoice};
use crate::domain::hall::Mandate;
use crate::domain::id::{CaseNo, StaffId};
use crate::domain::time::Timestamp;

/// A case of which nothing is known but who it is about and where.
pub(super) fn begun(
    no: CaseNo,
    mandate: Mandate,
    clerk: StaffId,
    applicant: Applicant,
    at: Timestamp,
) -> CaseState {
    CaseState {
        no,
        mandate,
        visit: None,
        channel: Channel::Window,
        clerk,
        opened_at: at,
        platform_no: None,
        applicant,
        agent: None,
        delivery: DeliveryChoice::PickUp,
        query: applicant.record,
        findings: Vec::new(),
        rows: BTreeMap::new(),
        submission: 1,
        submitted_at: at,
        stage: Stage::Intake,
        since: at,
        notices: Vec::new(),
        escalations: Vec::new(),
        deferrals: Vec::new(),
        receipts: Vec::new(),
        supplied_at: None,
        pushes: Vec::new(),
        acceptance: None,
        pauses: Vec::new(),
        extended_days: None,
        tasks: Vec::new(),
        first_review: None,
        decision: None,
        ending: None,
        result: None,
        posts: Vec::new(),
        chased_at: None,
        delivered: None,
        invited_at: None,
        rating: None,
        reported: None,
        taken_over: None,
        erased: None,
        documents: BTreeSet::new(),
        prints: Vec::new(),
    }
}
