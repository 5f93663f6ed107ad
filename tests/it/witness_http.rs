//! Witnesses of the log: enrolled by the security administrator, their cosignatures checked against the log and recorded,
//! the cosigned checkpoint kept by a department and held against its packages.

use counterfoil::domain::Digest;
use counterfoil::merkle::{
    Checkpoint, Hash, LogSigner, Note, WitnessKey, WitnessSigner, verify_consistency,
};
use counterfoil::package::verify::{Limits, Trust, Verdict, verify};
use serde_json::{Value, json};

use crate::support::Workspace;
use crate::verify_hall::log_signer;
use crate::verify_kit::{codes, honest_package, judge};
use crate::window_client::Client;
use crate::window_hall::Hall;

const WITNESSES: &str = "/api/v1/ledger/witnesses";
const COSIGNATURES: &str = "/api/v1/ledger/cosignatures";
const CONSISTENCY: &str = "/api/v1/ledger/consistency";
const COSIGNED: &str = "/api/v1/ledger/cosigned-checkpoint";

fn witness(number: u8) -> WitnessSigner {
    WitnessSigner::new(&format!("scjg.example/w{number}"), &[number; 32]).unwrap()
}

fn seconds(hall: &Hall) -> u64 {
    use counterfoil::domain::Clock as _;
    u64::try_from(hall.clock.now().as_millis() / 1000).unwrap()
}

/// A checkpoint with the line of a witness.
fn cosigned(note: &str, by: &WitnessSigner, time: u64) -> String {
    let text = Note::parse(note).unwrap().text().to_owned();
    format!("{note}{}", by.witness().line(&by.cosign(&text, time)))
}

async fn hand_in(client: &mut Client, note: &str) -> crate::window_client::Answer {
    client
        .post(COSIGNATURES, &json!({ "checkpoint": note }))
        .await
}

fn size_of(note: &str) -> u64 {
    Checkpoint::parse_unverified(note).unwrap().size
}

/// A hall with one witness, enrolled for a department; what cannot be enrolled is refused.
async fn enrolled() -> (Hall, Client, Client) {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-02").await;
    let mut security = hall.signed_in("sec01").await;
    officer.get(COSIGNED).await.ok(404);
    let key = witness(1).witness().to_string();
    let order = json!({ "id": "SCJG", "key": key, "department": "SCJG" });
    officer.post(WITNESSES, &order).await.ok(403);
    let enrolled = security.post(WITNESSES, &order).await.ok(201).body;
    assert_eq!(enrolled["cosignatures"], 0);
    hall.follow().await;
    let two = witness(2).witness().to_string();
    let log = LogSigner::new("hall", &[3; 32]).unwrap();
    let log = log.verifier().to_string();
    for (id, key, reason) in [
        ("other", &key, "witness-key-taken"),
        ("SCJG", &two, "witness-known"),
        ("other", &log, "witness-key-form"),
    ] {
        let order = json!({ "id": id, "key": key });
        let refused = security.post(WITNESSES, &order).await;
        assert_eq!(refused.reason(), reason, "{}", refused.body);
    }
    (hall, officer, security)
}

