//! The printed forms of real cases over HTTP: every kind, from what the ledger and the vault say.

use counterfoil::domain::case::{CaseEvent, CaseForm, FormPrint};
use counterfoil::domain::{CaseNo, Commitment, Digest, Event, Subject};
use counterfoil::forms::{Form, FormKind};
use serde_json::{Value, json};

use crate::forms::support::{Paper, squeezed};
use crate::window_hall::{Client, Hall};
use crate::window_http::{ID_NUMBER, NAME, PHONE, all_met, decided, opened, received, scanned};

const ITEM: &str = "食品经营许可（首次申请）";

fn number(case: &str) -> CaseNo {
    case.rsplit('/').next().unwrap().parse().unwrap()
}

async fn print(client: &mut Client, case: &str, form: &str) -> Value {
    let order = json!({ "form": form });
    client
        .post(&format!("{case}/forms"), &order)
        .await
        .ok(201)
        .body
}

/// The facts about printings of a case.
async fn prints(hall: &Hall, case: &str) -> Vec<FormPrint> {
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

fn says(paper: &Paper, parts: &[&str]) {
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
    says(&slip, &["平台推送", "从业人员健康证明", "电子"]);
    let mut officer = hall.signed_in("scjg-02").await;
    let accepted = printed(&hall, &mut officer, &case, "acceptance_notice").await;
    says(
        &accepted,
        &["市场监督管理局", "20 个工作日", "现场踏勘所需时间"],
    );
    let notice = printed(&hall, &mut officer, &case, "special_procedure_notice").await;
    says(&notice, &["现场踏勘", "第四十五条"]);

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
        &["JY0001", "食品经营许可证", "窗口领取", "领取人"],
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
async fn a_reprint_states_the_same_and_says_that_it_is_one() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let first = print(&mut clerk, &case, "intake_receipt").await;
    // What came later is not on a reprint.
    clerk.document(&case, "另一份文件").await;
    let second = print(&mut clerk, &case, "intake_receipt").await;
    let third = print(&mut clerk, &case, "intake_receipt").await;
    assert_eq!(
        (&first["print"], &second["print"], &third["print"]),
        (&json!(1), &json!(2), &json!(3))
    );
    assert_eq!(first["statement"], second["statement"]);
    assert_ne!(first["pdf"], second["pdf"]);
    let (_, _, pdf) = clerk.fetch(third["link"].as_str().unwrap()).await;
    says(&Paper::from_bytes(&pdf, 1), &["第 2 次补打"]);
    let choose = json!({ "form": "intake_receipt", "copies": 3 });
    let refused = clerk.post(&format!("{case}/forms"), &choose).await.ok(422);
    assert_eq!(refused.body["fields"][0]["field"], "copies");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_and_the_seal_are_chosen_within_limits() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let forms = format!("{case}/forms");
    let many = json!({ "form": "intake_receipt", "copies": 4 });
    let refused = clerk.post(&forms, &many).await.ok(422);
    assert!(
        refused.body["detail"].as_str().unwrap().contains("copies"),
        "{}",
        refused.body
    );
    let unknown = json!({ "form": "intake_receipt", "applicant": "别人" });
    clerk.post(&forms, &unknown).await.ok(400);
    let chosen = json!({ "form": "intake_receipt", "copies": 3, "seal": "department" });
    let print = clerk.post(&forms, &chosen).await.ok(201).body;
    let (_, _, pdf) = clerk.fetch(print["link"].as_str().unwrap()).await;
    says(
        &Paper::from_bytes(&pdf, 1),
        &["一式三份", "云澜市市场监督管理局"],
    );
    assert_eq!(
        prints(&hall, &case).await.len(),
        1,
        "refused requests are no facts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_refused_before_its_step_and_the_same_request_prints_once() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let forms = format!("{case}/forms");
    for form in CaseForm::ALL {
        let refused = clerk.post(&forms, &json!({ "form": form })).await.ok(409);
        assert_eq!(refused.reason(), "nothing-to-print", "{form:?}");
        let why = refused.body["reason"]["zh"].as_str().unwrap();
        assert!(why.contains(&form.to_string()), "{why}");
    }
    all_met(&mut clerk, &case).await;
    let receipt = json!({ "action": "issue_receipt", "window": "A02", "manner": "print" });
    clerk.act(&case, "intake", &receipt).await.ok(200);
    let order = json!({ "form": "intake_receipt" });
    let wrong = json!({ "form": "intake_receipt", "fact": 0 });
    let refused = clerk.post(&forms, &wrong).await.ok(409);
    assert_eq!(refused.reason(), "fact-not-stated");
    let once = clerk
        .send("POST", &forms, Some(&order), Some("one"), None)
        .await
        .ok(201);
    let again = clerk
        .send("POST", &forms, Some(&order), Some("one"), None)
        .await
        .ok(201);
    assert_eq!(once.body, again.body);
    assert_eq!(prints(&hall, &case).await.len(), 1);
    let nameless = clerk.send("POST", &forms, Some(&order), None, None).await;
    assert_eq!(nameless.body["code"], "idempotency-key-required");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_no_forms_and_a_department_only_its_own() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let print = print(&mut clerk, &case, "intake_receipt").await;
    let link = print["link"].as_str().unwrap();
    let forms = format!("{case}/forms");
    let order = json!({ "form": "intake_receipt" });
    let mut other = hall.signed_in("c002").await;
    assert_eq!(other.fetch(link).await.0, 404);
    assert_eq!(other.get(&forms).await.status, 404);
    assert_eq!(other.post(&forms, &order).await.status, 404);
    assert_eq!(hall.stranger().fetch(link).await.0, 401);
    scanned(&mut clerk, &case).await;
    clerk
        .act(&case, "dispatch", &json!({ "action": "push" }))
        .await
        .ok(200);
    let mut officer = hall.signed_in("scjg-02").await;
    assert_eq!(officer.fetch(link).await.0, 404);
    assert_eq!(officer.post(&forms, &order).await.status, 403);
    let listed = officer.get(&forms).await.ok(200).body;
    assert_eq!(listed["printed"], json!([]));
    assert_eq!(listed["printable"][0]["form"], "dispatch_slip");
    let day = "2026-03-09".parse().unwrap();
    let before = hall.service.reads.digest(day).unwrap().count;
    clerk.fetch(link).await;
    assert_eq!(hall.service.reads.digest(day).unwrap().count, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_case_prints_nothing_and_its_papers_are_gone() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let print = print(&mut clerk, &case, "intake_receipt").await;
    let document = clerk.document(&case, "签名").await;
    let keys = hall.app.blobs.case_keys();
    let now = hall.service.counter.clock.now();
    keys.destroy(&number(&case), now, Commitment(Digest::of("approval")))
        .await
        .unwrap();
    let link = print["link"].as_str().unwrap();
    assert_eq!(clerk.fetch(link).await.0, 410);
    assert_eq!(
        clerk.fetch(&format!("{case}/documents/{document}")).await.0,
        410
    );
    let forms = format!("{case}/forms");
    let again = clerk
        .post(&forms, &json!({ "form": "intake_receipt" }))
        .await;
    assert_eq!(again.body["code"], "erased", "{}", again.body);
    let kept = clerk
        .post_bytes(&format!("{case}/documents"), b"%PDF-1.4 x".to_vec())
        .await;
    assert_eq!(kept.body["code"], "erased", "{}", kept.body);
    // The ledger still says that it was printed; it holds nothing of what was.
    assert_eq!(prints(&hall, &case).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_papers_hold_nothing_of_them() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    meet_nothing(&mut clerk, &case).await;
    print(&mut clerk, &case, "intake_receipt").await;
    clerk.document(&case, "签名").await;
    let history = hall
        .service
        .counter
        .history(&Subject::Case(number(&case)))
        .await
        .unwrap();
    for fact in history {
        let leaf = String::from_utf8(fact.bytes.to_vec()).unwrap();
        assert!(leaf.is_ascii(), "{leaf}");
    }
}

/// After the receipt nothing more is taken.
async fn meet_nothing(clerk: &mut Client, case: &str) {
    let meet_again = json!({ "row": "M01", "way": "paper_kept", "originals": 1 });
    let order = json!({ "action": "meet", "meet": meet_again });
    clerk.act(case, "materials", &order).await.ok(409);
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
