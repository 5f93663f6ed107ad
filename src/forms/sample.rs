//! A form of each kind with plausible content, for `doctor`, for previews of a hall's templates, and for tests.
//! Places, people and numbers are invented.

mod handover;

use super::data::{
    AcceptanceNotice, BlankReceipt, ConditionalAcceptance, DeferralRefusal, DeliveryReceipt,
    DispatchSlip, IntakeReceipt, OneTimeNotice, ReferralSlip, RefusalToAccept,
    SpecialProcedureNotice, Undertaking,
};
use super::kind::{Form, FormKind};
use super::parts::{
    Defect, DispatchedMaterial, Head, Item, MissingMaterial, Party, ReceivedMaterial,
    RefusedDeferral, ResultDocument,
};
use crate::domain::Timestamp;

const CASE: &str = "1132990100000000X1100013101000020261123 0007";
const LICENSING: &str = "《中华人民共和国行政许可法》";
const DEPARTMENT: &str = "江州市市场监督管理局";
const ISSUED: &str = "2026年11月23日 10时26分";
const DAY: &str = "2026年11月23日";

/// When a sample is printed, so that it looks the same on every day: 2026-11-23 10:26 in the hall.
pub const PRINTED: Timestamp = Timestamp::from_millis(1_795_400_760_000);

