//! The composition root: the only file that names adapters. It turns a valid configuration into the parts a
//! command needs, and is the only place that reads the system clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::{CatalogStore, Config, LedgerStoreKind};
use crate::domain::{Clock, Digest, Problem, Timestamp};
use crate::ledger::{Ledger, LedgerError, LedgerStore, LogSigner, StoreError};
use crate::records::Records;
use crate::search::SearchIndex;
use crate::store::blob::{BlobError, Blobs};
use crate::store::catalog::Catalog;
use crate::store::keys::{KeyError, MasterKeys};
use crate::store::vault::Vault;
