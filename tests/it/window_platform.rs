//! The city platform: a real server beside the hall, which fetches applications from it and tells it how far they are.
//! Art 11(7), 13(2).

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::window_hall::{FOOD_PERMIT, Hall};
use crate::window_http::{opened, parties};

const NUMBER: &str = "PT-2026-0001";

/// What the platform was told, and what it answers next.
#[derive(Default)]
struct Told {
    reports: Vec<(String, Value)>,
    answers: Vec<Answer>,
}

#[derive(Clone, Copy)]
enum Answer {
    /// It fails and keeps nothing.
    Lost,
    /// It keeps the report and says that it failed.
    KeptAndFailed,
}

type Shared = Arc<Mutex<Told>>;

async fn application(Path(number): Path<String>) -> Result<Json<Value>, StatusCode> {
    if !number.starts_with("PT-2026-") {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(Json(json!({ "task": FOOD_PERMIT, "parties": parties() })))
}

async fn progress(
    State(told): State<Shared>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Json(report): Json<Value>,
) -> StatusCode {
    let mut told = told.lock().unwrap();
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    assert_eq!(report["number"], number.as_str());
    let answer = match told.answers.is_empty() {
        true => None,
        false => Some(told.answers.remove(0)),
    };
    if matches!(answer, Some(Answer::Lost)) {
        return StatusCode::BAD_GATEWAY;
    }
    if told.reports.iter().all(|(known, _)| *known != key) {
        told.reports.push((key, report));
    }
    match answer {
        Some(_) => StatusCode::INTERNAL_SERVER_ERROR,
        None => StatusCode::NO_CONTENT,
    }
}

async fn platform() -> (Hall, Shared) {
    let told = Shared::default();
    let router = Router::new()
        .route("/api/cases/{number}", get(application))
        .route("/api/cases/{number}/progress", put(progress))
        .with_state(told.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let hall = Hall::open_with(&format!("[platform]\nurl = \"http://{address}/api\"\n")).await;
    (hall, told)
}

fn import(number: &str, site: &str) -> Value {
    json!({ "number": number, "site": site, "window": "A02" })
}

#[tokio::test(flavor = "multi_thread")]
async fn art_13_2_an_application_of_the_platform_is_imported_once_and_not_keyed() {
    let (hall, _) = platform().await;
    let mut clerk = hall.signed_in("c001").await;
    let path = "/api/v1/cases/import";
    let first = clerk.post(path, &import(NUMBER, "YLZX")).await.ok(201);
    assert_eq!(first.body["no"], NUMBER);
    assert_eq!(first.body["channel"], "platform");
    assert_eq!(first.body["task"], FOOD_PERMIT);
    assert_eq!(
        first.body["applicant"]["name"],
        parties()["applicant"]["name"]
    );
    let again = clerk.post(path, &import(NUMBER, "YLZX")).await.ok(201);
    assert_eq!((again.etag(), &again.body), (first.etag(), &first.body));
    for unknown in ["PT-NONE", "..", "."] {
        clerk.post(path, &import(unknown, "YLZX")).await.ok(404);
    }
    // Another site may not, and a hall without a platform says so.
    clerk.post(path, &import(NUMBER, "HYZ")).await.ok(404);
    let alone = Hall::open().await;
    let mut clerk = alone.signed_in("c001").await;
    let refused = clerk.post(path, &import(NUMBER, "YLZX")).await.ok(409);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("[platform]")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn art_13_2_the_platform_is_told_every_progress_once_whatever_fails() {
    let (hall, told) = platform().await;
    let mut clerk = hall.signed_in("c001").await;
    let clockwork = hall.app.clockwork().unwrap();
    clerk
        .post("/api/v1/cases/import", &import(NUMBER, "YLZX"))
        .await
        .ok(201);
    told.lock().unwrap().answers = vec![Answer::Lost, Answer::KeptAndFailed];
    hall.follow().await;
    for _ in 0..2 {
        clockwork.round().await.unwrap_err();
    }
    assert_eq!(clockwork.round().await.unwrap().told, 1);
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().told, 0);
    let reports = told.lock().unwrap().reports.clone();
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!(reports[0].1["progress"], "intake");
    // A case of ours is told once it has the platform's number.
    let case = opened(&mut clerk).await;
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().told, 0);
    let taken = json!({ "number": NUMBER });
    let refused = clerk.act(&case, "platform-number", &taken).await.ok(409);
    assert_eq!(refused.reason(), "platform-number-taken");
    // A number that the platform does not know is a slip of the hand.
    let slip = json!({ "number": "PT-2062-0002" });
    clerk.act(&case, "platform-number", &slip).await.ok(404);
    let number = json!({ "number": "PT-2026-0002" });
    clerk.act(&case, "platform-number", &number).await.ok(200);
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().told, 1);
    let newest = told.lock().unwrap().reports.last().unwrap().1.clone();
    assert_eq!(newest["number"], "PT-2026-0002");
}
