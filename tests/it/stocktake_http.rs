//! Art 12(4) over HTTP: paper that lay in the cabinets before the system was there, from its registration to a package that
//! holds offline.

use counterfoil::counter::Ask;
use counterfoil::domain::transfer::TransferEvent;
use counterfoil::domain::{Actor, Event, RequestId, SiteCode, StaffId, Subject, TransferId};
use counterfoil::package::verify::{Trust, Verdict};
use serde_json::{Value, json};

use crate::paper_http::{Person, department, holders, id, judged, site};
use crate::window_client::Client;
use crate::window_hall::{FOOD_PERMIT, Hall};

const STOCKTAKE: &str = "/api/v1/sites/YLZX/stocktake";

fn file(number: &str, closed: &str, papers: usize) -> Value {
    let paper = json!({ "form": "original", "count": 1, "pages": 3, "condition": "worn" });
    json!({
        "task": FOOD_PERMIT,
        "number": number,
        "applicant": "organisation",
        "closed": closed,
        "papers": vec![paper; papers],
    })
}

/// Three old files, the first of which is overdue.
fn three() -> Value {
    json!({ "files": [
        file("旧-2025-117 张三餐馆", "2025-12-10", 2),
        file("旧-2026-003", "2026-02-05", 1),
        file("旧-2026-009", "2026-02-20", 1),
    ] })
}

async fn opened(hall: &Hall) -> Client {
    let mut supervisor = hall.signed_in("s001").await;
    let opened = supervisor.post(STOCKTAKE, &json!({})).await;
    opened.ok(201);
    supervisor
}

