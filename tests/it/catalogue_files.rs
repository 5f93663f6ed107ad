//! The catalogue as files: read strictly, imported once, exported to the same bytes.

use std::path::Path;

use counterfoil::counter::catalogue::{CatalogueFile, read_catalogue, write_catalogue};
use counterfoil::counter::{Ask, ImportError};
use counterfoil::domain::hall::SiteLevel;

use crate::hall_support::{Hall, MONDAY, changed, fixture, fixture_path, task};
use crate::support::Workspace;

fn problems(folder: &Path) -> String {
    read_catalogue(folder).unwrap_err().to_string()
}

async fn export(hall: &Hall) -> Vec<CatalogueFile> {
    write_catalogue(&hall.counter.export(hall.now()).await.unwrap())
}

fn write(files: &[CatalogueFile], folder: &Path) {
    for file in files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.bytes).unwrap();
    }
}

#[test]
fn the_fixture_hall_has_what_a_hall_has() {
    let catalogue = fixture();
    let levels: Vec<SiteLevel> = catalogue.sites.iter().map(|site| site.level).collect();
    for level in [
        SiteLevel::Centre,
        SiteLevel::SubCentre,
        SiteLevel::Town,
        SiteLevel::Village,
    ] {
        assert!(levels.contains(&level));
    }
    let windows = catalogue.sites.iter().flat_map(|site| &site.windows);
    assert!(
        windows
            .clone()
            .any(|window| window.plan.timetable.is_some())
    );
    assert!(catalogue.departments.len() >= 6 && catalogue.items.len() >= 14);
    let joint = catalogue
        .items
        .iter()
        .find(|item| !item.item.co_tasks.is_empty());
    assert_eq!(joint.unwrap().item.lead.as_str(), "ZJJ");
    assert!(
        catalogue
            .items
            .iter()
            .any(|item| item.item.higher_authority)
    );
    let materials = catalogue.items.iter().flat_map(|item| &item.item.materials);
    assert!(
        materials
            .clone()
            .any(|material| material.deferral.is_some())
    );
}

#[tokio::test]
async fn importing_twice_records_nothing_the_second_time() {
    let hall = Hall::at(MONDAY).await;
    let size = *hall.counter.ledger.published().borrow();
    assert!(size > 100);
    let again = hall.import(&fixture()).await;
    assert_eq!((again.changes.len(), again.receipt), (0, None));
    assert_eq!(*hall.counter.ledger.published().borrow(), size);
    // A preview says what an import then does, and records nothing.
    let renamed = |text: String| {
        text.replace("咨询导办台", "导办台")
            .replacen("\"A01\"", "\"A00\"", 1)
    };
    let folder = changed(&[("hall.toml", &renamed)]);
    let wanted = read_catalogue(folder.path()).unwrap();
    let preview = hall.counter.preview(&wanted, hall.now()).await.unwrap();
    assert_eq!(*hall.counter.ledger.published().borrow(), size);
    let imported = hall.import(&wanted).await;
    assert_eq!(imported.changes, preview);
    assert_eq!(preview.len(), 1);
    assert_eq!(preview[0].change, "window_opened");
}

#[tokio::test]
async fn a_retried_import_is_the_same_import() {
    let hall = Hall::empty(MONDAY).await;
    let ask: Ask = hall.ask();
    let (wanted, now) = (fixture(), hall.now());
    let first = hall.counter.import(&ask, &wanted, now).await.unwrap();
    let size = *hall.counter.ledger.published().borrow();
    let second = hall.counter.import(&ask, &wanted, now).await.unwrap();
    assert!(first.receipt.is_some() && second.receipt.is_none());
    assert_eq!(*hall.counter.ledger.published().borrow(), size);
}

