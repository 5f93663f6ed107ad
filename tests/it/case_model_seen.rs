//! What can be seen of a case, once as the naive model tells it and once as the program does.

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::ServiceItem;
use counterfoil::domain::*;

use crate::case_model_words::{DAY, Model, NCase};

/// A limit: its last day, missed, standing still.
type Clock = Option<(i64, bool, bool)>;

#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    pub phase: u8,
    pub submission: u32,
    /// Standing, originals, copies, holder, scans.
    pub rows: Vec<(u8, u32, u32, u8, usize)>,
    /// Notices, receipts, posts.
    pub counts: (usize, usize, usize),
    pub promised: Clock,
    pub legal: Clock,
    pub deemed: Clock,
    pub supplement: Clock,
    pub correction: Clock,
    pub mail: Clock,
    pub progress: u8,
    pub readers: Vec<(u8, Vec<usize>)>,
    pub late: Vec<(u8, i64, bool)>,
    /// 0 nothing to do, 1 to be fetched, 2 to be posted, 3 in the post, 4 came back.
    pub undelivered: u8,
    pub registered: bool,
    pub invited: bool,
    pub rated: bool,
}

impl Model {
    /// The last day of a limit: walks the days, leaving out those on which the clock stood.
    pub fn last_day(&self, case: &NCase, days: u16, t: i64) -> Option<i64> {
        let (sub, at) = *case.receipts.last()?;
        if sub != case.sub || case.phase <= 2 {
            return None;
        }
        if self.items[case.item].promised == 0 {
            return Some(at / DAY);
        }
        let until = self.stopped_at(case).unwrap_or(t);
        let stood = |day: i64| {
            let mut pauses = case.pauses.iter();
            pauses.any(|p| p.1 / DAY <= day && day < p.2.unwrap_or(until) / DAY)
        };
        let mut day = at / DAY;
        let mut left = days + case.extra.unwrap_or(0);
        while left > 0 {
            day += 1;
            if self.worked[day as usize] && !stood(day) {
                left -= 1;
            }
        }
        Some(day)
    }

    fn stopped_at(&self, case: &NCase) -> Option<i64> {
        match case.phase {
            7 => Some(case.since),
            _ => case.decided.map(|decided| decided.1),
        }
    }

    fn limit(&self, case: &NCase, days: u16, t: i64) -> Clock {
        let day = self.last_day(case, days, t)?;
        let end = self.stopped_at(case);
        let running = case.pauses.last().is_some_and(|pause| pause.2.is_none());
        let stands = end.is_none() && running && self.items[case.item].promised > 0;
        Some((day, end.unwrap_or(t) >= (day + 1) * DAY, stands))
    }

    fn deemed(&self, case: &NCase, t: i64) -> Clock {
        if !self.items[case.item].licence {
            return None;
        }
        let day = self.after(case.sub_at / DAY, 5);
        let told = [
            case.notices
                .iter()
                .find(|notice| notice.0 == case.sub)
                .map(|notice| notice.4),
            case.accepted_at,
            case.decided.map(|decided| decided.1),
            (case.phase == 7).then_some(case.since),
        ];
        let told = told.into_iter().flatten().min().unwrap_or(t);
        Some((day, told >= (day + 1) * DAY, false))
    }

    fn mail(&self, case: &NCase, t: i64) -> Clock {
        let missing =
            (0..case.met.len()).any(|row| case.met[row].is_none() && case.deferred[row].is_some());
        let obtained = case.result.filter(|_| case.mail && !missing)?.3;
        let free = obtained.max(case.supplied_at.unwrap_or(obtained));
        let day = self.after(free / DAY, 1);
        let done = case.posts.first().map(|post| post.1).or(case.delivered_at);
        Some((day, done.unwrap_or(t) >= (day + 1) * DAY, false))
    }

    pub fn progress(&self, case: &NCase) -> u8 {
        let paused = case.pauses.last().is_some_and(|pause| pause.2.is_none());
        let in_post = case.posts.last().is_some_and(|post| post.2.is_none());
        match case.phase {
            0 => 0,
            1 | 2 => 1,
            3 => 2,
            4 => 3,
            5 if paused => 5,
            5 => 4,
            6 if case.delivered_at.is_some() => 9,
            6 if in_post => 8,
            6 if case.result.is_some() => 7,
            6 => 6,
            _ => case.ending,
        }
    }

