//! A hall in memory that is transferred month by month: the real use cases over the real ledger, a clock moved by hand,
//! a process that can be killed before or after what it wrote was kept, and people with signing keys.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use counterfoil::counter::{Ask, Counter, CounterError, placing};
use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::catalogue::{MetBy, ServiceItem, Weight};
use counterfoil::domain::custody::Side;
use counterfoil::domain::hall::{SiteEvent, SiteLevel};
use counterfoil::domain::staff::{PublicKey, StaffEvent};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::*;
use counterfoil::ledger::{
    Batch, Decline, Ledger, LedgerError, LedgerStore, Projection, Receipt, Recorded, StoreError,
    catch_up,
};
use counterfoil::merkle::{Hash, NodeId};
use counterfoil::store::MemoryLedger;
use counterfoil::store::blob::Blobs;
use counterfoil::store::lists::Listing;
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::objects::{Objects, S3Options};
use counterfoil::store::vault::Vault;
use tokio::sync::watch;

use crate::blob_laws::keys;
use crate::case_kit::{code, material, plain, quick};
use crate::custody_kit::{Person, department, key_of, site};
use crate::ledger_support::{ORIGIN, request, signer};

pub const SITES: [&str; 3] = ["CENTRE", "HARBOUR", "VILLAGE"];
pub const DEPARTMENTS: [&str; 8] = [
    "market", "housing", "health", "tax", "water", "school", "forest", "traffic",
];

/// What happens to an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is kept, and it fails.
    FailsBefore,
    /// It is kept, and fails nevertheless.
    FailsAfter,
    /// The process is killed before anything is kept.
    DiesBefore,
    /// The process is killed when it was kept, before anybody was told.
    DiesAfter,
}

pub const FAULTS: [Fault; 4] = [
    Fault::FailsBefore,
    Fault::FailsAfter,
    Fault::DiesBefore,
    Fault::DiesAfter,
];

/// The store as one process sees it. What it kept outlives the process.
struct Process {
    kept: Arc<MemoryLedger>,
    /// Appends that go well before one that does not.
    planned: Mutex<Option<(u64, Fault)>>,
    dead: watch::Sender<bool>,
    appends: AtomicU64,
}

fn broken() -> StoreError {
    StoreError::Io(std::io::Error::other("simulated failure"))
}

impl Process {
    fn new(kept: Arc<MemoryLedger>) -> Arc<Self> {
        Arc::new(Self {
            kept,
            planned: Mutex::default(),
            dead: watch::Sender::new(false),
            appends: AtomicU64::new(0),
        })
    }

    /// A dead process writes nothing any more.
    fn alive(&self) -> Result<(), StoreError> {
        match *self.dead.borrow() {
            true => Err(broken()),
            false => Ok(()),
        }
    }

    /// The fault of this append, if it is its turn.
    fn turn(&self) -> Option<Fault> {
        let mut planned = self.planned.lock().unwrap();
        match planned.as_mut() {
            Some((0, fault)) => {
                let fault = *fault;
                *planned = None;
                Some(fault)
            }
            Some((ahead, _)) => {
                *ahead -= 1;
                None
            }
            None => None,
        }
    }
}

#[async_trait]
impl LedgerStore for Process {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.kept.checkpoint().await
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        self.kept.checkpoints(after, limit).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.alive()?;
        self.appends.fetch_add(1, Ordering::SeqCst);
        let fault = self.turn();
        if !matches!(fault, Some(Fault::FailsBefore | Fault::DiesBefore)) {
            self.kept.append(batch).await?;
        }
        if matches!(fault, Some(Fault::DiesBefore | Fault::DiesAfter)) {
            self.dead.send_replace(true);
        }
        fault.map_or(Ok(()), |_| Err(broken()))
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.kept.entries(from, limit).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        self.kept.history(subject).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        self.kept.hashes(nodes).await
    }
}

