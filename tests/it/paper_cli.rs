//! `counterfoil custody` and `transfer` with the real binary: what they print of an empty hall, and how they refuse.

use serde_json::{Value, json};

use crate::support::Workspace;

fn ran(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let mut all = vec!["--json"];
    all.extend_from_slice(arguments);
    let output = workspace.command(&all).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), lines.collect(), errors)
}

#[test]
fn a_tick_may_be_repeated_and_an_unknown_case_or_round_is_named() {
    let workspace = Workspace::new();
    for _ in 0..2 {
        let (code, lines, errors) = ran(&workspace, &["transfer", "tick"]);
        assert_eq!(code, Some(0), "{errors}");
        assert_eq!(
            (&lines[0]["opened"], &lines[0]["overdue"]),
            (&Value::from(0), &Value::from(0))
        );
    }
    let (code, lines, _) = ran(&workspace, &["transfer", "status", "--of", "site/YLZX"]);
    assert_eq!((code, lines.len()), (Some(0), 0));
    let unknown: [&[&str]; 10] = [
        &["custody", "label", "C-1", "-o", "label.pdf"],
        &["custody", "sheet", "S-1", "-o", "slip.pdf"],
        &["transfer", "register", "t-1", "-o", "register.pdf"],
        &["custody", "where", "C-1"],
        &["custody", "receive", "S-1", "--as", "c001", "C-1"],
        &["custody", "stocktake", "show", "--site", "YLZX"],
        &["custody", "inventory", "show", "I-1"],
        &["custody", "loss", "show", "S-1-1"],
        &["transfer", "seal", "t-1", "--as", "c001"],
        &["transfer", "package", "t-1", "-o", "t-1.zip"],
    ];
    for arguments in unknown {
        let (code, _, errors) = ran(&workspace, arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("not-found"), "{arguments:?}: {errors}");
    }
    let (code, _, errors) = ran(&workspace, &["transfer", "status", "--of", "YLZX"]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("site/CODE"), "{errors}");
}

/// What `doctor` says under a name, with this in the configuration.
fn doctor(workspace: &Workspace, more: &str, names: [&str; 2]) -> Vec<(Value, String)> {
    let file = workspace.path().join("counterfoil.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(&file, format!("{text}{more}")).unwrap();
    let mut command = workspace.command(&["--json", "doctor"]);
    // No engine is asked: there is none here.
    let output = command
        .env("COUNTERFOIL_OCR_DIR", workspace.path().join("none"))
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let said = names.map(|name| {
        let line = lines.iter().find(|line| line["check"] == name).unwrap();
        let detail = line["detail"].as_str().unwrap().to_owned();
        (line["status"].clone(), detail)
    });
    said.into()
}

#[test]
fn doctor_names_a_demonstration_clock_and_a_dialect_that_is_not_there() {
    let workspace = Workspace::new();
    let names = ["hall-time", "package"];
    let said = doctor(&workspace, "", names);
    assert_eq!((&said[0].0, &said[1].0), (&json!("ok"), &json!("ok")));
    assert!(said[1].1.contains("jiaxing"), "{said:?}");
    let config = "[clock]\nfile = \"time.txt\"\n[package]\ndialect = \"./own\"\n";
    let said = doctor(&workspace, config, names);
    assert_eq!((&said[0].0, &said[1].0), (&json!("warn"), &json!("fail")));
    assert!(said[0].1.contains("time.txt"), "{said:?}");
    assert!(said[1].1.contains("own"), "{said:?}");
}
