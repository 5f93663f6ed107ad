//! The program's side of the model test: histories kept as written leaves, commands turned into decisions.

use std::collections::BTreeMap;

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_model_departments::at_department;
use crate::case_model_end::at_the_end;
use crate::case_model_seen::origin;
use crate::case_model_words::{Cmd, DAY, Taking};

pub const WAYS: [MetBy; 6] = [
    MetBy::PaperKept,
    MetBy::OriginalSeen,
    MetBy::ELicence,
    MetBy::SharedData,
    MetBy::Commitment,
    MetBy::EarlierSubmission,
];
pub const PROCEDURES: [SpecialProcedure; 5] = [
    SpecialProcedure::Hearing,
    SpecialProcedure::ExpertReview,
    SpecialProcedure::SiteInspection,
    SpecialProcedure::CollectiveDiscussion,
    SpecialProcedure::Inspection,
];

pub struct Real {
    pub items: Vec<ServiceItem>,
    pub calendar: Calendar,
    /// Every subject's leaves, as bytes.
    leaves: BTreeMap<Subject, Vec<Vec<u8>>>,
}

pub fn at(t: i64) -> Timestamp {
    origin().plus_millis(t)
}

fn row(number: usize) -> MaterialCode {
    code(&format!("m{number}"))
}

pub fn rows(numbers: &[usize]) -> Vec<MaterialCode> {
    numbers.iter().map(|number| row(*number)).collect()
}

pub fn department(number: u8) -> String {
    format!("d{number}")
}

pub fn name(case: usize) -> CaseNo {
    code(&format!("c{case}"))
}

impl Real {
    pub fn new(items: Vec<ServiceItem>, calendar: Calendar) -> Self {
        Self {
            items,
            calendar,
            leaves: BTreeMap::new(),
        }
    }

    fn history(&self, subject: &Subject) -> Vec<Entry> {
        let leaves = self.leaves.get(subject).into_iter().flatten();
        leaves.map(|leaf| Entry::decode(leaf).unwrap()).collect()
    }

    pub fn case(&self, case: usize) -> CaseState {
        case::fold(&self.history(&Subject::Case(name(case)))).unwrap()
    }

    /// Writes facts as leaves; `late` are entered now and happened at `t`.
    fn write(&mut self, facts: Vec<Fact>, t: i64, late: bool) {
        for fact in facts {
            let leaves = self.leaves.entry(fact.subject.clone()).or_default();
            let occurred = late.then(|| Occurred {
                at: at(t),
                reason: secret("late"),
            });
            let entry = Entry {
                v: 1,
                subject: fact.subject,
                seq: leaves.len() as u32,
                at: at(t).plus_millis(if late { DAY } else { 0 }),
                occurred,
                by: code("cli:model"),
                request: code("r"),
                event: fact.event,
            };
            leaves.push(entry.encode().unwrap());
        }
    }

    pub fn open(
        &mut self,
        no: usize,
        item: usize,
        applicant: u8,
        remote: bool,
        mail: bool,
        t: i64,
    ) {
        let channel = if remote {
            Channel::RemotePreCheck
        } else {
            Channel::Window
        };
        let id: VisitId = code(&format!("v{no}"));
        let begun = open_visit(None, &id, visit_at(DeskRole::Receive, channel)).unwrap();
        self.write(begun, t, false);
        let visit = fold_visit(&self.history(&Subject::Visit(id))).unwrap();
        let item = self.items[item].clone();
        let mut application = application(&item);
        application.applicant.record = secret(&format!("applicant {applicant}"));
        if mail {
            application.delivery = by_mail();
        }
        let opened = open(
            &Number::Free,
            &name(no),
            &visit,
            &item,
            application,
            None,
            at(t),
        );
        self.write(opened.unwrap(), t, false);
    }

    /// Decides and, unless refused, writes. Gives the number of facts.
    pub fn apply(
        &mut self,
        no: usize,
        cmd: &Cmd,
        t: i64,
        late: bool,
    ) -> Result<usize, CaseRefusal> {
        let case = self.case(no);
        let item = self.items[number(&case)].clone();
        let facts = self
            .at_window(&case, &item, cmd, t)
            .or_else(|| at_department(&case, &item, &self.calendar, cmd, t))
            .or_else(|| at_the_end(&case, &item, &self.calendar, cmd, t))
            .unwrap()?;
        let count = facts.len();
        self.write(facts, t, late);
        Ok(count)
    }

