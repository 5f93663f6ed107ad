//! The papers of custody and transfer with plausible content.

use super::{CASE, DAY, DEPARTMENT, ISSUED, head, text, window_head};
use crate::domain::Digest;
use crate::forms::handover::{
    BundleLabel, BundleLabels, CustodySlip, LabelLayout, LogPosition, PaperTotals, RegisterRow,
    SlipBox, SlipBundle, SlipExtra, SlipPaper, SlipSide, SlipSignature, TransferRegister,
};

const SITE: &str = "江州市政务服务中心";
const ITEM: &str = "食品经营许可（新办）";
/// Materials with whether they are copies, how many and their pages.
const PAPERS: [(&str, bool, u32, u32); 4] = [
    ("食品经营许可申请书", false, 1, 8),
    ("经营场所平面布局图和操作流程图", false, 1, 2),
    ("食品安全管理人员培训合格证明", true, 2, 2),
    ("授权委托书及代理人身份证明", true, 1, 3),
];

fn case(number: u32) -> String {
    let day = CASE.replace(' ', "");
    let stem = day.get(..day.len() - 4).unwrap_or_default();
    format!("{stem}{number:04}")
}

fn log() -> LogPosition {
    LogPosition {
        origin: text("hall.jiangzhou.example/ledger"),
        size: 48_213,
        root: text("qINS1GRFWDxvUAFEcbxwAJGkMIGa2sBXUqmAlVnA2kA="),
    }
}

pub(super) fn bundle_labels() -> BundleLabels {
    let label = |number| BundleLabel {
        case: case(number),
        site: text(SITE),
        item: text(ITEM),
        papers: 4,
        day: format!("{DAY}收件"),
    };
    BundleLabels {
        layout: LabelLayout::Sheet,
        skip: 0,
        labels: (7..13).map(label).collect(),
    }
}

/// The totals of `bundles` bundles with all of [`PAPERS`].
fn totals(bundles: u32) -> PaperTotals {
    let mut totals = PaperTotals {
        bundles,
        ..PaperTotals::default()
    };
    for _ in 0..bundles {
        for (_, _, count, pages) in PAPERS {
            totals.add(count, Some(pages));
        }
    }
    totals
}

fn form(copy: bool) -> String {
    text(if copy { "复印件" } else { "原件" })
}

fn bundle(number: u32) -> SlipBundle {
    let papers = (1..).zip(PAPERS).map(|(no, (name, copy, count, pages))| {
        let found = match (number, no) {
            (8, 3) => "缺失",
            (8, 4) => "接收（破损）",
            _ => "相符",
        };
        SlipPaper {
            no,
            name: text(name),
            form: form(copy),
            count,
            pages: Some(pages),
            condition: text("完好"),
            found: Some(text(found)),
            differs: found != "相符",
        }
    });
    SlipBundle {
        place: number - 6,
        case: case(number),
        item: Some(text(ITEM)),
        papers: papers.collect(),
    }
}

fn signature(staff: &str, key: &str, at: &str, index: u64) -> SlipSignature {
    SlipSignature {
        staff: text(staff),
        key: text(key),
        at: text(at),
        signature: text("5d0c8e91a7b3f246…c94f07be1d62a358"),
        statement: Digest::of(staff).to_string(),
        sheet: None,
        index,
    }
}

fn slip_head(number: &str, copies: &[&str]) -> crate::forms::Head {
    let mut head = head(SITE, copies);
    head.number = text(number);
    head.window = text(SITE);
    head
}

pub(super) fn custody_slip() -> CustodySlip {
    CustodySlip {
        head: slip_head("S-20261123-0031", &["交出方", "接收方"]),
        leg: text("办结移交"),
        standing: text("已签收，有差异"),
        transfer: Some(text("t-4f1d2ab09c3e5d7788a1b2c3d4e5f607")),
        from: SlipSide {
            name: text(SITE),
            code: text("YLZX"),
            staff: Some(text("C0617")),
        },
        to: SlipSide {
            name: text(DEPARTMENT),
            code: text("SCJG"),
            staff: Some(text("D0108")),
        },
        expires: text("2026年11月26日"),
        back_by: None,
        volume: None,
        totals: totals(3),
        bundles: (7..10).map(bundle).collect(),
        boxes: vec![SlipBox {
            container: text("YLZX-B-0031"),
            seal: text("F-2026-00417"),
            bundles: 2,
            papers: 6,
            found: Some(text("完好")),
            differs: false,
        }],
        extras: vec![SlipExtra {
            case: case(21),
            count: 1,
        }],
        given: Box::new(signature("C0617", "k-7f3a20", ISSUED, 48_102)),
        taken: Some(Box::new(signature(
            "D0108",
            "k-b81e04",
            "2026年11月23日 16时40分",
            48_190,
        ))),
        ended: None,
        log: log(),
    }
}

pub(super) fn transfer_register() -> TransferRegister {
    let mut head = window_head(&["综合窗口", "业务审批部门", "档案"]);
    head.number = text("t-4f1d2ab09c3e5d7788a1b2c3d4e5f607");
    head.window = text(SITE);
    head.seal = text(SITE);
    let papers = (7..10).flat_map(|number| PAPERS.map(|paper| (number, paper)));
    let rows = (1..).zip(papers).map(|(no, (number, paper))| {
        let (name, copy, count, pages) = paper;
        RegisterRow {
            no,
            case: case(number),
            item: text(ITEM),
            material: text(name),
            form: Some(form(copy)),
            count,
            pages: Some(pages),
            condition: Some(text("完好")),
            closed: text("2026-10-29"),
            due: text("2026-11-30"),
            found: None,
        }
    });
    TransferRegister {
        head,
        site: text(SITE),
        department: text(DEPARTMENT),
        month: text("2026-10"),
        round: 1,
        due: text("2026年11月30日"),
        standing: text("已封装"),
        volume: None,
        totals: totals(3),
        rows: rows.collect(),
        log: log(),
    }
}
