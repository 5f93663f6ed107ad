//! Packages that hold, in every form and at every stage, and what `counterfoil verify` says of them.

use std::fs;

use counterfoil::bag::Form;
use counterfoil::package::verify::{Finding, Limits, Trust, Verdict, verify};

use crate::custody_kit::case;
use crate::support::Workspace;
use crate::verify_hall::log_signer;
use crate::verify_kit::{Plan, codes, honest_package, judge, trust, whole, write};
use crate::verify_month::{clerk, honest, month, officer};

#[test]
fn a_package_holds_in_every_form_when_sealed_and_when_signed() {
    let folder = tempfile::tempdir().unwrap();
    let hall = month(&honest);
    let sealed = Plan {
        size: hall.sealed,
        ..whole(&hall)
    };
    for (form, ending) in [(Form::Folder, ""), (Form::Zip, ".zip"), (Form::Tar, ".tar")] {
        for (stage, plan, slips) in [("sealed", &sealed, 0), ("signed", &whole(&hall), 1)] {
            let package = folder.path().join(format!("{stage}{ending}"));
            write(&hall, &package, form, plan);
            let report = judge(&package, &trust(&hall));
            assert_eq!(
                codes(&report),
                Vec::<&str>::new(),
                "{stage}{ending}: {:?}",
                report.findings
            );
            assert_eq!(report.verdict(), Verdict::Holds);
            let seen = &report.seen;
            assert_eq!(
                (seen.cases, seen.signed_slips),
                (4, slips),
                "{stage}{ending}"
            );
            assert_eq!(seen.transfer.as_ref(), Some(&hall.round));
            // One paper was not found at the window, one not taken by the department.
            assert_eq!(seen.open_discrepancies, 1 + slips);
        }
    }
    let manifest =
        |stage: &str| fs::read(folder.path().join(stage).join("manifest-sha256.txt")).unwrap();
    assert_eq!(manifest("sealed"), manifest("signed"));
}

#[test]
fn what_it_was_compared_with_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let alone = judge(&package, &Trust::default());
    assert_eq!(alone.verdict(), Verdict::OnlyItself, "{:?}", alone.findings);
    assert!(alone.zh().contains("只与自身比对"), "{}", alone.zh());
    // Either key of the log will do, and so will a checkpoint alone.
    for number in [1, 2] {
        let key = log_signer(number).verifier().to_string();
        let report = judge(&package, &Trust::default().with_keys(&key).unwrap());
        assert_eq!(report.verdict(), Verdict::Holds, "{:?}", report.findings);
    }
    let newest = hall.checkpoint(hall.leaves.len() as u64);
    for note in [hall.checkpoint(20), hall.checkpoint(33), newest] {
        let report = judge(&package, &Trust::default().with_since(&note).unwrap());
        assert_eq!(report.verdict(), Verdict::Holds, "{:?}", report.findings);
    }
}

#[test]
fn known_signers_are_held_against_the_facts() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let line = |name: &str, key: &ed25519_dalek::SigningKey| {
        format!("{name} {}\n", hex::encode(key.verifying_key().to_bytes()))
    };
    let (clerk, officer) = (clerk(), officer());
    let both = format!(
        "# 签名人\n{}{}",
        line("c-1", &clerk.key),
        line("o-1", &officer.key)
    );
    let with = |text: &str| judge(&package, &trust(&hall).with_signers(text).unwrap());
    assert_eq!(codes(&with(&both)), Vec::<&str>::new());
    assert_eq!(codes(&with(&line("o-1", &officer.key))), Vec::<&str>::new());
    assert_eq!(codes(&with(&line("o-1", &clerk.key))), ["signer-differs"]);
    assert_eq!(
        codes(&with(&line("o-7", &officer.key))),
        ["signer-unlisted"]
    );
    for wrong in ["", "o-1", "o-1 abc"] {
        assert!(Trust::default().with_signers(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_old_package_is_found_against_a_newer_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let hall = month(&honest);
    let old = folder.path().join("old");
    write(
        &hall,
        &old,
        Form::Folder,
        &Plan {
            size: hall.sealed,
            ..whole(&hall)
        },
    );
    let newest = hall.checkpoint(hall.leaves.len() as u64);
    let report = judge(&old, &trust(&hall).with_since(&newest).unwrap());
    assert_eq!(codes(&report), ["package-older"]);
    assert!(
        report.findings[0].zh().contains("重放"),
        "{}",
        report.findings[0]
    );
    // A checkpoint that the package has no proof for cannot be compared.
    let report = judge(
        &old,
        &trust(&hall).with_since(&hall.checkpoint(31)).unwrap(),
    );
    assert_eq!(codes(&report), ["since-no-proof"]);
}

#[test]
fn a_time_limit_and_a_place_that_is_none_end_the_judgement() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let report = verify(&package, &trust(&hall), &Limits::default(), &|| true);
    assert_eq!(report.findings.first().map(Finding::code), Some("stopped"));
    let report = judge(&folder.path().join("nothing"), &trust(&hall));
    assert_eq!(codes(&report), ["cannot-access"]);
    let few = Limits {
        facts: 10,
        ..Limits::default()
    };
    let few_of_one = Limits {
        subject_facts: 3,
        ..Limits::default()
    };
    for limits in [few, few_of_one] {
        let report = verify(&package, &trust(&hall), &limits, &|| false);
        let codes = codes(&report);
        assert!(codes.contains(&"too-many-facts"), "{codes:?}");
    }
}

#[test]
fn the_command_says_it_in_words_and_as_objects() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let place = Workspace::new();
    let key = log_signer(1).verifier().to_string();
    let since = folder.path().join("since.txt");
    fs::write(&since, hall.checkpoint(33)).unwrap();
    let (package, since) = (package.display().to_string(), since.display().to_string());
    let run = |arguments: &[&str]| {
        let ended = place.command(arguments).output().unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stdout).unwrap(),
        )
    };
    let (code, text) = run(&["verify", &package, "--log-key", &key, "--since", &since]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("核验通过") && text.contains("S-transfer"),
        "{text}"
    );
    assert!(!place.data().exists(), "verifying needs no data folder");
    let (code, text) = run(&["verify", &package, "--json"]);
    let summary: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (code, &summary["verdict"]),
        (Some(0), &"only-itself".into())
    );
    fs::remove_file(format!("{package}/data/cases/{}/text/0001.txt", case(2))).unwrap();
    let (code, text) = run(&["verify", &package, "--log-key", &key, "--json"]);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        (code, &first["finding"]),
        (Some(4), &"file-missing".into()),
        "{text}"
    );
    let (code, _) = run(&["verify", "/nowhere/package"]);
    assert_eq!(code, Some(1));
}

/// Texts for a department officer: both languages, and an end that says what to do.
#[test]
fn every_finding_speaks_both_languages_and_has_one_code() {
    let codes: std::collections::BTreeSet<&str> = Finding::CODES.iter().copied().collect();
    assert_eq!(codes.len(), Finding::CODES.len());
    let ok = |code: &&str| code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(codes.iter().all(ok), "{codes:?}");
}
