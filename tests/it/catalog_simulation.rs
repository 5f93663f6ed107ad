//! A seeded simulation of the catalog on sled: random histories, claims and memos with clean restarts and crash
//! images, held against the catalog in memory.

use std::path::PathBuf;
use std::sync::Arc;

use counterfoil::domain::Digest;
use counterfoil::ledger::Projection;
use counterfoil::store::catalog::{Catalog, Lease};
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::sled::SledCatalog;

use crate::catalog_facts::{
    Facts, at, copy_folder, derived, held, name, open, read, received, requeued, sealed,
};
use crate::support::Random;

/// One run of the simulation: the same calls to the catalog on sled and to the one in memory.
struct Simulation {
    seeded: Random,
    facts: Facts,
    memory: MemoryCatalog,
    place: tempfile::TempDir,
    generation: u32,
    sled: Option<Arc<SledCatalog>>,
    /// Ours and the model's; their tokens differ.
    leases: Vec<(Lease, Lease)>,
    now: i64,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        let sled = Arc::new(open(&place.path().join("0")));
        Self {
            seeded: Random::new(seed),
            facts: Facts::default(),
            memory: MemoryCatalog::new(),
            place,
            generation: 0,
            sled: Some(sled),
            leases: Vec::new(),
            now: 0,
        }
    }

    fn sled(&self) -> Arc<SledCatalog> {
        Arc::clone(self.sled.as_ref().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join(self.generation.to_string())
    }

    async fn step(&mut self) {
        self.now += self.seeded.below(40) as i64;
        match self.seeded.below(20) {
            0..=7 => self.apply().await,
            8..=11 => self.claim().await,
            12..=14 => self.give_back().await,
            15..=16 => self.remember().await,
            17 => self.close_and_open().await,
            18 => self.crash().await,
            _ => self.compare().await,
        }
    }

    async fn apply(&mut self) {
        let from = self.facts.0.len();
        for _ in 0..self.seeded.below(12) {
            let scan = self.seeded.below(60) as u32;
            let event = match self.seeded.below(9) {
                0..=3 => received(scan, None),
                8 => read(&self.seeded.below(3).to_string()),
                4..=5 => sealed(&self.seeded.below(3).to_string()),
                6 => held(),
                _ => requeued(),
            };
            self.facts.on(scan, event);
        }
        let overlap = self.seeded.below(from as u64 + 1).min(5) as usize;
        let from = from - overlap;
        let batch = &self.facts.0[from..];
        self.memory.apply(from as u64, batch).await.unwrap();
        self.sled().apply(from as u64, batch).await.unwrap();
    }

    async fn claim(&mut self) {
        let limit = self.seeded.below(5) as usize;
        let ttl = self.seeded.below(200) as i64;
        let ours = self.sled().claim(limit, at(self.now), ttl).await.unwrap();
        let model = self.memory.claim(limit, at(self.now), ttl).await.unwrap();
        let scans = |leases: &[Lease]| -> Vec<_> {
            let leases = leases.iter();
            leases
                .map(|lease| (lease.scan, lease.attempt, lease.until))
                .collect()
        };
        assert_eq!(scans(&ours), scans(&model));
        self.leases.extend(ours.into_iter().zip(model));
    }

    async fn give_back(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let chosen = self.seeded.below(self.leases.len() as u64) as usize;
        let (ours, model) = &self.leases[chosen];
        let until = at(self.now + self.seeded.below(100) as i64);
        if self.seeded.below(2) == 0 {
            let ours = self.sled().renew(ours, until).await;
            let model = self.memory.renew(model, until).await;
            assert_eq!(ours.is_ok(), model.is_ok());
        } else {
            let ours = self.sled().release(ours, until).await;
            let model = self.memory.release(model, until).await;
            assert_eq!(ours.is_ok(), model.is_ok());
        }
    }

    async fn remember(&mut self) {
        let [key, input, output] = [0; 3].map(|_| name(self.seeded.below(6) as u32));
        self.sled().remember(&key, &input, &output).await.unwrap();
        self.memory.remember(&key, &input, &output).await.unwrap();
        let asked: Digest = name(self.seeded.below(6) as u32);
        let ours = self.sled().memo(&asked, &input).await.unwrap();
        assert_eq!(ours, self.memory.memo(&asked, &input).await.unwrap());
    }

    /// Nothing is lost by closing: leases, attempts and memos included.
    async fn close_and_open(&mut self) {
        drop(self.sled.take());
        self.sled = Some(Arc::new(open(&self.folder())));
        self.compare().await;
    }

    /// The files as they lie at some instant become the catalog; what was only in memory is gone.
    async fn crash(&mut self) {
        let from = self.folder();
        self.generation += 1;
        copy_folder(&from, &self.folder());
        drop(self.sled.take());
        let opened = SledCatalog::open(&self.folder()).unwrap();
        let catalog = Arc::new(opened.catalog);
        let position = catalog.position().await.unwrap();
        let rest = &self.facts.0[position as usize..];
        catalog.apply(position, rest).await.unwrap();
        self.sled = Some(catalog);
        self.compare().await;
        // Leases may be older than the model's: begin again with both.
        self.leases.clear();
        self.sled().reset().await.unwrap();
        self.sled().apply(0, &self.facts.0).await.unwrap();
        self.memory.reset().await.unwrap();
        self.memory.apply(0, &self.facts.0).await.unwrap();
    }

    async fn compare(&mut self) {
        let sled = self.sled();
        assert_eq!(derived(&*sled).await, derived(&self.memory).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_with_crashes_equal_the_model() {
    for seed in 0..24 {
        println!("seed {seed}");
        let mut simulation = Simulation::new(seed);
        for _ in 0..60 {
            simulation.step().await;
        }
        simulation.compare().await;
    }
}