#[tokio::test]
async fn an_export_imports_as_nothing_new_and_exports_as_the_same_bytes() {
    let hall = Hall::at("2026-07-02T10:00:00+08:00").await;
    // Make it a hall with a past: things closed, revoked, removed, succeeded.
    let ended = |text: String| {
        text.replace("code = \"A06\"", "code = \"A06\"\nclosed = 2026-07-03")
            .replacen(
                "from = 2026-01-01\nuntil = 2028-12-31",
                "from = 2026-01-01\nremoved = 2026-07-09\nuntil = 2028-12-31",
                1,
            )
            + "\n[[authorisation.revoked]]\npowers = [\"issue\"]\nfrom = 2026-07-05\ndocument = \"documents/list-2026.txt\"\n"
    };
    let folder = changed(&[("hall.toml", &ended)]);
    let imported = hall.import(&read_catalogue(folder.path()).unwrap()).await;
    assert_eq!(imported.changes.len(), 3, "{:?}", imported.changes);
    hall.move_to("2026-08-02T10:00:00+08:00");
    let files = export(&hall).await;
    let written = tempfile::tempdir().unwrap();
    write(&files, written.path());
    let back = read_catalogue(written.path()).unwrap();
    assert!(hall.import(&back).await.changes.is_empty());
    assert_eq!(export(&hall).await, files);
    // Elsewhere and later it becomes the same hall.
    let other = Hall::empty("2026-09-01T10:00:00+08:00").await;
    other.import(&back).await;
    assert_eq!(export(&other).await, files);
    let ended = other.counter.site(&"YLZX".parse().unwrap()).await.unwrap();
    assert!(!ended.windows[&"A06".parse().unwrap()].is_open(other.now()));
}

#[test]
fn every_problem_of_every_file_is_told_at_once_with_its_line() {
    let hall = |text: String| {
        text.replacen("level = \"centre\"", "level = \"center\"", 1)
            .replacen("[\"consult\"]", "[\"consult\", \"consult\"]", 1)
            .replacen("until = \"11:30\"", "until = \"25:30\"", 1)
            .replacen("short_name = \"云市监\"", "shortname = \"云市监\"", 1)
            .replacen("documents/appointment-RSJ.txt", "../secret", 1)
    };
    let item = |text: String| {
        text.replacen("promised_days = 5", "promised_days = 30", 1)
            .replacen(
                "catalog_code = \"000131012001\"",
                "catalog_code = \"0001\"",
                1,
            )
            .replacen("code = \"M02\"", "code = \"M01\"", 1)
            .replacen(
                "weight = \"main\"",
                "weight = \"main\"\ndeferral_days = 3",
                1,
            )
            .replacen("material = \"M05\"", "material = \"M55\"", 1)
            .replacen("number = \"云市监函〔2025〕20号\"", "number = \"20号\"", 1)
    };
    let folder = changed(&[("hall.toml", &hall), ("items/food-permit.toml", &item)]);
    let told = problems(folder.path());
    let wanted = [
        ("hall.toml", "\"center\""),
        ("hall.toml", "`roles` names one thing twice"),
        ("hall.toml", "25:30"),
        ("hall.toml", "did you mean `short_name`?"),
        ("hall.toml", "needs `short_name`"),
        ("hall.toml", "within the catalogue's folder"),
        ("food-permit.toml", "not a document number"),
        ("food-permit.toml", "catalog_code: 基本编码应为 12 位"),
        (
            "food-permit.toml",
            "promised_days: 承诺时限 30 天长于法定时限 20 天",
        ),
        ("food-permit.toml", "materials[1].code: M01 重复"),
        ("food-permit.toml", "主要材料不得容缺"),
        ("food-permit.toml", "没有材料 M55"),
    ];
    for (file, text) in wanted {
        let found = told
            .lines()
            .any(|line| line.contains(file) && line.contains(text));
        assert!(found, "{text} is not told in:\n{told}");
    }
    let text = std::fs::read_to_string(folder.path().join("items/food-permit.toml")).unwrap();
    let line = text
        .lines()
        .position(|line| line.contains("promised_days"))
        .unwrap()
        + 1;
    assert!(
        told.contains(&format!("food-permit.toml:{line}: promised_days")),
        "{told}"
    );
}

