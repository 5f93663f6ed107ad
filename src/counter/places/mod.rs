//! In which lists a subject stands, told from its history alone.

mod paper;

pub use paper::paper_list;

use crate::domain::case::{self, CaseState, Party, Undelivered, undelivered};
use crate::domain::ticket::{self, Step};
use crate::domain::{Date, Subject, Timestamp};
use crate::ledger::Recorded;
use crate::store::lists::Place;

/// Lists of cases.
pub mod case_list {
    use crate::domain::case::Stage;
    use crate::domain::{Date, DepartmentCode, Month, SerialNo, SiteCode, TaskCode};

    /// Every case of a site, by opening.
    pub fn at_site(site: &SiteCode) -> String {
        format!("case/site/{site}")
    }

    /// The cases of a site at one stage, by opening.
    pub fn at_site_stage(site: &SiteCode, stage: Stage) -> String {
        format!("case/site/{site}/{}", word(stage))
    }

    /// The cases of a site that closed in a month, by opening.
    pub fn concluded(site: &SiteCode, month: Month) -> String {
        format!("case/concluded/{site}/{month}")
    }

    /// Every case that was pushed to a department, by opening.
    pub fn for_department(department: &DepartmentCode) -> String {
        format!("case/department/{department}")
    }

    /// The same at one stage.
    pub fn for_department_stage(department: &DepartmentCode, stage: Stage) -> String {
        format!("case/department/{department}/{}", word(stage))
    }

    /// Results of a site that wait for delivery, by the time they were obtained.
    pub fn undelivered(site: &SiteCode, kind: &str) -> String {
        format!("case/result/{site}/{kind}")
    }

    /// The delivery register of a site (Art 10(5)), by delivery.
    pub fn delivered(site: &SiteCode) -> String {
        format!("case/delivered/{site}")
    }

    /// The cases of an item opened on a day, by their count.
    pub fn by_day(task: &TaskCode, day: Date) -> String {
        format!("case/day/{task}/{day}")
    }

    /// Cases of which the city platform was not told the newest progress, by their newest fact.
    pub const UNREPORTED: &str = "case/unreported";

    /// Cases of an item whose result is made on the certificate of this serial.
    pub fn with_serial(task: &TaskCode, serial: &SerialNo) -> String {
        format!("case/serial/{task}/{serial}")
    }

    /// Cases that were erased, by opening. Apart from their serial they stand in no other list.
    pub const ERASED: &str = "case/erased";

    /// Every other case, by opening.
    pub const ALL: &str = "case";

    /// A stage as one word.
    pub fn word(stage: Stage) -> &'static str {
        match stage {
            Stage::Intake => "intake",
            Stage::Correcting => "correcting",
            Stage::Returned => "returned",
            Stage::Received => "received",
            Stage::Pushed => "pushed",
            Stage::Accepted => "accepted",
            Stage::Decided => "decided",
            Stage::Ended => "ended",
        }
    }
}

/// The visits of a site, by opening.
pub fn visit_list(site: &crate::domain::SiteCode) -> String {
    format!("visit/site/{site}")
}

/// Lists of tickets, open or closed.
pub mod ticket_list {
    use crate::domain::{DepartmentCode, SiteCode};

    /// Those that the windows of a site answer.
    pub fn of_site(site: &SiteCode, open: bool) -> String {
        format!("ticket/site/{site}/{}", word(open))
    }

    /// Those that a department answers, or was brought into.
    pub fn of_department(department: &DepartmentCode, open: bool) -> String {
        format!("ticket/department/{department}/{}", word(open))
    }

    fn word(open: bool) -> &'static str {
        if open { "open" } else { "closed" }
    }
}

/// The open tickets that a person sees to, by opening.
pub fn owner_list(owner: &crate::domain::StaffId) -> String {
    format!("ticket/owner/{owner}")
}

/// Everyone who was ever enrolled, in that order.
pub fn staff_list() -> &'static str {
    "staff"
}

/// Every authorisation, by its granting.
pub fn authorisation_list() -> &'static str {
    "authorisation"
}

/// Every site, by opening.
pub fn site_list() -> &'static str {
    "site"
}

/// Every department, by opening.
pub fn department_list() -> &'static str {
    "department"
}

/// Every witness of the log, by enrolment.
pub fn witness_list() -> &'static str {
    "witness"
}

