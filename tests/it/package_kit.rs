//! A package to write documents of: three cases with everything that is awkward in names and texts.

use counterfoil::domain::catalogue::ApplicantKind;
use counterfoil::domain::custody::{Condition, PaperForm};
use counterfoil::domain::{Digest, Month, Sm3, Timestamp, TransferId};
use counterfoil::package::{
    CaseDoc, DialectDoc, FileDoc, FileKind, PackageDoc, PaperDoc, StepDoc, Words,
};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A package with no case yet.
pub(super) fn head() -> PackageDoc {
    let department = "dept-market".parse().unwrap();
    let site = "centre".parse().unwrap();
    let month = Month::new(2026, 1).unwrap();
    PackageDoc {
        transfer: TransferId::of(&department, &site, month, 1),
        department,
        department_name: "市场监督管理局 <A&B>".into(),
        site,
        site_name: "市政务服务中心".into(),
        hall_name: "市政务服务\"大厅\"".into(),
        month,
        round: 1,
        due: "2026-02-28".parse().unwrap(),
        sealed_at: at("2026-02-10T02:30:05Z"),
        software: "0.1.0".into(),
        dialect: Some(DialectDoc {
            name: "jiaxing".into(),
            sha256: Digest::of("jiaxing"),
        }),
        fonds: Some("Z109".into()),
        contact: None,
        cases: Vec::new(),
    }
}

/// A file whose bytes are its path.
pub(super) fn file(path: &str, kind: FileKind, media_type: &str) -> FileDoc {
    FileDoc {
        path: path.into(),
        kind,
        media_type: media_type.into(),
        bytes: path.len() as u64,
        sha256: Digest::of(path),
        sm3: Some(Sm3::of(path)),
        created: at("2026-01-05T01:00:00Z"),
        pages: Some(1),
        derived_from: None,
        made_by: None,
        dpi: None,
    }
}

pub(super) fn case(number: &str) -> CaseDoc {
    let path = |name: &str| format!("cases/{number}/{name}");
    let master = file(&path("masters/0001.tif"), FileKind::Master, "image/tiff");
    let derived = |name: &str, kind, media_type| FileDoc {
        derived_from: Some(master.sha256),
        made_by: Some("paddle PP-OCRv5".into()),
        ..file(&path(name), kind, media_type)
    };
    let files = vec![
        derived("text/0001.xml", FileKind::Alto, "application/xml"),
        derived(
            "pdf/0001 (1).pdf",
            FileKind::SearchablePdf,
            "application/pdf",
        ),
        file(&path("facts.jsonl"), FileKind::Facts, "application/jsonl"),
        FileDoc {
            dpi: Some(300),
            ..master.clone()
        },
    ];
    CaseDoc {
        case: number.parse().unwrap(),
        task: "331000-food-licence".parse().unwrap(),
        task_name: "食品经营许可 <新办>".into(),
        applicant_name: Some("张三 & 李四\u{0}小吃店".into()),
        applicant_kind: ApplicantKind::Organisation,
        opened: "2026-01-05".parse().unwrap(),
        accepted: Some("2026-01-05".parse().unwrap()),
        closed: "2026-01-20".parse().unwrap(),
        outcome: Words {
            zh: "准予许可".into(),
            en: "granted".into(),
        },
        document_number: Some("市监许〔2026〕1号".into()),
        retention: Some("30年".into()),
        papers: vec![paper(1, "营业执照"), paper(2, "=HYPERLINK(\"http://x\")")],
        lost: Vec::new(),
        steps: vec![
            step("accepted", "受理", None),
            step("decided", "决定", Some("同意 ]]> <b>\n第二行")),
        ],
        files,
    }
}

pub(super) fn paper(no: u16, name: &str) -> PaperDoc {
    PaperDoc {
        no,
        row: Some("licence".parse().unwrap()),
        row_name: name.into(),
        form: PaperForm::Original,
        count: 2,
        pages: Some(3),
        condition: Condition::Good,
        found: None,
    }
}

fn step(node: &str, zh: &str, opinion: Option<&str>) -> StepDoc {
    StepDoc {
        node: node.into(),
        zh: zh.into(),
        at: at("2026-01-06T06:00:00Z"),
        by: "staff:w-0117".parse().unwrap(),
        opinion: opinion.map(str::to_owned),
    }
}

/// Three cases: one with everything, one with everything absent that may be, one as the first.
pub(super) fn package() -> PackageDoc {
    let mut bare = case("2026-0002");
    bare.applicant_name = None;
    bare.accepted = None;
    bare.document_number = None;
    bare.retention = None;
    bare.papers.clear();
    bare.steps.clear();
    bare.files.clear();
    PackageDoc {
        cases: vec![case("2026-0001"), bare, case("2026-0003")],
        ..head()
    }
}
