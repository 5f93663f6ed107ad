//! What stands on the paper: everything that was stated, its digest and QR code, on one page where one is enough.

use std::time::Instant;

use counterfoil::forms::{Form, FormKind, Templates, sample};
use counterfoil::worker::{Printer, WorkerPool};
use serde_json::json;

use super::support::{Paper, changed, options, printer, printing, squeezed, states_everything};

/// Where the foot of a page is, in percent of its height.
const FOOT: (usize, usize) = (86, 98);

/// The forms of the window; those of custody and transfer are looked at in `handover`.
fn of_the_window() -> impl Iterator<Item = &'static FormKind> {
    let others = [
        FormKind::BundleLabels,
        FormKind::CustodySlip,
        FormKind::TransferRegister,
    ];
    FormKind::ALL
        .iter()
        .filter(move |kind| !others.contains(kind))
}

fn expected_code(form: &Form) -> String {
    let head = form.head().unwrap();
    let number = head.number.clone();
    let digest = form.digest().unwrap();
    let verify = &head.verify;
    let kind = serde_json::to_value(form.kind()).unwrap();
    let kind = kind.as_str().unwrap();
    format!("{verify}?form={kind}&no={number}&sha256={digest}")
}

#[tokio::test]
async fn each_form_states_everything_on_one_page_that_tools_accept() {
    let printer = printer(None);
    for kind in of_the_window() {
        let form = sample::form(*kind);
        let printed = printer.print(&form, printing(0)).await.unwrap();
        assert_eq!(printed.warnings, [], "{kind:?}");
        assert_eq!(printed.statement, form.digest().unwrap());
        let paper = Paper::of(&printed);
        assert_eq!(paper.pages, 1, "{kind:?}");
        paper.is_sound();
        states_everything(&form, &paper);
        assert!(paper.text().contains("第1页，共1页"));
        assert!(!paper.text().contains("次补打"));
        // The blank receipt has two parts, each with its code.
        let windows: &[(usize, usize)] = match kind {
            FormKind::BlankReceipt => &[(53, 63), (84, 95)],
            _ => &[FOOT],
        };
        let codes = paper.codes(1, windows);
        assert_eq!(codes, vec![expected_code(&form); windows.len()], "{kind:?}");
    }
}

#[tokio::test]
async fn sixty_materials_go_over_pages_with_the_head_code_and_number_on_each() {
    let form = changed(FormKind::IntakeReceipt, |form| {
        let rows = (1..=60).map(|row| {
            json!({
                "name": format!("第{row}号材料：{}", "建设工程规划许可证及附图附件".repeat(1 + row % 4)),
                "originals": row, "copies": 3, "met_by": "核验原件退还", "remark": "图纸若干，另装一袋"
            })
        });
        form["materials"] = rows.collect();
    });
    let printed = printer(None).print(&form, printing(0)).await.unwrap();
    let paper = Paper::of(&printed);
    assert!((3..=8).contains(&paper.pages), "{} pages", paper.pages);
    paper.is_sound();
    states_everything(&form, &paper);
    for page in 1..=paper.pages {
        let text = paper.page_text(page);
        assert!(
            text.contains(&form.head().unwrap().number),
            "page {page}: {text}"
        );
        let last = format!("第{page}页，共{}页", paper.pages);
        assert!(text.contains(&last), "page {page}: {text}");
        if text.contains("号材料：") {
            assert!(text.contains("序号材料名称原件"), "page {page}: {text}");
        }
        assert_eq!(paper.codes(page, &[FOOT]), [expected_code(&form)]);
    }
}

#[tokio::test]
async fn each_form_bears_the_longest_fields_and_the_barest_data() {
    let printer = printer(None);
    for kind in of_the_window() {
        let long = changed(*kind, |form| stretch(form, ""));
        let paper = Paper::of(&printer.print(&long, printing(3)).await.unwrap());
        paper.is_sound();
        states_everything(&long, &paper);
        assert!(paper.text().contains("第3次补打2026-11-24"));
        let bare = changed(*kind, strip);
        let paper = Paper::of(&printer.print(&bare, printing(0)).await.unwrap());
        assert_eq!(paper.pages, 1, "{kind:?}");
        paper.is_sound();
        states_everything(&bare, &paper);
    }
}