/// The hall: what outlives a process, and the process that runs.
pub struct Hall {
    pub clock: Arc<ManualClock>,
    pub kept: Arc<MemoryLedger>,
    pub counter: Counter,
    pub people: Vec<Person>,
    pub items: Vec<(ServiceItem, Digest)>,
    /// What went wrong, and how often.
    pub tally: BTreeMap<String, u64>,
    /// Milliseconds after which somebody asks again.
    pub pause: i64,
    blobs: Arc<Blobs>,
    vault: Arc<Vault>,
    catalog: Arc<MemoryCatalog>,
    process: Arc<Process>,
}

fn new_catalog(kept: &Arc<MemoryLedger>) -> Arc<MemoryCatalog> {
    let store: Arc<dyn LedgerStore> = kept.clone();
    Arc::new(MemoryCatalog::new().with_listing(Listing::new(store, placing)))
}

/// The clock's own actor.
pub fn system() -> Actor {
    Actor::new("system:clock").unwrap()
}

pub fn ask(name: &str) -> Ask {
    Ask {
        by: Actor::new("cli:tester").unwrap(),
        request: request(name),
        expected: None,
        occurred: None,
    }
}

/// Two clerks, an archivist and a supervisor a site; two officers a department.
fn everybody() -> Vec<(Person, Role)> {
    let mut people = Vec::new();
    let mut add = |id: String, role, side| people.push((Person::new(&id, role, side), role));
    for at in SITES {
        add(format!("{at}-c1"), Role::Clerk, site(at));
        add(format!("{at}-c2"), Role::Clerk, site(at));
        add(format!("{at}-a1"), Role::Archivist, site(at));
        add(format!("{at}-s1"), Role::Supervisor, site(at));
    }
    for of in DEPARTMENTS {
        add(format!("{of}-o1"), Role::DepartmentOfficer, department(of));
        add(
            format!("{of}-o2"),
            Role::ChiefRepresentative,
            department(of),
        );
    }
    people
}

fn enrolment(person: &Person, role: Role) -> Vec<Fact> {
    let scope = match &person.side {
        Side::Hall { site } => Scope::Site { site: site.clone() },
        Side::Department { department } => Scope::Department {
            department: department.clone(),
        },
    };
    let events = [
        StaffEvent::Enrolled {
            profile: Commitment(Digest::of("name")),
            credential: None,
            temporary: false,
        },
        StaffEvent::RoleAssigned {
            grant: Grant { role, scope },
        },
        StaffEvent::SigningKeyEnrolled {
            key: key_of(person.id.as_str()),
            public: PublicKey::from_bytes(person.key.verifying_key().to_bytes()),
            sealed: None,
        },
    ];
    let subject = Subject::Staff(person.id.clone());
    let facts = events.map(|event| Fact::new(subject.clone(), Event::Staff { event }));
    facts.to_vec()
}

/// An item a department: its form goes to the lead, its licence to the next department.
fn catalogue() -> Vec<ServiceItem> {
    let next = DEPARTMENTS.iter().cycle().skip(1);
    let items = DEPARTMENTS.iter().zip(next).map(|(lead, next)| {
        let handling = quick(5).handling;
        let mut item = plain(&format!("task-{lead}"), lead, handling);
        let mut licence = material("licence", Weight::Secondary, 1, 0, &[MetBy::PaperKept]);
        licence.transfer_to = Some(code(next));
        item.materials.push(licence);
        item
    });
    items.collect()
}

