//! Tampering by whoever runs the hall and may write what it likes into its log: found by the checkpoint the department
//! kept, or because what is recorded does not follow from what was signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use counterfoil::bag::Form;
use counterfoil::domain::custody::*;
use counterfoil::domain::staff::{RevocationReason, SignatureBytes, StaffEvent, signing_message};
use counterfoil::domain::transfer::TransferEvent;
use counterfoil::domain::*;
use counterfoil::package::verify::{Trust, Verdict};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::custody_kit::{case, key_of};
use crate::verify_hall::Hall;
use crate::verify_kit::{Plan, codes, copy, honest_package, judge, resum, trust, whole, write};
use crate::verify_month::{clerk, honest, month};

/// The attacker rewrites the log from its beginning, but signs it with another key under the same name.
#[test]
fn a_rewritten_log_needs_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let changed = folder.path().join("changed");
    copy(&package, &changed);
    let path = changed.join("ledger/facts.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\\\"taken\\\":6", "\\\"taken\\\":7")).unwrap();
    assert_ne!(
        fs::read_to_string(&path).unwrap(),
        text,
        "a fact was rewritten"
    );
    resum(&changed);
    let report = judge(&changed, &trust(&hall));
    assert_eq!(codes(&report)[0], "fact-unproven", "{:?}", report.findings);
    // Another log under the same name, whole and consistent in itself.
    let other = month(&|_, facts| facts).signed_by_others();
    let forged = folder.path().join("forged");
    write(&other, &forged, Form::Folder, &whole(&other));
    let key_alone = Trust {
        since: None,
        ..trust(&hall)
    };
    assert_eq!(codes(&judge(&forged, &key_alone)), ["log-key-unknown"]);
    assert_eq!(
        judge(&forged, &Trust::default()).verdict(),
        Verdict::OnlyItself
    );
}

/// Somebody with the log's key rewrites its past: found only by whoever kept a checkpoint.
#[test]
fn a_forked_log_is_found_by_the_checkpoint_that_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let honest_hall = month(&honest);
    let reason = Commitment(Digest::of("another reason"));
    let fork = month(&|step, facts| match step {
        "ask" => facts
            .into_iter()
            .map(|fact| other_reason(fact, reason))
            .collect(),
        _ => facts,
    });
    let package = folder.path().join("fork");
    write(&fork, &package, Form::Folder, &whole(&fork));
    let key = Trust {
        since: None,
        ..trust(&honest_hall)
    };
    assert_eq!(codes(&judge(&package, &key)), Vec::<&str>::new());
    let last = honest_hall.leaves.len() as u64;
    let with = |size: u64| {
        key.clone()
            .with_since(&honest_hall.checkpoint(size))
            .unwrap()
    };
    assert_eq!(codes(&judge(&package, &with(last))), ["log-forked"]);
    let asked = honest_hall
        .leaves
        .iter()
        .position(|(_, leaf)| String::from_utf8_lossy(leaf).contains("deferral_asked"));
    let after = asked.unwrap() as u64 + 2;
    let again = folder.path().join("fork-with-proof");
    let earlier = [after];
    write(
        &fork,
        &again,
        Form::Folder,
        &Plan {
            earlier: &earlier,
            ..whole(&fork)
        },
    );
    assert_eq!(codes(&judge(&again, &with(after))), ["log-forked"]);
}

fn other_reason(fact: Fact, reason: Commitment) -> Fact {
    match fact.event {
        Event::Transfer {
            event: TransferEvent::DeferralAsked {
                lines, until, by, ..
            },
        } => {
            let event = TransferEvent::DeferralAsked {
                lines,
                until,
                reason,
                by,
            };
            Fact::new(fact.subject, Event::Transfer { event })
        }
        event => Fact::new(fact.subject, event),
    }
}

/// Changes the receipt of the department in the facts.
fn receipt(facts: Vec<Fact>, change: impl Fn(&mut KeySignature)) -> Vec<Fact> {
    let change = |mut fact: Fact| {
        if let Event::Slip {
            event:
                SlipEvent::Received {
                    receipt: Receipt::Signed { by },
                    ..
                },
        } = &mut fact.event
        {
            change(by);
        }
        fact
    };
    facts.into_iter().map(change).collect()
}

fn first_of(hall: &Hall, place: &Path) -> Vec<&'static str> {
    let _ = fs::remove_dir_all(place);
    write(hall, place, Form::Folder, &whole(hall));
    let key = Trust {
        since: None,
        ..trust(hall)
    };
    codes(&judge(place, &key))
}

/// Somebody with the log's key records what no one signed: each is found without any checkpoint.
#[test]
fn what_the_operator_records_against_the_signatures_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("package");
    let given = |facts: &[Fact]| {
        let given = facts.iter().find_map(|fact| match &fact.event {
            Event::Slip {
                event: SlipEvent::Offered { given, .. },
            } => Some(given.clone()),
            _ => None,
        });
        given.unwrap()
    };
    let offered = std::cell::RefCell::new(None);
    let swapped = month(&|step, facts| match step {
        "offer" => {
            offered.replace(Some(given(&facts)));
            facts
        }
        "receipt" => receipt(facts, |by| {
            by.signature = offered.borrow().as_ref().unwrap().signature
        }),
        _ => facts,
    });
    assert_eq!(first_of(&swapped, &place)[0], "signature-wrong");
    let both = month(&|step, facts| match step {
        "receipt" => {
            let outcome = outcome_of(&facts);
            receipt(facts, |by| *by = clerk().sign(&outcome))
        }
        _ => facts,
    });
    let found = first_of(&both, &place);
    assert!(found.contains(&"same-person"), "{found:?}");
    let revoked = month(&|step, facts| match step {
        "before-offer" => vec![revocation("o-1")],
        _ => facts,
    });
    assert_eq!(first_of(&revoked, &place)[0], "key-not-in-force");
    let stranger = month(&|step, facts| match step {
        "receipt" => {
            let outcome = outcome_of(&facts);
            receipt(facts, |by| by.signature = sign(&outcome, "another key"))
        }
        _ => facts,
    });
    assert_eq!(first_of(&stranger, &place)[0], "signature-wrong");
}

