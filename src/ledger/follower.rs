//! The follower: brings projections up to the published log and keeps them there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::LedgerError;
use super::log::Ledger;
use super::store::{Projection, ProjectionError};

/// Facts handed to a projection at once.
const APPLY_FACTS: usize = 512;

/// The pause after a projection's first failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A projection did not get where it should.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The projection failed; it stays where it was.
    #[error("projection {name} failed: {error}")]
    Projection {
        /// Its name.
        name: &'static str,
        /// What it said.
        error: ProjectionError,
    },
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No such projection is followed.
    #[error("no projection is called {name}")]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The follower was stopped before the projection got there.
    #[error("the follower is stopped")]
    Stopped,
}

/// Applies every published fact that `projection` has not seen and gives its new position. A projection that is ahead
/// of the log belongs to another one: it is reset and built from the first fact.
pub async fn catch_up(ledger: &Ledger, projection: &dyn Projection) -> Result<u64, FollowError> {
    catch_up_telling(ledger, projection, |_| {}).await
}

async fn catch_up_telling(
    ledger: &Ledger,
    projection: &dyn Projection,
    tell: impl Fn(u64),
) -> Result<u64, FollowError> {
    let name = projection.name();
    let failed = |error| FollowError::Projection { name, error };
    let mut position = projection.position().await.map_err(failed)?;
    let published = ledger.published();
    if position > *published.borrow() {
        tracing::warn!(
            projection = name,
            position,
            "the projection is ahead of the log and is built again"
        );
        projection.reset().await.map_err(failed)?;
        position = projection.position().await.map_err(failed)?;
    }
    tell(position);
    loop {
        let facts = ledger.entries(position, APPLY_FACTS).await?;
        if facts.is_empty() {
            return Ok(position);
        }
        projection.apply(position, &facts).await.map_err(failed)?;
        position += facts.len() as u64;
        tell(position);
    }
}

/// Keeps projections up to date, each in a task of its own, so that a failing one holds up no other.
pub struct Follower {
    followed: Vec<Followed>,
    stop: watch::Sender<bool>,
}

struct Followed {
    name: &'static str,
    position: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Starts following.
    pub fn spawn(ledger: &Ledger, projections: Vec<Arc<dyn Projection>>) -> Self {
        let stop = watch::Sender::new(false);
        let mut followed = Vec::with_capacity(projections.len());
        for projection in projections {
            let name = projection.name();
            let (told, position) = watch::channel(0);
            let work = follow(ledger.clone(), projection, told, stop.subscribe());
            followed.push(Followed {
                name,
                position,
                task: tokio::spawn(work),
            });
        }
        Self { followed, stop }
    }

    /// Where every projection stands: the index of the next fact it has not applied.
    pub fn positions(&self) -> Vec<(&'static str, u64)> {
        let all = self.followed.iter();
        all.map(|one| (one.name, *one.position.borrow())).collect()
    }

    /// Waits until the projection called `name` has applied fact `index`. It waits as long as that takes: callers put
    /// their own deadline around it.
    pub async fn wait_for(&self, name: &str, index: u64) -> Result<(), FollowError> {
        let found = self.followed.iter().find(|one| one.name == name);
        let found = found.ok_or_else(|| FollowError::Unknown {
            name: name.to_owned(),
        })?;
        let mut position = found.position.clone();
        let reached = position.wait_for(|position| *position > index).await;
        reached.map(|_| ()).map_err(|_| FollowError::Stopped)
    }

    /// Stops after the batches being applied.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for one in self.followed {
            if let Err(error) = one.task.await {
                tracing::error!(projection = one.name, %error, "following ended abnormally");
            }
        }
    }
}

async fn follow(
    ledger: Ledger,
    projection: Arc<dyn Projection>,
    told: watch::Sender<u64>,
    mut stop: watch::Receiver<bool>,
) {
    let mut published = ledger.published();
    let mut pause = FIRST_PAUSE;
    loop {
        published.mark_unchanged();
        let tell = |position| {
            told.send_replace(position);
        };
        let caught_up = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            caught_up = catch_up_telling(&ledger, projection.as_ref(), tell) => caught_up,
        };
        let wait = match caught_up {
            Ok(_) => {
                pause = FIRST_PAUSE;
                None
            }
            Err(error) => {
                tracing::warn!(projection = projection.name(), %error, retry_in = ?pause, "a projection could not be brought up to date");
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(wait)
            }
        };
        let resume = async {
            match wait {
                Some(wait) => {
                    tokio::time::sleep(wait).await;
                    true
                }
                None => published.changed().await.is_ok(),
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            go_on = resume => if !go_on { return },
        }
    }
}
