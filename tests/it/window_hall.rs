//! A whole hall for tests of the HTTP face: the fixture catalogue, people with their roles, a clock that stands still
//! until it is moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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
use counterfoil::records::export::Exporter;
use counterfoil::worker::WorkerPool;
use serde_json::json;
use tempfile::TempDir;
use totp_rs::{Builder, Secret};

use crate::window_client::Client;
use crate::worker::test_options;

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
    folder: TempDir,
    pool: Arc<WorkerPool>,
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
        let own = Arc::get_mut(&mut service).unwrap();
        let printer = crate::forms::support::printer(None);
        own.counter.set_printer(Ok(printer));
        let mut options = test_options(None);
        options.ocr_folder = folder.path().join("ocr");
        let pool = WorkerPool::new(options, 1);
        let scratch = folder.path().join("scratch");
        let (records, pipelines) = (app.records(), app.pipelines.clone());
        own.exporter = Exporter::new(records, pool.clone(), pipelines, scratch);
        let hall = Self {
            pool,
            router: router(service.clone()),
            app,
            service,
            clock,
            _follower: follower,
            folder,
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

    /// Children of the real program that play back the readings in [`Self::readings`].
    pub fn readers(&self) -> Arc<WorkerPool> {
        self.pool.clone()
    }

    /// Where the recorded readings lie.
    pub fn readings(&self) -> PathBuf {
        self.folder.path().join("ocr")
    }

    /// The log of reads as it stands, all days.
    pub fn reads_text(&self) -> String {
        let folder = self.folder.path().join("data/reads");
        let days = std::fs::read_dir(folder).unwrap();
        let days = days.map(|day| std::fs::read_to_string(day.unwrap().path()).unwrap());
        days.collect()
    }

    /// Enrols one more person.
    pub async fn add(&self, id: &str, grant: Grant) {
        let new = person(id, vec![grant]);
        self.service.people.enrol(&order(id), &new).await.unwrap();
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

    /// Takes a blob out of the store, as a failing disk would.
    pub fn lose_blob(&self, digest: &str) {
        let mut folders = vec![self.folder.path().join("data/blobs")];
        let mut lost = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false if path.ends_with(digest) => {
                        std::fs::remove_file(path).unwrap();
                        lost += 1;
                    }
                    false => {}
                }
            }
        }
        assert_eq!(lost, 1, "blob {digest}");
    }

    /// Waits until the lists hold every fact.
    pub async fn follow(&self) {
        let size = *self.app.ledger.published().borrow();
        while self.app.catalog.position().await.unwrap() < size {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
