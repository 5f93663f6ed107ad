//! The window under load: clients that are signed in open cases and complete them for a minute, over HTTP against a
//! server with its ledger on this disk. Signing in is measured apart. Prints percentiles, facts a second and the share
//! of the time in which the log was appending; an answer that is no success ends the run.
//!
//! `COUNTERFOIL_BENCH_CLIENTS` (64) and `COUNTERFOIL_BENCH_SECONDS` (60) change its size.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use counterfoil::app::App;
use counterfoil::config::Config;
use counterfoil::counter::Ask;
use counterfoil::counter::catalogue::read_catalogue;
use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::{Actor, Clock, RequestId, StaffId, Timestamp};
use counterfoil::http::router;
use counterfoil::people::{NewPerson, Order, SecretText};
use reqwest::{Method, header};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

const PASSWORD: &str = "correct horse battery 9";
/// An item done on the spot: three materials, one of them kept as paper.
const ITEM: &str = "11369901004321039B2002014005006";
const APPLICANT: &str = "11010519491231002X";

/// A Monday morning in Asia/Shanghai, and then as time passes here.
struct FromMonday(Instant);

impl Clock for FromMonday {
    fn now(&self) -> Timestamp {
        let monday: Timestamp = "2026-03-09T02:00:00.000Z".parse().unwrap();
        monday.plus_millis(self.0.elapsed().as_millis() as i64)
    }
}

/// Somebody with a session.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

static REQUESTS: AtomicU64 = AtomicU64::new(0);

impl Client {
    fn new(address: SocketAddr) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("http://{address}/api/v1"),
            cookie: String::new(),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        version: Option<&str>,
        body: Vec<u8>,
    ) -> (reqwest::header::HeaderMap, Value) {
        let key = REQUESTS.fetch_add(1, Ordering::Relaxed);
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base))
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("load-{key}"));
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        (headers, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, path, None, body.to_string().into_bytes())
            .await
            .1
    }

    /// Does something with a case whose version is `version`; the version after it.
    async fn act(&self, case: &str, version: &str, action: &str, body: &Value) -> String {
        let path = format!("{case}/{action}");
        let body = body.to_string().into_bytes();
        let (headers, _) = self.send(Method::POST, &path, Some(version), body).await;
        tag(&headers)
    }

    /// Keeps a document with a case; its digest.
    async fn document(&self, case: &str, of: &str) -> String {
        let bytes = format!("%PDF-1.4\n% {of} {case}\n%%EOF\n").into_bytes();
        let (_, kept) = self
            .send(Method::POST, &format!("{case}/documents"), None, bytes)
            .await;
        kept["digest"].as_str().unwrap().to_owned()
    }

    async fn sign_in(mut self, staff: &str) -> Self {
        let body = json!({ "staff": staff, "password": PASSWORD });
        let body = body.to_string().into_bytes();
        let (headers, answer) = self.send(Method::POST, "/session", None, body).await;
        self.keep_cookie(&headers);
        if answer["stage"] == "enrol_factor" {
            let setup = self.post("/session/totp", &json!({})).await;
            let uri = setup["uri"].as_str().unwrap();
            let secret = uri.split_once("secret=").unwrap().1;
            let secret = Secret::try_from_base32(secret.split('&').next().unwrap()).unwrap();
            let totp = Builder::new().with_secret(secret).build().unwrap();
            let now: Timestamp = "2026-03-09T02:00:05.000Z".parse().unwrap();
            let code = totp.generate((now.as_millis() / 1000) as u64).to_string();
            let body = json!({ "code": code }).to_string().into_bytes();
            let (headers, _) = self.send(Method::PUT, "/session/totp", None, body).await;
            self.keep_cookie(&headers);
        }
        self
    }

    fn keep_cookie(&mut self, headers: &reqwest::header::HeaderMap) {
        if let Some(set) = headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = pair.to_owned();
        }
    }
}

