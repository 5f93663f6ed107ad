//! What the tests of people share: a hall in memory with a clock that is moved by hand, and quick ways to have people in
//! it.

use std::net::IpAddr;
use std::sync::Arc;

use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{
    Actor, Clock, DepartmentCode, RequestId, SiteCode, StaffId, Subject, Timestamp,
};
use counterfoil::ledger::{Ledger, LedgerStore};
use counterfoil::people::{
    HashCost, NewPerson, Order, PasskeySettings, People, PeopleError, PeopleParts, PeopleSettings,
    SecretText, SignedIn,
};
use counterfoil::store::MemoryLedger;
use counterfoil::store::keys::{MasterKey, MasterKeys};
use counterfoil::store::vault::Vault;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use totp_rs::{Builder, Secret};

use crate::ledger_support::{ORIGIN, signer};

pub const PASSWORD: &str = "correct horse battery";
pub const OTHER_PASSWORD: &str = "staple of another kind";
pub const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

/// A hall in memory.
pub struct Hall {
    pub people: People,
    pub clock: Arc<ManualClock>,
    pub ledger: Arc<Ledger>,
    pub objects: Arc<InMemory>,
    store: Arc<dyn LedgerStore>,
    settings: PeopleSettings,
    requests: std::sync::atomic::AtomicU64,
}

pub fn quick_settings() -> PeopleSettings {
    PeopleSettings {
        hall: "存根".to_owned(),
        // The true cost is what a person waits for; the tests sign in hundreds of times.
        hash: HashCost {
            memory_kib: 64,
            passes: 1,
        },
        passkeys: Some(PasskeySettings {
            origin: "https://hall.example".to_owned(),
        }),
        ..PeopleSettings::default()
    }
}

impl Hall {
    pub async fn new() -> Self {
        Self::with(quick_settings()).await
    }

    pub async fn with(settings: PeopleSettings) -> Self {
        let start: Timestamp = "2026-11-23T00:30:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let store: Arc<dyn LedgerStore> = Arc::new(MemoryLedger::new());
        let objects = Arc::new(InMemory::new());
        let (ledger, people) = open(&store, &objects, &clock, &settings).await;
        Self {
            people,
            clock,
            ledger,
            objects,
            store,
            settings,
            requests: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Ends the process and starts another on the same stores.
    pub async fn restart(&mut self) {
        self.ledger.close().await;
        let opened = open(&self.store, &self.objects, &self.clock, &self.settings).await;
        (self.ledger, self.people) = opened;
    }

    pub fn advance(&self, millis: i64) {
        self.clock.advance_millis(millis);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new request of the operator.
    pub fn order(&self) -> Order {
        self.order_of("cli:operator")
    }

    /// A new request of someone.
    pub fn order_of(&self, by: &str) -> Order {
        let counter = &self.requests;
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Order {
            by: Actor::new(by).unwrap(),
            request: RequestId::new(format!("test/{number}")).unwrap(),
            expected: None,
        }
    }

    /// Enrols someone with [`PASSWORD`] and the roles given.
    pub async fn enrol(&self, id: &str, grants: &[Grant]) -> StaffId {
        let staff = staff(id);
        let person = new_person(id, Some(PASSWORD), false, grants);
        self.people.enrol(&self.order(), &person).await.unwrap();
        staff
    }

    /// Enrols a person, gives them an authenticator app, and brings them fully in.
    pub async fn enrol_with_app(&self, id: &str, grants: &[Grant]) -> (StaffId, App, SignedIn) {
        let staff = self.enrol(id, grants).await;
        let session = self.sign_in(id).await.unwrap();
        let uri = self.people.begin_totp(&session.token).await.unwrap();
        let app = App::scan(&uri);
        let code = app.code(self.now());
        let session = self
            .people
            .finish_totp(&session.token, &code, ADDRESS)
            .await
            .unwrap();
        (staff, app, session)
    }

    /// Signs in with [`PASSWORD`].
    pub async fn sign_in(&self, id: &str) -> Result<SignedIn, PeopleError> {
        let password = SecretText::new(PASSWORD);
        self.people.sign_in(id, &password, ADDRESS).await
    }

    /// Every stored fact about a person, as text.
    pub async fn facts(&self, id: &str) -> Vec<String> {
        let history = self.ledger.history(&Subject::Staff(staff(id))).await;
        let history = history.unwrap();
        let texts = history
            .iter()
            .map(|fact| String::from_utf8(fact.bytes.to_vec()));
        texts.map(Result::unwrap).collect()
    }

    /// The vault over the same store.
    pub fn vault(&self) -> Arc<Vault> {
        let keys = MasterKeys::new(MasterKey::from_secret(&[7; 32]));
        Arc::new(Vault::new(self.objects.clone(), keys))
    }

    /// How many vault records a person has.
    pub async fn records(&self, id: &str) -> usize {
        use futures::StreamExt as _;
        let folder = object_store::path::Path::from(format!("vault/staff/{id}"));
        self.objects.list(Some(&folder)).count().await
    }
}

async fn open(
    store: &Arc<dyn LedgerStore>,
    objects: &Arc<InMemory>,
    clock: &Arc<ManualClock>,
    settings: &PeopleSettings,
) -> (Arc<Ledger>, People) {
    let clock: Arc<dyn Clock> = clock.clone();
    let ledger = Ledger::open(store.clone(), signer(1), clock.clone(), ORIGIN).await;
    let ledger = Arc::new(ledger.unwrap());
    let keys = MasterKeys::new(MasterKey::from_secret(&[7; 32]));
    let objects: Arc<dyn ObjectStore> = objects.clone();
    let parts = PeopleParts {
        ledger: ledger.clone(),
        vault: Arc::new(Vault::new(objects, keys)),
        clock,
    };
    (ledger, People::new(parts, settings.clone()).unwrap())
}

/// An authenticator app.
pub struct App(Vec<u8>);

impl App {
    /// Scans the QR code.
    pub fn scan(uri: &SecretText) -> Self {
        let secret = uri.expose().split("secret=").nth(1).unwrap();
        let secret = secret.split('&').next().unwrap();
        Self(Secret::try_from_base32(secret).unwrap().as_bytes().to_vec())
    }

    /// What it shows.
    pub fn code(&self, now: Timestamp) -> SecretText {
        let secret = Secret::new(self.0.as_slice().into());
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let seconds = now.as_millis() as u64 / 1000;
        SecretText::new(totp.generate(seconds).to_string())
    }
}

pub fn staff(id: &str) -> StaffId {
    StaffId::new(id).unwrap()
}

pub fn new_person(
    id: &str,
    password: Option<&str>,
    temporary: bool,
    grants: &[Grant],
) -> NewPerson {
    NewPerson {
        staff: staff(id),
        name: SecretText::new(format!("张{id}")),
        password: password.map(SecretText::new),
        temporary,
        grants: grants.to_vec(),
    }
}

pub fn clerk(site: &str) -> Grant {
    Grant {
        role: Role::Clerk,
        scope: Scope::Site {
            site: SiteCode::new(site).unwrap(),
        },
    }
}

pub fn officer(department: &str) -> Grant {
    Grant {
        role: Role::DepartmentOfficer,
        scope: Scope::Department {
            department: DepartmentCode::new(department).unwrap(),
        },
    }
}

pub fn chief(department: &str) -> Grant {
    Grant {
        role: Role::ChiefRepresentative,
        scope: Scope::Department {
            department: DepartmentCode::new(department).unwrap(),
        },
    }
}

pub fn administrator(role: Role) -> Grant {
    Grant {
        role,
        scope: Scope::Hall,
    }
}
