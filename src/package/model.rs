//! What a package holds, as data: one transfer, its cases, their papers, their steps and their files. It is written into
//! the package as `transfer.json` and is what every other document is made from. Nothing is left out when it is empty,
//! so that what is absent is seen to be absent.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PackageFault;
use crate::bag::BagPath;
use crate::domain::catalogue::ApplicantKind;
use crate::domain::custody::{Condition, Found, PaperForm};
use crate::domain::id::{CaseNo, DepartmentCode, MaterialCode, SiteCode, TransferId};
use crate::domain::{Actor, Date, Digest, Month, Sm3, TaskCode, Timestamp};

/// Most cases of a package.
pub const CASES_MAX: usize = 50_000;

/// Most files of a package, over all its cases.
pub const FILES_MAX: usize = 2_000_000;

/// Most papers and most steps of one case.
pub const LINES_MAX: usize = 10_000;

/// Most characters of one text: a spreadsheet's cell holds no more.
pub const TEXT_CHARS_MAX: usize = 32_000;

/// A phrase in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One transfer as its package describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageDoc {
    /// The round's number.
    pub transfer: TransferId,
    /// The department that receives.
    pub department: DepartmentCode,
    /// What it is called.
    pub department_name: String,
    /// The site that hands over.
    pub site: SiteCode,
    /// What it is called.
    pub site_name: String,
    /// What the hall is called.
    pub hall_name: String,
    /// The month in which its cases closed.
    pub month: Month,
    /// Which round of that month, from 1.
    pub round: u32,
    /// The last day on which it may be handed over.
    pub due: Date,
    /// When the package was sealed: the only instant its documents are dated by.
    pub sealed_at: Timestamp,
    /// Version of the program that made it, as `0.1.0`.
    pub software: String,
    /// The dialect of its metadata; absent where the program that made it did not say so.
    #[serde(default)]
    pub dialect: Option<DialectDoc>,
    /// The hall's fonds at the archive (全宗号), where the hall says so.
    #[serde(default)]
    pub fonds: Option<String>,
    /// Whom the archive asks, where the hall says so.
    #[serde(default)]
    pub contact: Option<ContactDoc>,
    /// The cases, in the order in which they stand in the register.
    pub cases: Vec<CaseDoc>,
}

/// In which dialect metadata were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialectDoc {
    /// What it calls itself.
    pub name: String,
    /// SHA-256 over its files, which tells two of one name apart.
    pub sha256: Digest,
}

/// Whom the archive asks: an office, not a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDoc {
    /// What it is called.
    pub name: String,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its address.
    pub email: Option<String>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseDoc {
    /// Its number.
    pub case: CaseNo,
    /// The item it is about.
    pub task: TaskCode,
    /// What the item is called.
    pub task_name: String,
    /// Who applied; absent where it was erased or is not handed over.
    pub applicant_name: Option<String>,
    /// What they are.
    pub applicant_kind: ApplicantKind,
    /// The day it was opened.
    pub opened: Date,
    /// The day it was accepted; absent where it never was.
    pub accepted: Option<Date>,
    /// The day it closed.
    pub closed: Date,
    /// How it ended.
    pub outcome: Words,
    /// The number of the document that was issued (文号).
    pub document_number: Option<String>,
    /// How long its records are kept (永久, 30年, 10年), as the department set it for the item; absent where it did not.
    pub retention: Option<String>,
    /// Its papers.
    pub papers: Vec<PaperDoc>,
    /// Its papers that are lost, with the approval of both sides: they do not come along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<PaperDoc>,
    /// What was done, oldest first.
    pub steps: Vec<StepDoc>,
    /// Its files in the package.
    pub files: Vec<FileDoc>,
}

/// One paper of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperDoc {
    /// Its number in the bundle.
    pub no: u16,
    /// The material row it meets; absent for paper made in the course of the case.
    pub row: Option<MaterialCode>,
    /// What it is.
    pub row_name: String,
    /// Original or copy.
    pub form: PaperForm,
    /// How many of them.
    pub count: u32,
    /// Pages of each; absent where they were not counted.
    pub pages: Option<u32>,
    /// How it looks.
    pub condition: Condition,
    /// What the receiver found of it; absent before the hand-over.
    pub found: Option<Found>,
}

/// One step of the procedure (办理环节).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDoc {
    /// Which step, as a stable code: `accepted`.
    pub node: String,
    /// The same in Chinese: 受理.
    pub zh: String,
    /// When.
    pub at: Timestamp,
    /// Who, as a code.
    pub by: Actor,
    /// What they wrote.
    pub opinion: Option<String>,
}

/// What a file of a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// The scan as it came in.
    Master,
    /// A PDF/A with the text under the picture.
    SearchablePdf,
    /// The text with its places on the page.
    Alto,
    /// The text alone.
    Text,
    /// A printed form.
    Form,
    /// The facts of the case.
    Facts,
    /// Who held its paper.
    Custody,
    /// Metadata in a dialect.
    Metadata,
    /// Another document of the case.
    Document,
}

impl FileKind {
    /// Every kind.
    pub const ALL: &[FileKind] = &[
        Self::Master,
        Self::SearchablePdf,
        Self::Alto,
        Self::Text,
        Self::Form,
        Self::Facts,
        Self::Custody,
        Self::Metadata,
        Self::Document,
    ];
}

