//! Reading the published log: facts, checkpoints and proofs.

use std::collections::HashMap;

use tokio::sync::watch;

use super::error::LedgerError;
use super::log::Ledger;
use super::store::Recorded;
use crate::domain::Subject;
use crate::merkle::tile::bundle;
use crate::merkle::{Checkpoint, Hash, NodeId, NodePlan, Tile, proof};

impl Ledger {
    /// The size of the published log, now and whenever it grows. Everything below it is durable.
    pub fn published(&self) -> watch::Receiver<u64> {
        self.inner.published.subscribe()
    }

    /// The newest published signed checkpoint.
    pub async fn checkpoint(&self) -> String {
        self.inner.published.newest().1
    }

    /// The signed checkpoint over exactly `size` facts; none where the log never had one.
    pub async fn checkpoint_at(&self, size: u64) -> Result<Option<String>, LedgerError> {
        if size == 0 || size > self.inner.published.size() {
            return Ok(None);
        }
        let found = self.inner.store.checkpoints(size - 1, 1).await?;
        let exact = |note: &String| {
            Checkpoint::parse_unverified(note).is_ok_and(|checkpoint| checkpoint.size == size)
        };
        Ok(found.into_iter().find(exact))
    }

    /// Every published fact about `subject`, oldest first.
    pub async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, LedgerError> {
        let size = self.inner.published.size();
        let mut facts = self.inner.store.history(subject).await?;
        facts.retain(|fact| fact.index < size);
        Ok(facts)
    }

    /// The same for each of many subjects, in the order asked.
    pub async fn histories(&self, subjects: &[Subject]) -> Result<Vec<Vec<Recorded>>, LedgerError> {
        let size = self.inner.published.size();
        let mut found = self.inner.store.histories(subjects).await?;
        for facts in &mut found {
            facts.retain(|fact| fact.index < size);
        }
        Ok(found)
    }

    /// Published facts `from..`, at most `limit`, in order; empty past the end.
    pub async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, LedgerError> {
        let left = self.inner.published.size().saturating_sub(from);
        let limit = usize::try_from(left).unwrap_or(limit).min(limit);
        if limit == 0 {
            return Ok(Vec::new());
        }
        Ok(self.inner.store.entries(from, limit).await?)
    }