/// The cases of an answer, by old number in the order of [`three`].
fn cases(answer: &Value) -> Vec<String> {
    let files = answer["registered"].as_array().unwrap();
    let case = |file: &Value| format!("/api/v1/cases/{}", file["case"].as_str().unwrap());
    files.iter().map(case).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_stock_take_is_opened_once_and_names_every_bad_file() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let files = format!("{STOCKTAKE}/files");
    let early = clerk.post(&files, &three()).await.ok(409);
    assert_eq!(early.reason(), "stocktake-not-opened");
    clerk.post(STOCKTAKE, &json!({})).await.ok(403);
    let mut supervisor = opened(&hall).await;
    let again = supervisor.post(STOCKTAKE, &json!({})).await.ok(409);
    assert_eq!(again.reason(), "stocktake-once");
    supervisor.post(&files, &three()).await.ok(403);
    let mut other = hall.signed_in("c002").await;
    other.post(&files, &three()).await.ok(404);
    let mut bad = three();
    bad["files"][0]["closed"] = json!("2026-03-10");
    bad["files"][1]["papers"] = json!([]);
    bad["files"][2]["task"] = json!("no-such-item");
    let refused = clerk.post(&files, &bad).await;
    let named: Vec<&str> = refused.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        ["files[0].closed", "files[1].papers", "files[2].task"]
    );
    let shown = clerk.get(STOCKTAKE).await.ok(200).body;
    assert_eq!(shown["files"], json!([]), "all of an order, or none");
    let first = clerk.post(&files, &three()).await.ok(200).body;
    assert_eq!(first["stocktake"]["overdue"], 1);
    assert_eq!(first["stocktake"]["papers"], 4);
    let facts = *hall.app.ledger.published().borrow();
    let repeated = clerk.post(&files, &three()).await.ok(200).body;
    assert_eq!(repeated["registered"], json!([]));
    assert_eq!(repeated["known"], first["registered"]);
    assert_eq!(*hall.app.ledger.published().borrow(), facts);
    let mut changed = three();
    changed["files"][1]["closed"] = json!("2026-02-06");
    let refused = clerk.post(&files, &changed).await;
    assert_eq!(refused.body["fields"][0]["code"], "registered-differently");
    supervisor.act(STOCKTAKE, "close", &json!({})).await.ok(200);
    let more = json!({ "files": [file("旧-2026-010", "2026-02-20", 1)] });
    let late = clerk.post(&files, &more).await.ok(409);
    assert_eq!(late.reason(), "stocktake-closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_case_taken_over_is_read_and_moved_and_nothing_else() {
    let hall = Hall::open().await;
    opened(&hall).await;
    let mut clerk = hall.signed_in("c001").await;
    let files = format!("{STOCKTAKE}/files");
    let answer = clerk.post(&files, &three()).await.ok(200).body;
    let case = cases(&answer)[0].clone();
    let shown = clerk.get(&case).await.ok(200).body;
    assert_eq!(
        (&shown["stage"], &shown["ending"], &shown["old_number"]),
        (
            &json!("ended"),
            &json!("taken_over"),
            &json!("旧-2025-117 张三餐馆")
        )
    );
    assert_eq!(holders(&mut clerk, &case).await, ["YLZX:c001"; 2]);
    // The ledger knows no old number.
    let no: String = case.rsplit('/').next().unwrap().to_owned();
    let subject = Subject::Case(no.parse().unwrap());
    for fact in hall.service.counter.history(&subject).await.unwrap() {
        assert!(!String::from_utf8_lossy(&fact.bytes).contains("2025-117"));
    }
    let push = json!({ "action": "push" });
    clerk.act(&case, "dispatch", &push).await.ok(409);
    let back = json!({ "action": "return_paper", "id_number": "1", "signature": "0".repeat(64) });
    let refused = clerk.act(&case, "ending", &back).await.ok(409);
    assert_eq!(refused.reason(), "case-taken-over");
    let reveal = json!({ "purpose": "contact" });
    let refused = clerk.act(&case, "reveal", &reveal).await;
    assert!(!refused.status.is_success());
    // Its paper may go back against a signature.
    let other = cases(&answer)[1].clone();
    let signature = clerk.document(&other, "签名").await;
    let back = json!({ "action": "return_old_paper", "signature": signature });
    clerk.act(&other, "ending", &back).await.ok(200);
    assert_eq!(holders(&mut clerk, &other).await, ["applicant"]);
    let again = clerk.act(&other, "ending", &back).await.ok(409);
    assert_eq!(again.reason(), "nothing-to-return");
    // Lists and months know it.
    hall.follow().await;
    let listed = clerk.get("/api/v1/cases?site=YLZX&stage=ended").await;
    assert_eq!(listed.ok(200).body["items"].as_array().unwrap().len(), 3);
    let months = clerk.get("/api/v1/sites/YLZX/months").await.ok(200).body;
    let stands = |place: usize, word: &str| months[place]["count"][word].clone();
    assert_eq!(months[0]["month"], "2025-12");
    assert_eq!(stands(0, "overdue"), 1);
    assert_eq!(
        (stands(1, "not_yet_due"), stands(1, "settled")),
        (json!(1), json!(1))
    );
}