impl Hall {
    /// A hall with its people and items, at this instant.
    pub async fn open(start: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::new(start));
        let kept = Arc::new(MemoryLedger::new());
        let objects = Objects::open("memory:", &S3Options::default()).await;
        let blobs = Arc::new(Blobs::open(&objects.unwrap(), keys(9)));
        let vault = Arc::new(Vault::beside(&blobs));
        let catalog = new_catalog(&kept);
        let process = Process::new(kept.clone());
        let counter = begin(&process, &blobs, &vault, &catalog, &clock).await;
        for at in SITES {
            let opened = SiteEvent::Opened {
                level: SiteLevel::Centre,
                parent: None,
                definition: Digest::of(at),
            };
            let subject = Subject::Site(at.parse().unwrap());
            let fact = Fact::new(subject, Event::Site { event: opened });
            let name = format!("site/{at}");
            let opened = record(&counter, &ask(&name), |_, _| Ok(vec![fact.clone()])).await;
            opened.unwrap();
        }
        let mut people = Vec::new();
        for (person, role) in everybody() {
            let facts = enrolment(&person, role);
            let name = format!("enrol/{}", person.id);
            let enrolled = record(&counter, &ask(&name), |_, _| Ok(facts.clone())).await;
            enrolled.unwrap();
            people.push(person);
        }
        let mut items = Vec::new();
        for item in catalogue() {
            let stored = blobs.put(&item.to_bytes().unwrap()).await.unwrap();
            items.push((item, stored.digest));
        }
        Self {
            clock,
            kept,
            counter,
            people,
            items,
            tally: BTreeMap::new(),
            pause: 0,
            blobs,
            vault,
            catalog,
            process,
        }
    }

    pub fn person(&self, id: &str) -> &Person {
        let found = self.people.iter().find(|one| one.id.as_str() == id);
        found.unwrap_or_else(|| panic!("nobody is called {id}"))
    }

    /// Starts the process again over what was kept; with `forgetful`, its lists are lost too.
    pub async fn reopen(&mut self, forgetful: bool) {
        self.process.dead.send_replace(true);
        self.process = Process::new(self.kept.clone());
        if forgetful {
            self.catalog = new_catalog(&self.kept);
        }
        let (blobs, vault) = (&self.blobs, &self.vault);
        self.counter = begin(&self.process, blobs, vault, &self.catalog, &self.clock).await;
        self.follow().await;
        let what = if forgetful { "rebuilt" } else { "reopened" };
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    /// Brings the lists up to the log.
    pub async fn follow(&self) {
        let catalog: &dyn Projection = self.catalog.as_ref();
        catch_up(&self.counter.ledger, catalog).await.unwrap();
    }

    /// Lets the append after `ahead` others go wrong.
    pub fn arm(&mut self, ahead: u64, fault: Fault) {
        *self.process.planned.lock().unwrap() = Some((ahead, fault));
    }

    /// Appends of this process so far.
    pub fn appends(&self) -> u64 {
        self.process.appends.load(Ordering::SeqCst)
    }

    /// Does something until it is acknowledged or refused, under one request: after a failure it is asked again, after
    /// the end of the process in the next one.
    pub async fn act<T>(
        &mut self,
        name: &str,
        what: impl AsyncFn(&Counter, &Ask) -> Result<T, CounterError>,
    ) -> Result<T, CounterError> {
        let ask = ask(name);
        loop {
            let mut dead = self.process.dead.subscribe();
            let done = tokio::select! {
                biased;
                _ = dead.wait_for(|dead| *dead) => None,
                done = what(&self.counter, &ask) => Some(done),
            };
            match done {
                None => {
                    self.clock.advance_millis(self.pause);
                    *self.tally.entry("killed".to_owned()).or_default() += 1;
                    self.reopen(false).await;
                }
                Some(Err(CounterError::Ledger(LedgerError::Unavailable { .. }))) => {
                    self.clock.advance_millis(self.pause);
                    *self.tally.entry("failed".to_owned()).or_default() += 1;
                }
                Some(done) => {
                    *self.process.planned.lock().unwrap() = None;
                    self.follow().await;
                    return done;
                }
            }
        }
    }
}

async fn begin(
    process: &Arc<Process>,
    blobs: &Arc<Blobs>,
    vault: &Arc<Vault>,
    catalog: &Arc<MemoryCatalog>,
    clock: &Arc<ManualClock>,
) -> Counter {
    let store: Arc<dyn LedgerStore> = process.clone();
    let time: Arc<dyn Clock> = clock.clone();
    let ledger = Ledger::open(store, signer(1), time.clone(), ORIGIN).await;
    let ledger = Arc::new(ledger.unwrap());
    Counter::new(ledger, blobs.clone(), vault.clone(), catalog.clone(), time)
}

/// Records a decision that is no use case of its own.
pub async fn record(
    counter: &Counter,
    ask: &Ask,
    decide: impl Fn(&mut counterfoil::ledger::Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
) -> Result<Receipt, CounterError> {
    let recorded = counter.ledger.record(ask.request.clone(), &ask.by, decide);
    Ok(recorded.await?)
}
