//! A whole hall for tests of the HTTP face: the fixture catalogue, people with their roles, a clock that stands still
//! until it is moved, and clients that keep their cookie.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use counterfoil::app::App;
use counterfoil::config::Config;
use counterfoil::counter::Ask;
use counterfoil::counter::catalogue::read_catalogue;
use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{Actor, Clock, RequestId, StaffId, Timestamp};
use counterfoil::http::{Service, router};
use counterfoil::ledger::Follower;
use counterfoil::people::{NewPerson, Order, SecretText};
use serde_json::{Value, json};
use tempfile::TempDir;
use totp_rs::{Builder, Secret};
use tower::ServiceExt as _;

pub const PASSWORD: &str = "correct horse battery 9";
/// The hall's food permit (first application).
pub const FOOD_PERMIT: &str = "11369901004321012K1000131012001";
/// Beginning of the tests: a Monday morning in Asia/Shanghai.
const MORNING: &str = "2026-03-09T02:00:00.000Z";

pub struct Hall {
    pub app: App,
    pub service: Arc<Service>,
    pub clock: Arc<ManualClock>,
    router: Router,
    _follower: Follower,
    _folder: TempDir,
}

/// Somebody with a session.
pub struct Client {
    router: Router,
    clock: Arc<ManualClock>,
    cookie: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn etag(&self) -> String {
        let tag = self.headers.get(header::ETAG).unwrap();
        tag.to_str().unwrap().to_owned()
    }

    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The code of the rule that refused.
    pub fn reason(&self) -> &str {
        self.body["reason"]["code"].as_str().unwrap_or_default()
    }
}

fn order(name: &str) -> Order {
    Order {
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new(format!("test/{name}")).unwrap(),
        expected: None,
    }
}

fn person(staff: &str, grants: Vec<Grant>) -> NewPerson {
    NewPerson {
        staff: StaffId::new(staff).unwrap(),
        name: SecretText::new(format!("测试人员{staff}")),
        password: Some(SecretText::new(PASSWORD)),
        temporary: false,
        grants,
    }
}

pub fn at_site(role: Role, site: &str) -> Grant {
    let site = site.parse().unwrap();
    Grant {
        role,
        scope: Scope::Site { site },
    }
}

pub fn in_department(role: Role, department: &str) -> Grant {
    let department = department.parse().unwrap();
    Grant {
        role,
        scope: Scope::Department { department },
    }
}

impl Hall {
    pub async fn open() -> Self {
        Self::open_with("").await
    }

