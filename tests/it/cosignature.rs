//! Cosignatures (C2SP tlog-cosignature) against a checkpoint that real witnesses cosigned, and against every change of one
//! character.

use counterfoil::merkle::{Checkpoint, LogSigner, Note, NoteError, WitnessKey, WitnessSigner};

/// A checkpoint of a public log with the lines of its public witnesses, and the verifier key of one of them as its
/// operator publishes it (https://remora.n621.de).
const REAL: &str = "\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
";
const REMORA: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
/// Of another witness of that checkpoint.
const SMARTIT: &str =
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO";
/// When both signed: 2026-05-23T21:50:24Z.
const SIGNED: u64 = 0x6a12_2120;

#[test]
fn real_witnesses_are_understood() {
    let note = Note::parse(REAL).unwrap();
    for text in [REMORA, SMARTIT] {
        let key: WitnessKey = text.parse().unwrap();
        assert_eq!(key.to_string(), text);
        let found = key.cosignature(&note).unwrap().unwrap();
        assert_eq!(found.time, SIGNED);
        assert!(REAL.contains(&key.line(&found)), "{}", key.line(&found));
        key.verify(note.text(), &found).unwrap();
        // The time is signed as well.
        let mut later = found;
        later.time += 1;
        assert_eq!(key.verify(note.text(), &later), Err(NoteError::Unverified));
    }
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!(checkpoint.size, 1_432_088_532);
}

#[test]
fn another_size_root_or_origin_is_noticed() {
    let key: WitnessKey = REMORA.parse().unwrap();
    for (from, to) in [
        ("1432088532", "1432088533"),
        ("U7WM", "U7WN"),
        ("arche2025h1.staging", "arche2025h2.staging"),
    ] {
        let changed = REAL.replacen(from, to, 1);
        let note = Note::parse(&changed).unwrap();
        assert_eq!(key.cosignature(&note), Err(NoteError::Unverified), "{to}");
    }
    let extended = REAL.replacen("4Ro=\n", "4Ro=\nmore\n", 1);
    let note = Note::parse(&extended).unwrap();
    assert_eq!(key.cosignature(&note), Err(NoteError::Unverified));
    let stranger = WitnessSigner::new("remora.n621.de", &[7; 32]).unwrap();
    let note = Note::parse(REAL).unwrap();
    assert_eq!(stranger.witness().cosignature(&note), Ok(None));
}

#[test]
fn keys_are_read_strictly() {
    let good: WitnessKey = REMORA.parse().unwrap();
    assert_eq!(good.name(), "remora.n621.de");
    let wrong = [
        // A key of a log (algorithm 1), a wrong id, another name, no key at all.
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.dd+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.de+da77ade7+BOvN63jn",
        "remora.n621.de+da77ade7",
    ];
    for text in wrong {
        assert_eq!(text.parse::<WitnessKey>(), Err(NoteError::Key), "{text}");
    }
    for name in ["", "a b", "a+b", "a\nb"] {
        let made = WitnessSigner::new(name, &[7; 32]);
        assert_eq!(made.unwrap_err(), NoteError::Name, "{name:?}");
    }
}

#[test]
fn what_a_witness_signs_it_recognises_and_every_changed_character_is_noticed() {
    let log = LogSigner::new("hall.example/log", &[1; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: "hall.example/log".to_owned(),
        size: 42,
        root: counterfoil::merkle::Hash([9; 32]),
    };
    let note = checkpoint.sign(&[&log]).unwrap();
    let witness = WitnessSigner::new("market.example/witness", &[2; 32]).unwrap();
    let secret = witness.secret_text();
    let again = WitnessSigner::of_secret_text(&secret).unwrap();
    assert_eq!(again.witness(), witness.witness());
    assert!(!format!("{witness:?}").contains(secret.trim().rsplit('+').next().unwrap()));
    let key = witness.witness();
    let text = Note::parse(&note).unwrap().text().to_owned();
    let older = key.line(&witness.cosign(&text, 1_770_000_000));
    let newer = key.line(&witness.cosign(&text, 1_770_000_001));
    let cosigned = format!("{note}{newer}{older}");
    let read = Note::parse(&cosigned).unwrap();
    let found = key.cosignature(&read).unwrap().unwrap();
    assert_eq!(found.time, 1_770_000_001, "the newest counts");
    // Who does not know the witness sees the log's own signature and nothing else.
    let (same, _) = Checkpoint::verify(&cosigned, &[log.verifier().clone()]).unwrap();
    assert_eq!(same, checkpoint);
    let one = format!("{note}{older}");
    let mut noticed = 0;
    for (place, c) in one.char_indices() {
        let other = if c == 'A' { 'B' } else { 'A' };
        let changed = format!("{}{other}{}", &one[..place], &one[place + c.len_utf8()..]);
        let Ok(read) = Note::parse(&changed) else {
            noticed += 1;
            continue;
        };
        let held = key.cosignature(&read);
        let in_log_line = (note.rfind('—').unwrap()..note.len()).contains(&place);
        match held {
            // The log's line is for the log's key to judge.
            Ok(Some(_)) => assert!(in_log_line, "{changed}"),
            _ => noticed += 1,
        }
    }
    // Every character of the text and of the witness's line but its dash, and what breaks the note.
    let lines = text.chars().count() + older.chars().count();
    assert!(noticed >= lines - 1, "{noticed} of {lines}");
    for time in [0, 1 << 63] {
        let line = key.line(&witness.cosign(&text, time));
        let read = Note::parse(&format!("{note}{line}")).unwrap();
        assert_eq!(key.cosignature(&read), Err(NoteError::Unverified), "{time}");
    }
}