/// The sample of a kind.
pub fn form(kind: FormKind) -> Form {
    match kind {
        FormKind::IntakeReceipt => intake_receipt().into(),
        FormKind::OneTimeNotice => one_time_notice().into(),
        FormKind::Undertaking => undertaking().into(),
        FormKind::ConditionalAcceptance => conditional_acceptance().into(),
        FormKind::DeferralRefusal => deferral_refusal().into(),
        FormKind::AcceptanceNotice => acceptance_notice().into(),
        FormKind::RefusalToAccept => refusal_to_accept().into(),
        FormKind::DispatchSlip => dispatch_slip().into(),
        FormKind::ReferralSlip => referral_slip().into(),
        FormKind::SpecialProcedureNotice => special_procedure_notice().into(),
        FormKind::DeliveryReceipt => delivery_receipt().into(),
        FormKind::BlankReceipt => blank_receipt().into(),
        FormKind::BundleLabels => handover::bundle_labels().into(),
        FormKind::CustodySlip => handover::custody_slip().into(),
        FormKind::TransferRegister => handover::transfer_register().into(),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn head(seal: &str, copies: &[&str]) -> Head {
    Head {
        agency: text("江州市政务服务中心"),
        number: CASE.replace(' ', ""),
        issued: text(ISSUED),
        window: text("综合收件 06 号窗口"),
        clerk: text("C0617"),
        contact: Some(text(
            "0512-5500 0100（工作日 9:00—17:00），江州市人民中路 1 号一楼",
        )),
        seal: text(seal),
        copies: copies.iter().map(ToString::to_string).collect(),
        verify: text("https://zw.jiangzhou.example/v"),
    }
}

fn window_head(copies: &[&str]) -> Head {
    head("江州市政务服务中心（收件专用章）", copies)
}

fn department_head() -> Head {
    let mut head = head(DEPARTMENT, &["申请人", "业务审批部门"]);
    head.agency = text(DEPARTMENT);
    head
}

fn item() -> Item {
    Item {
        name: text("食品经营许可（新办）"),
        code: Some(text("1132990100000000X11000131010000")),
    }
}

fn applicant() -> Party {
    Party {
        name: text("江州市南门桥*********店（个体工商户）"),
        id: Some(text("9232**********0K7L")),
        phone: Some(text("138****5512")),
        agent: Some(text("周*宁")),
    }
}

fn received(name: &str, originals: u32, copies: u32, met_by: &str) -> ReceivedMaterial {
    ReceivedMaterial {
        name: text(name),
        originals,
        copies,
        met_by: text(met_by),
        remark: None,
    }
}

fn materials() -> Vec<ReceivedMaterial> {
    let mut materials = vec![
        received("食品经营许可申请书", 1, 0, "纸质留存"),
        received("营业执照", 0, 0, "电子证照"),
        received("法定代表人（负责人）身份证明", 1, 1, "核验原件退还"),
        received("经营场所平面布局图和操作流程图", 1, 0, "纸质留存"),
        received("食品安全管理人员培训合格证明", 0, 2, "纸质留存"),
        received("授权委托书及代理人身份证明", 1, 1, "纸质留存"),
    ];
    if let Some(material) = materials.get_mut(3) {
        material.remark = Some(text("图纸 A3 两张"));
    }
    materials
}

fn missing() -> Vec<MissingMaterial> {
    vec![
        MissingMaterial {
            name: text("食品安全管理人员培训合格证明"),
            form: text("复印件 2 份，加盖公章"),
            deadline: text("2026年12月4日"),
            way: text("窗口提交或邮寄"),
        },
        MissingMaterial {
            name: text("从业人员健康证明"),
            form: text("原件核验，复印件 1 份"),
            deadline: text("2026年12月4日"),
            way: text("窗口提交"),
        },
    ]
}

fn basis(article: &str) -> Vec<String> {
    vec![format!("{LICENSING}{article}")]
}

fn intake_receipt() -> IntakeReceipt {
    IntakeReceipt {
        head: window_head(&["申请人", "综合窗口"]),
        item: item(),
        applicant: applicant(),
        received: text(ISSUED),
        materials: materials(),
        promised: text("2026年12月14日前（15 个工作日）"),
        query_code: text("7K2M-94XQ"),
        query_way: text("政务服务网或窗口自助机"),
        delivery: text("到窗口领取（发证窗口 02 号）"),
        notes: Vec::new(),
    }
}

fn one_time_notice() -> OneTimeNotice {
    let defect = |material: &str, fault: &str, demand: &str| Defect {
        material: text(material),
        fault: text(fault),
        demand: text(demand),
    };
    OneTimeNotice {
        head: window_head(&["申请人", "综合窗口"]),
        item: item(),
        applicant: applicant(),
        applied: text(DAY),
        defects: vec![
            defect(
                "食品经营许可申请书",
                "第三页“主体业态”未勾选，末页未签名。",
                "勾选主体业态，由法定代表人（负责人）签名并注明日期。",
            ),
            defect(
                "经营场所平面布局图",
                "图中未标注清洗消毒区与原料库房。",
                "补充标注，并与现场布局一致。",
            ),
            defect(
                "授权委托书",
                "未提交。",
                "提交由法定代表人（负责人）签名的授权委托书原件 1 份，写明委托事项与期限。",
            ),
        ],
        deadline: Some(text("2026年12月7日")),
        basis: basis("第三十二条第一款第四项"),
        notes: Vec::new(),
    }
}

fn undertaking() -> Undertaking {
    Undertaking {
        head: window_head(&["承诺人", "综合窗口"]),
        item: item(),
        applicant: applicant(),
        missing: missing(),
        consequence: text("终止本次办理，已提交的材料予以退还；并在两年内不再适用容缺办理。"),
    }
}

fn conditional_acceptance() -> ConditionalAcceptance {
    ConditionalAcceptance {
        head: window_head(&["申请人", "综合窗口"]),
        item: item(),
        applicant: applicant(),
        applied: text(DAY),
        missing: missing(),
        deadline: text("2026年12月4日"),
        promised: text("2026年12月14日（15 个工作日）"),
        consequence: text(
            "逾期未补齐的，终止本次办理，退还已提交的材料；并在两年内不再适用容缺办理。",
        ),
    }
}

fn deferral_refusal() -> DeferralRefusal {
    DeferralRefusal {
        head: window_head(&["申请人", "综合窗口"]),
        item: item(),
        applicant: applicant(),
        applied: text(DAY),
        refused: vec![
            RefusedDeferral {
                material: text("食品经营许可申请书"),
                reason: text("属于主要申请材料，是审查主体业态与经营项目的依据，依规定不得容缺。"),
            },
            RefusedDeferral {
                material: text("从业人员健康证明"),
                reason: text(
                    "申请人在 2026 年 3 月的容缺办理中逾期未补齐材料，尚在不适用容缺办理的期限内。",
                ),
            },
        ],
        basis: vec![text("《江州市政务服务容缺办理实施办法》第六条、第九条")],
        advice: text("请备齐上列材料后再次提交；材料齐全、符合法定形式的，本窗口当场予以收件。"),
    }
}

fn acceptance_notice() -> AcceptanceNotice {
    AcceptanceNotice {
        head: department_head(),
        item: item(),
        applicant: applicant(),
        accepted: text("2026年11月24日"),
        department: text(DEPARTMENT),
        handler: text("D0108"),
        phone: text("0512-5500 0231"),
        legal_limit: text("20 个工作日"),
        promised_limit: text("15 个工作日"),
        due: text("2026年12月14日"),
        query_code: text("7K2M-94XQ"),
        materials: materials(),
        basis: basis("第三十二条第一款第五项"),
        excluded: Some(text("现场核查所需时间（另行书面告知）")),
    }
}

fn refusal_to_accept() -> RefusalToAccept {
    RefusalToAccept {
        head: department_head(),
        item: item(),
        applicant: applicant(),
        applied: text(DAY),
        department: text(DEPARTMENT),
        reasons: vec![
            text(
                "申请的经营场所位于江州市高新区，依职权划分应由江州市高新区行政审批局办理，不属于本机关职权范围。",
            ),
            text("申请人曾于 2026 年 10 月就同一场所提出相同申请，尚在办理中，不得重复提出。"),
        ],
        basis: basis("第三十二条第一款第二项"),
        advice: Some(text(
            "请向江州市高新区行政审批局（江州市科技大道 88 号，0512-5500 0866）提出申请。",
        )),
        review_body: text("江州市人民政府"),
        court: text("江州市人民法院"),
    }
}

fn dispatch_slip() -> DispatchSlip {
    let row = |name: &str, carrier: &str, originals, copies, pages| DispatchedMaterial {
        name: text(name),
        carrier: text(carrier),
        originals,
        copies,
        pages,
        remark: None,
    };
    DispatchSlip {
        head: window_head(&["综合窗口", "业务审批部门"]),
        item: item(),
        applicant: applicant(),
        department: text(DEPARTMENT),
        way: text("窗口领取"),
        bundle: Some(text("B-2026-004817")),
        dispatched: text("2026年11月23日 16时40分"),
        due: text("2026年12月14日"),
        materials: vec![
            row("食品经营许可申请书", "纸质＋电子", 1, 0, 8),
            row("营业执照", "电子", 0, 0, 1),
            row("经营场所平面布局图和操作流程图", "纸质＋电子", 1, 0, 2),
            row("食品安全管理人员培训合格证明", "纸质＋电子", 0, 2, 4),
            row("授权委托书及代理人身份证明", "纸质＋电子", 1, 1, 3),
        ],
        remark: None,
    }
}

fn referral_slip() -> ReferralSlip {
    let mut head = window_head(&["来访人", "首问窗口"]);
    head.number = text("ZB-20261123-0012");
    head.window = text("综合咨询 01 号窗口");
    ReferralSlip {
        head,
        visitor: Party {
            name: text("李*"),
            id: None,
            phone: Some(text("139****0246")),
            agent: None,
        },
        enquiry: text("户口迁入后，子女的居民医疗保险如何转入本市，需要带哪些材料。"),
        reason: text("该事项由医保分领域窗口办理，未纳入本窗口受理范围。"),
        referred_to: text("江州市医疗保障局　医保分中心 3 号窗口"),
        address: text("江州市长安南路 16 号二楼（公交 8 路医保中心站）"),
        phone: text("0512-5500 0660"),
        follow_up: text("2026年11月24日"),
        advice: Some(text(
            "请携带户口簿、子女出生医学证明与原参保地的参保凭证；也可在政务服务网“医保转移”栏目直接办理。",
        )),
    }
}

fn special_procedure_notice() -> SpecialProcedureNotice {
    SpecialProcedureNotice {
        head: department_head(),
        item: item(),
        applicant: applicant(),
        accepted: text("2026年11月24日"),
        department: text(DEPARTMENT),
        procedure: text("现场踏勘"),
        reason: text("申请的经营项目含冷食类食品制售，依法应当对经营场所进行现场核查。"),
        begins: text("2026年11月26日"),
        duration: text("预计 5 个工作日；以实际所需时间为准，结束时恢复计时"),
        due_before: text("2026年12月14日"),
        due_after: text("2026年12月21日"),
        basis: basis("第四十五条"),
    }
}

fn delivery_receipt() -> DeliveryReceipt {
    let result = |name: &str, serial: &str, count| ResultDocument {
        name: text(name),
        serial: text(serial),
        count,
        remark: None,
    };
    let mut head = head("江州市政务服务中心（出件专用章）", &["领取人", "综合窗口"]);
    head.issued = text("2026年12月11日 14时08分");
    head.window = text("B02 号窗口");
    DeliveryReceipt {
        head,
        item: item(),
        applicant: applicant(),
        department: text(DEPARTMENT),
        results: vec![
            result("准予行政许可决定书", "江市监许准〔2026〕1187 号", 1),
            result("食品经营许可证（正本）", "JY2320000000000", 1),
            result("食品经营许可证（副本）", "JY2320000000000", 1),
        ],
        recipient: Party {
            name: text("周*宁"),
            id: Some(text("3205**********1234")),
            phone: Some(text("138****5512")),
            agent: None,
        },
        id_check: text("居民身份证，人证一致"),
        way: text("窗口领取"),
        waybill: None,
        delivered: text("2026年12月11日 14时08分"),
        rating: Some(text(
            "诚邀您扫描窗口评价码或在评价器上对本次服务作出评价，评价与否由您自愿决定。",
        )),
    }
}

fn blank_receipt() -> BlankReceipt {
    let mut head = window_head(&["申请人", "综合窗口"]);
    head.number = text("KB-2026-000318");
    BlankReceipt {
        head,
        lines: 7,
        entered_by: text("系统恢复后 1 个工作日内"),
        query_way: text("0512-5500 0100 或任一综合窗口"),
    }
}
