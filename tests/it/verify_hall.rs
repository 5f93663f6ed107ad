//! A hall with a log in memory for the tests of packages: its leaves, tree and keys. What it records is said in
//! `verify_month`.

use std::collections::BTreeMap;

use counterfoil::domain::transfer;
use counterfoil::domain::*;
use counterfoil::merkle::{Checkpoint, Frontier, Hash, LogSigner, NodeId, NodePlan, leaf_hash};

use crate::custody_kit::{Log, START};
use crate::verify_month::planned;

pub const ORIGIN: &str = "hall.test/ledger";

/// The hall.
pub struct Hall {
    pub log: Log,
    pub leaves: Vec<(Subject, Vec<u8>)>,
    nodes: BTreeMap<NodeId, Hash>,
    frontier: Frontier,
    pub now: i64,
    keys: Vec<(u64, LogSigner)>,
    next_key: LogSigner,
    /// What is named by digest: documents of the round, and of slips.
    pub documents: Vec<Vec<u8>>,
    pub slips: BTreeMap<String, Vec<u8>>,
    pub masters: BTreeMap<CaseNo, Vec<Vec<u8>>>,
    pub round: TransferId,
    /// Facts in the log when the package was sealed, and when the department had signed.
    pub sealed: u64,
    pub signed: u64,
}

impl Hall {
    pub fn new() -> Self {
        Self::with_keys(planned().id, [log_signer(1), log_signer(2)])
    }

    fn with_keys(round: TransferId, signers: [LogSigner; 2]) -> Self {
        let signer = signers[0].clone();
        let mut hall = Self {
            log: Log::default(),
            leaves: Vec::new(),
            nodes: BTreeMap::new(),
            frontier: Frontier::default(),
            now: START,
            keys: vec![(0, signer.clone())],
            next_key: signers[1].clone(),
            documents: Vec::new(),
            slips: BTreeMap::new(),
            masters: BTreeMap::new(),
            round,
            sealed: 0,
            signed: 0,
        };
        let key = signer.verifier().to_string();
        let origin = ORIGIN.to_owned();
        hall.record(vec![Fact::new(
            Subject::Log,
            Event::LogOpened { origin, key },
        )]);
        hall
    }

    /// Appends facts to the log.
    pub fn record(&mut self, facts: Vec<Fact>) {
        self.now += 60_000;
        let subjects: Vec<Subject> = facts.iter().map(|fact| fact.subject.clone()).collect();
        self.log.record(self.now, facts);
        // One request a step.
        let request = RequestId::new(format!("r-{}", self.now)).unwrap();
        let now = Timestamp::from_millis(self.now);
        let entries = self.log.histories.values_mut().flatten();
        for entry in entries.filter(|entry| entry.at == now) {
            entry.request = request.clone();
        }
        let mut seen: BTreeMap<&Subject, usize> = BTreeMap::new();
        for subject in subjects.iter().rev() {
            *seen.entry(subject).or_default() += 1;
        }
        for subject in &subjects {
            let history = &self.log.histories[subject];
            let left = seen.get_mut(subject).unwrap();
            let leaf = history[history.len() - *left].encode().unwrap();
            *left -= 1;
            self.append(subject.clone(), leaf);
        }
    }

    fn append(&mut self, subject: Subject, leaf: Vec<u8>) {
        let mut completed = Vec::new();
        self.frontier.append(leaf_hash(&leaf), &mut completed);
        self.nodes.extend(completed);
        self.leaves.push((subject, leaf));
    }

    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub fn rotate(&mut self) {
        use base64::Engine as _;
        let (old, new) = (self.keys[0].1.clone(), self.next_key.clone());
        let text = new.verifier().to_string();
        let signature = old.sign(text.as_bytes());
        let event = Event::KeyRotated {
            old: old.verifier().to_string(),
            new: text,
            signature: base64::engine::general_purpose::STANDARD.encode(signature),
        };
        self.keys.push((self.size(), new));
        self.record(vec![Fact::new(Subject::Log, event)]);
    }

    fn hashes(&self, plan: &NodePlan) -> Vec<Hash> {
        let hashes: Vec<Hash> = plan.nodes().iter().map(|node| self.nodes[node]).collect();
        plan.assemble(&hashes).unwrap()
    }

    pub fn root(&self, size: u64) -> Hash {
        self.hashes(&NodePlan::root(size))[0]
    }

    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.hashes(&NodePlan::inclusion(index, size).unwrap())
    }

    pub fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.hashes(&NodePlan::consistency(old, new).unwrap())
    }

    /// The same facts in a log that others sign: its opening and its change of key name theirs.
    pub fn signed_by_others(self) -> Self {
        let mut other = Self::with_keys(self.round.clone(), [log_signer(8), log_signer(9)]);
        let (sealed, signed) = (self.sealed, self.signed);
        for (subject, leaf) in self.leaves.iter().skip(1) {
            match subject {
                Subject::Log => other.rotate(),
                _ => other.append(subject.clone(), leaf.clone()),
            }
        }
        let histories = self.log.histories.into_iter();
        other.log.histories = histories
            .filter(|(subject, _)| *subject != Subject::Log)
            .collect();
        Self {
            documents: self.documents,
            slips: self.slips,
            masters: self.masters,
            sealed,
            signed,
            ..other
        }
    }

    /// The signed note of the log's first `size` facts.
    pub fn checkpoint(&self, size: u64) -> String {
        let (_, signer) = self
            .keys
            .iter()
            .rev()
            .find(|(from, _)| *from < size)
            .unwrap();
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size,
            root: self.root(size),
        };
        checkpoint.sign(&[signer]).unwrap()
    }

    pub fn round_state(&self) -> transfer::RoundState {
        transfer::fold_round(&self.log.histories[&Subject::Transfer(self.round.clone())]).unwrap()
    }
}

/// A key of a log of this name.
pub fn log_signer(number: u8) -> LogSigner {
    LogSigner::new(ORIGIN, &[number; 32]).unwrap()
}