fn tag(headers: &reqwest::header::HeaderMap) -> String {
    headers[header::ETAG].to_str().unwrap().to_owned()
}

/// One case, from the visit to the rating.
async fn case(clerk: &Client, chief: &Client) {
    let visit = json!({ "site": "YLZX", "window": "A04", "role": "receive", "channel": "window" });
    let visit = clerk.post("/visits", &visit).await;
    let parties = json!({
        "applicant": { "kind": "person", "name": "测试", "id_kind": "citizen_id", "id_number": APPLICANT },
        "contact": { "name": "测试", "phone": "13800138000" },
        "delivery": { "kind": "pick_up" }
    });
    let open = json!({ "visit": visit["id"], "task": ITEM, "parties": parties });
    let open = open.to_string().into_bytes();
    let (headers, opened) = clerk.send(Method::POST, "/cases", None, open).await;
    let path = format!("/cases/{}", opened["no"].as_str().unwrap());
    let mut version = tag(&headers);
    for (row, way, originals) in [
        ("M01", "paper_kept", 1),
        ("M02", "original_seen", 0),
        ("M03", "original_seen", 0),
    ] {
        let meet = json!({ "row": row, "way": way, "originals": originals, "copies": 0 });
        let order = json!({ "action": "meet", "meet": meet });
        version = clerk.act(&path, &version, "materials", &order).await;
    }
    let receipt = json!({ "action": "issue_receipt", "window": "A04", "manner": "print" });
    version = clerk.act(&path, &version, "intake", &receipt).await;
    let push = json!({ "action": "push", "by_paper": ["M01"] });
    clerk.act(&path, &version, "dispatch", &push).await;
    let document = chief.document(&path, "decision").await;
    version = current(chief, &path).await;
    let decide = json!({ "action": "decide", "outcome": "granted", "document": document });
    let decide = json!({ "department": "RSJ", "order": decide });
    chief.act(&path, &version, "review", &decide).await;
    let (content, signature) = (
        clerk.document(&path, "result").await,
        clerk.document(&path, "signature").await,
    );
    version = current(clerk, &path).await;
    let obtain = json!({ "action": "obtain", "route": { "type": "platform" }, "content": content });
    version = clerk.act(&path, &version, "result", &obtain).await;
    let hand_out = json!({
        "action": "hand_out", "window": "A04", "id_number": APPLICANT, "signature": signature
    });
    version = clerk.act(&path, &version, "result", &hand_out).await;
    let rating = json!({ "level": "very_satisfied" });
    clerk.act(&path, &version, "rating", &rating).await;
}

async fn current(client: &Client, path: &str) -> String {
    let (headers, _) = client.send(Method::GET, path, None, Vec::new()).await;
    tag(&headers)
}

fn grant(role: Role, scope: Scope) -> Grant {
    Grant { role, scope }
}

async fn enrol(app: &App, clients: u64) -> Arc<counterfoil::http::Service> {
    let service = app.service("machine token").unwrap();
    let order = |name: &str| {
        (
            Actor::new("cli:operator").unwrap(),
            RequestId::new(name).unwrap(),
        )
    };
    let wanted = read_catalogue(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalogue"));
    let (by, request) = order("load/import");
    let ask = Ask {
        by,
        request,
        expected: None,
        occurred: None,
    };
    let now = "2026-03-09T02:00:00.000Z".parse().unwrap();
    service
        .counter
        .import(&ask, &wanted.unwrap(), now)
        .await
        .unwrap();
    let person = |staff: String, grant: Grant| NewPerson {
        staff: StaffId::new(staff).unwrap(),
        name: SecretText::new("测试人员"),
        password: Some(SecretText::new(PASSWORD)),
        temporary: false,
        grants: vec![grant],
    };
    let named = |name: &str| {
        let (by, request) = order(name);
        Order {
            by,
            request,
            expected: None,
        }
    };
    let three = [
        ("sys01", Role::SystemAdministrator),
        ("sec01", Role::SecurityAdministrator),
        ("aud01", Role::AuditAdministrator),
    ];
    let three = three.map(|(id, role)| person(id.to_owned(), grant(role, Scope::Hall)));
    service
        .people
        .initialise(&named("load/init"), &three)
        .await
        .unwrap();
    let department = "RSJ".parse().unwrap();
    let chief = grant(Role::ChiefRepresentative, Scope::Department { department });
    let chief = person("rsj-01".to_owned(), chief);
    service
        .people
        .enrol(&named("load/chief"), &chief)
        .await
        .unwrap();
    for number in 0..clients {
        let site = "YLZX".parse().unwrap();
        let clerk = grant(Role::Clerk, Scope::Site { site });
        let clerk = person(format!("w{number:03}"), clerk);
        let name = format!("load/w{number:03}");
        service.people.enrol(&named(&name), &clerk).await.unwrap();
    }
    service
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap())
}

fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let place = ((sorted.len() as f64 * share) as usize).min(sorted.len() - 1);
    sorted[place].as_secs_f64() * 1000.0
}

async fn load(clients: u64, seconds: u64) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("counterfoil.toml");
    let text = "[data]\nfolder = \"data\"\n[keys]\nfolder = \"keys\"\n[ocr]\nengine = \"recorded\"\nfolder = \"ocr\"\n";
    std::fs::write(&config, text).unwrap();
    let config = Config::load(Some(&config), None, &|_| None).unwrap();
    let clock = Arc::new(FromMonday(Instant::now()));
    let app = App::open_at(&config, clock).await.unwrap();
    let follower = app.follow();
    let service = enrol(&app, clients).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = router(service).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, serving).await });
    let begun = Instant::now();
    let chief = Client::new(address).sign_in("rsj-01").await;
    let mut clerks = Vec::new();
    for number in 0..clients {
        clerks.push(Client::new(address).sign_in(&format!("w{number:03}")).await);
    }
    let each = begun.elapsed().as_secs_f64() * 1000.0 / (clients + 1) as f64;
    println!(
        "load: signing in: {each:.0} ms each ({clients} clerks and a chief representative, one after the other)"
    );

    let before = (*app.ledger.published().borrow(), app.appends.totals());
    let (begun, asked) = (Instant::now(), REQUESTS.load(Ordering::Relaxed));
    let until = begun + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for clerk in clerks {
        let chief = chief.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                case(&clerk, &chief).await;
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let wall = begun.elapsed().as_secs_f64();
    let (appends, _, micros) = app.appends.totals();
    let facts = *app.ledger.published().borrow() - before.0;
    let (groups, busy) = (appends - before.1.0, (micros - before.1.2) as f64 / 1e6);
    let requests = REQUESTS.load(Ordering::Relaxed) - asked;
    times.sort_unstable();
    println!(
        "load: {clients} clients, {wall:.0} s: {} cases from visit to rating, no error; a case p50 {:.0} ms, p99 {:.0} ms",
        times.len(),
        percentile(&times, 0.50),
        percentile(&times, 0.99),
    );
    println!(
        "load: {:.0} requests/s, {:.0} facts/s in {groups} durable appends ({:.1} facts each); appending {:.0} % of the time",
        requests as f64 / wall,
        facts as f64 / wall,
        facts as f64 / groups as f64,
        busy / wall * 100.0,
    );
    follower.stop().await;
    app.ledger.close().await;
}

fn main() {
    // `cargo bench -- NAME` runs what is called like that.
    let filter = std::env::args().skip(1).find(|one| !one.starts_with('-'));
    if filter.is_some_and(|wanted| !"window load".contains(&wanted)) {
        return;
    }
    let clients = from_environment("COUNTERFOIL_BENCH_CLIENTS", 64);
    let seconds = from_environment("COUNTERFOIL_BENCH_SECONDS", 60);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(load(clients, seconds));
}
