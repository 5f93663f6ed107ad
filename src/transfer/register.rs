//! The printed register of a round (移交清册): a line for each paper that goes over, totals, room to sign and stamp, and a
//! checkpoint of the log. With many lines it goes over several volumes. In a package it is printed once, as of the sealing.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::pack::described;
use crate::counter::printing::paper::{SideWords, day, volume_index};
use crate::counter::{Counter, CounterError, PrintedPaper, Refusal, about};
use crate::domain::custody::{Found, Side};
use crate::domain::transfer::{RoundLine, RoundLines, RoundState};
use crate::domain::{CaseNo, StaffId, Timestamp, TransferId};
use crate::forms::handover::{
    LogPosition, PaperTotals, RegisterRow, TransferRegister, Volume, volumes,
};
use crate::package::register::NO_PAPER;
use crate::package::{CaseDoc, PackageDoc, PaperDoc};

/// Who keeps a copy.
const COPIES: [&str; 3] = ["移交单位", "接收部门", "档案"];

/// What a register states besides its lines.
pub(super) struct Stated<'s> {
    /// Whoever hands over.
    pub site: SideWords,
    /// Where the round stands.
    pub standing: String,
    /// Who made it.
    pub clerk: &'s str,
    /// When.
    pub at: Timestamp,
    /// A checkpoint of the log.
    pub log: LogPosition,
}

/// What the department found of each paper that it was handed on the round's slips.
type Findings = BTreeMap<(CaseNo, u16), Found>;

/// Stands in the line of a paper that is lost.
const LOST: &str = "遗失（双方已认定）";

/// The register of what `doc` lists, volume by volume; none where it lists nothing.
pub(super) fn registers(doc: &PackageDoc, stated: Stated<'_>) -> Vec<TransferRegister> {
    let mut totals = PaperTotals {
        bundles: u32::try_from(doc.cases.len()).unwrap_or(u32::MAX),
        ..PaperTotals::default()
    };
    let mut no = 0;
    let mut cases = Vec::with_capacity(doc.cases.len());
    for case in &doc.cases {
        let papers = case.papers.iter().map(Some);
        let none = case.papers.is_empty().then_some(None);
        let rows = papers.chain(none).map(|paper| (paper, false));
        // What is lost does not come along, and stands in its line nevertheless.
        let lost = case.lost.iter().map(|paper| (Some(paper), true));
        let rows = rows.chain(lost).map(|(paper, lost)| {
            no += 1;
            let mut row = row(doc, case, paper, no);
            match paper {
                Some(_) if lost => row.found = Some(LOST.to_owned()),
                Some(paper) => totals.add(paper.count, paper.pages),
                None => {}
            }
            row
        });
        cases.push(rows.collect::<Vec<_>>());
    }
    let cut = volumes(cases, Vec::len);
    let of = u32::try_from(cut.len()).unwrap_or(u32::MAX);
    let number = doc.transfer.as_str();
    let site = stated.site.name.clone();
    let head = stated.site.head(number, stated.clerk, stated.at, &COPIES);
    let volume = |(no, cases): (u32, Vec<Vec<RegisterRow>>)| TransferRegister {
        head: head.clone(),
        site: site.clone(),
        department: doc.department_name.clone(),
        month: doc.month.to_string(),
        round: doc.round,
        due: day(doc.due),
        standing: stated.standing.clone(),
        volume: (of > 1).then_some(Volume { no, of }),
        totals,
        rows: cases.into_iter().flatten().collect(),
        log: stated.log.clone(),
    };
    (1..).zip(cut).map(volume).collect()
}

fn row(doc: &PackageDoc, case: &CaseDoc, paper: Option<&PaperDoc>, no: u32) -> RegisterRow {
    RegisterRow {
        no,
        case: case.case.to_string(),
        item: case.task_name.clone(),
        material: paper.map_or(NO_PAPER, |paper| &paper.row_name).to_owned(),
        form: paper.map(|paper| paper.form.to_string()),
        count: paper.map_or(0, |paper| paper.count),
        pages: paper.and_then(|paper| paper.pages),
        condition: paper.map(|paper| paper.condition.to_string()),
        closed: case.closed.to_string(),
        due: doc.due.to_string(),
        found: paper
            .and_then(|paper| paper.found)
            .map(|found| found.to_string()),
    }
}