#[tokio::test(flavor = "multi_thread")]
async fn cosignatures_of_enrolled_witnesses_on_our_checkpoints_are_recorded() {
    let (hall, mut officer, mut security) = enrolled().await;
    let (one, now) = (witness(1), seconds(&hall));
    let note = hall.app.ledger.checkpoint().await;
    let good = cosigned(&note, &one, now);
    let done = hand_in(&mut officer, &good).await.ok(201);
    assert_eq!(done.body[0]["size"], size_of(&note));
    let facts = *hall.app.ledger.published().borrow();
    hand_in(&mut officer, &good).await.ok(201);
    let same = *hall.app.ledger.published().borrow();
    assert_eq!(same, facts, "said twice, recorded once");
    let (status, _, text) = officer.fetch(COSIGNED).await;
    assert_eq!((status.as_u16(), text), (200, good.into_bytes()));
    let listed = officer.get(COSIGNATURES).await.ok(200).body;
    assert_eq!(listed[0]["witness"], "SCJG");
    assert_eq!(listed[0]["size"], size_of(&note));

    // A witness asks for a proof from what it cosigned before.
    let old = Checkpoint::parse_unverified(&note).unwrap();
    let newest = hall.app.ledger.checkpoint().await;
    let newest = Checkpoint::parse_unverified(&newest).unwrap();
    let query = format!("{CONSISTENCY}?from={}&to={}", old.size, newest.size);
    let proof = officer.get(&query).await.ok(200).body;
    let path = proof["path"].as_array().unwrap().iter().map(|hash| {
        let digest: Digest = hash.as_str().unwrap().parse().unwrap();
        Hash(*digest.as_bytes())
    });
    let path: Vec<Hash> = path.collect();
    verify_consistency(old.size, newest.size, &old.root, &newest.root, &path).unwrap();
    let none = format!("{CONSISTENCY}?from=0&to=1");
    officer.get(&none).await.ok(400);

    let one_witness = format!("{WITNESSES}/SCJG");
    let retired = security.act(&one_witness, "retirement", &json!({})).await;
    assert_eq!(retired.ok(200).body["retired"], true);
    let note = hall.app.ledger.checkpoint().await;
    let late = cosigned(&note, &one, seconds(&hall));
    let refused = hand_in(&mut officer, &late).await.ok(409);
    assert_eq!(refused.reason(), "witness-retired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_hold_is_refused_with_its_reason() {
    let (hall, mut officer, _) = enrolled().await;
    let (one, now) = (witness(1), seconds(&hall));
    let note = hall.app.ledger.checkpoint().await;
    let mut forked = Checkpoint::parse_unverified(&note).unwrap();
    forked.root = Hash([7; 32]);
    let forger = LogSigner::new("x", &[3; 32]).unwrap();
    let forked = forked.sign(&[&forger]).unwrap();
    let moved = cosigned(&note, &one, now);
    let moved = moved.replace(&one.witness().line(&one.cosign(text_of(&note), now)), "");
    let elsewhere = one.witness().line(&one.cosign("another text\n", now));
    let table = [
        ("nothing".to_owned(), "checkpoint-form"),
        (cosigned(&note, &witness(2), now), "no-cosignature"),
        (cosigned(&note, &one, now + 3600), "cosignature-early"),
        (
            cosigned(&note.replacen("/hall\n", "/other\n", 1), &one, now),
            "other-log",
        ),
        (cosigned(&forked, &one, now), "checkpoint-not-ours"),
        (format!("{moved}{elsewhere}"), "cosignature-wrong"),
    ];
    let facts = *hall.app.ledger.published().borrow();
    for (note, reason) in table {
        let refused = hand_in(&mut officer, &note).await.ok(409);
        assert_eq!(refused.reason(), reason, "{note}");
    }
    assert_eq!(*hall.app.ledger.published().borrow(), facts);
    let mut clerk = hall.signed_in("c001").await;
    hand_in(&mut clerk, &cosigned(&note, &one, now))
        .await
        .ok(403);
}

fn text_of(note: &str) -> &str {
    note.split_at(note.rfind("\n\n").unwrap() + 1).0
}

#[test]
fn a_kept_checkpoint_may_be_cosigned_and_a_witness_may_be_required() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let (one, two) = (witness(1), witness(2));
    let kept = cosigned(&hall.checkpoint(33), &one, 1_770_000_000);
    let trust = |note: &str, key: &WitnessKey| {
        let trust = Trust::default().with_since(note).unwrap();
        trust.with_witnesses(&format!("# 见证人\n{key}\n")).unwrap()
    };
    let plain = judge(&package, &Trust::default().with_since(&kept).unwrap());
    assert_eq!(plain.verdict(), Verdict::Holds, "{:?}", plain.findings);
    let good = judge(&package, &trust(&kept, one.witness()));
    assert_eq!(good.verdict(), Verdict::Holds, "{:?}", good.findings);
    assert_eq!(good.seen.cosigned_by, ["scjg.example/w1"]);
    let missing = judge(&package, &trust(&kept, two.witness()));
    assert_eq!(codes(&missing), ["witness-missing"]);
    let bare = judge(&package, &trust(&hall.checkpoint(33), one.witness()));
    assert_eq!(codes(&bare), ["witness-missing"]);
    let moved = kept.replacen(
        Note::parse(&kept).unwrap().text(),
        Note::parse(&hall.checkpoint(20)).unwrap().text(),
        1,
    );
    let wrong = judge(&package, &trust(&moved, one.witness()));
    assert!(
        codes(&wrong).contains(&"cosignature-wrong"),
        "{:?}",
        wrong.findings
    );
    let limits = Limits::default();
    let alone = Trust::default().with_witnesses(&one.witness().to_string());
    let alone = verify(&package, &alone.unwrap(), &limits, &|| false);
    assert_eq!(codes(&alone), ["witness-missing"]);
    assert!(Trust::default().with_witnesses("no key").is_err());
}