    fn taking(&self, case: &CaseState, taking: &Taking) -> (Meet, Option<CaseState>) {
        let shared = taking.shared.map(|(other, place)| SharedOriginal {
            case: name(other),
            row: row(place),
        });
        let known = |other: usize| self.leaves.contains_key(&Subject::Case(name(other)));
        let holding = taking.shared.filter(|(other, _)| known(*other));
        let meet = Meet {
            way: WAYS[taking.way as usize],
            shared,
            evidence: taking.proof.then(|| Digest::of("evidence")),
            earlier: taking.proof.then(|| code(&format!("{}-before", case.no))),
            ..paper(&format!("m{}", taking.row), taking.originals, taking.copies)
        };
        (meet, holding.map(|(other, _)| self.case(other)))
    }

    fn at_window(
        &self,
        case: &CaseState,
        item: &ServiceItem,
        cmd: &Cmd,
        t: i64,
    ) -> Option<Result<Vec<Fact>, CaseRefusal>> {
        let (now, clerk) = (at(t), code("clerk-1"));
        Some(match cmd {
            Cmd::Attend => {
                let id = code(&format!("{}-attends", case.no));
                let begun = open_visit(None, &id, visit_at(DeskRole::Receive, Channel::Window));
                let event = begun.unwrap().remove(0).event;
                let entry = Entry {
                    v: 1,
                    subject: Subject::Visit(id),
                    seq: 0,
                    at: now,
                    occurred: None,
                    by: code("cli:model"),
                    request: code("r"),
                    event,
                };
                let visit = fold_visit([&entry]).unwrap();
                attend(case, &visit, mandate(item, Power::Receive))
            }
            Cmd::Fields { bad } => {
                let finding = FieldFinding {
                    field: code("applicant.phone"),
                    kind: DefectKind::InvalidField,
                };
                check_fields(case, if *bad { vec![finding] } else { Vec::new() })
            }
            Cmd::DecideRow { row: place, needed } => {
                decide_row(case, item, &row(*place), *needed, secret("reason"), clerk)
            }
            Cmd::Meet(taking) => {
                let (meet, holding) = self.taking(case, taking);
                case::meet(case, item, meet, holding.as_ref(), now)
            }
            Cmd::Supplement(taking) => {
                let (meet, holding) = self.taking(case, taking);
                let right = mandate(item, Power::Receive);
                supplement(case, item, &right, meet, holding.as_ref(), now)
            }
            Cmd::Reopen { row: place } => reopen(case, item, &row(*place)),
            Cmd::Scan { row: place, scan } => {
                file_scan(case, item, &row(*place), Digest::of(scan.to_be_bytes()))
            }
            _ => return self.papers(case, item, cmd, t),
        })
    }

    fn papers(
        &self,
        case: &CaseState,
        item: &ServiceItem,
        cmd: &Cmd,
        t: i64,
    ) -> Option<Result<Vec<Fact>, CaseRefusal>> {
        let (now, clerk) = (at(t), code("clerk-1"));
        Some(match cmd {
            Cmd::Defer {
                rows: list,
                days,
                excluded,
            } => {
                let command = Defer {
                    rows: rows(list),
                    days: *days,
                    excluded: *excluded,
                    undertaking: Digest::of("undertaking"),
                    signature: signed("applicant"),
                };
                defer(case, item, &self.calendar, command, now)
            }
            Cmd::RefuseDeferral {
                rows: list,
                days,
                excluded,
            } => {
                let command = RefuseDeferral {
                    rows: rows(list),
                    days: *days,
                    excluded: *excluded,
                    notice: Digest::of("printed"),
                    clerk,
                };
                refuse_deferral(case, item, command)
            }
            Cmd::Receipt { right } => {
                let mut command = receipt(item);
                if !right {
                    command.mandate.power = Power::Issue;
                }
                issue_receipt(case, item, command, now)
            }
            Cmd::Notice {
                rows: list,
                field,
                due,
                signed: with,
            } => {
                let command = correction(list, *field, *due, *with);
                notify_correction(case, item, command, now)
            }
            Cmd::Escalate => escalate_correction(case, code("supervisor"), secret("why")),
            Cmd::Resubmit => resubmit(case, clerk, now),
            _ => return None,
        })
    }
}

fn number(case: &CaseState) -> usize {
    case.mandate.task.as_str()[1..].parse().unwrap()
}

fn correction(list: &[usize], field: bool, due: i64, with: bool) -> Correction {
    let about_rows = list
        .iter()
        .map(|place| DefectSubject::Row { row: row(*place) });
    let about_field = field.then(|| DefectSubject::Field {
        field: code("applicant.phone"),
    });
    let line = |about| Defect {
        about,
        kind: DefectKind::Missing,
        note: None,
    };
    Correction {
        defects: about_rows.chain(about_field).map(line).collect(),
        due: Date::of(at(due * DAY)),
        notice: Digest::of("notice"),
        clerk: code("clerk-1"),
        signature: with.then(|| signed("back")),
    }
}