    /// Proves that fact `index` is in the log of `size` facts (RFC 6962 §2.1.1). The proof is checked before it is
    /// given.
    pub async fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        let plan = self.plan(size, NodePlan::inclusion(index, size))?;
        let leaf = NodeId { level: 0, index };
        let leaf = self.inner.store.hashes(&[leaf]).await?;
        let leaf = leaf.first().copied();
        let leaf = leaf.ok_or_else(|| LedgerError::inconsistent("a leaf's hash is absent"))?;
        let proof = self.assemble(&plan).await?;
        let root = self.root(size).await?;
        let checked = proof::verify_inclusion(index, size, &leaf, &proof, &root);
        checked.map_err(|_| LedgerError::inconsistent("stored hashes do not make a proof"))?;
        Ok(proof)
    }

    /// The same for many facts: what their proofs share is read once. Proofs in the order of `indexes`.
    pub async fn inclusion_proofs(
        &self,
        indexes: &[u64],
        size: u64,
    ) -> Result<Vec<Vec<Hash>>, LedgerError> {
        let mut plans = Vec::with_capacity(indexes.len());
        let mut places: HashMap<NodeId, Option<Hash>> = HashMap::new();
        for index in indexes {
            let plan = self.plan(size, NodePlan::inclusion(*index, size))?;
            let leaf = NodeId {
                level: 0,
                index: *index,
            };
            places.extend(plan.nodes().iter().chain([&leaf]).map(|node| (*node, None)));
            plans.push((*index, leaf, plan));
        }
        let nodes: Vec<NodeId> = places.keys().copied().collect();
        let hashes = self.inner.store.hashes(&nodes).await?;
        places.extend(nodes.into_iter().zip(hashes.into_iter().map(Some)));
        let root = self.root(size).await?;
        let hash = |node: &NodeId| {
            let found = places.get(node).copied().flatten();
            found.ok_or_else(|| LedgerError::inconsistent("a hash is absent"))
        };
        let mut proofs = Vec::with_capacity(plans.len());
        for (index, leaf, plan) in plans {
            let hashes: Result<Vec<Hash>, LedgerError> = plan.nodes().iter().map(hash).collect();
            let proof = plan.assemble(&hashes?);
            let proof = proof.map_err(|error| LedgerError::inconsistent(error.to_string()))?;
            let checked = proof::verify_inclusion(index, size, &hash(&leaf)?, &proof, &root);
            checked.map_err(|_| LedgerError::inconsistent("stored hashes do not make a proof"))?;
            proofs.push(proof);
        }
        Ok(proofs)
    }

    /// Proves that the log of `new` facts begins with the log of `old` facts (RFC 6962 §2.1.2); `old` is at least 1.
    /// The proof is checked before it is given.
    pub async fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        let plan = self.plan(new, NodePlan::consistency(old, new))?;
        let proof = self.assemble(&plan).await?;
        let (old_root, new_root) = (self.root(old).await?, self.root(new).await?);
        let checked = proof::verify_consistency(old, new, &old_root, &new_root, &proof);
        checked.map_err(|_| LedgerError::inconsistent("stored hashes do not make a proof"))?;
        Ok(proof)
    }

    /// The hashes of a tile of the published log, 32 bytes each (C2SP tlog-tiles); none where the log does not reach it.
    /// What is given once never changes.
    pub async fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, LedgerError> {
        if !self.reaches(tile) {
            return Ok(None);
        }
        let nodes: Vec<NodeId> = tile.nodes().collect();
        let hashes = self.inner.store.hashes(&nodes).await?;
        if hashes.len() != nodes.len() {
            return Err(LedgerError::inconsistent("a tile's hashes are absent"));
        }
        Ok(Some(hashes.into_iter().flat_map(|hash| hash.0).collect()))
    }

    /// The facts beside a level 0 tile, each with its length before it (C2SP tlog-tiles, entry bundle); none where the
    /// published log does not reach it. At most 256 × 64 KiB.
    pub async fn entry_bundle(&self, tile: &Tile) -> Result<Option<Vec<u8>>, LedgerError> {
        if tile.level > 0 || !self.reaches(tile) {
            return Ok(None);
        }
        let from = tile.nodes().next().map_or(0, |node| node.index);
        let facts = self
            .inner
            .store
            .entries(from, usize::from(tile.width))
            .await?;
        if facts.len() != usize::from(tile.width) {
            return Err(LedgerError::inconsistent("a bundle's facts are absent"));
        }
        let bytes = bundle(facts.iter().map(|fact| fact.bytes.as_ref()));
        let bytes = bytes.ok_or_else(|| LedgerError::inconsistent("a fact is too long"))?;
        Ok(Some(bytes))
    }

    /// Whether the published log has the whole tile.
    fn reaches(&self, tile: &Tile) -> bool {
        let size = self.inner.published.size();
        let widest = Tile::at(tile.level, tile.index, size);
        widest.is_some_and(|widest| tile.width <= widest.width)
    }

    /// The root of the log of `size` facts, which must not be larger than the published one.
    pub async fn root(&self, size: u64) -> Result<Hash, LedgerError> {
        let plan = self.plan(size, Ok(NodePlan::root(size)))?;
        let root = self.assemble(&plan).await?;
        let root = root.first().copied();
        root.ok_or_else(|| LedgerError::inconsistent("the root's hashes are absent"))
    }

    fn plan(
        &self,
        size: u64,
        plan: Result<NodePlan, proof::ProofError>,
    ) -> Result<NodePlan, LedgerError> {
        let published = self.inner.published.size();
        match plan {
            Ok(plan) if size <= published => Ok(plan),
            _ => Err(LedgerError::NoSuchProof { size: published }),
        }
    }

    async fn assemble(&self, plan: &NodePlan) -> Result<Vec<Hash>, LedgerError> {
        let hashes = self.inner.store.hashes(plan.nodes()).await?;
        let assembled = plan.assemble(&hashes);
        assembled.map_err(|error| LedgerError::inconsistent(error.to_string()))
    }
}