/// The places of a subject.
pub fn placing(subject: &Subject, history: &[Recorded]) -> Vec<Place> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return Vec::new();
    };
    match subject {
        Subject::Case(_) => case_places(first, last, history),
        Subject::Visit(_) => {
            let visit = case::fold_visit(history.iter().map(|fact| &fact.entry));
            let visit = visit.map(|visit| Place::new(visit_list(&visit.site), first.index));
            visit.into_iter().collect()
        }
        Subject::Ticket(_) => ticket_places(first, last, history),
        Subject::Site(_) => vec![Place::new(site_list(), first.index)],
        Subject::Department(_) => vec![Place::new(department_list(), first.index)],
        Subject::Authorisation(_) => vec![Place::new(authorisation_list(), first.index)],
        Subject::Item(_) => vec![Place::new("item", first.index)],
        Subject::Staff(_) => vec![Place::new(staff_list(), first.index)],
        Subject::Stock(_) => vec![Place::new("stock", first.index)],
        Subject::Bundle(_) => paper::bundle_places(first, history),
        Subject::Slip(_) => paper::slip_places(first, last, history),
        Subject::Discrepancy(_) => paper::discrepancy_places(first, last, history),
        Subject::Transfer(_) => paper::round_places(first, history),
        Subject::Container(_) => paper::container_places(first, history),
        Subject::Inventory(_) => paper::inventory_places(first, history),
        Subject::Witness(_) => vec![Place::new(witness_list(), first.index)],
        Subject::Month(_) => paper::month_places(first, history),
        Subject::Log
        | Subject::Hall
        | Subject::Scan(_)
        | Subject::Stocktake(_)
        | Subject::Loss(_) => Vec::new(),
    }
}

fn case_places(first: &Recorded, last: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(case) = case::fold(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let (site, order) = (&case.mandate.site, first.index);
    let result = case.result.as_ref().map(|record| &record.result);
    let serial = result.and_then(|result| result.serial.as_ref());
    let serial = serial.map(|serial| case_list::with_serial(&case.mandate.task, serial));
    if case.erased.is_some() {
        // Its facts still explain a result in a department's register.
        let lists = serial.into_iter().chain([case_list::ERASED.to_owned()]);
        return lists.map(|list| Place::new(list, order)).collect();
    }
    let mut places = vec![
        Place::new(case_list::ALL, order),
        Place::new(case_list::at_site(site), order),
        Place::new(case_list::at_site_stage(site, case.stage), order),
    ];
    if let Some(closed) = case::concluded_at(&case).map(Date::of) {
        let list = case_list::concluded(site, closed.month());
        places.push(Place::new(list, order));
    }
    let day = Date::of(case.opened_at);
    if let Some(count) = crate::counter::numbers::count_of(&case.no, &case.mandate.task, day) {
        places.push(Place::new(
            case_list::by_day(&case.mandate.task, day),
            count,
        ));
    }
    for push in &case.pushes {
        let department = &push.department;
        places.push(Place::new(case_list::for_department(department), order));
        let list = case_list::for_department_stage(department, case.stage);
        places.push(Place::new(list, order));
    }
    let told = case.reported == Some(case::progress(&case));
    if crate::counter::platform::platform_number(&case).is_some() && !told {
        places.push(Place::new(case_list::UNREPORTED, last.index));
    }
    places.extend(serial.map(|list| Place::new(list, order)));
    places.extend(result_place(&case));
    places
}

fn result_place(case: &CaseState) -> Option<Place> {
    let site = &case.mandate.site;
    if let Some(delivered) = &case.delivered {
        return Some(Place::new(case_list::delivered(site), millis(delivered.at)));
    }
    let kind = match undelivered(case)? {
        Undelivered::AwaitingPickUp => "pick-up",
        Undelivered::ToPost => "to-post",
        Undelivered::InPost(_) => "in-post",
        Undelivered::CameBack(..) => "came-back",
    };
    let obtained = case
        .result
        .as_ref()
        .map_or(case.since, |result| result.obtained_at);
    Some(Place::new(
        case_list::undelivered(site, kind),
        millis(obtained),
    ))
}

fn ticket_places(first: &Recorded, last: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(ticket) = ticket::fold(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let open = ticket.next != Step::Done;
    let order = if open { first.index } else { last.index };
    let mut parties = vec![ticket.party.clone()];
    parties.extend(ticket.joined.iter().cloned());
    let lists = parties.iter().map(|party| match party {
        Party::Window => ticket_list::of_site(&ticket.site, open),
        Party::Department { department } => ticket_list::of_department(department, open),
    });
    let own = open.then(|| Place::new(owner_list(&ticket.owner), first.index));
    lists
        .map(|list| Place::new(list, order))
        .chain(own)
        .collect()
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(0)
}
