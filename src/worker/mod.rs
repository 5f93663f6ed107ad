//! The child process that touches outside bytes, and its keeper. Here live the frames the two exchange, the
//! child's loop, and the host that spawns, watches, kills and respawns it. Nothing here knows a case, a store
//! or the ledger; the parent's side never decodes anything but its own JSON, and pixels never travel.

mod answer;
pub mod child;
pub mod document;
pub mod host;
pub mod memory;
pub mod pool;
pub mod printer;
pub mod process;
pub mod protocol;
mod reading;
mod tail;

pub use answer::{Checked, Loaded, PageRead, WorkerError};
pub use host::WorkerHost;
pub use pool::{Checkout, WorkerPool};
pub use printer::{Printed, Printer};
pub use process::{StageTime, WorkerOptions};