#[tokio::test]
async fn what_the_rules_refuse_is_told_by_file_and_line_and_nothing_is_imported() {
    let hall = Hall::empty(MONDAY).await;
    let wrong = |text: String| {
        text.replacen("parent = \"HYZ\"", "parent = \"YLZX\"", 1)
            .replacen("kind = \"all_in_one\"", "kind = \"undifferentiated\"", 1)
            .replacen("until = 2027-12-31", "until = 2025-12-31", 1)
    };
    let stranger = |text: String| text.replacen("lead = \"JTJ\"", "lead = \"JTX\"", 1);
    let folder = changed(&[
        ("hall.toml", &wrong),
        ("items/road-freight.toml", &stranger),
    ]);
    let wanted = read_catalogue(folder.path()).unwrap();
    let refused = hall.counter.import(&hall.ask(), &wanted, hall.now()).await;
    let Err(ImportError::Files(error)) = refused else {
        panic!("{refused:?}");
    };
    let told = error.to_string();
    for text in ["上级站点不正确", "没有登记 JTX", "早于起始日期"] {
        assert!(told.contains(text), "{text} is not told in:\n{told}");
    }
    let text = std::fs::read_to_string(folder.path().join("hall.toml")).unwrap();
    let village = text
        .lines()
        .position(|line| line == "code = \"LXC\"")
        .unwrap();
    assert!(told.contains(&format!("hall.toml:{village}:")), "{told}");
    assert_eq!(*hall.counter.ledger.published().borrow(), 1);
    // A version is never rewritten.
    let hall = Hall::at(MONDAY).await;
    let rewritten = |text: String| text.replacen("copies = 0", "copies = 2", 1);
    let folder = changed(&[("items/marriage.toml", &rewritten)]);
    let wanted = read_catalogue(&folder.path().join("items/marriage.toml")).unwrap();
    assert_eq!(wanted.items.len(), 1);
    let refused = hall.counter.import(&hall.ask(), &wanted, hall.now()).await;
    assert!(refused.unwrap_err().to_string().contains("请使用版本 2"));
}

#[test]
fn the_command_imports_shows_exports_and_compares() {
    let workspace = Workspace::new();
    let fixture = fixture_path();
    let run = |arguments: &[&str]| {
        let output = workspace.command(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text, errors)
    };
    let path = fixture.to_str().unwrap();
    let (status, text, errors) = run(&["--json", "catalogue", "import", path]);
    assert_eq!(status, 0, "{errors}");
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(last["changes"].as_u64().unwrap() > 100);
    let (status, text, _) = run(&["catalogue", "diff", path]);
    assert_eq!(status, 0);
    assert!(text.contains("nothing differs"), "{text}");
    let out = workspace.path().join("out");
    let out = out.to_str().unwrap();
    let (status, _, errors) = run(&["catalogue", "export", out]);
    assert_eq!(status, 0, "{errors}");
    let (status, _, errors) = run(&["catalogue", "export", out]);
    assert_eq!(status, 1);
    assert!(errors.contains("cannot-read"), "{errors}");
    let (status, text, _) = run(&["catalogue", "import", out]);
    assert_eq!(
        (status, text.contains("nothing differs")),
        (0, true),
        "{text}"
    );
    let list = fixture.join("published-mismatch.json");
    let (status, text, _) = run(&["catalogue", "compare", list.to_str().unwrap()]);
    assert_eq!(status, 4);
    assert!(text.contains("窗口多收材料“从业人员健康证明”"), "{text}");
    let item = task("marriage");
    let paper = fixture.join("documents/list-2026.txt");
    let withdraw = [
        "catalogue",
        "withdraw",
        item.as_str(),
        "--from",
        "2030-01-01",
    ];
    let (status, _, errors) = run(&[
        &withdraw[..],
        &[
            "--number",
            "云民函〔2029〕1号",
            "--document",
            paper.to_str().unwrap(),
        ],
    ]
    .concat());
    assert_eq!(status, 0, "{errors}");
    let (status, _, errors) = run(&["catalogue", "import", "nowhere"]);
    assert_eq!(status, 1);
    assert!(
        errors.contains("bad-field") && errors.contains("nowhere:1:"),
        "{errors}"
    );
}
