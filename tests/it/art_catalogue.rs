//! The service catalogue, article by article, over the real ledger.

use counterfoil::counter::CounterError;
use counterfoil::counter::ImportError;
use counterfoil::counter::catalogue::read_catalogue;
use counterfoil::domain::Date;
use counterfoil::domain::catalogue::{self, Difference};

use crate::hall_support::{Hall, MONDAY, changed, code, fixture_path, task};

const NOTICE: &str = r#"
# 部门书面函告
[notice]
number = "云市监函〔2025〕20号"
document = "documents/notice-SCJG.txt"
"#;

/// Version 2 of the food permit: one copy more, live later.
fn second_version(text: String) -> String {
    let text = text.replace("version = 1", "version = 2");
    let text = text.replace("live_from = 2026-01-05", "live_from = 2026-03-16");
    let entered = text.find("# 纳入综合窗口").unwrap();
    let materials = text.find("[[material]]").unwrap();
    let text = format!("{}{}", &text[..entered], &text[materials..]);
    text.replacen("copies = 0", "copies = 1", 1)
}

fn notified(text: String) -> String {
    second_version(text).replace("〔2025〕20号", "〔2026〕5号")
}

fn unnotified(text: String) -> String {
    second_version(text).replace(NOTICE, "")
}

fn file_problems(error: ImportError) -> String {
    match error {
        ImportError::Files(error) => error.to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn art_11_3_a_case_pins_the_version_that_is_live_when_it_opens() {
    let hall = Hall::at(MONDAY).await;
    let item = task("food-permit");
    let window = ("YLZX", "A02");
    let first = hall.receive(window, &item).await.unwrap();
    assert_eq!(first.version, 1);
    let folder = changed(&[("items/food-permit.toml", &notified)]);
    hall.import(&read_catalogue(folder.path()).unwrap()).await;
    hall.move_to("2026-03-15T23:59:59+08:00");
    assert_eq!(hall.receive(window, &item).await.unwrap(), first);
    hall.move_to("2026-03-16T00:00:00+08:00");
    let second = hall.receive(window, &item).await.unwrap();
    assert_eq!(second.version, 2);
    assert_ne!(second.content, first.content);
    // The old case goes on with what it pinned, word for word.
    let issued = hall
        .issue(("YLZX", "B02"), &item, first.version)
        .await
        .unwrap();
    assert_eq!((issued.version, issued.content), (1, first.content));
    let old = hall.counter.service_item(&first.content).await.unwrap();
    let new = hall.counter.service_item(&second.content).await.unwrap();
    assert_eq!((old.materials[0].copies, new.materials[0].copies), (0, 1));
    assert!(!old.review_points.is_empty());
    let refused = hall.issue(("YLZX", "B02"), &item, 3).await;
    assert_eq!(code(refused), "no-such-version");
}

#[tokio::test]
async fn art_11_4_a_change_that_was_not_notified_in_writing_cannot_go_live() {
    let hall = Hall::at(MONDAY).await;
    let folder = changed(&[("items/food-permit.toml", &unnotified)]);
    let wanted = read_catalogue(folder.path()).unwrap();
    let before = *hall.counter.ledger.published().borrow();
    let refused = hall.counter.import(&hall.ask(), &wanted, hall.now()).await;
    let problems = file_problems(refused.unwrap_err());
    assert!(problems.contains("food-permit.toml"), "{problems}");
    assert!(problems.contains("未经部门书面函告"), "{problems}");
    assert_eq!(*hall.counter.ledger.published().borrow(), before);
    // Handed in without a date it waits; with the letter it goes live.
    let waiting = |text: String| unnotified(text).replace("live_from = 2026-03-16\n", "");
    let folder = changed(&[("items/food-permit.toml", &waiting)]);
    let imported = hall.import(&read_catalogue(folder.path()).unwrap()).await;
    let changes: Vec<&str> = imported
        .changes
        .iter()
        .map(|one| one.change.as_str())
        .collect();
    assert_eq!(changes, ["proposed"]);
    assert_eq!(
        imported.changes[0].differences[0].difference.code(),
        "copies"
    );
    hall.move_to("2026-03-16T10:00:00+08:00");
    let item = task("food-permit");
    assert_eq!(
        hall.receive(("YLZX", "A02"), &item).await.unwrap().version,
        1
    );
    let folder = changed(&[("items/food-permit.toml", &notified)]);
    let imported = hall.import(&read_catalogue(folder.path()).unwrap()).await;
    let changes: Vec<&str> = imported
        .changes
        .iter()
        .map(|one| one.change.as_str())
        .collect();
    assert_eq!(changes, ["notified", "went_live"]);
    assert_eq!(
        hall.receive(("YLZX", "A02"), &item).await.unwrap().version,
        2
    );
    // The decision itself refuses, whoever asks it.
    let state = hall.counter.item(&task("sole-trader")).await.unwrap();
    let day: Date = "2026-04-01".parse().unwrap();
    let refused = catalogue::go_live(&state, 2, day).unwrap_err();
    assert_eq!(refused.code(), "no-such-version");
}

#[tokio::test]
async fn art_11_4_every_mismatch_with_the_published_list_is_an_alarm() {
    let hall = Hall::at(MONDAY).await;
    // The withdrawn item is still live on that day, so it is the only one the list lacks.
    hall.move_to("2026-07-01T09:00:00+08:00");
    let csv = std::fs::read(fixture_path().join("published.csv")).unwrap();
    let found = hall
        .counter
        .compare_published(&hall.ask(), "published.csv", &csv, hall.now())
        .await;
    let found = found.unwrap();
    assert_eq!((found.items, found.mismatches), (18, vec![]));
    let json = std::fs::read(fixture_path().join("published-mismatch.json")).unwrap();
    let found = hall
        .counter
        .compare_published(&hall.ask(), "published.json", &json, hall.now())
        .await;
    let found = found.unwrap();
    let told: Vec<(String, String, &str)> = found
        .mismatches
        .iter()
        .map(|one| {
            let material = one.material.as_ref().map(ToString::to_string);
            let department = one.department.as_ref().map(ToString::to_string);
            (
                department.unwrap_or_default(),
                material.unwrap_or_default(),
                one.difference.code(),
            )
        })
        .collect();
    let row =
        |department: &str, material: &str, code| (department.to_owned(), material.to_owned(), code);
    let mut expected = vec![
        row("SCJG", "", "promised-limit"),
        row("SCJG", "M05", "material-extra"),
        row("SCJG", "M01", "material-name"),
        row("SCJG", "M09", "material-missing"),
        row("MZJ", "M04", "originals"),
        row("SWJ", "", "item-name"),
        row("JTJ", "", "legal-limit"),
        row("JTJ", "M03", "copies"),
        row("CGJ", "", "item-not-published"),
        row("", "", "item-not-live"),
    ];
    let mut sorted = told.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    for mismatch in &found.mismatches {
        let difference: &Difference = &mismatch.difference;
        assert!(difference.zh().contains("请部门") && difference.en().contains("department"));
    }
    // The result is a fact, and the report says what the call said.
    let (fact, report) = hall.counter.mismatches().await.unwrap().unwrap();
    assert_eq!((fact.items, fact.mismatches), (18, 10));
    assert_eq!((fact.report, report), (found.report, found.mismatches));
    let again = hall
        .counter
        .compare_published(&hall.ask(), "published.json", &json, hall.now())
        .await;
    assert_eq!(again.unwrap().receipt.count, 0);
}

#[tokio::test]
async fn art_11_4_a_published_list_that_cannot_be_read_is_refused_with_its_lines() {
    let hall = Hall::at(MONDAY).await;
    let good = std::fs::read_to_string(fixture_path().join("published.csv")).unwrap();
    let marked = format!("\u{feff}{good}");
    let found = hall
        .counter
        .compare_published(&hall.ask(), "list.csv", marked.as_bytes(), hall.now())
        .await;
    found.unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let twice = format!("{good}{}\n", lines[1]);
    let number = good.replacen(",20,5,M02,", ",20,five,M02,", 1);
    let unequal = good.replacen(",20,5,M02,", ",20,6,M02,", 1);
    let column = good.replacen("copies", "copys", 1);
    let (gbk, json) = (vec![0xca, 0xb3, 0xc6], "[{\"task_code\": 1}]".to_owned());
    for (bytes, told) in [
        (twice.into_bytes(), "M01 重复"),
        (number.into_bytes(), "list.csv:3:"),
        (unequal.into_bytes(), "名称或时限不一致"),
        (column.into_bytes(), "copies"),
        (gbk, "UTF-8"),
        (json.into_bytes(), "list.csv:1:"),
    ] {
        let refused = hall
            .counter
            .compare_published(&hall.ask(), "list.csv", &bytes, hall.now())
            .await;
        match refused.unwrap_err() {
            ImportError::Published(error) => assert!(error.to_string().contains(told), "{error}"),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn art_13_1_a_withdrawn_item_refuses_new_cases_and_finishes_old_ones() {
    let hall = Hall::at("2026-06-30T23:59:59+08:00").await;
    let (item, window) = (task("elder-card"), ("YLZX", "B01"));
    let opened = hall.receive(window, &item).await.unwrap();
    hall.move_to("2026-07-01T00:00:00+08:00");
    assert_eq!(code(hall.receive(window, &item).await), "item-withdrawn");
    let issued = hall
        .issue(("YLZX", "B02"), &item, opened.version)
        .await
        .unwrap();
    assert_eq!(issued.content, opened.content);
    let (site, desk) = crate::hall_support::place(window);
    let books = hall.counter.hall_books(&site, &item).await.unwrap();
    assert!(
        books
            .may_supplement(&desk, opened.version, hall.now())
            .is_ok()
    );
    // Taking one off the list needs an approval, and happens once.
    let (food, day) = (task("food-permit"), "2026-08-01".parse().unwrap());
    let number: catalogue::DocumentNo = "云市监函〔2026〕31号".parse().unwrap();
    let counter = &hall.counter;
    let withdrawn = counter
        .withdraw(&hall.ask(), &food, day, number.clone(), b"approval")
        .await;
    withdrawn.unwrap();
    hall.receive(("YLZX", "A02"), &food).await.unwrap();
    hall.move_to("2026-08-01T00:00:00+08:00");
    assert_eq!(
        code(hall.receive(("YLZX", "A02"), &food).await),
        "item-withdrawn"
    );
    let other: catalogue::DocumentNo = "云市监函〔2026〕32号".parse().unwrap();
    let again = counter
        .withdraw(&hall.ask(), &food, day, other, b"approval")
        .await;
    assert_eq!(code(again), "not-listed");
    let live = counter.live_items(hall.now()).await.unwrap();
    assert!(live.iter().all(|one| one.task_code != food));
}

#[tokio::test]
async fn art_13_1_an_item_enters_the_list_on_its_day_by_approval() {
    let hall = Hall::at("2026-01-04T23:59:59+08:00").await;
    let (item, window) = (task("food-permit"), ("YLZX", "A02"));
    assert_eq!(code(hall.receive(window, &item).await), "item-not-listed");
    hall.move_to("2026-01-05T00:00:00+08:00");
    hall.receive(window, &item).await.unwrap();
    // Without an approval it never enters.
    let unlisted = |text: String| {
        let from = text.find("# 纳入综合窗口").unwrap();
        let to = text.find("[[material]]").unwrap();
        format!("{}{}", &text[..from], &text[to..])
    };
    let folder = changed(&[("items/food-permit.toml", &unlisted)]);
    let other = Hall::empty(MONDAY).await;
    other.import(&read_catalogue(folder.path()).unwrap()).await;
    assert_eq!(code(other.receive(window, &item).await), "item-not-listed");
    let unknown = "none".parse().unwrap();
    let missing = other.counter.item(&unknown).await;
    assert!(matches!(missing, Err(CounterError::NotFound(_))));
}
