//! The hall's own templates: they take the place of the built-in ones, and a broken, greedy or endless one is named
//! and does no harm.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use counterfoil::forms::{FormError, FormKind, Printing, TemplateProblem, Templates, sample};
use counterfoil::worker::{Printer, WorkerPool};

use super::support::{Paper, options, printer, printing, refused};

/// A folder with one file.
fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

/// The first problem of an undertaking printed with this template.
async fn problem(text: &str) -> TemplateProblem {
    let folder = folder("undertaking.typ", text);
    let form = sample::form(FormKind::Undertaking);
    match refused(&printer(Some(folder.path())), &form).await {
        FormError::Template { problems } => problems.into_iter().next().unwrap(),
        other => panic!("{other}"),
    }
}

fn at(file: &str, line: usize, column: usize) -> (String, Option<usize>, Option<usize>) {
    (file.to_owned(), Some(line), Some(column))
}

fn place(problem: &TemplateProblem) -> (String, Option<usize>, Option<usize>) {
    (problem.file.clone(), problem.line, problem.column)
}

#[tokio::test]
async fn a_changed_file_is_in_force_with_the_next_form() {
    let folder = folder("undertaking.typ", "第一版 #json(\"data.json\").digest");
    let printer = printer(Some(folder.path()));
    let form = sample::form(FormKind::Undertaking);
    let first = printer.print(&form, printing(0)).await.unwrap();
    let text = Paper::of(&first).text();
    assert!(text.contains("第一版") && text.contains(&first.statement.to_string()));
    let path = folder.path().join("undertaking.typ");
    std::fs::write(
        &path,
        "#import \"parts.typ\": motto\n#motto 第二版 #image(\"e.svg\")",
    )
    .unwrap();
    let square = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>";
    std::fs::write(folder.path().join("e.svg"), square).unwrap();
    std::fs::write(folder.path().join("parts.typ"), "#let motto = [为人民服务]").unwrap();
    let second = printer.print(&form, printing(0)).await.unwrap();
    assert!(Paper::of(&second).text().contains("为人民服务第二版"));
    assert_eq!(first.statement, second.statement);
    assert_ne!(first.sheet, second.sheet);
    // The other forms keep their built-in templates.
    let other = sample::form(FormKind::ReferralSlip);
    let other = printer.print(&other, printing(0)).await.unwrap();
    assert!(Paper::of(&other).text().contains("首问责任"));
}

#[tokio::test]
async fn a_broken_template_is_named_with_its_line_and_column() {
    let found = problem("第一行\n第二行 #nobody(1)").await;
    assert_eq!(place(&found), at("undertaking.typ", 2, 6));
    assert_eq!(found.message, "unknown variable: nobody");
    let found = problem("#let x = (1, 2").await;
    assert_eq!(place(&found), at("undertaking.typ", 1, 10));
    assert_eq!(found.message, "unclosed delimiter");
    // The fault shows in the common part; the hall's line that led there is named.
    let found = problem("#import \"common.typ\": *\n\n#facts((\"只有标题\",))").await;
    assert_eq!(place(&found), at("undertaking.typ", 3, 2));
    // A field that the form does not have.
    let found = problem("#import \"common.typ\": *\n#form.colour").await;
    assert_eq!(place(&found).1, Some(2));
    let error = FormError::Template {
        problems: vec![found],
    };
    let said = error.to_string();
    assert!(said.contains("undertaking.typ 第 2 行第") && said.contains("undertaking.typ:2:"));
    assert!(
        said.contains("colour") && said.contains("[forms] folder"),
        "{said}"
    );
}

#[tokio::test]
async fn nothing_but_the_sheet_can_be_read() {
    for (text, word) in [
        (
            "#import \"@preview/cetz:0.3.0\": *",
            "packages are not loaded",
        ),
        ("#read(\"/etc/passwd\")", "not found"),
        ("#read(\"../../../../etc/passwd\")", ""),
        ("#include \"/proc/self/environ\"", "not found"),
        ("#image(\"https://hall.example/x.png\")", "not found"),
        ("#json(\"secret.json\")", "not found"),
        ("#plugin(\"x.wasm\")", "not found"),
    ] {
        let found = problem(text).await;
        assert_eq!(place(&found).1, Some(1), "{found}");
        assert!(found.message.contains(word), "{text}: {found}");
    }
}

