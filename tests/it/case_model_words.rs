//! The words of the naive model: items, commands, a case. Days are counted from 2024-01-01; departments, rows, ways
//! and reasons are numbers.

pub const DAY: i64 = 86_400_000;

/// Ways: 0 paper kept, 1 original seen, 2 e-licence, 3 shared data, 4 commitment, 5 earlier submission.
#[derive(Debug, Clone)]
pub struct NRow {
    pub conditional: bool,
    pub main: bool,
    pub originals: u8,
    pub copies: u8,
    pub defer: Option<u16>,
    pub ways: Vec<u8>,
}

/// Procedures: 0 hearing, 1 expert review, 2 site inspection, 3 collective discussion, 4 inspection.
#[derive(Debug, Clone)]
pub struct NItem {
    pub lead: u8,
    pub rows: Vec<NRow>,
    pub legal: u16,
    /// 0: on the spot.
    pub promised: u16,
    /// Department, step, days, rows.
    pub parts: Vec<(u8, u8, u16, Vec<usize>)>,
    pub procs: Vec<u8>,
    pub higher: bool,
    pub certificate: bool,
    pub licence: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Applicant,
    Agent,
    Other,
}

/// A row as it is met: number, way, originals, copies, where the original lies, whether there is proof.
#[derive(Debug, Clone)]
pub struct Taking {
    pub row: usize,
    pub way: u8,
    pub originals: u8,
    pub copies: u8,
    pub shared: Option<(usize, usize)>,
    pub proof: bool,
}

#[derive(Debug, Clone)]
pub enum Cmd {
    Attend,
    Fields {
        bad: bool,
    },
    DecideRow {
        row: usize,
        needed: bool,
    },
    Meet(Taking),
    Reopen {
        row: usize,
    },
    Scan {
        row: usize,
        scan: u32,
    },
    Defer {
        rows: Vec<usize>,
        days: u16,
        excluded: bool,
    },
    RefuseDeferral {
        rows: Vec<usize>,
        days: u16,
        excluded: bool,
    },
    Receipt {
        right: bool,
    },
    Supplement(Taking),
    Notice {
        rows: Vec<usize>,
        field: bool,
        due: i64,
        signed: bool,
    },
    Escalate,
    Resubmit,
    Push {
        by_paper: Vec<usize>,
    },
    Ack {
        department: u8,
        step: u8,
        same: bool,
    },
    Collect {
        department: u8,
        rows: Vec<usize>,
        signers: u8,
    },
    Accept {
        department: u8,
    },
    RefuseAcceptance {
        department: u8,
    },
    Return {
        department: u8,
    },
    Suspend {
        department: u8,
        procedure: u8,
    },
    Resume {
        department: u8,
        procedure: u8,
    },
    Extend {
        department: u8,
        days: u16,
    },
    Task {
        department: u8,
        step: u8,
    },
    Decide {
        department: u8,
        chief: bool,
        grant: bool,
    },
    Review {
        department: u8,
    },
    Authority {
        department: u8,
    },
    Withdraw {
        who: Who,
    },
    Void,
    Terminate {
        reason: u8,
    },
    PaperBack {
        who: Who,
    },
    Result {
        route: u8,
        serial: bool,
        text: u8,
        signers: u8,
    },
    Choose {
        mail: bool,
    },
    HandOut {
        who: Who,
        right: bool,
    },
    Post {
        waybill: u32,
        by_department: bool,
    },
    EndPost {
        waybill: u32,
        outcome: u8,
    },
    Chase,
    Rate {
        level: u8,
        ticket: bool,
    },
    Appoint {
        collect: bool,
        until: i64,
    },
    Report,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    Refused,
    Nothing,
    Something,
}

pub fn yes(allowed: bool) -> Did {
    if allowed {
        Did::Something
    } else {
        Did::Refused
    }
}

/// Phases: 0 intake, 1 correcting, 2 returned, 3 received, 4 pushed, 5 accepted, 6 decided, 7 ended.
#[derive(Debug, Clone, Default)]
pub struct NCase {
    pub item: usize,
    pub applicant: u8,
    pub remote: bool,
    /// Whether the agent may collect, and until which day.
    pub agent: Option<(bool, i64)>,
    pub opened: i64,
    pub field_bad: bool,
    pub needed: Vec<Option<bool>>,
    /// Way, originals, copies, submission.
    pub met: Vec<Option<(u8, u8, u8, u32)>>,
    pub deferred: Vec<Option<i64>>,
    /// 0 nobody, 1 the window, 2 the applicant, 10 and on a department.
    pub holder: Vec<u8>,
    pub scans: Vec<Vec<u32>>,
    pub phase: u8,
    pub since: i64,
    pub sub: u32,
    pub sub_at: i64,
    /// Submission, rows, field, last day, when.
    pub notices: Vec<(u32, Vec<usize>, bool, i64, i64)>,
    pub escalations: Vec<u32>,
    /// Submission, when.
    pub receipts: Vec<(u32, i64)>,
    pub supplied_at: Option<i64>,
    /// Submission, department, step, when, confirmed.
    pub pushes: Vec<(u32, u8, u8, i64, bool)>,
    pub accepted_at: Option<i64>,
    pub pauses: Vec<(u8, i64, Option<i64>)>,
    pub extra: Option<u16>,
    pub done: Vec<(u8, u8)>,
    pub reviewed: bool,
    /// Granted, when.
    pub decided: Option<(bool, i64)>,
    /// 10 refused, 11 withdrawn, 12 voided, 13 terminated.
    pub ending: u8,
    /// Route, serial, text, when.
    pub result: Option<(u8, bool, u8, i64)>,
    pub mail: bool,
    pub posts: Vec<(u32, i64, Option<u8>)>,
    pub delivered_at: Option<i64>,
    pub rated: bool,
    pub reported: Option<u8>,
}

pub struct Model {
    pub items: Vec<NItem>,
    pub cases: Vec<NCase>,
    /// Whether each day is worked.
    pub worked: Vec<bool>,
}
