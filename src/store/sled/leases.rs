//! Claims on waiting scans.

use std::collections::HashMap;

use super::codec::{self, Work};
use super::failure::Failure;
use super::trees::{Change, Trees};
use crate::domain::{Digest, Timestamp};
use crate::store::catalog::{Lease, RowStatus};

impl Trees {
    /// Claims waiting scans, see [`crate::store::catalog::Catalog::claim`]. Walks past the scans that are
    /// claimed or not due, so it is as long as these are many.
    pub fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        ttl_millis: i64,
    ) -> Result<Vec<Lease>, Failure> {
        let _turn = self.writing();
        let mut meta = self.meta()?;
        let mut change = Change::default();
        let mut leases = Vec::new();
        if limit == 0 || meta.counts.pending == 0 {
            return Ok(leases);
        }
        let known = self.all_work()?;
        let pending = [codec::status_byte(RowStatus::Pending)];
        for entry in self.by_status.scan_prefix(pending).values() {
            if leases.len() >= limit {
                break;
            }
            let scan = codec::decode_digest(&entry?)?;
            let before = known.get(&scan);
            if before.is_some_and(|work| work.due() > now) {
                continue;
            }
            let lease = Lease {
                scan,
                token: meta.next_token,
                attempt: before.map_or(0, |work| work.attempts).saturating_add(1),
                until: now.plus_millis(ttl_millis),
            };
            meta.next_token = meta.next_token.saturating_add(1);
            let work = Work {
                attempts: lease.attempt,
                token: Some(lease.token),
                due_millis: lease.until.as_millis(),
            };
            change.work.insert(scan.as_bytes(), codec::encode(&work)?);
            leases.push(lease);
        }
        if !leases.is_empty() {
            self.commit(&change, &meta)?;
        }
        Ok(leases)
    }

    /// Extends a lease that is still held.
    pub fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease, Failure> {
        let _turn = self.writing();
        let mut work = self.held_work(lease)?;
        work.due_millis = until.as_millis();
        self.write_work(&lease.scan, &work)?;
        Ok(Lease {
            until,
            ..lease.clone()
        })
    }

    /// Gives a lease back.
    pub fn release(&self, lease: &Lease, retry_at: Timestamp) -> Result<(), Failure> {
        let _turn = self.writing();
        let mut work = self.held_work(lease)?;
        work.token = None;
        work.due_millis = retry_at.as_millis();
        self.write_work(&lease.scan, &work)
    }

    /// Gives back every lease and takes back the attempts they counted.
    pub fn release_all(&self, now: Timestamp) -> Result<u64, Failure> {
        let _turn = self.writing();
        let mut change = Change::default();
        let mut released = 0;
        for (scan, mut work) in self.all_work()? {
            if work.token.take().is_none() {
                continue;
            }
            work.attempts = work.attempts.saturating_sub(1);
            work.due_millis = now.as_millis();
            change.work.insert(scan.as_bytes(), codec::encode(&work)?);
            released += 1;
        }
        if released > 0 {
            self.commit(&change, &self.meta()?)?;
        }
        Ok(released)
    }

    fn held_work(&self, lease: &Lease) -> Result<Work, Failure> {
        let bytes = self.work.get(lease.scan.as_bytes())?;
        let work: Work = codec::decode(&bytes.ok_or(Failure::LeaseLost)?)?;
        if work.token != Some(lease.token) {
            return Err(Failure::LeaseLost);
        }
        Ok(work)
    }

    fn write_work(&self, scan: &Digest, work: &Work) -> Result<(), Failure> {
        let mut change = Change::default();
        change.work.insert(scan.as_bytes(), codec::encode(work)?);
        self.commit(&change, &self.meta()?)
    }

    /// There are as many as scans in work or waiting for another try.
    fn all_work(&self) -> Result<HashMap<Digest, Work>, Failure> {
        let mut known = HashMap::new();
        for entry in self.work.iter() {
            let (scan, work) = entry?;
            known.insert(codec::decode_digest(&scan)?, codec::decode(&work)?);
        }
        Ok(known)
    }
}
