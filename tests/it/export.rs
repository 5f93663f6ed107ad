//! `counterfoil export`: every format through the real program, the same bytes each time.

use std::path::Path;

use counterfoil::domain::text::PageTurn;
use serde_json::Value;

use crate::export_kit::{line_of, ofd_text, scan_with_reading};
use crate::support::Workspace;

fn run(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let output = workspace.command(arguments).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let objects = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), objects, errors)
}

fn exported(workspace: &Workspace, record: &str, format: &str, name: &str) -> Vec<u8> {
    let path = workspace.path().join(name);
    let path = path.to_str().unwrap();
    let (code, results, errors) = run(
        workspace,
        &["--json", "export", record, "--format", format, "-o", path],
    );
    assert_eq!(code, Some(0), "{format}: {errors}");
    assert_eq!(results[0]["record"], record);
    std::fs::read(path).unwrap()
}

fn ingested(workspace: &Workspace, turn: PageTurn) -> String {
    let scan = scan_with_reading(&workspace.path().join("ocr"), 1, turn);
    let path = workspace.path().join("a.png");
    std::fs::write(&path, scan).unwrap();
    let (code, results, errors) = run(workspace, &["--json", "ingest", path.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{errors}");
    results[0]["record"].as_str().unwrap().to_owned()
}

#[test]
fn every_format_holds_the_text_and_is_the_same_each_time() {
    let workspace = Workspace::new();
    let record = ingested(&workspace, PageTurn::Quarter);
    let line = line_of(1);
    for format in ["pdf", "ofd", "alto", "hocr", "text", "original"] {
        let first = exported(&workspace, &record, format, "first");
        let second = exported(&workspace, &record, format, "second");
        assert!(first == second, "{format}");
        let text = String::from_utf8_lossy(&first).into_owned();
        match format {
            "pdf" => {
                assert!(first.starts_with(b"%PDF-1.7"));
                // 96 by 128 pixels at 200 dpi, a quarter turned.
                assert!(text.contains("/MediaBox [0 0 46.08 34.56]"), "{text}");
            }
            "ofd" => {
                let text = ofd_text(&first);
                assert!(text.contains("DocType=\"OFD-A\""));
                assert!(text.contains(&format!(">{line}<")), "{text}");
            }
            "alto" => {
                assert!(text.contains("WIDTH=\"128\" HEIGHT=\"96\""), "{text}");
                assert!(text.contains("CONTENT=\"第1件材料\""));
                assert!(text.contains(&format!("<fileName>{record}.png<")));
            }
            "hocr" => assert!(text.contains("bbox 0 0 128 96") && text.contains(">第1件材料<")),
            "text" => assert_eq!(text, format!("{line}\n\u{c}")),
            _ => assert!(first == std::fs::read(workspace.path().join("a.png")).unwrap()),
        }
    }
}

#[test]
fn a_case_that_is_not_there_and_arguments_that_contradict_are_told() {
    let workspace = Workspace::new();
    let record = ingested(&workspace, PageTurn::None);
    let path = workspace.path().join("out");
    let path = path.to_str().unwrap();
    let no_case = ["export", "--case", "2026-77", "--format", "pdf", "-o", path];
    let (code, _, errors) = run(&workspace, &no_case);
    assert_ne!(code, Some(0));
    assert!(errors.contains("没有办件 2026-77"), "{errors}");
    let both = [
        "export", &record, "--case", "2026-77", "--format", "pdf", "-o", path,
    ];
    assert_ne!(run(&workspace, &both).0, Some(0));
    let neither = ["export", "--format", "pdf", "-o", path];
    assert_ne!(run(&workspace, &neither).0, Some(0));
    assert!(!Path::new(path).exists());
}
