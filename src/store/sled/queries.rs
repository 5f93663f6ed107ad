//! The questions people and workers ask of the catalog.

use super::codec;
use super::failure::Failure;
use super::trees::Trees;
use crate::domain::Digest;
use crate::store::catalog::{RowStatus, ScanRow};

impl Trees {
    /// Rows of one status by receipt, see [`crate::store::catalog::Catalog::list`]. A scan whose status
    /// changes while the list is read is left out.
    pub fn list(
        &self,
        status: RowStatus,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ScanRow>, Failure> {
        let mut rows = Vec::new();
        let Some(first) = after.map_or(Some(0), |index| index.checked_add(1)) else {
            return Ok(rows);
        };
        let range = codec::status_key(status, first)..=codec::status_key(status, u64::MAX);
        for entry in self.by_status.range(range).values() {
            if rows.len() >= limit {
                break;
            }
            let scan = codec::decode_digest(&entry?)?;
            rows.extend(self.row(&scan)?.filter(|row| row.status == status));
        }
        Ok(rows)
    }

    /// Scans whose digest begins with `prefix`, in order. The order of the keys is that of the digits.
    pub fn with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Digest>, Failure> {
        let prefix = prefix.to_ascii_lowercase();
        let mut scans = Vec::new();
        let Ok(first) = format!("{prefix:0<64}").parse::<Digest>() else {
            return Ok(scans);
        };
        for key in self.rows.range(first.as_bytes().as_slice()..).keys() {
            let scan = codec::decode_digest(&key?)?;
            if scans.len() >= limit || !scan.to_string().starts_with(&prefix) {
                break;
            }
            scans.push(scan);
        }
        Ok(scans)
    }

    /// The output remembered for a stage key over an input.
    pub fn memo(&self, key: &Digest, input: &Digest) -> Result<Option<Digest>, Failure> {
        let output = self.memos.get(codec::memo_key(key, input))?;
        output.as_deref().map(codec::decode_digest).transpose()
    }

    /// Remembers an output. Has its turn like every writer, so that a reset forgets all or nothing of it.
    pub fn remember(&self, key: &Digest, input: &Digest, output: &Digest) -> Result<(), Failure> {
        let _turn = self.writing();
        self.memos
            .insert(codec::memo_key(key, input).as_slice(), output.as_bytes())?;
        Ok(())
    }
}