/// Every text to about 90 characters, some of them a run without a place to break.
fn stretch(value: &mut serde_json::Value, key: &str) {
    match value {
        serde_json::Value::String(text) if key != "form" && key != "number" && key != "verify" => {
            let more = match text.len() % 3 {
                0 => "ABCDEFGHIJ0123456789".repeat(4),
                1 => "长江三角洲一体化示范区".repeat(7),
                _ => "Very long words，夹杂中文；".repeat(5),
            };
            text.push_str(&more);
        }
        serde_json::Value::Array(rows) => rows.iter_mut().for_each(|row| stretch(row, key)),
        serde_json::Value::Object(entries) => {
            entries
                .iter_mut()
                .for_each(|(key, entry)| stretch(entry, key));
        }
        _ => {}
    }
}

/// Leaves out everything that may be left out.
fn strip(form: &mut serde_json::Value) {
    const OPTIONAL: &[&str] = &[
        "contact", "id", "phone", "agent", "code", "remark", "notes", "deadline", "basis",
        "excluded", "advice", "bundle", "waybill", "rating",
    ];
    // The same word names something required on these.
    let kind = form["form"].as_str().unwrap().to_owned();
    let required: &[&str] = match kind.as_str() {
        "acceptance_notice" | "referral_slip" => &["phone"],
        "conditional_acceptance" => &["deadline"],
        "deferral_refusal" => &["advice"],
        _ => &[],
    };
    let top = form.as_object_mut().unwrap();
    top.retain(|key, _| !OPTIONAL.contains(&key.as_str()) || required.contains(&key.as_str()));
    for (key, part) in top.iter_mut() {
        if let Some(entries) = part.as_object_mut() {
            entries.retain(|key, _| !OPTIONAL.contains(&key.as_str()));
        }
        if let (Some(rows), false) = (part.as_array_mut(), key == "missing") {
            rows.truncate(1);
            if let Some(entries) = rows.first_mut().and_then(|row| row.as_object_mut()) {
                entries.remove("remark");
            }
        }
    }
}

#[tokio::test]
async fn the_same_sheet_gives_the_same_bytes_in_any_child() {
    let form = sample::form(FormKind::AcceptanceNotice);
    let first = printer(None);
    let once = first.print(&form, printing(0)).await.unwrap();
    // A child that printed other things before, and a fresh one.
    first
        .print(&sample::form(FormKind::DispatchSlip), printing(1))
        .await
        .unwrap();
    let again = first.print(&form, printing(0)).await.unwrap();
    let elsewhere = printer(None).print(&form, printing(0)).await.unwrap();
    assert!(once == again && once == elsewhere);
    let reprint = first.print(&form, printing(2)).await.unwrap();
    assert_eq!(reprint.statement, once.statement);
    assert_ne!(reprint.sheet, once.sheet);
    let text = Paper::of(&reprint).text();
    assert!(text.contains("第2次补打"), "{text}");
}

#[tokio::test]
async fn copies_and_holders_are_told() {
    let printer = printer(None);
    for (holders, told) in [
        (json!(["申请人"]), "一份，由申请人留存"),
        (json!(["甲", "乙"]), "一式两份，甲、乙各执一份"),
        (json!(["甲", "乙", "丙"]), "一式三份，甲、乙、丙各执一份"),
    ] {
        let form = changed(FormKind::ReferralSlip, |form| {
            form["head"]["copies"] = holders
        });
        let paper = Paper::of(&printer.print(&form, printing(0)).await.unwrap());
        assert!(paper.text().contains(&squeezed(told)), "{told}");
    }
}

#[tokio::test]
async fn how_long_a_receipt_takes() {
    let pool = WorkerPool::new(options(), 1);
    let printer = Printer::new(pool.clone(), Templates::default());
    let form = sample::form(FormKind::IntakeReceipt);
    for reprint in 0..8 {
        let began = Instant::now();
        let printed = printer.print(&form, printing(reprint)).await.unwrap();
        let bytes = printed.pdf.len();
        println!("receipt {reprint}: {:?}, {bytes} bytes", began.elapsed());
    }
    println!("resident at most {} MiB", pool.peak_resident() >> 20);
}
