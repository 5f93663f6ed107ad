//! The checks at acceptance (接收检测): what an offline verification of the package at hand found, as the check list that
//! the department hands in. Every finding of the verification falls under one check, so that no list passes where the
//! verification does not.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::{About, Desk, about};
use super::report::{CheckReport, CheckVerdict, Property};
use crate::domain::transfer::TransferRefusal;
use crate::domain::{Digest, Timestamp, TransferId};
use crate::package::verify::{Finding, Report, Verdict};

/// Most checks of a list that is handed in, and most characters of a text in it.
const CHECKS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 2_000;
/// Characters of what a finding is about.
const ABOUT_CHARS_MAX: usize = 120;

/// What the department found when it checked the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptanceOrder)]
pub struct Acceptance {
    /// SHA-256 of the payload manifest that it has.
    pub package: Digest,
    /// Its checks.
    pub report: CheckReport,
}

/// A check, and the findings that fall under it, by code.
type Row = (About, &'static [&'static str]);

const FIXITY: Row = (
    about!(
        "GD-1-1.1",
        Authenticity,
        true,
        "固化信息有效性：每个文件与其摘要一致",
        "every file has its digest"
    ),
    &[
        "checksum-differs",
        "file-changed",
        "length-differs",
        "document-differs",
        "slip-document-differs",
    ],
);

const LOG: Row = (
    about!(
        "GD-1-1.2",
        Authenticity,
        true,
        "固化信息有效性：每条事实都在大厅的存证日志中，检查点签名成立",
        "every fact is in the hall's log, and the log's signature holds"
    ),
    &[
        "checkpoint-form",
        "checkpoint-signature",
        "log-key-unknown",
        "log-facts",
        "too-many-facts",
        "proof-missing",
        "fact-unproven",
        "fact-order",
        "consistency-wrong",
        "since-form",
        "since-unsigned",
        "since-other-log",
        "package-older",
        "log-forked",
        "since-no-proof",
        "witness-missing",
        "cosignature-wrong",
    ],
);

const SIGNATURES: Row = (
    about!(
        "GD-1-1.3",
        Authenticity,
        true,
        "固化信息有效性：交接双方的签名成立",
        "the signatures of both parties hold"
    ),
    &[
        "signature-wrong",
        "key-not-in-force",
        "signer-unknown",
        "signer-differs",
        "signer-unlisted",
        "same-person",
        "wrong-side",
    ],
);

const SEALED: Row = (
    about!(
        "GD-1-14",
        Authenticity,
        true,
        "移交包与封装时一致",
        "the package is the one that was sealed"
    ),
    &[
        "payload-not-sealed",
        "info-differs",
        "round-missing",
        "round-not-sealed",
    ],
);

const ITEMS: Row = (
    about!(
        "GD-2-1",
        Completeness,
        true,
        "件数与移交清册一致",
        "as many cases as the register says"
    ),
    &[
        "case-missing",
        "case-facts-missing",
        "master-missing",
        "file-missing",
        "not-fetched",
    ],
);

const BYTES: Row = (
    about!(
        "GD-2-2",
        Completeness,
        true,
        "数据量与移交清册一致",
        "as many files and bytes as the register says"
    ),
    &["counts-differ", "oxum-differs"],
);

const TRAIL: Row = (
    about!(
        "GD-2-4",
        Completeness,
        true,
        "保管与移交过程完整，符合规则",
        "the chain of custody is whole and keeps the rules"
    ),
    &[
        "fact-missing",
        "fact-differs",
        "round-rules",
        "slip-rules",
        "loss-rules",
        "refile-rules",
        "loss-unexplained",
        "slip-facts-missing",
        "slip-document-missing",
        "document-missing",
        "evidence-missing",
    ],
);

const READABLE: Row = (
    about!(
        "GD-3-1",
        Usability,
        true,
        "元数据与证据可读",
        "metadata and evidence can be read"
    ),
    &["fact-form", "document-form", "file-too-large"],
);

const SURPLUS: Row = (
    about!("GD-4-3", Safety, true, "没有多余文件", "no surplus file"),
    &[
        "file-unexpected",
        "file-unnamed",
        "file-unlisted",
        "tag-unlisted",
        "case-foreign",
        "master-foreign",
        "document-foreign",
        "fact-foreign",
    ],
);

