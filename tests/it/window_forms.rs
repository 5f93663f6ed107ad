//! The printed forms of real cases over HTTP: every kind, from what the ledger and the vault say.

use counterfoil::domain::case::{CaseEvent, CaseForm, FormPrint};
use counterfoil::domain::{CaseNo, Commitment, Digest, Event, Subject};
use counterfoil::forms::{Form, FormKind};
use serde_json::{Value, json};

use crate::forms::support::{Paper, squeezed};
use crate::window_client::Client;
use crate::window_hall::Hall;
use crate::window_http::{ID_NUMBER, NAME, PHONE, all_met, decided, opened, received, scanned};

const ITEM: &str = "食品经营许可（首次申请）";

pub fn number(case: &str) -> CaseNo {
    case.rsplit('/').next().unwrap().parse().unwrap()
}

pub async fn print(client: &mut Client, case: &str, form: &str) -> Value {
    let order = json!({ "form": form });
    client
        .post(&format!("{case}/forms"), &order)
        .await
        .ok(201)
        .body
}

/// The facts about printings of a case.
pub async fn prints(hall: &Hall, case: &str) -> Vec<FormPrint> {
    let subject = Subject::Case(number(case));
    let history = hall.service.counter.history(&subject).await.unwrap();
    let prints = history
        .into_iter()
        .filter_map(|fact| match fact.entry.event {
            Event::Case {
                event: CaseEvent::FormPrinted { print },
            } => Some(print),
            _ => None,
        });
    prints.collect()
}

