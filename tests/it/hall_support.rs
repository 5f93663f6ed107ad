//! A hall in memory for the tests of its rules: the real ledger and use cases, a clock that is moved, and the fixture
//! catalogue.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use counterfoil::counter::catalogue::{Catalogue, read_catalogue};
use counterfoil::counter::{Ask, Counter, CounterError, Imported};
use counterfoil::domain::hall::Mandate;
use counterfoil::domain::time::{Clock, ManualClock};
use counterfoil::domain::{
    Actor, CaseNo, Digest, Event, Fact, RequestId, SiteCode, Subject, TaskCode, Timestamp,
    WindowCode,
};
use counterfoil::ledger::{Decline, Ledger, Reads, Receipt};
use counterfoil::store::MemoryLedger;
use counterfoil::store::blob::Blobs;
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::vault::Vault;
use object_store::memory::InMemory;

use crate::blob_laws::keys;
use crate::ledger_support::{ORIGIN, signer};

/// A Monday morning within the hours of the fixture's tidal window.
pub const MONDAY: &str = "2026-03-02T10:00:00+08:00";

pub struct Hall {
    pub counter: Counter,
    clock: Arc<ManualClock>,
    asked: std::sync::atomic::AtomicU32,
}

impl Hall {
    /// An empty hall at an instant.
    pub async fn empty(at: &str) -> Self {
        let clock = Arc::new(ManualClock::new(instant(at)));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Arc::new(MemoryLedger::new());
        let ledger = Ledger::open(store, signer(1), time.clone(), ORIGIN).await;
        let objects = Arc::new(InMemory::new());
        let counter = Counter::new(
            Arc::new(ledger.unwrap()),
            Arc::new(Blobs::new(objects.clone(), keys(1))),
            Arc::new(Vault::new(objects, keys(1))),
            Arc::new(MemoryCatalog::default()),
            time,
        );
        Self {
            counter,
            clock,
            asked: Default::default(),
        }
    }

    /// The fixture hall at an instant.
    pub async fn at(at: &str) -> Self {
        let hall = Self::empty(at).await;
        hall.import(&fixture()).await;
        hall
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn move_to(&self, at: &str) {
        let forward = instant(at).as_millis() - self.now().as_millis();
        assert!(forward >= 0, "the clock only goes forward");
        self.clock.advance_millis(forward);
    }

    /// A request of its own.
    pub fn ask(&self) -> Ask {
        let number = self
            .asked
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ask {
            by: Actor::new("staff:w-0117").unwrap(),
            request: RequestId::new(format!("r/{number}")).unwrap(),
            expected: None,
            occurred: None,
        }
    }

    pub async fn import(&self, catalogue: &Catalogue) -> Imported {
        let imported = self
            .counter
            .import(&self.ask(), catalogue, self.now())
            .await;
        imported.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Concludes a mandate within a decision of the real ledger and records a fact that rests on it.
    pub async fn act(
        &self,
        at: (&str, &str),
        task: &TaskCode,
        conclude: impl Fn(
            &counterfoil::domain::hall::HallBooks,
            Timestamp,
        ) -> Result<Mandate, counterfoil::domain::hall::HallRefusal>,
    ) -> Result<(Mandate, Receipt), CounterError> {
        let (site, _) = place(at);
        let made = std::sync::Mutex::new(None);
        let ask = self.ask();
        let recorded = self
            .counter
            .ledger
            .record(ask.request, &ask.by, |reads, now| {
                let books = counterfoil::counter::books(reads, &site, task)?;
                let mandate = conclude(&books, now)?;
                *made.lock().unwrap() = Some(mandate);
                Ok(vec![stand_in()])
            });
        let receipt = recorded.await?;
        Ok((made.into_inner().unwrap().unwrap(), receipt))
    }

    /// A window receives a new case.
    pub async fn receive(
        &self,
        at: (&str, &str),
        task: &TaskCode,
    ) -> Result<Mandate, CounterError> {
        let (_, window) = place(at);
        let acted = self.act(at, task, |books, now| books.may_receive(&window, now));
        Ok(acted.await?.0)
    }

    /// A window hands out the result of a case that pinned `version`.
    pub async fn issue(
        &self,
        at: (&str, &str),
        task: &TaskCode,
        version: u32,
    ) -> Result<Mandate, CounterError> {
        let (_, window) = place(at);
        let acted = self.act(at, task, |books, now| {
            books.may_issue(&window, version, now)
        });
        Ok(acted.await?.0)
    }

    /// Records what `decide` decides, or gives the refusal.
    pub async fn record(
        &self,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Receipt, CounterError> {
        let ask = self.ask();
        Ok(self
            .counter
            .ledger
            .record(ask.request, &ask.by, decide)
            .await?)
    }
}

/// A fact that stands for the receipt: what it says does not matter here.
pub fn stand_in() -> Fact {
    let case = CaseNo::new("2026-1").unwrap();
    Fact::new(
        Subject::Scan(Digest::of("paper")),
        Event::ScanFiled { case },
    )
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn place((site, window): (&str, &str)) -> (SiteCode, WindowCode) {
    (site.parse().unwrap(), window.parse().unwrap())
}

/// The code a use case was refused with.
pub fn code<T: std::fmt::Debug>(result: Result<T, CounterError>) -> String {
    match result {
        Err(CounterError::Refused(refusal)) => {
            assert!(!refusal.zh.is_empty() && !refusal.en.is_empty());
            refusal.code
        }
        other => panic!("not refused: {other:?}"),
    }
}

pub fn fixture_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalogue")
}

pub fn fixture() -> Catalogue {
    read_catalogue(&fixture_path()).unwrap_or_else(|error| panic!("{error}"))
}

/// The fixture item whose file is called like this.
pub fn task(file: &str) -> TaskCode {
    let name = format!("{file}.toml");
    let items = fixture().items;
    let mut items = items.iter();
    let found = items.find(|item| item.file.ends_with(&format!("/{name}")));
    found.unwrap().item.task_code.clone()
}

/// A copy of the fixture catalogue with some files changed.
pub fn changed(changes: &[(&str, &dyn Fn(String) -> String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture_path(), folder.path());
    for (file, change) in changes {
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let new = change(text.clone());
        assert_ne!(text, new, "{file} is not changed");
        std::fs::write(path, new).unwrap();
    }
    folder
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
