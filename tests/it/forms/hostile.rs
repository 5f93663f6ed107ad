//! Data that tries to be something else, and characters that cannot be shown.

use counterfoil::forms::{FieldFault, Form, FormError, FormKind, MissingGlyph};

use super::support::{Paper, changed, printer, printing, refused, squeezed, states_everything};

/// Strings that mean something to Typst, PDF, JSON, XML or a shell, and nothing on a form.
const HOSTILE: &[&str] = &[
    "#eval(\"1+1\")",
    "#read(\"/etc/passwd\")",
    "#import \"@preview/x:1.0.0\"",
    "$x^2 sum_(i=0)$",
    "\\ \\u{41} \\n C:\\temp\\",
    "*粗* _斜_ `码` ```raw```",
    "<标签> @引用 ~ -- --- ... // /* */",
    "= 标题\n- 列表\n+ 编号\n/ 术语: 解释",
    "\"双引号\" '单引号' “弯引号”",
    "{\"a\": [1, 2]} </text><script>alert(1)</script> &lt;&#65;",
    "(BT) /Font <</A 1>> %PDF-1.7 endstream",
    "'; DROP TABLE cases; -- $(rm -rf /)",
    "字\u{FE00} e\u{301} ﬁ ａｂｃ Ａ１",
    "张\u{200B}三",
];

fn with_name(name: &str) -> Form {
    changed(FormKind::IntakeReceipt, |form| {
        form["materials"][1]["name"] = name.into();
    })
}

#[tokio::test]
async fn hostile_strings_stand_on_the_page_as_they_are() {
    let form = changed(FormKind::OneTimeNotice, |form| {
        let row = form["defects"][0].clone();
        let rows = HOSTILE.iter().map(|text| {
            let mut row = row.clone();
            row["material"] = (*text).into();
            row["fault"] = (*text).into();
            row
        });
        form["defects"] = rows.collect();
        form["applicant"]["name"] = HOSTILE[0].into();
        form["head"]["agency"] = HOSTILE[4].into();
    });
    let paper = Paper::of(&printer(None).print(&form, printing(0)).await.unwrap());
    paper.is_sound();
    let text = paper.text();
    for stated in HOSTILE {
        // A reader may compose an accent or leave out a selector of variants.
        if !stated.contains('\u{FE00}') {
            assert!(
                text.contains(&squeezed(stated)),
                "{stated} is not in {text}"
            );
        }
    }
    assert!(text.contains(&form.digest().unwrap().to_string()));
}

#[tokio::test]
async fn rare_characters_are_printed_where_a_font_has_them() {
    // 㛃 (extension A), 𠮷 𬭸 (supplementary planes), ·, 〇, and traditional forms.
    let form = with_name("㛃𠮷𬭸·〇龍鬱 阿卜杜热西提·买买提");
    let paper = Paper::of(&printer(None).print(&form, printing(0)).await.unwrap());
    paper.is_sound();
    states_everything(&form, &paper);
}

#[tokio::test]
async fn a_character_without_a_glyph_is_named_with_its_field_and_not_printed() {
    let printer = printer(None);
    // Extension H, an emoji, a right-to-left letter: no font here has them.
    for character in ['\u{31350}', '😀', 'ئ'] {
        let error = refused(&printer, &with_name(&format!("张{character}"))).await;
        let missing = MissingGlyph {
            character,
            field: Some("materials[1].name".into()),
        };
        let expected = FormError::Glyph {
            missing: vec![missing],
        };
        assert_eq!(error, expected);
        let said = error.to_string();
        let code = format!("U+{:04X}", u32::from(character));
        assert!(
            said.contains(&code) && said.contains("[forms] fonts"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn steering_characters_and_overlong_fields_are_refused_before_printing() {
    let printer = printer(None);
    let error = refused(&printer, &with_name("合格\u{202E}证明")).await;
    let control = FieldFault::Control {
        character: '\u{202E}',
    };
    let expected = FormError::Field {
        field: "materials[1].name".into(),
        fault: control,
    };
    assert_eq!(error, expected);
    let error = refused(&printer, &with_name(&"长".repeat(10 * 1024))).await;
    assert!(error.to_string().contains("materials[1].name"), "{error}");
    assert_eq!(error.code(), "form-field");
    let error = refused(&printer, &with_name("")).await;
    assert_eq!(error.code(), "form-field");
}