/// Everything else: the form of the bag.
const STRUCTURE: Row = (
    about!(
        "GD-1-12",
        Authenticity,
        true,
        "说明文件与目录结构符合规范（BagIt 1.0）",
        "catalogue files and structure are as they should be (BagIt 1.0)"
    ),
    &[],
);

const ROWS: [Row; 9] = [
    FIXITY, LOG, SIGNATURES, SEALED, ITEMS, BYTES, TRAIL, READABLE, SURPLUS,
];

/// The code of the check under which a finding falls.
pub fn check_of(finding: &str) -> &'static str {
    let named = ROWS.iter().find(|(_, codes)| codes.contains(&finding));
    named.unwrap_or(&STRUCTURE).0.code
}

/// The check list of a verification that was made at `now`; none where what was verified is not the package of a round.
pub fn acceptance(report: &Report, now: Timestamp) -> Option<Acceptance> {
    let (transfer, package) = (report.seen.transfer.clone()?, report.seen.package?);
    let mut desk = Desk {
        at: now,
        checks: Vec::new(),
    };
    for (about, _) in ROWS.iter().chain([&STRUCTURE]) {
        let findings = report.findings.iter();
        let mine = findings.filter(|one| check_of(one.code()) == about.code);
        let mut wrong: Vec<String> = mine.map(named).collect();
        if about.code == STRUCTURE.0.code && report.left_out > 0 {
            wrong.push(format!("+{}", report.left_out));
        }
        match (about.code, wrong.is_empty()) {
            (code, true) if code == LOG.0.code && report.verdict() == Verdict::OnlyItself => {
                let actual = "未与日志密钥或保存的检查点比对 compared with no key of the log and no kept checkpoint";
                desk.put(
                    *about,
                    "0".into(),
                    actual.into(),
                    CheckVerdict::NotApplicable,
                );
            }
            (code, true) if code == SIGNATURES.0.code && report.seen.signed_slips == 0 => {
                let actual = "尚未签收 not signed for yet";
                desk.put(
                    *about,
                    "0".into(),
                    actual.into(),
                    CheckVerdict::NotApplicable,
                );
            }
            (code, true) if code == ITEMS.0.code => {
                desk.same(*about, report.seen.cases, report.seen.cases);
            }
            (code, true) if code == BYTES.0.code => {
                desk.same(*about, report.seen.bytes, report.seen.bytes);
            }
            _ => desk.none(*about, &wrong),
        }
    }
    unmade(&mut desk);
    desk.checks.sort_by(|one, other| one.code.cmp(&other.code));
    let checks = desk.checks;
    Some(Acceptance {
        package,
        report: CheckReport { transfer, checks },
    })
}

/// What a verification does not look at, said so that nobody takes it for done.
fn unmade(desk: &mut Desk) {
    let opens = about!(
        "GD-3-4",
        Usability,
        false,
        "内容可打开：须人工抽查",
        "the content opens: a person looks at samples"
    );
    let virus = about!(
        "GD-4-2",
        Safety,
        false,
        "病毒检测：由接收方的杀毒软件进行",
        "no malware: the receiver's own scanner tells"
    );
    for about in [opens, virus] {
        let actual = "核验程序不检测 not looked at by the verification";
        desk.put(
            about,
            "0".into(),
            actual.into(),
            CheckVerdict::NotApplicable,
        );
    }
}

/// A finding in a check list: its code and what it is about. What it is about may be an outsider's bytes.
fn named(finding: &Finding) -> String {
    let about = finding.about().chars().filter(|c| !c.is_control());
    let about: String = about.take(ABOUT_CHARS_MAX).collect();
    format!("{} {about}", finding.code())
}

/// Refuses a list that is about another round, or that no verification made.
pub(super) fn usable(id: &TransferId, report: &CheckReport) -> Result<(), TransferRefusal> {
    if report.transfer != *id {
        let transfer = id.clone();
        return Err(TransferRefusal::OtherRound { transfer });
    }
    let texts = report.checks.iter().flat_map(|check| {
        let texts = [&check.code, &check.zh, &check.en, &check.expected];
        texts.into_iter().chain([&check.actual, &check.tool])
    });
    let mut texts = texts;
    let odd =
        |text: &String| text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control);
    if report.checks.is_empty() || report.checks.len() > CHECKS_MAX || texts.any(odd) {
        return Err(TransferRefusal::ReportForm);
    }
    Ok(())
}