/// Prints a form, fetches it and holds it to its case, its fact and what the vault keeps.
async fn printed(hall: &Hall, client: &mut Client, case: &str, form: &str) -> Paper {
    let print = print(client, case, form).await;
    assert_eq!(print["form"], form);
    assert_eq!(print["print"], 1, "{print}");
    let (status, headers, pdf) = client.fetch(print["link"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/pdf");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(Digest::of(&pdf).to_string(), print["pdf"].as_str().unwrap());
    let facts = prints(hall, case).await;
    let fact = facts.last().unwrap();
    assert_eq!(
        fact.statement.to_string(),
        print["statement"].as_str().unwrap()
    );
    let stated = stated(hall, case, fact.record).await;
    assert_eq!(stated.digest().unwrap(), fact.statement);
    assert_eq!(stated.kind().as_str(), form);
    let pages = u32::try_from(print["pages"].as_u64().unwrap()).unwrap();
    let paper = Paper::from_bytes(&pdf, pages);
    paper.is_sound();
    let text = paper.text();
    for part in [
        &*number(case).to_string(),
        ITEM,
        NAME,
        &fact.statement.to_string()[..4],
    ] {
        assert!(text.contains(&squeezed(part)), "{form}: {part} in {text}");
    }
    for hidden in [ID_NUMBER, PHONE] {
        assert!(!text.contains(hidden), "{form}: {text}");
    }
    assert!(!text.contains("次补打"));
    paper
}

async fn stated(hall: &Hall, case: &str, record: Commitment) -> Form {
    let subject = Subject::Case(number(case));
    let bytes = hall
        .service
        .counter
        .vault
        .get(&subject, &record)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub fn says(paper: &Paper, parts: &[&str]) {
    let text = paper.text();
    for part in parts {
        assert!(text.contains(&squeezed(part)), "{part} in {text}");
    }
}

#[test]
fn a_form_of_a_case_has_the_name_of_its_template() {
    for form in CaseForm::ALL {
        let word = serde_json::to_value(form).unwrap();
        let kind = FormKind::ALL.iter().find(|kind| kind.as_str() == word);
        let kind = kind.unwrap_or_else(|| panic!("no template for {word}"));
        assert_eq!(kind.zh(), form.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn art_08_2_the_receipt_and_every_paper_of_a_case_that_goes_through_are_printed() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = decided(&hall, &mut clerk).await;
    let code = clerk.get(&case).await.ok(200).body["query_code"].clone();
    let paper = printed(&hall, &mut clerk, &case, "intake_receipt").await;
    let receipt = [
        "食品经营许可申请书",
        "核验原件退还",
        "云澜市政务服务中心",
        "5 个工作日",
        code.as_str().unwrap(),
        "A02 号窗口",
    ];
    says(&paper, &receipt);
    let slip = printed(&hall, &mut clerk, &case, "dispatch_slip").await;
    says(
        &slip,
        &["平台推送", "从业人员健康证明", "扫描件 1 份，页数待识别"],
    );
    let mut officer = hall.signed_in("scjg-02").await;
    let accepted = printed(&hall, &mut officer, &case, "acceptance_notice").await;
    says(
        &accepted,
        &["市场监督管理局", "20 个工作日", "现场踏勘所需时间"],
    );
    let notice = printed(&hall, &mut officer, &case, "special_procedure_notice").await;
    says(&notice, &["现场踏勘", "第四十五条", "预计 5 个工作日"]);

    let refused = clerk
        .post(
            &format!("{case}/forms"),
            &json!({ "form": "delivery_receipt" }),
        )
        .await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.reason(), "nothing-to-print");
    deliver(&hall, &mut clerk, &case).await;
    let delivered = printed(&hall, &mut clerk, &case, "delivery_receipt").await;
    says(
        &delivered,
        &[
            "JY0001",
            "食品经营许可证",
            "窗口领取",
            "领取人",
            "B02 号窗口",
        ],
    );

    let listed = clerk.get(&format!("{case}/forms")).await.ok(200).body;
    assert_eq!(listed["printed"].as_array().unwrap().len(), 5);
    let printable: Vec<&str> = listed["printable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|form| form["form"].as_str().unwrap())
        .collect();
    let expected = [
        "intake_receipt",
        "dispatch_slip",
        "acceptance_notice",
        "special_procedure_notice",
        "delivery_receipt",
    ];
    assert_eq!(printable, expected);
}

async fn deliver(hall: &Hall, clerk: &mut Client, case: &str) {
    let mut supervisor = hall.signed_in("s001").await;
    let blanks = json!({ "first": "JY0001", "last": "JY0100", "site": "YLZX" });
    let stock = "/api/v1/stocks/food-permit/deliveries";
    supervisor.post(stock, &blanks).await.ok(201);
    let content = clerk.document(case, "证书").await;
    let obtain = json!({
        "action": "obtain", "route": { "type": "platform" }, "content": content, "serial": "JY0001"
    });
    clerk.act(case, "result", &obtain).await.ok(200);
    let signature = clerk.document(case, "签名").await;
    let hand_out = json!({
        "action": "hand_out", "window": "B02", "id_number": ID_NUMBER, "signature": signature
    });
    clerk.act(case, "result", &hand_out).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_08_3_undertaking_deferral_and_its_refusal_are_printed() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let refuse =
        json!({ "action": "refuse_deferral", "rows": ["M01"], "days": 3, "excluded": false });
    clerk.act(&case, "intake", &refuse).await.ok(200);
    let paper = printed(&hall, &mut clerk, &case, "deferral_refusal").await;
    says(&paper, &["食品经营许可申请书", "该材料为主要材料"]);
    let signature = clerk.document(&case, "承诺").await;
    let defer = json!({
        "action": "defer", "rows": ["M05"], "days": 3, "excluded": false, "signature": signature
    });
    clerk.act(&case, "intake", &defer).await.ok(200);
    // Monday and three working days.
    for form in ["undertaking", "conditional_acceptance"] {
        let paper = printed(&hall, &mut clerk, &case, form).await;
        says(
            &paper,
            &["从业人员健康证明", "复印件 1 份", "2026年3月12日"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn art_08_4_the_correction_notice_names_all_that_is_asked_for() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    all_met(&mut clerk, &case).await;
    let defect = json!({
        "about": { "type": "row", "row": "M03" }, "kind": "wrong_form", "note": "布局图须标注清洗消毒区"
    });
    let notify = json!({ "action": "notify_correction", "defects": [defect], "due": "2026-03-20" });
    clerk.act(&case, "intake", &notify).await.ok(200);
    let paper = printed(&hall, &mut clerk, &case, "one_time_notice").await;
    let parts = [
        "布局图",
        "不符合法定形式",
        "布局图须标注清洗消毒区",
        "2026年3月20日",
    ];
    says(&paper, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_5_the_notice_of_non_acceptance_gives_the_reason() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let mut officer = hall.signed_in("scjg-02").await;
    let case = received(&mut clerk).await;
    scanned(&mut clerk, &case).await;
    let push = json!({ "action": "push" });
    clerk.act(&case, "dispatch", &push).await.ok(200);
    let order = json!({ "action": "refuse", "reason": "not_competent", "note": "应向高新区申请" });
    let refuse = json!({ "department": "SCJG", "order": order });
    officer.act(&case, "review", &refuse).await.ok(200);
    let paper = printed(&hall, &mut officer, &case, "refusal_to_accept").await;
    says(
        &paper,
        &["不属于本机关职权范围", "应向高新区申请", "第一款第二项"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_5_the_referral_slip_says_where_to_go() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let order = json!({
        "site": "YLZX", "matter": { "matter": "referral", "to": "云澜市医疗保障局" },
        "note": "居民医保如何转入", "days": 2
    });
    let ticket = clerk.post("/api/v1/tickets", &order).await.ok(201).body;
    let slips = format!("/api/v1/tickets/{}/slip", ticket["id"].as_str().unwrap());
    let first = clerk.post(&slips, &json!({})).await.ok(201).body;
    let again = clerk.post(&slips, &json!({})).await.ok(201).body;
    assert_eq!((&first["print"], &again["print"]), (&json!(1), &json!(2)));
    assert_eq!(first["statement"], again["statement"]);
    let (status, _, pdf) = clerk.fetch(first["link"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    let paper = Paper::from_bytes(&pdf, 1);
    paper.is_sound();
    says(
        &paper,
        &[
            "云澜市医疗保障局",
            "居民医保如何转入",
            ticket["id"].as_str().unwrap(),
            "首问责任人跟进",
        ],
    );
    let mut other = hall.signed_in("c002").await;
    assert_eq!(other.fetch(first["link"].as_str().unwrap()).await.0, 404);
    assert_eq!(other.post(&slips, &json!({})).await.status, 404);
    let call = json!({
        "site": "YLZX", "matter": { "matter": "expert_call", "department": "SCJG" },
        "note": "请专家到窗口", "days": 1
    });
    let ticket = clerk.post("/api/v1/tickets", &call).await.ok(201).body;
    let slips = format!("/api/v1/tickets/{}/slip", ticket["id"].as_str().unwrap());
    let refused = clerk.post(&slips, &json!({})).await.ok(409);
    assert_eq!(refused.reason(), "no-referral");
}