    pub fn seen(&self, case: usize, t: i64) -> Seen {
        let case = &self.cases[case];
        let item = &self.items[case.item];
        let row = |row: usize| {
            let kept = case.met[row].unwrap_or_default();
            let holder = case.holder[row];
            let scans = case.scans[row].len();
            (
                self.standing(case, row),
                kept.1.into(),
                kept.2.into(),
                holder,
                scans,
            )
        };
        let dues = (0..case.met.len()).filter(|row| case.met[*row].is_none());
        let due = dues.filter_map(|row| case.deferred[row]).min();
        let due = due.filter(|_| case.phase != 7);
        let over = |day: i64| (day, t >= (day + 1) * DAY, false);
        let corrected = case.notices.last().filter(|_| case.phase == 1);
        let mut late = Vec::new();
        for part in item
            .parts
            .iter()
            .filter(|part| !case.done.contains(&(part.0, part.1)))
        {
            let mut pushes = case.pushes.iter();
            let push = pushes.find(|p| p.0 == case.sub && p.1 == part.0 && p.2 == part.1);
            if let Some(push) = push.filter(|_| case.phase < 6) {
                let day = self.after(push.3 / DAY, part.2);
                late.push((part.0, day, t >= (day + 1) * DAY));
            }
        }
        let readers = (0..5).map(|department| (department, self.reads(case, department)));
        Seen {
            phase: case.phase,
            submission: case.sub,
            rows: (0..case.met.len()).map(row).collect(),
            counts: (case.notices.len(), case.receipts.len(), case.posts.len()),
            promised: self.limit(case, item.promised, t),
            legal: self.limit(case, item.legal, t),
            deemed: self.deemed(case, t),
            supplement: due.map(over),
            correction: corrected.map(|notice| over(notice.3)),
            mail: self.mail(case, t),
            progress: self.progress(case),
            readers: readers.filter(|(_, rows)| !rows.is_empty()).collect(),
            late,
            undelivered: match (case.result, case.delivered_at, case.posts.last()) {
                (None, ..) | (_, Some(_), _) => 0,
                (_, _, Some((.., None))) => 3,
                (_, _, Some(_)) => 4,
                _ => 1 + u8::from(case.mail),
            },
            registered: case.delivered_at.is_some(),
            invited: case.delivered_at.is_some(),
            rated: case.rated,
        }
    }
}

/// Where day 0 of the model begins.
pub fn origin() -> Timestamp {
    "2024-01-01T00:00:00+08:00".parse().unwrap()
}

fn day_of(date: Date) -> i64 {
    (date.start().as_millis() - origin().as_millis()) / DAY
}

fn number_in(text: &str) -> usize {
    text[1..].parse().unwrap()
}

pub fn real(case: &CaseState, item: &ServiceItem, calendar: &Calendar, now: Timestamp) -> Seen {
    let clock =
        |limit: clocks::Limit| (day_of(limit.last_day), limit.is_overdue(now), limit.paused);
    let holder = |holder: Option<PaperHolder>| match holder {
        None => 0,
        Some(PaperHolder::Window) => 1,
        Some(PaperHolder::Applicant) => 2,
        Some(PaperHolder::Department(department)) => 10 + number_in(department.as_str()) as u8,
    };
    let row = |line: ChecklistRow<'_>| {
        let standing = match line.standing {
            Standing::Undecided => 0,
            Standing::NotNeeded => 1,
            Standing::Open => 2,
            Standing::Deferred => 3,
            Standing::Met => 4,
        };
        let kept = line.row.kept();
        let scans = line.row.scans.len();
        (
            standing,
            kept.originals,
            kept.copies,
            holder(line.row.holder),
            scans,
        )
    };
    let readers = readers(case, item).into_iter().map(|(department, rows)| {
        let rows = rows.iter().map(|row| number_in(row.as_str())).collect();
        (number_in(department.as_str()) as u8, rows)
    });
    let late = laggards(case, item, calendar, now).unwrap().into_iter();
    Seen {
        phase: case.stage as u8,
        submission: case.submission,
        rows: checklist(case, item).into_iter().map(row).collect(),
        counts: (case.notices.len(), case.receipts.len(), case.posts.len()),
        promised: clocks::promised_due(case, item, calendar, now)
            .unwrap()
            .map(clock),
        legal: clocks::legal_due(case, item, calendar, now)
            .unwrap()
            .map(clock),
        deemed: clocks::deemed_acceptance(case, item, calendar)
            .unwrap()
            .map(clock),
        supplement: clocks::supplement_due(case).map(clock),
        correction: clocks::correction_due(case).map(clock),
        mail: clocks::mail_due(case, calendar).unwrap().map(clock),
        progress: progress(case) as u8,
        readers: readers.collect(),
        late: late
            .map(|(department, due, over)| {
                (number_in(department.as_str()) as u8, day_of(due), over)
            })
            .collect(),
        undelivered: match undelivered(case) {
            None => 0,
            Some(Undelivered::AwaitingPickUp) => 1,
            Some(Undelivered::ToPost) => 2,
            Some(Undelivered::InPost(_)) => 3,
            Some(Undelivered::CameBack(..)) => 4,
        },
        registered: delivery_row(case).is_some(),
        invited: case.invited_at.is_some(),
        rated: case.rating.is_some(),
    }
}