#[tokio::test]
async fn a_template_that_is_not_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("undertaking.typ"), [0xFF, 0xFE, 0x00]).unwrap();
    let form = sample::form(FormKind::Undertaking);
    let error = refused(&printer(Some(folder.path())), &form).await;
    let said = error.to_string();
    assert!(
        said.contains("undertaking.typ") && said.contains("UTF-8"),
        "{said}"
    );
}

#[tokio::test]
async fn an_endless_template_is_ended_and_the_next_form_printed() {
    let text = "#for a in range(100000) { for b in range(100000) { let c = a * b } }";
    let folder = folder("undertaking.typ", text);
    let deadline = Duration::from_millis(800);
    let printer = printer(Some(folder.path())).with_deadline(deadline);
    let began = Instant::now();
    let form = sample::form(FormKind::Undertaking);
    let error = refused(&printer, &form).await;
    let expected = FormError::Deadline {
        template: "undertaking.typ".into(),
        seconds: 0.8,
    };
    assert_eq!(error, expected);
    assert!(began.elapsed() < Duration::from_secs(20));
    let printer = printer.with_deadline(Duration::from_secs(60));
    let receipt = sample::form(FormKind::IntakeReceipt);
    let printed = printer.print(&receipt, printing(0)).await.unwrap();
    assert_eq!(printed.statement, receipt.digest().unwrap());
    assert!(printed.pdf.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn a_greedy_template_is_ended_at_the_memory_limit() {
    let text = "#let s = \"存\"\n#let i = 0\n#while i < 40 { s = s + s; i = i + 1 }\n#s.len()";
    let folder = folder("undertaking.typ", text);
    let mut options = options();
    options.memory_max = 500 << 20;
    let templates = Templates::new(Some(folder.path().to_path_buf()));
    let printer = Printer::new(WorkerPool::new(options, 1), templates);
    let error = refused(&printer, &sample::form(FormKind::Undertaking)).await;
    let expected = FormError::Memory {
        template: "undertaking.typ".into(),
        mib: 500.0,
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn the_day_is_an_argument() {
    let text = "#datetime.today().display() #datetime.today(offset: 0).display()";
    let folder = folder("undertaking.typ", text);
    let printer = printer(Some(folder.path()));
    let form = sample::form(FormKind::Undertaking);
    let printed = printer.print(&form, printing(0)).await.unwrap();
    assert!(Paper::of(&printed).text().contains("2026-11-242026-11-23"));
    let later = Printing {
        at: "2030-01-01T00:00:00Z".parse().unwrap(),
        reprint: 0,
    };
    let printed = printer.print(&form, later).await.unwrap();
    assert!(Paper::of(&printed).text().contains("2030-01-012030-01-01"));
}

/// The exit code and output of `counterfoil forms` with the templates in `folder`.
fn forms_command(folder: &Path, out: &Path) -> (Option<i32>, String) {
    let config = folder.join("counterfoil.toml");
    let text = format!("[forms]\nfolder = \"{}\"\n", folder.display());
    std::fs::write(&config, text).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
        .arg("--config")
        .arg(&config)
        .args(["forms", "--out"])
        .arg(out)
        .env("HOME", folder)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.status.code(), words)
}

#[test]
fn the_command_prints_each_sample_and_names_a_broken_template() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (code, words) = forms_command(folder.path(), &out);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(words.lines().count(), FormKind::ALL.len());
    assert!(out.join("intake-receipt.pdf").is_file());
    std::fs::write(folder.path().join("undertaking.typ"), "#broken").unwrap();
    let (code, words) = forms_command(folder.path(), &out);
    assert_eq!(code, Some(4), "{words}");
    assert!(words.contains("undertaking.typ 第 1 行第 2 列"), "{words}");
    assert_eq!(words.matches('✓').count(), FormKind::ALL.len() - 1);
}