/// One file of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDoc {
    /// Where it lies in the payload: `cases/2026-1/masters/0001.tif`.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Its media type (IANA).
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// Its SM3, where it is known.
    pub sm3: Option<Sm3>,
    /// When it was made.
    pub created: Timestamp,
    /// Its pages, where it has any.
    pub pages: Option<u32>,
    /// SHA-256 of the master it was made from.
    pub derived_from: Option<Digest>,
    /// What made it, with its version.
    pub made_by: Option<String>,
    /// Resolution in dots an inch, where it is a picture and says so.
    pub dpi: Option<u32>,
}

impl PackageDoc {
    /// The same without its cases: what every document needs to know of the whole.
    pub fn head(&self) -> Self {
        Self {
            transfer: self.transfer.clone(),
            department: self.department.clone(),
            department_name: self.department_name.clone(),
            site: self.site.clone(),
            site_name: self.site_name.clone(),
            hall_name: self.hall_name.clone(),
            month: self.month,
            round: self.round,
            due: self.due,
            sealed_at: self.sealed_at,
            software: self.software.clone(),
            dialect: self.dialect.clone(),
            fonds: self.fonds.clone(),
            contact: self.contact.clone(),
            cases: Vec::new(),
        }
    }

    /// Its files, case by case.
    pub fn files(&self) -> impl Iterator<Item = &FileDoc> {
        self.cases.iter().flat_map(|case| &case.files)
    }

    /// What the package is called wherever a title is asked for.
    pub fn title(&self) -> Words {
        Words {
            zh: format!(
                "{}向{}移交 {} 办结材料（第 {} 批）",
                self.site_name, self.department_name, self.month, self.round
            ),
            en: format!(
                "Transfer {} of {} from {} to {}",
                self.round, self.month, self.site, self.department
            ),
        }
    }

    /// Refuses what no document could be made of: too much of anything, a case or a path that comes twice, a path that
    /// leads out of the package or that another system could not store.
    pub fn check(&self) -> Result<(), PackageFault> {
        let most = |what: &str, count: usize, limit: usize| match count > limit {
            true => Err(PackageFault::TooMany {
                what: what.to_owned(),
                limit: limit as u64,
            }),
            false => Ok(()),
        };
        most("办件（cases）", self.cases.len(), CASES_MAX)?;
        most("文件（files）", self.files().count(), FILES_MAX)?;
        dated("sealed_at", self.sealed_at)?;
        let names = [&self.department_name, &self.site_name, &self.hall_name];
        let more = self.fonds.iter().chain(
            self.contact
                .iter()
                .flat_map(|one| [&one.name].into_iter().chain(&one.phone).chain(&one.email)),
        );
        let software = [&self.software];
        short("transfer", names.into_iter().chain(software).chain(more))?;
        let mut cases = BTreeSet::new();
        let mut paths = BTreeSet::new();
        for case in &self.cases {
            most("材料（papers）", case.papers.len(), LINES_MAX)?;
            most("环节（steps）", case.steps.len(), LINES_MAX)?;
            short(case.case.as_str(), case.texts())?;
            if !cases.insert(&case.case) {
                let case = case.case.to_string();
                return Err(PackageFault::CaseTwice { case });
            }
            for step in &case.steps {
                dated(&format!("{} {}", case.case, step.node), step.at)?;
            }
            for file in &case.files {
                dated(&file.path, file.created)?;
                check_path(&file.path)?;
                if !paths.insert(&file.path) {
                    let path = file.path.clone();
                    return Err(PackageFault::PathTwice { path });
                }
            }
        }
        Ok(())
    }
}

impl CaseDoc {
    /// Everything in it that a person wrote.
    fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.task_name, &self.outcome.zh, &self.outcome.en]
            .into_iter()
            .chain(&self.applicant_name)
            .chain(&self.document_number)
            .chain(&self.retention)
            .chain(self.papers.iter().map(|paper| &paper.row_name))
            .chain(self.steps.iter().flat_map(|step| &step.opinion))
            .chain(self.steps.iter().flat_map(|step| [&step.node, &step.zh]))
            .chain(self.files.iter().flat_map(|file| &file.made_by))
            .chain(self.files.iter().map(|file| &file.media_type))
    }
}

/// Refuses a path that cannot stand in a package.
pub(super) fn check_path(path: &str) -> Result<(), PackageFault> {
    BagPath::portable(path).map_err(|fault| PackageFault::Path {
        path: path.chars().take(200).collect(),
        zh: fault.zh(),
        en: fault.en(),
    })?;
    Ok(())
}

/// The years that every format of a package can hold.
fn dated(what: &str, at: Timestamp) -> Result<(), PackageFault> {
    let year = Date::of(at).year();
    match (1900..=9998).contains(&year) {
        true => Ok(()),
        false => Err(PackageFault::Instant {
            what: what.chars().take(200).collect(),
        }),
    }
}

fn short<'t>(what: &str, texts: impl Iterator<Item = &'t String>) -> Result<(), PackageFault> {
    for text in texts {
        if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
            return Err(PackageFault::TextTooLong {
                what: what.to_owned(),
                limit: TEXT_CHARS_MAX as u64,
            });
        }
    }
    Ok(())
}
