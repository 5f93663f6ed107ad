//! `counterfoil user` with the real binary: what it prints, what it refuses, and what it never takes as an argument.

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
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    Ran {
        code: output.status.code(),
        lines: lines.collect(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
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

#[test]
fn a_hall_gets_its_people_and_lets_them_go() {
    let workspace = Workspace::new();
    let made = user(&workspace, &THREE, NAMES);
    assert_eq!(made.code, Some(0), "{}", made.errors);
    assert_eq!(made.lines.len(), 3);
    let again = user(&workspace, &THREE, NAMES);
    assert_eq!(again.code, Some(1));
    assert!(
        again.errors.contains("already-initialised"),
        "{}",
        again.errors
    );

    let file = workspace.path().join("c001.txt");
    std::fs::write(&file, "李四\na password to change\n").unwrap();
    let file = file.display().to_string();
    let added = user(
        &workspace,
        &[
            "add",
            "c001",
            "--role",
            "clerk@site/centre",
            "--from",
            &file,
        ],
        "",
    );
    assert_eq!(added.code, Some(0), "{}", added.errors);
    let added = user(
        &workspace,
        &["add", "c002", "--role", "clerk@site/centre"],
        "王五\n",
    );
    assert_eq!(added.code, Some(0), "{}", added.errors);
    let weak = user(&workspace, &["add", "c003"], "周六\nshort\n");
    assert!(
        weak.errors.contains("bad-field") && !weak.errors.contains("short\""),
        "{}",
        weak.errors
    );
    let misplaced = user(
        &workspace,
        &["add", "c003", "--role", "clerk@hall"],
        "周六\n",
    );
    assert!(
        misplaced.errors.contains("role-does-not-fit"),
        "{}",
        misplaced.errors
    );
    let nonsense = user(
        &workspace,
        &["add", "c003", "--role", "king@hall"],
        "周六\n",
    );
    assert_eq!(nonsense.code, Some(2), "{}", nonsense.errors);

    let changed = user(
        &workspace,
        &[
            "roles",
            "c002",
            "--take",
            "clerk@site/centre",
            "--give",
            "archivist@site/centre",
        ],
        "",
    );
    assert_eq!(
        changed.lines[0]["grants"][0]["role"], "archivist",
        "{}",
        changed.errors
    );
    let reset = user(&workspace, &["reset", "c002", "--hours", "2"], "");
    assert_eq!(reset.lines[0]["code"].as_str().unwrap().len(), 24);
    let issued = user(
        &workspace,
        &[
            "token", "issue", "--staff", "c002", "--site", "centre", "--days", "3",
        ],
        "",
    );
    let token = issued.lines[0]["token"].as_str().unwrap();
    assert!(
        issued.lines[0]["text"]
            .as_str()
            .unwrap()
            .starts_with("cft~c002~")
    );
    let revoked = user(
        &workspace,
        &["token", "revoke", "--staff", "c002", token],
        "",
    );
    assert_eq!(revoked.code, Some(0), "{}", revoked.errors);
    assert_eq!(user(&workspace, &["lock", "c002"], "").code, Some(0));
    let away = user(&workspace, &["offboard", "c001", "--to", "c002"], "");
    assert!(away.errors.contains("no-successor"), "{}", away.errors);
    assert_eq!(user(&workspace, &["unlock", "c002"], "").code, Some(0));
    let left = user(&workspace, &["offboard", "c001", "--to", "c002"], "");
    assert_eq!(left.code, Some(0), "{}", left.errors);
    let last = user(&workspace, &["offboard", "sec01", "--to", "c002"], "");
    assert!(
        last.errors.contains("last-administrator"),
        "{}",
        last.errors
    );
    let linked = user(&workspace, &["link", "c002"], "employee-1\n");
    assert_eq!(linked.code, Some(1));

    let listed = user(&workspace, &["list"], "");
    let ids: Vec<&str> = listed
        .lines
        .iter()
        .map(|line| line["staff"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["sys01", "sec01", "aud01", "c001", "c002"]);
    assert_eq!(listed.lines[3]["successor"], "c002");
    assert_eq!(listed.lines[4]["name"], "王五");
    assert_eq!(listed.lines[4]["recovering"], true);
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