/// What was recorded of a round: whether it was opened late, and told overdue late.
async fn late(hall: &Hall, round: &str) -> Vec<(&'static str, bool)> {
    let subject = Subject::Transfer(round.parse::<TransferId>().unwrap());
    let history = hall.service.counter.history(&subject).await.unwrap();
    let told = history.iter().filter_map(|fact| match &fact.entry.event {
        Event::Transfer { event } => match event {
            TransferEvent::Opened { late, .. } => Some(("opened", *late)),
            TransferEvent::Overdue { late, .. } => Some(("overdue", *late)),
            _ => None,
        },
        _ => None,
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_old_paper_goes_on_late_rounds_and_its_package_holds() {
    let hall = Hall::open().await;
    opened(&hall).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let files = format!("{STOCKTAKE}/files");
    let answer = clerk.client.post(&files, &three()).await.ok(200).body;
    let first = cases(&answer)[0].rsplit('/').next().unwrap().to_owned();
    hall.follow().await;
    let clockwork = hall.app.clockwork().unwrap();
    let ticked = clockwork.round().await.unwrap().transfers;
    assert_eq!((ticked.opened, ticked.overdue), (2, 1));
    hall.follow().await;
    let again = clockwork.round().await.unwrap().transfers;
    assert_eq!((again.opened, again.overdue), (0, 0));
    let rounds = clerk.client.get("/api/v1/transfers?site=YLZX").await;
    let rounds = rounds.ok(200).body["items"].as_array().unwrap().clone();
    let december = rounds.iter().find(|one| one["month"] == "2025-12");
    let december = december.unwrap();
    assert_eq!(december["due"], "2026-01-31");
    assert_eq!(december["overdue"]["site"], "YLZX");
    let round = id_of(december);
    assert_eq!(
        late(&hall, &round).await,
        [("opened", true), ("overdue", true)]
    );
    let path = format!("/api/v1/transfers/{round}");
    let scanned = json!({ "scanned": [first] });
    let found = clerk.client.act(&path, "reconciliation", &scanned).await;
    found.ok(200);
    let sealed = clerk.client.act(&path, "seal", &json!({})).await.ok(200);
    let checks = sealed.body["report"]["checks"].as_array().unwrap().clone();
    let failed = checks.iter().filter(|check| check["verdict"] == "failed");
    assert_eq!(failed.count(), 0, "{checks:#?}");
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    officer.receive(&slip, &scanned).await.ok(200);
    let take = format!("{path}/package");
    let order = json!({ "form": "zip" });
    let (status, package) = officer.client.post_for_bytes(&take, &order).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&package));
    let (verdict, found) = judged(&format!("{round}.zip"), &package, &Trust::default());
    assert_eq!((verdict, found), (Verdict::OnlyItself, Vec::new()));
    let months = clerk.client.get("/api/v1/sites/YLZX/months").await;
    assert_eq!(months.ok(200).body[0]["count"]["settled"], 1);
}

fn id_of(round: &Value) -> String {
    round["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_list_of_old_files_is_taken_whole_or_every_bad_line_is_named() {
    let hall = Hall::open().await;
    opened(&hall).await;
    let counter = &hall.service.counter;
    let ask = |name: &str| Ask {
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new(name).unwrap(),
        expected: None,
        occurred: None,
    };
    let (at, clerk): (SiteCode, StaffId) = ("YLZX".parse().unwrap(), "c001".parse().unwrap());
    let (i1, i2, i3) = (ask("i1"), ask("i2"), ask("i3"));
    let heading = "\u{feff}实施编码,原卷号,申请人类型,办结日期,原件/复印件,份数,每份页数,状况\n";
    let line = |number: &str, day: &str, count: &str| {
        format!("{FOOD_PERMIT},{number},法人或其他组织,{day},原件,{count},,完好\n")
    };
    let bad = [
        line("A-1", "2025-12-10", "1"),
        line("A-2", "10.12.2025", "0"),
        line("A-1", "2025-12-11", "1"),
        "x,y\n".to_owned(),
    ];
    let text = format!("{heading}{}", bad.concat());
    let refused = counter.import_old_files(&i1, &at, &clerk, text.as_bytes());
    let counterfoil::counter::CounterError::Fields(named) = refused.await.unwrap_err() else {
        panic!("every bad line is named");
    };
    let named: Vec<&str> = named
        .iter()
        .map(|one| one.field.as_deref().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "line 3.closed",
            "line 3.count",
            "line 4.number",
            "line 5.line"
        ]
    );
    let good = [
        line("A-1", "2025-12-10", "1"),
        line("A-2", "2026-01-10", "2"),
        line("A-1", "2025-12-10", "3"),
    ];
    let text = format!("{heading}{}", good.concat());
    let done = counter.import_old_files(&i2, &at, &clerk, text.as_bytes());
    let done = done.await.unwrap();
    assert_eq!((done.registered.len(), done.known.len()), (2, 0));
    let (state, _) = counter.stocktake(&at).await.unwrap();
    assert_eq!((state.files.len(), state.papers()), (2, 3));
    // Run again, it finds everything there; with one more line it registers that.
    let more = format!("{text}{}", line("A-3", "2026-01-11", "1"));
    let done = counter.import_old_files(&i3, &at, &clerk, more.as_bytes());
    let done = done.await.unwrap();
    assert_eq!((done.registered.len(), done.known.len()), (1, 2));
}
