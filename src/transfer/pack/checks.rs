//! The four-property checks (四性检测: 真实性, 完整性, 可用性, 安全性), structured after DA/T 70: each with its code, what it is
//! about, what was expected and found, its verdict, tool and time. A failed mandatory one keeps a package from being
//! sealed.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};

use super::Packer;
use super::content::Gathered;
use super::describe::TAKEN_OVER;
use super::report::{Check, CheckReport, CheckVerdict, Property};
use crate::counter::CounterError;
use crate::domain::Timestamp;
use crate::domain::transfer::RoundLine;
use crate::malware::Verdict;
use crate::package::FileKind;

/// Most findings that one check names.
const NAMED_MAX: usize = 5;
/// Files that are read at the same time.
const FILES_AT_ONCE: usize = 4;
/// Formats that an archive takes.
const FORMATS: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/tiff",
    "application/pdf",
    "application/xml",
    "application/json",
    "application/jsonl",
    "text/plain",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

/// Checks being made at one time with one tool.
pub(super) struct Desk {
    pub at: Timestamp,
    pub checks: Vec<Check>,
}

#[derive(Clone, Copy)]
pub(super) struct About {
    pub code: &'static str,
    pub property: Property,
    pub mandatory: bool,
    pub zh: &'static str,
    pub en: &'static str,
}

impl Desk {
    pub fn put(&mut self, about: About, expected: String, actual: String, verdict: CheckVerdict) {
        self.checks.push(Check {
            code: about.code.to_owned(),
            property: about.property,
            mandatory: about.mandatory,
            zh: about.zh.to_owned(),
            en: about.en.to_owned(),
            expected,
            actual,
            verdict,
            tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
            at: self.at,
        });
    }

    /// A check that lists what is wrong.
    pub fn none(&mut self, about: About, wrong: &[String]) {
        let verdict = match wrong.is_empty() {
            true => CheckVerdict::Passed,
            false => CheckVerdict::Failed,
        };
        let mut named: Vec<&str> = wrong.iter().take(NAMED_MAX).map(String::as_str).collect();
        let more = wrong.len().saturating_sub(named.len());
        let more = format!("… +{more}");
        if wrong.len() > NAMED_MAX {
            named.push(&more);
        }
        let actual = if wrong.is_empty() {
            "0".to_owned()
        } else {
            named.join(", ")
        };
        self.put(about, "0".to_owned(), actual, verdict);
    }

    pub fn same(&mut self, about: About, expected: u64, actual: u64) {
        let verdict = match expected == actual {
            true => CheckVerdict::Passed,
            false => CheckVerdict::Failed,
        };
        self.put(about, expected.to_string(), actual.to_string(), verdict);
    }
}

macro_rules! about {
    ($code:literal, $property:ident, $mandatory:literal, $zh:literal, $en:literal) => {
        About {
            code: $code,
            property: Property::$property,
            mandatory: $mandatory,
            zh: $zh,
            en: $en,
        }
    };
}
pub(super) use about;

impl Packer {
    /// Checks a package before it is sealed.
    pub(super) async fn check(
        &self,
        gathered: &Gathered,
        lines: &[RoundLine],
        now: Timestamp,
    ) -> Result<CheckReport, CounterError> {
        let mut desk = Desk {
            at: now,
            checks: Vec::new(),
        };
        self.fixity(gathered, &mut desk).await;
        complete(gathered, lines, &mut desk);
        usable(gathered, &mut desk);
        self.malware(gathered, &mut desk).await?;
        desk.checks.sort_by(|one, other| one.code.cmp(&other.code));
        Ok(CheckReport {
            transfer: gathered.doc.transfer.clone(),
            checks: desk.checks,
        })
    }

    /// Every file is read once and compared with its digest.
    async fn fixity(&self, gathered: &Gathered, desk: &mut Desk) {
        let (mut wrong, mut empty, mut bytes) = (Vec::new(), Vec::new(), 0);
        let blobs = self.records.blobs();
        let files = gathered.payload().into_iter();
        let files = files.map(|(path, digest)| async move { (path, blobs.verify(&digest).await) });
        let mut files = stream::iter(files).buffered(FILES_AT_ONCE);
        while let Some((path, read)) = files.next().await {
            match read {
                Ok(0) => empty.push(path),
                Ok(length) => bytes += length,
                Err(_) => wrong.push(path),
            }
        }
        desk.none(
            about!(
                "GD-1-1",
                Authenticity,
                true,
                "固化信息有效性：每个文件与其摘要一致",
                "every file has its digest"
            ),
            &wrong,
        );
        desk.none(
            about!(
                "GD-1-9",
                Authenticity,
                true,
                "没有 0 字节文件",
                "no file is empty"
            ),
            &empty,
        );
        let stated = gathered.bytes();
        desk.same(
            about!(
                "GD-2-2",
                Completeness,
                true,
                "数据量与移交清册一致",
                "as many bytes as the register says"
            ),
            stated,
            bytes,
        );
    }

