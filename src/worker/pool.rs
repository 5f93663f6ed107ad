//! A fixed number of keepers, lent in the order they were asked for.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::WorkerError;
use super::host::WorkerHost;
use super::process::{WorkerCounts, WorkerOptions};

/// Keepers of children, at least one.
pub struct WorkerPool {
    size: usize,
    idle: Mutex<Vec<WorkerHost>>,
    permits: Arc<Semaphore>,
    options: Arc<WorkerOptions>,
    counts: Arc<WorkerCounts>,
}

/// A keeper on loan; it goes back when dropped.
pub struct Checkout {
    host: WorkerHost,
    pool: Arc<WorkerPool>,
    // Declared last: the keeper is back in the pool before the next borrower wakes.
    _permit: OwnedSemaphorePermit,
}

impl WorkerPool {
    /// A pool of `size` keepers (at least one). Children start with their first job.
    pub fn new(options: WorkerOptions, size: usize) -> Arc<Self> {
        let size = size.max(1);
        Arc::new(Self {
            size,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(size)),
            options: Arc::new(options),
            counts: Arc::new(WorkerCounts::default()),
        })
    }

    /// Waits for a free keeper; first come, first served.
    pub async fn checkout(self: &Arc<Self>) -> Result<Checkout, WorkerError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| WorkerError::Spawn {
            reason: error.to_string(),
        })?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let host = idle.unwrap_or_else(|| self.new_host());
        Ok(Checkout {
            host,
            pool: Arc::clone(self),
            _permit: permit,
        })
    }

    fn new_host(&self) -> WorkerHost {
        WorkerHost::new(Arc::clone(&self.options), Arc::clone(&self.counts))
    }

    /// How many keepers there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the children did so far.
    pub fn counts(&self) -> &WorkerCounts {
        &self.counts
    }

    /// The most resident bytes seen in any child.
    pub fn peak_resident(&self) -> u64 {
        self.counts.peak_resident.load(Ordering::Relaxed)
    }
}

impl Deref for Checkout {
    type Target = WorkerHost;

    fn deref(&self) -> &WorkerHost {
        &self.host
    }
}

impl DerefMut for Checkout {
    fn deref_mut(&mut self) -> &mut WorkerHost {
        &mut self.host
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let empty = self.pool.new_host();
        let mut host = std::mem::replace(&mut self.host, empty);
        host.unload();
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.push(host);
    }
}