impl Counter {
    /// What a package, or a register, says of a round as a whole; no cases yet.
    pub(super) async fn round_doc(
        &self,
        round: &RoundState,
        now: Timestamp,
    ) -> Result<PackageDoc, CounterError> {
        let site = self.site(&round.of.site).await?;
        let department = self.department(&round.of.department).await?;
        let site_name = self.site_definition(&site).await?.name;
        let department_name = self.department_definition(&department).await?.name;
        Ok(PackageDoc {
            transfer: round.id.clone(),
            department: round.of.department.clone(),
            department_name,
            site: round.of.site.clone(),
            hall_name: site_name.clone(),
            site_name,
            month: round.of.month,
            round: round.round,
            due: round.due,
            sealed_at: now,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            dialect: None,
            fonds: None,
            contact: None,
            cases: Vec::new(),
        })
    }

    /// Prints volume `volume`, from 1, of the register of a round as it stands now: what is on it, and what was on it and
    /// offered to the department, with what that found. `by` is the code of whoever asked for it.
    pub async fn print_register(
        &self,
        id: &TransferId,
        by: &str,
        volume: u32,
    ) -> Result<PrintedPaper, CounterError> {
        let (round, _) = self.round_now(id).await?;
        let now = self.clock.now();
        let mut doc = self.round_doc(&round, now).await?;
        let found = self.handed_over(&round).await?;
        let lines = self.round_lines(&round.lines).await?;
        for line in self.going_over(&round, lines, &found).await? {
            doc.cases.push(self.listed_case(&line, &found).await?);
        }
        let site = round.of.site.clone();
        let stated = Stated {
            site: self.side_in_words(&Side::Hall { site }).await?,
            standing: round.stage().to_string(),
            clerk: by,
            at: now,
            // Asked for last, so that it holds every fact above.
            log: self.log_position().await?,
        };
        let mut registers = registers(&doc, stated);
        if registers.is_empty() {
            return Err(CounterError::Refused(Refusal {
                code: "register-empty".to_owned(),
                zh: format!("移交批次 {id} 没有要移交的材料；请查看批次"),
                en: format!("nothing goes over on round {id}; look at the round"),
                field: None,
            }));
        }
        let count = registers.len();
        let index = volume_index(volume, count)?;
        let form = registers.swap_remove(index);
        self.print_paper(&form.into(), now, (index, count)).await
    }

    /// The register that goes into a package, by its path there: `register.pdf`, and `register-2.pdf` and so on where it has
    /// several volumes. It states the checkpoint of the sealing and is dated by it, so that the same round printed again by
    /// the same program gives the same bytes.
    pub(super) async fn sealed_register(
        &self,
        doc: &PackageDoc,
        log: LogPosition,
        by: &StaffId,
    ) -> Result<Vec<(String, Bytes)>, CounterError> {
        let site = doc.site.clone();
        let stated = Stated {
            site: self.side_in_words(&Side::Hall { site }).await?,
            standing: "已封装".to_owned(),
            clerk: by.as_str(),
            at: doc.sealed_at,
            log,
        };
        let mut made = Vec::new();
        let registers = registers(doc, stated);
        let count = registers.len();
        for (index, register) in registers.into_iter().enumerate() {
            let form = register.into();
            let printed = self.print_paper(&form, doc.sealed_at, (index, count));
            let path = match index {
                0 => "register.pdf".to_owned(),
                _ => format!("register-{}.pdf", index + 1),
            };
            made.push((path, printed.await?.pdf));
        }
        Ok(made)
    }

    /// What the department found of the papers of every slip that it signed for.
    async fn handed_over(&self, round: &RoundState) -> Result<Findings, CounterError> {
        let mut found = Findings::new();
        for slip in round.handed_over.keys() {
            let (view, _) = self.slip_view(slip).await?;
            for line in view.outcome.into_iter().flat_map(|outcome| outcome.lines) {
                for paper in line.papers {
                    found.insert((line.case.clone(), paper.no), paper.found);
                }
            }
        }
        Ok(found)
    }

    /// The papers still on the round and those that the department had before it; not those that were missing at the window,
    /// put off or given back.
    async fn going_over(
        &self,
        round: &RoundState,
        lines: RoundLines,
        found: &Findings,
    ) -> Result<Vec<RoundLine>, CounterError> {
        let mut going = Vec::new();
        for mut line in lines.lines {
            let bundle = self.bundle_now(&line.case).await?;
            let on: BTreeSet<u16> = bundle
                .papers
                .values()
                .filter(|held| held.listed.as_ref() == Some(&round.id))
                .map(|held| held.paper.no)
                .collect();
            let case = line.case.clone();
            line.papers
                .retain(|no| on.contains(no) || found.contains_key(&(case.clone(), *no)));
            if !line.papers.is_empty() {
                going.push(line);
            }
        }
        Ok(going)
    }