    /// The virus scanner looks at every file that came from outside, where one is configured.
    async fn malware(&self, gathered: &Gathered, desk: &mut Desk) -> Result<(), CounterError> {
        let about = about!(
            "GD-4-2",
            Safety,
            true,
            "病毒检测：没有恶意代码",
            "no malware"
        );
        let Some(clamd) = &self.clamd else {
            let none = "未配置病毒扫描服务 no scanner is configured".to_owned();
            desk.put(about, "0".to_owned(), none, CheckVerdict::NotApplicable);
            return Ok(());
        };
        let (mut wrong, mut tool) = (Vec::new(), String::new());
        let outside = [FileKind::Master, FileKind::Document];
        for file in gathered
            .doc
            .files()
            .filter(|file| outside.contains(&file.kind))
        {
            let bytes = self.records.blobs().get(&file.sha256, file.bytes).await?;
            match clamd.scan(&mut &bytes[..]).await {
                Verdict::Clean { engine } => tool = engine,
                Verdict::Found { name, .. } => wrong.push(format!("{}: {name}", file.path)),
                Verdict::Unavailable { why } => wrong.push(format!("{}: {why}", file.path)),
            }
        }
        desk.none(about, &wrong);
        if let Some(check) = desk.checks.last_mut().filter(|_| !tool.is_empty()) {
            check.tool = tool;
        }
        Ok(())
    }
}

fn complete(gathered: &Gathered, lines: &[RoundLine], desk: &mut Desk) {
    let papers = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let expected = lines.iter().map(|line| line.papers.len()).sum();
    let actual = gathered
        .doc
        .cases
        .iter()
        .map(|case| case.papers.len())
        .sum();
    desk.same(
        about!(
            "GD-2-1",
            Completeness,
            true,
            "件数与移交清册一致",
            "as many papers as the register says"
        ),
        papers(expected),
        papers(actual),
    );
    let without = |kind: FileKind| -> Vec<String> {
        let cases = gathered.doc.cases.iter();
        let missing = cases.filter(|case| case.files.iter().all(|file| file.kind != kind));
        missing.map(|case| case.case.to_string()).collect()
    };
    desk.none(
        about!(
            "GD-2-3",
            Completeness,
            true,
            "必备元数据齐全",
            "every case has its metadata"
        ),
        &without(FileKind::Metadata),
    );
    let no_trail = gathered.doc.cases.iter().filter(|case| {
        case.steps.len() < 2 && case.steps.iter().all(|step| step.node != TAKEN_OVER)
    });
    let no_trail: Vec<String> = no_trail.map(|case| case.case.to_string()).collect();
    desk.none(
        about!(
            "GD-2-4",
            Completeness,
            true,
            "办理过程完整",
            "every case has its procedure"
        ),
        &no_trail,
    );
    let unscanned = gathered
        .unscanned
        .iter()
        .map(|(case, row)| format!("{case}/{row}"));
    let unscanned: Vec<String> = unscanned.collect();
    desk.none(
        about!(
            "GD-2-9",
            Completeness,
            false,
            "留存纸质材料均已扫描",
            "all paper that was kept was scanned"
        ),
        &unscanned,
    );
}

fn usable(gathered: &Gathered, desk: &mut Desk) {
    let unread = gathered
        .unread
        .iter()
        .map(|(case, scan)| format!("{case}/{scan}"));
    let unread: Vec<String> = unread.collect();
    desk.none(
        about!(
            "GD-3-4",
            Usability,
            false,
            "扫描件均可打开并识别",
            "every scan opens and was read"
        ),
        &unread,
    );
    let foreign: BTreeSet<String> = gathered
        .doc
        .files()
        .filter(|file| !FORMATS.contains(&file.media_type.as_str()))
        .map(|file| file.path.clone())
        .collect();
    let foreign: Vec<String> = foreign.into_iter().collect();
    desk.none(
        about!(
            "GD-3-8",
            Usability,
            false,
            "文件格式为归档格式",
            "every format is one that an archive takes"
        ),
        &foreign,
    );
    let stated = gathered.doc.files().count() + gathered.documents.len();
    let listed = gathered.payload().len();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    desk.same(
        about!("GD-4-3", Safety, true, "没有多余文件", "no surplus file"),
        number(stated),
        number(listed),
    );
}
