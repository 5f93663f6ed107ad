//! `counterfoil user` with the real binary: what it prints and refuses. Every run logs all it can, and nothing that was
//! typed may be in it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::Workspace;

struct Ran {
    code: Option<i32>,
    lines: Vec<Value>,
    errors: String,
}

fn user(workspace: &Workspace, arguments: &[&str], input: &str) -> Ran {
    let mut all = vec!["--json", "user"];
    all.extend_from_slice(arguments);
    let mut child = workspace
        .command(&all)
        .env("COUNTERFOIL_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    for line in input.lines() {
        assert!(!errors.contains(line), "{line} is in the log: {errors}");
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    Ran {
        code: output.status.code(),
        lines: lines.collect(),
        errors,
    }
}

const THREE: [&str; 7] = [
    "init",
    "--system",
    "sys01",
    "--security",
    "sec01",
    "--audit",
    "aud01",
];
const NAMES: &str = "赵一\ncorrect horse one\n钱二\ncorrect horse two\n孙三\ncorrect horse three\n";

/// A hall with its three administrators and two people.
fn hall() -> Workspace {
    let workspace = Workspace::new();
    let made = user(&workspace, &THREE, NAMES);
    assert_eq!(made.code, Some(0), "{}", made.errors);
    assert_eq!(made.lines.len(), 3);
    let file = workspace.path().join("c001.txt");
    std::fs::write(&file, "李四\na password to change\n").unwrap();
    let file = file.display().to_string();
    let role = "clerk@site/centre";
    let from_file = ["add", "c001", "--role", role, "--from", &file];
    let added = user(&workspace, &from_file, "");
    assert_eq!(added.code, Some(0), "{}", added.errors);
    let added = user(&workspace, &["add", "c002", "--role", role], "王五\n");
    assert_eq!(added.code, Some(0), "{}", added.errors);
    workspace
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let workspace = hall();
    let refusals: [(&[&str], &str, &str); 6] = [
        (&THREE, NAMES, "already-initialised"),
        (&["add", "c003"], "周六\nkurz7x\n", "bad-field"),
        (
            &["add", "c003", "--role", "clerk@hall"],
            "周六\n",
            "role-does-not-fit",
        ),
        (&["add", "c001"], "周六\n", "already-enrolled"),
        (
            &["roles", "sec01", "--give", "clerk@site/centre"],
            "",
            "roles-conflict",
        ),
        (
            &["offboard", "sec01", "--to", "c002"],
            "",
            "last-administrator",
        ),
    ];
    for (arguments, input, code) in refusals {
        let refused = user(&workspace, arguments, input);
        assert_eq!(refused.code, Some(1), "{arguments:?}");
        assert!(refused.errors.contains(code), "{}", refused.errors);
    }
    let nonsense = user(
        &workspace,
        &["add", "c003", "--role", "king@hall"],
        "周六\n",
    );
    assert_eq!(nonsense.code, Some(2), "{}", nonsense.errors);
    // Single sign-on is not set up here.
    let linked = user(&workspace, &["link", "c002"], "employee-1\n");
    assert_eq!(linked.code, Some(1));
}

#[test]
fn a_hall_changes_its_people_and_lets_them_go() {
    let workspace = hall();
    let done = |arguments: &[&str]| {
        let ran = user(&workspace, arguments, "");
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.errors);
        ran.lines
    };
    let (take, give) = ("clerk@site/centre", "archivist@site/centre");
    let changed = done(&["roles", "c002", "--take", take, "--give", give]);
    assert_eq!(changed[0]["grants"][0]["role"], "archivist");
    let reset = done(&["reset", "c002", "--hours", "2"]);
    assert_eq!(reset[0]["code"].as_str().unwrap().len(), 24);
    let issue = ["token", "issue", "--staff", "c002", "--site", "centre"];
    let issued = done(&issue);
    let text = issued[0]["text"].as_str().unwrap();
    assert!(text.starts_with("cft~c002~"));
    let token = issued[0]["token"].as_str().unwrap();
    done(&["token", "revoke", "--staff", "c002", token]);
    done(&["lock", "c002"]);
    let away = user(&workspace, &["offboard", "c001", "--to", "c002"], "");
    assert!(away.errors.contains("no-successor"), "{}", away.errors);
    done(&["unlock", "c002"]);
    done(&["offboard", "c001", "--to", "c002"]);

    let listed = done(&["list"]);
    let ids: Vec<&str> = listed
        .iter()
        .map(|line| line["staff"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["sys01", "sec01", "aud01", "c001", "c002"]);
    assert_eq!(listed[3]["successor"], "c002");
    assert_eq!(listed[4]["name"], "王五");
    assert_eq!(listed[4]["recovering"], true);
}

#[test]
fn words_are_in_two_languages_and_the_ledger_holds_no_name() {
    let workspace = Workspace::new();
    assert_eq!(user(&workspace, &THREE, NAMES).code, Some(0));
    let said = workspace.command(&["user", "list"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.contains("赵一") && said.contains("在岗 active"),
        "{said}"
    );
    let help = workspace
        .command(&["user", "add", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.contains("登记人员 Enrol a person") && !help.contains("--password"),
        "{help}"
    );
    let mut folders = vec![workspace.data()];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            looked_at += 1;
            for secret in ["赵一", "correct horse", "$argon2id$"] {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} lies open in {}", path.display());
            }
        }
    }
    assert!(looked_at > 5);
}
