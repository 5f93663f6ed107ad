//! The papers of custody and transfer: labels whose codes read back, slips with and without their second signature,
//! registers; and what thousands of lines take.

use std::time::Instant;

use counterfoil::forms::handover::VOLUME_ROWS;
use counterfoil::forms::{FieldFault, Form, FormError, FormKind, Templates, sample};
use counterfoil::worker::{Printer, WorkerPool};
use serde_json::{Value, json};

use super::bars::bars;
use super::support::{
    Paper, changed, options, printer, printing, refused, squeezed, states_everything, texts,
};

const MIB: u64 = 1 << 20;

fn labels(cases: &[&str], layout: &str, skip: u32) -> Form {
    changed(FormKind::BundleLabels, |form| {
        let label = form["labels"][0].clone();
        let labels = cases.iter().map(|case| {
            let mut label = label.clone();
            label["case"] = json!(case);
            label
        });
        form["labels"] = labels.collect();
        form["layout"] = json!(layout);
        form["skip"] = json!(skip);
    })
}

/// Every text of the labels stands on the paper; the layout is no text.
fn says_its_labels(form: &Form, paper: &Paper) {
    let text = paper.text();
    let stated = texts(form);
    for stated in stated
        .iter()
        .filter(|text| !["roll", "sheet"].contains(&text.as_str()))
    {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
}

#[tokio::test]
async fn both_codes_of_a_label_on_a_roll_are_the_bare_case_number() {
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX";
    let cases = [
        "1136990100432101K1000131012001202603090001",
        "11369901004321012K10001310120012026030900017",
        "C-1",
        "hall.2026_000017-a",
        "20260309000123456789",
        letters,
    ];
    let form = labels(&cases, "roll", 0);
    let printed = printer(None).print(&form, printing(0)).await.unwrap();
    assert_eq!(printed.warnings, []);
    let paper = Paper::of(&printed);
    assert_eq!(paper.pages, 6);
    paper.is_sound_on("283.465 x 141.732 pts");
    says_its_labels(&form, &paper);
    for (page, case) in (1..).zip(cases) {
        let picture = paper.picture(page);
        assert_eq!(picture.codes(), [case]);
        // Fifty letters are 0.15 mm a module: too fine for 300 dots an inch, and then the QR code is there.
        if case != letters {
            assert_eq!(bars(&picture), [case]);
        }
    }
}

#[tokio::test]
async fn a_sheet_has_ten_labels_and_leaves_out_used_places() {
    let cases: Vec<String> = (1..=13)
        .map(|number| format!("11369901004321012K100013101200120260309{number:04}"))
        .collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let form = labels(&cases, "sheet", 3);
    let printed = printer(None).print(&form, printing(0)).await.unwrap();
    let paper = Paper::of(&printed);
    assert_eq!(paper.pages, 2);
    paper.is_sound();
    says_its_labels(&form, &paper);
    let pages = [paper.picture(1), paper.picture(2)];
    assert_eq!(bars(&pages[0]), cases[..7]);
    assert_eq!(bars(&pages[1]), cases[7..]);
    let (width, height) = (pages[0].width, pages[0].height);
    // The first three places are empty, the fourth has the first label.
    let place = |row: usize, column: usize| {
        let across = (column * width / 2, (column + 1) * width / 2);
        let down = (
            height * (2 + row * 19) / 100,
            height * (21 + row * 19) / 100,
        );
        pages[0].part(across, down)
    };
    assert_eq!(place(0, 0).codes(), [""; 0]);
    assert_eq!(place(1, 0).codes(), [""; 0]);
    assert_eq!(place(1, 1).codes(), [cases[0]]);
    assert_eq!(place(4, 1).codes(), [cases[6]]);
}

#[tokio::test]
async fn what_no_gun_could_type_is_no_label() {
    let printer = printer(None);
    let form = labels(&["C-1", "案-2"], "roll", 0);
    match refused(&printer, &form).await {
        FormError::Field { field, fault } => {
            assert_eq!(field, "labels[1].case");
            assert_eq!(fault, FieldFault::Control { character: '案' });
        }
        other => panic!("{other}"),
    }
    let form = labels(&["C-1"], "sheet", 10);
    assert!(matches!(
        refused(&printer, &form).await,
        FormError::Field { field, .. } if field == "skip"
    ));
}

/// What every QR code of a paper says.
fn codes_of(paper: &Paper) -> Vec<String> {
    let pages = 1..=paper.pages;
    pages
        .flat_map(|page| paper.codes(page, &[(0, 85), (80, 100)]))
        .collect()
}

#[tokio::test]
async fn a_signed_slip_shows_what_differs_both_signatures_and_its_place_in_the_log() {
    let form = sample::form(FormKind::CustodySlip);
    let printed = printer(None).print(&form, printing(0)).await.unwrap();
    assert_eq!(printed.warnings, []);
    let paper = Paper::of(&printed);
    paper.is_sound();
    states_everything(&form, &paper);
    let text = paper.text();
    for stated in [
        "共3袋，12件，15份，51页",
        "缺失",
        "接收（破损）",
        "多出的材料袋",
        "第48102条",
        "第48190条",
        "前48213条记录",
    ] {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
    assert!(!text.contains("（盖章处）"), "{text}");
    let Form::CustodySlip(slip) = &form else {
        panic!("another form");
    };
    let (given, taken) = (&slip.given, slip.taken.as_ref().unwrap());
    let signed = format!(
        "counterfoil:1?slip=S-20261123-0031&manifest={}&outcome={}",
        given.statement, taken.statement
    );
    let codes = codes_of(&paper);
    assert!(codes.contains(&signed), "{codes:?}");
    let whole = form.digest().unwrap();
    assert!(
        codes
            .iter()
            .any(|code| code.ends_with(&format!("sha256={whole}"))),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_slip_that_waits_has_room_to_sign_and_stamp() {
    let form = changed(FormKind::CustodySlip, |form| {
        let top = form.as_object_mut().unwrap();
        top.remove("taken");
        top.remove("extras");
        form["standing"] = json!("待签收");
        form["to"].as_object_mut().unwrap().remove("staff");
        for bundle in form["bundles"].as_array_mut().unwrap() {
            for paper in bundle["papers"].as_array_mut().unwrap() {
                let paper = paper.as_object_mut().unwrap();
                paper.remove("found");
                paper.remove("differs");
            }
        }
    });
    let paper = Paper::of(&printer(None).print(&form, printing(0)).await.unwrap());
    paper.is_sound();
    states_everything(&form, &paper);
    let text = paper.text();
    assert_eq!(text.matches("（盖章处）").count(), 2, "{text}");
    for stated in ["签字", "时间", "差异", "扫描后存入系统"] {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
    assert!(!text.contains("相符江"), "{text}");
    assert!(!text.contains("缺失"), "{text}");
    let ended = changed(FormKind::CustodySlip, |form| {
        form.as_object_mut().unwrap().remove("taken");
        form["ended"] = json!("拒收　2026年11月24日 09时00分");
        form["standing"] = json!("拒收");
    });
    let paper = Paper::of(&printer(None).print(&ended, printing(0)).await.unwrap());
    let text = paper.text();
    assert!(text.contains("未交接拒收2026年11月24日09时00分"), "{text}");
    assert!(
        !text.contains("（盖章处）"),
        "a slip that ended is not signed: {text}"
    );
}

#[tokio::test]
async fn a_stamped_slip_names_the_sheet_and_its_witness() {
    let sheet = "0123456789abcdef".repeat(4);
    let form = changed(FormKind::CustodySlip, |form| {
        form["taken"]["sheet"] = json!(sheet);
        form["to"].as_object_mut().unwrap().remove("staff");
    });
    let paper = Paper::of(&printer(None).print(&form, printing(0)).await.unwrap());
    states_everything(&form, &paper);
    let text = paper.text();
    assert!(text.contains("见证人") && text.contains(&sheet), "{text}");
}

#[tokio::test]
async fn a_register_states_every_line_its_totals_and_the_checkpoint() {
    let form = changed(FormKind::TransferRegister, |form| {
        form["rows"][1]["found"] = json!("破损，未接收");
        let bare = form["rows"][2].as_object_mut().unwrap();
        for absent in ["form", "pages", "condition"] {
            bare.remove(absent);
        }
        form["volume"] = json!({ "no": 2, "of": 4 });
    });
    let printed = printer(None).print(&form, printing(0)).await.unwrap();
    assert_eq!(printed.warnings, []);
    let paper = Paper::of(&printed);
    paper.is_sound();
    states_everything(&form, &paper);
    let text = paper.text();
    for stated in ["第2册，共4册", "3个办件，12件，15份，51页", "前48213条记录"] {
        assert!(
            text.contains(&squeezed(stated)),
            "{stated} is not in {text}"
        );
    }
    assert_eq!(text.matches("（盖章处）").count(), 2, "{text}");
    assert!(!text.contains("申请人"), "{text}");
    let codes = codes_of(&paper);
    let checkpoint = "&size=48213&root=qINS1GRFWDxvUAFEcbxwAJGkMIGa2sBXUqmAlVnA2kA%3D";
    assert!(
        codes.iter().any(|code| code.ends_with(checkpoint)),
        "{codes:?}"
    );
}

/// The longest words and numbers stay on the page.
#[tokio::test]
async fn long_words_stay_within_their_cells() {
    let long = "ABCDEFGHIJ0123456789".repeat(5);
    let printer = printer(None);
    let slip = changed(FormKind::CustodySlip, |form| {
        form["bundles"][0]["item"] = json!(format!("{}{long}", "长江三角洲一体化示范区".repeat(7)));
        form["bundles"][1]["papers"][0]["name"] = json!(long);
        form["bundles"][2]["case"] = json!("X".repeat(50));
        form["from"]["name"] = json!(long);
    });
    let register = changed(FormKind::TransferRegister, |form| {
        form["rows"][0]["item"] = json!(long);
        form["rows"][1]["material"] = json!("长江三角洲一体化示范区".repeat(7));
        form["rows"][2]["case"] = json!("X".repeat(50));
    });
    for form in [slip, register] {
        let paper = Paper::of(&printer.print(&form, printing(0)).await.unwrap());
        paper.is_sound();
        states_everything(&form, &paper);
        // Nothing is printed in the margins.
        for page in 1..=paper.pages {
            let picture = paper.picture(page);
            let margin = picture.width * 12
                / if picture.width > picture.height {
                    297
                } else {
                    210
                };
            for across in [(0, margin), (picture.width - margin, picture.width)] {
                let part = picture.part(across, (0, picture.height));
                assert!(part.pixels.iter().all(|pixel| *pixel > 200), "page {page}");
            }
        }
    }
}

/// A slip and a register of as many lines as a volume may have.
fn full_volumes() -> [Form; 2] {
    let slip = changed(FormKind::CustodySlip, |form| {
        let bundle = form["bundles"][0].clone();
        let lines = bundle["papers"].as_array().unwrap().len() + 1;
        let bundles = (1..=VOLUME_ROWS / lines).map(|place| {
            let mut bundle = bundle.clone();
            bundle["place"] = json!(place);
            bundle["case"] = json!(format!("11369901004321012K100013101200120260309{place:04}"));
            bundle
        });
        form["bundles"] = bundles.collect();
    });
    let register = changed(FormKind::TransferRegister, |form| {
        let row = form["rows"][0].clone();
        let rows = (1..=VOLUME_ROWS).map(|no| {
            let mut row = row.clone();
            row["no"] = json!(no);
            row
        });
        form["rows"] = rows.collect::<Vec<Value>>().into();
    });
    [slip, register]
}

#[tokio::test]
async fn a_full_volume_prints_within_what_a_child_may_take() {
    let pool = WorkerPool::new(options(), 1);
    let printer = Printer::new(pool.clone(), Templates::default());
    // The register twice: what one printing left behind is not added to the next.
    let [slip, register] = full_volumes();
    for form in [slip, register.clone(), register] {
        let began = Instant::now();
        let printed = printer.print(&form, printing(0)).await.unwrap();
        let took = began.elapsed();
        let (lines, bytes) = (form.long_lines(), printed.pdf.len());
        println!(
            "{:?}: {lines} lines, {} pages, {bytes} bytes, {took:?}, resident at most {} MiB",
            form.kind(),
            printed.pages,
            pool.peak_resident() / MIB
        );
        assert!(pool.peak_resident() < 700 * MIB);
        let paper = Paper::of(&printed);
        let last = paper.page_text(paper.pages);
        let pages = paper.pages;
        assert!(
            last.contains(&format!("第{pages}页，共{pages}页")),
            "{last}"
        );
        assert!(paper.text().contains(&lines_end(&form)));
    }
}

/// The number of the last line of a volume.
fn lines_end(form: &Form) -> String {
    match form {
        Form::CustodySlip(slip) => slip.bundles.last().unwrap().case.clone(),
        Form::TransferRegister(register) => register.rows.last().unwrap().no.to_string(),
        other => panic!("{:?}", other.kind()),
    }
}