    async fn listed_case(
        &self,
        line: &RoundLine,
        found: &Findings,
    ) -> Result<CaseDoc, CounterError> {
        let no = &line.case;
        let (case, _) = self.case(no).await?;
        let item = self.pinned(&case.mandate.content).await?;
        let bundle = self.bundle_now(no).await?;
        let history = self.history(&about(no)).await?;
        let mut doc = described(&case, &item, &bundle, line, &history)?;
        for paper in &mut doc.papers {
            paper.found = found.get(&(no.clone(), paper.no)).copied();
        }
        Ok(doc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::ApplicantKind;
    use crate::domain::custody::{Condition, PaperForm};
    use crate::domain::{Month, TransferId};
    use crate::package::Words;

    fn paper(no: u16) -> PaperDoc {
        PaperDoc {
            no,
            row: None,
            row_name: "申请书".to_owned(),
            form: PaperForm::Original,
            count: 2,
            pages: Some(3),
            condition: Condition::Good,
            found: None,
        }
    }

    fn case(number: u32, papers: u16) -> CaseDoc {
        let day = "2026-01-20".parse().unwrap();
        CaseDoc {
            case: format!("C-{number}").parse().unwrap(),
            task: "T-1".parse().unwrap(),
            task_name: "事项".to_owned(),
            applicant_name: Some("张三".to_owned()),
            applicant_kind: ApplicantKind::Person,
            opened: day,
            accepted: None,
            closed: day,
            outcome: Words {
                zh: "准予".to_owned(),
                en: "granted".to_owned(),
            },
            document_number: None,
            retention: None,
            papers: (1..=papers).map(paper).collect(),
            lost: Vec::new(),
            steps: Vec::new(),
            files: Vec::new(),
        }
    }

    fn doc(cases: Vec<CaseDoc>) -> PackageDoc {
        let (department, site) = ("market".parse().unwrap(), "centre".parse().unwrap());
        let month = Month::new(2026, 1).unwrap();
        PackageDoc {
            transfer: TransferId::of(&department, &site, month, 1),
            department,
            department_name: "市场监督管理局".to_owned(),
            site,
            site_name: "政务服务中心".to_owned(),
            hall_name: "政务服务中心".to_owned(),
            month,
            round: 1,
            due: "2026-02-28".parse().unwrap(),
            sealed_at: Timestamp::from_millis(1_770_000_000_000),
            software: "0.1.0".to_owned(),
            dialect: None,
            fonds: None,
            contact: None,
            cases,
        }
    }

    fn stated() -> Stated<'static> {
        Stated {
            site: SideWords {
                name: "政务服务中心".to_owned(),
                code: "centre".to_owned(),
                phone: None,
            },
            standing: "已封装".to_owned(),
            clerk: "c-1",
            at: Timestamp::from_millis(1_770_000_000_000),
            log: LogPosition {
                origin: "hall.test".to_owned(),
                size: 7,
                root: "cm9vdA==".to_owned(),
            },
        }
    }

    #[test]
    fn volumes_count_on_and_each_has_the_totals_of_all() {
        let mut cases: Vec<CaseDoc> = (1..=1_001).map(|number| case(number, 2)).collect();
        cases.push(case(1_002, 0));
        let made = registers(&doc(cases), stated());
        let rows: Vec<usize> = made.iter().map(|volume| volume.rows.len()).collect();
        assert_eq!(rows, [2_000, 3]);
        let second = &made[1];
        assert_eq!(second.volume, Some(Volume { no: 2, of: 2 }));
        let numbers: Vec<u32> = second.rows.iter().map(|row| row.no).collect();
        assert_eq!(numbers, [2_001, 2_002, 2_003]);
        assert_eq!(second.rows[2].material, NO_PAPER);
        let totals = PaperTotals {
            bundles: 1_002,
            papers: 2_002,
            pieces: 4_004,
            pages: 12_012,
        };
        assert_eq!((made[0].totals, second.totals), (totals, totals));
        // Who applied is known to the document and stands on no register.
        let text = serde_json::to_string(&made).unwrap();
        assert!(!text.contains("张三"));
    }

    #[test]
    fn what_fits_one_volume_has_none_and_nothing_makes_no_register() {
        let made = registers(&doc(vec![case(1, 3)]), stated());
        assert_eq!((made.len(), made[0].volume), (1, None));
        assert!(registers(&doc(Vec::new()), stated()).is_empty());
    }
}