    /// A hall with more in its configuration.
    pub async fn open_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("counterfoil.toml");
        let text = "[data]\nfolder = \"data\"\n[keys]\nfolder = \"keys\"\n[ocr]\nengine = \"recorded\"\nfolder = \"ocr\"\n";
        std::fs::write(&config, format!("{text}{more}")).unwrap();
        let config = Config::load(Some(&config), None, &|_| None).unwrap();
        let start: Timestamp = MORNING.parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let time: Arc<dyn Clock> = clock.clone();
        let app = App::open_at(&config, time).await.unwrap();
        let follower = app.follow();
        let mut service = app.service("machine token").unwrap();
        // The program that runs here is the tests'; its children are the real one's.
        let counter = &mut Arc::get_mut(&mut service).unwrap().counter;
        let printer = crate::forms::support::printer(None);
        counter.set_printer(Ok(printer));
        let hall = Self {
            router: router(service.clone()),
            app,
            service,
            clock,
            _follower: follower,
            _folder: folder,
        };
        hall.import().await;
        hall.enrol().await;
        hall
    }

    async fn import(&self) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalogue");
        let wanted = read_catalogue(&fixtures).unwrap();
        let ask = Ask {
            by: Actor::new("cli:operator").unwrap(),
            request: RequestId::new("test/import").unwrap(),
            expected: None,
            occurred: None,
        };
        let counter = &self.service.counter;
        counter
            .import(&ask, &wanted, self.clock.now())
            .await
            .unwrap();
    }

    async fn enrol(&self) {
        let people = &self.service.people;
        let hall = |role| Grant {
            role,
            scope: Scope::Hall,
        };
        let three = [
            person("sys01", vec![hall(Role::SystemAdministrator)]),
            person("sec01", vec![hall(Role::SecurityAdministrator)]),
            person("aud01", vec![hall(Role::AuditAdministrator)]),
        ];
        people.initialise(&order("init"), &three).await.unwrap();
        let staff = [
            ("c001", at_site(Role::Clerk, "YLZX")),
            ("c002", at_site(Role::Clerk, "HYZ")),
            ("s001", at_site(Role::Supervisor, "YLZX")),
            ("scjg-01", in_department(Role::ChiefRepresentative, "SCJG")),
            ("scjg-03", in_department(Role::DepartmentOfficer, "SCJG")),
            ("scjg-02", in_department(Role::DepartmentOfficer, "SCJG")),
            ("mzj-02", in_department(Role::DepartmentOfficer, "MZJ")),
        ];
        for (id, grant) in staff {
            let new = person(id, vec![grant]);
            people.enrol(&order(id), &new).await.unwrap();
        }
    }

    /// A client without a session.
    pub fn stranger(&self) -> Client {
        Client {
            router: self.router.clone(),
            clock: self.clock.clone(),
            cookie: None,
        }
    }

    /// Somebody who is signed in, with a second factor where one is asked for.
    pub async fn signed_in(&self, staff: &str) -> Client {
        let mut client = self.stranger();
        let body = json!({ "staff": staff, "password": PASSWORD });
        let answer = client.post("/api/v1/session", &body).await.ok(200);
        if answer.body["stage"] == "enrol_factor" {
            let setup = client
                .post("/api/v1/session/totp", &json!({}))
                .await
                .ok(200);
            let code = self.code(setup.body["uri"].as_str().unwrap());
            let body = json!({ "code": code });
            let answer = client
                .send("PUT", "/api/v1/session/totp", Some(&body), None, None)
                .await;
            assert_eq!(answer.ok(200).body["stage"], "full");
        } else {
            assert_eq!(answer.body["stage"], "full", "{}", answer.body);
        }
        client
    }

    fn code(&self, uri: &str) -> String {
        let (_, rest) = uri.split_once("secret=").unwrap();
        let secret = rest.split('&').next().unwrap();
        let secret = Secret::try_from_base32(secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let seconds = u64::try_from(self.clock.now().as_millis() / 1000).unwrap();
        totp.generate(seconds).to_string()
    }

    /// Waits until the lists hold every fact.
    pub async fn follow(&self) {
        let size = *self.app.ledger.published().borrow();
        while self.app.catalog.position().await.unwrap() < size {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Client {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, None, None).await
    }

    /// Posts under a new name, for no version.
    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        self.send("POST", path, Some(body), Some(&key), None).await
    }

    /// Posts for the version that the subject has now.
    pub async fn act(&mut self, subject: &str, action: &str, body: &Value) -> Answer {
        let now = self.get(subject).await;
        let etag = match now.status.is_success() {
            true => now.etag(),
            false => "\"0\"".to_owned(),
        };
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let path = format!("{subject}/{action}");
        self.clock.advance_millis(1000);
        self.send("POST", &path, Some(body), Some(&key), Some(&etag))
            .await
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
        version: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let content = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(content).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }
}

impl Client {
    /// Sends what a page of `origin` would, to the host `hall.example`; the status.
    pub async fn sent_from(&mut self, origin: &str, method: &str, path: &str) -> u16 {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "hall.example")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }
}

impl Client {
    /// Proves once more who it is, for what asks for that.
    pub async fn step_up(&mut self) {
        let body = json!({ "password": PASSWORD });
        self.post("/api/v1/session/password-proof", &body)
            .await
            .ok(200);
    }

    /// Opens an event stream.
    pub async fn stream(&mut self, path: &str) -> axum::body::BodyDataStream {
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }

    /// Uploads bytes; the status.
    pub async fn upload(&mut self, path: &str, bytes: Vec<u8>) -> u16 {
        let request = Request::builder()
            .method("PUT")
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(bytes)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }
}

impl Client {
    /// Posts bytes as they are.
    pub async fn post_bytes(&mut self, path: &str, bytes: Vec<u8>) -> Answer {
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("idempotency-key", key)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(bytes)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// Keeps a document with a case (`/api/v1/cases/NO`); its digest.
    pub async fn document(&mut self, case: &str, of: &str) -> String {
        let bytes = format!("%PDF-1.7\n{of}").into_bytes();
        let path = format!("{case}/documents");
        let kept = self.post_bytes(&path, bytes).await.ok(201);
        kept.body["digest"].as_str().unwrap().to_owned()
    }

    /// Fetches bytes.
    pub async fn fetch(&mut self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 32 << 20).await.unwrap();
        (parts.status, parts.headers, bytes.to_vec())
    }
}