/// A witness's desk: the real binary, the hall's checkpoints of 20 and 33 facts, both keys of its log.
struct WitnessDesk {
    workspace: Workspace,
    folder: tempfile::TempDir,
    package: String,
    proof: Vec<String>,
    vkey: String,
}

impl WitnessDesk {
    fn new() -> Self {
        let (workspace, folder) = (Workspace::new(), tempfile::tempdir().unwrap());
        let (hall, package) = honest_package(folder.path());
        let keys = [1, 2].map(|number| format!("{}\n", log_signer(number).verifier()));
        for (name, text) in [
            ("20.txt", hall.checkpoint(20)),
            ("33.txt", hall.checkpoint(33)),
            ("hall.vkey", keys.concat()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let proof = hall.consistency(20, 33).into_iter();
        let mut desk = Self {
            workspace,
            folder,
            package: package.display().to_string(),
            proof: proof.map(|hash| hex::encode(hash.0)).collect(),
            vkey: String::new(),
        };
        let key = desk.place("witness.key");
        let new = ["cosign", "new-key", "scjg.example/w", "--out", &key];
        let (code, vkey, errors) = desk.run(&new);
        assert_eq!(code, Some(0), "{errors}");
        assert_eq!(desk.run(&new).0, Some(1), "a key is never written over");
        desk.vkey = vkey.trim().to_owned();
        desk.vkey.parse::<WitnessKey>().unwrap();
        desk
    }

    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.workspace.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), text, errors)
    }

    /// Cosigns a checkpoint; what went wrong, if anything.
    fn sign(&self, checkpoint: &str, more: &[(&str, &str)]) -> Result<(), String> {
        let named = ["--key", "--log-key"].into_iter();
        let named = named
            .zip(["witness.key", "hall.vkey"])
            .chain(more.iter().copied());
        let mut all = vec![
            "cosign".to_owned(),
            "sign".to_owned(),
            self.place(checkpoint),
        ];
        for (name, file) in named {
            all.extend([name.to_owned(), self.place(file)]);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        match self.run(&all) {
            (Some(0), ..) => Ok(()),
            (_, _, errors) => Err(errors),
        }
    }

    fn prove(&self, path: &[String]) {
        let text = json!({ "from": 20, "to": 33, "path": path }).to_string();
        std::fs::write(self.place("proof.json"), text).unwrap();
    }

    fn verify(&self, more: &[&str]) -> (Option<i32>, String) {
        let mut all = vec!["verify", &self.package];
        all.extend_from_slice(more);
        let (code, said, errors) = self.run(&all);
        (code, format!("{said}{errors}"))
    }
}

#[test]
fn a_witness_cosigns_on_a_machine_of_its_own_what_follows_from_the_last() {
    let desk = WitnessDesk::new();
    desk.sign("20.txt", &[("--out", "one.txt")]).unwrap();
    let unproved = desk.sign("33.txt", &[("--kept", "one.txt")]).unwrap_err();
    assert!(unproved.contains("--proof"), "{unproved}");
    let more = [
        ("--kept", "one.txt"),
        ("--proof", "proof.json"),
        ("--out", "two.txt"),
    ];
    let mut forged = desk.proof.clone();
    forged[0] = hex::encode([7; 32]);
    desk.prove(&forged);
    let refused = desk.sign("33.txt", &more).unwrap_err();
    assert!(refused.contains("rewritten"), "{refused}");
    desk.prove(&desk.proof);
    desk.sign("33.txt", &more).unwrap();

    let (two, bare) = (desk.place("two.txt"), desk.place("33.txt"));
    let (code, said) = desk.verify(&["--since", &two, "--witness", &desk.vkey]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("scjg.example/w"), "{said}");
    let (code, said) = desk.verify(&["--since", &bare, "--witness", &desk.vkey]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("witness-missing"), "{said}");
    let report = desk.place("report.json");
    let (code, said) = desk.verify(&["--since", &two, "--report", &report]);
    assert_eq!(code, Some(0), "{said}");
    let made: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(made["report"]["checks"].as_array().unwrap().len(), 12);
    let (code, said) = desk.verify(&["--send", "http://hall.example", "--as", "o-1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("https://"),
        "no password goes over plain http: {said}"
    );
}