fn outcome_of(facts: &[Fact]) -> Digest {
    let outcome = facts.iter().find_map(|fact| match &fact.event {
        Event::Slip {
            event: SlipEvent::Received { outcome, .. },
        } => Some(*outcome),
        _ => None,
    });
    outcome.unwrap()
}

fn sign(document: &Digest, seed: &str) -> SignatureBytes {
    let key = SigningKey::from_bytes(Digest::of(seed).as_bytes());
    let message = signing_message(document);
    SignatureBytes::from_bytes(key.sign(&message).to_bytes())
}

fn revocation(staff: &str) -> Fact {
    let event = StaffEvent::SigningKeyRevoked {
        key: key_of(staff),
        reason: RevocationReason::Suspicion,
    };
    Fact::new(
        Subject::Staff(StaffId::new(staff).unwrap()),
        Event::Staff { event },
    )
}

/// A fact about a bundle that speaks of its first paper only.
fn first_paper(fact: Fact) -> Fact {
    let papers = vec![1];
    let event = match fact.event {
        Event::Bundle {
            event: BundleEvent::Deferred {
                transfer, until, ..
            },
        } => BundleEvent::Deferred {
            transfer,
            papers,
            until,
        },
        Event::Bundle {
            event: BundleEvent::Received { slip, holder, .. },
        } => BundleEvent::Received {
            slip,
            papers,
            holder,
            damaged: vec![],
            back_by: None,
        },
        event => return Fact::new(fact.subject, event),
    };
    Fact::new(fact.subject, Event::Bundle { event })
}

/// The facts of one decision that differ from what was decided: some left out, some changed.
#[test]
fn what_the_operator_records_against_the_lines_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("package");
    let without = |step: &str, gone: &dyn Fn(&Fact) -> bool| {
        month(&|now, facts| match now == step {
            true => facts.into_iter().filter(|fact| !gone(fact)).collect(),
            false => facts,
        })
    };
    let changed = |step: &str| {
        month(&|now, facts| match now == step {
            true => facts.into_iter().map(first_paper).collect(),
            false => facts,
        })
    };
    let of_five = |fact: &Fact| fact.subject == Subject::Bundle(case(5));
    let named = |step: &str, name: &str| without(step, &|fact| fact.event.name() == name);
    let halls: BTreeMap<&str, Hall> = BTreeMap::from([
        (
            "no discrepancy at the department",
            named("receipt", "discrepancy.opened"),
        ),
        (
            "no discrepancy at the window",
            named("reconcile", "discrepancy.opened"),
        ),
        ("never joined", named("join", "bundle.listed")),
        ("not kept", named("receipt", "bundle.kept")),
        ("nobody received it", named("receipt", "bundle.received")),
        ("not handed over", named("receipt", "transfer.handed_over")),
        ("never listed", without("open", &of_five)),
        ("put off, one paper", changed("approve")),
        ("received, one paper", changed("receipt")),
    ]);
    for (what, hall) in halls {
        let found = first_of(&hall, &place);
        let wanted = [
            "fact-differs",
            "round-rules",
            "slip-rules",
            "case-facts-missing",
        ];
        assert!(
            found.first().is_some_and(|first| wanted.contains(first)),
            "{what}: {found:?}"
        );
    }
}

/// A fact that is left out of the package leaves a gap, or something that follows from nothing.
#[test]
fn any_fact_that_is_left_out_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let hall = month(&honest);
    let place = folder.path().join("package");
    let mut silent = Vec::new();
    for left_out in 0..hall.leaves.len() as u64 {
        let leaves = |index: u64| index != left_out;
        write(
            &hall,
            &place,
            Form::Folder,
            &Plan {
                leaves: &leaves,
                ..whole(&hall)
            },
        );
        let report = judge(&place, &trust(&hall));
        fs::remove_dir_all(&place).unwrap();
        if report.verdict() == Verdict::Holds {
            let (subject, leaf) = &hall.leaves[left_out as usize];
            let entry = Entry::decode(leaf).unwrap();
            silent.push(format!("{subject} {}", entry.event.name()));
        }
    }
    // What is not in the package anyway, and the last fact of a history from which nothing follows.
    let allowed = |one: &String| {
        one.contains("C-0099")
            || one.starts_with("staff/") && (one.ends_with("signed_in") || one.ends_with("revoked"))
            || one.starts_with("case/")
            || one.starts_with("scan/")
    };
    let wrong: Vec<&String> = silent.iter().filter(|one| !allowed(one)).collect();
    assert!(wrong.is_empty(), "left out and not found: {wrong:?}");
}
