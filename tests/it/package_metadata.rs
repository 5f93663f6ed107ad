//! Metadata in a dialect: the two that are built in, a hall's own, and what a template cannot do.

use std::path::Path;

use counterfoil::domain::Digest;
use counterfoil::package::metadata::{Dialect, MetadataFile, write};
use counterfoil::package::{PackageDoc, PackageFault};
use roxmltree::Document;

use super::package_kit::{case, head, package};

fn written(doc: &PackageDoc, dialect: &Dialect) -> Result<Vec<MetadataFile>, PackageFault> {
    let mut files = Vec::new();
    write(doc, dialect, |file| {
        files.push(file);
        Ok(())
    })?;
    Ok(files)
}

fn built_in(name: &str) -> Vec<MetadataFile> {
    let files = written(&package(), &Dialect::built_in(name).unwrap()).unwrap();
    assert_eq!(
        files,
        written(&package(), &Dialect::built_in(name).unwrap()).unwrap()
    );
    files
}

fn text<'f>(files: &'f [MetadataFile], path: &str) -> &'f str {
    let file = files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("there is no {path}"));
    std::str::from_utf8(&file.bytes).unwrap()
}

fn leaf(document: &Document<'_>, name: &str) -> Option<String> {
    let found = document.descendants().find(|node| node.has_tag_name(name));
    let found = found.unwrap_or_else(|| panic!("there is no {name}"));
    found.text().map(str::to_owned)
}

#[test]
fn jiaxing_has_three_files_a_case_and_a_list() {
    let files = built_in("jiaxing");
    assert_eq!(files.len(), 3 * 3 + 1);
    let basic = Document::parse(text(&files, "cases/2026-0001/基本信息描述.XML")).unwrap();
    let root = basic.root_element();
    assert_eq!(root.tag_name().name(), "description");
    assert_eq!(root.attribute("title"), Some("基本信息描述"));
    let elements: Vec<&str> = root
        .children()
        .filter(|node| node.is_element())
        .map(|node| node.tag_name().name())
        .collect();
    assert_eq!(
        elements.join(" "),
        "deptname documentnumber retentionperiod archivetime eventtype applyname mobile address \
         contactidcard projectname receivedepartmentname receivetime transacttime projid servicetype"
    );
    let found = |name| leaf(&basic, name);
    assert_eq!(found("deptname").unwrap(), "市场监督管理局 <A&B>");
    assert_eq!(found("applyname").unwrap(), "张三 & 李四\u{fffd}小吃店");
    assert_eq!(found("archivetime").unwrap(), "2026-02-10 10:30:05");
    assert_eq!(found("retentionperiod").unwrap(), "30年");
    let bare = Document::parse(text(&files, "cases/2026-0002/基本信息描述.XML")).unwrap();
    for name in ["retentionperiod", "applyname", "documentnumber"] {
        assert_eq!(leaf(&bare, name), None, "{name}");
    }
    let process = Document::parse(text(&files, "cases/2026-0003/办理流程.XML")).unwrap();
    assert_eq!(leaf(&process, "Modified").unwrap(), "2026-01-06 14:00:00");
    let bodies = process
        .descendants()
        .filter(|node| node.has_tag_name("Body"));
    let bodies: Vec<Option<&str>> = bodies.map(|node| node.text()).collect();
    assert_eq!(bodies, [None, Some("同意 ]]> <b>\n第二行")]);
    let list = Document::parse(text(&files, "存档信息包目录清单.XML")).unwrap();
    assert_eq!(leaf(&list, "sendnumber").unwrap(), "3");
}

#[test]
fn fuzhou_names_every_file_with_its_size_and_both_digests() {
    let files = built_in("fuzhou");
    assert_eq!(files.len(), 3 + 1);
    let basic = Document::parse(text(&files, "cases/2026-0001/基本信息元数据.xml")).unwrap();
    let folders = basic.root_element().descendants();
    let titles: Vec<&str> = folders
        .filter(|node| node.has_tag_name("folder"))
        .filter_map(|node| node.attribute("title"))
        .collect();
    assert_eq!(titles, ["alto", "facts", "master", "searchable_pdf"]);
    let name = "cases/2026-0001/text/0001.xml";
    assert_eq!(leaf(&basic, "file_actual_name").unwrap(), name);
    let size = leaf(&basic, "computer_file_size").unwrap();
    assert_eq!(size, name.len().to_string());
    assert_eq!(
        leaf(&basic, "digest").unwrap(),
        Digest::of(name).to_string()
    );
    let list = Document::parse(text(&files, "移交清单.xml")).unwrap();
    let packages = list.descendants();
    let packages = packages.filter(|node| node.has_tag_name("package"));
    assert_eq!(packages.count(), 3);
    assert_eq!(leaf(&list, "year").unwrap(), "2026");
}

/// A hall's folder with one template about the package and one about a case.
fn own(template: &str) -> Result<Vec<MetadataFile>, PackageFault> {
    own_with(
        "name = \"own\"\n[[file]]\ntemplate = \"a.xml.j2\"\nabout = \"package\"\npath = \"a.xml\"\n",
        template,
    )
}

fn own_with(dialect: &str, template: &str) -> Result<Vec<MetadataFile>, PackageFault> {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("dialect.toml"), dialect).unwrap();
    std::fs::write(place("a.xml.j2"), template).unwrap();
    std::fs::write(place("a.xml.j2~"), "left behind").unwrap();
    written(&package(), &Dialect::from_folder(folder.path())?)
}

#[test]
fn a_hall_has_a_dialect_of_its_own() {
    let dialect = "name = \"own\"\n[[file]]\ntemplate = \"a.xml.j2\"\nabout = \"case\"\n\
                   path = \"meta/{transfer}/{case}.xml\"\n";
    let files = own_with(
        dialect,
        "<c d=\"{{ case.closed|compact_day }}\">{{ case.case }}</c>",
    );
    let files = files.unwrap();
    assert_eq!(files.len(), 3);
    let path = format!("meta/{}/2026-0001.xml", package().transfer);
    assert_eq!(text(&files, &path), "<c d=\"20260120\">2026-0001</c>");
    assert_eq!(files[0].case.as_ref().unwrap().as_str(), "2026-0001");
}

#[test]
fn a_wrong_template_is_told_with_its_line() {
    for (template, line, part) in [
        ("<a>\n{{ package.nosuch }}\n</a>", 2, "undefined"),
        ("<a>\n\n{% for c in cases %}\n</a>", 3, "syntax"),
        ("<a>\n{{ package.month|nosuch }}</a>", 2, "filter"),
        ("<a>{{ package.site|hall_time }}</a>", 1, "instant"),
        ("<a>{% include 'other' %}</a>", 1, "template not found"),
    ] {
        let fault = own(template).unwrap_err();
        let PackageFault::Template {
            file,
            line: found,
            reason,
        } = &fault
        else {
            panic!("{template}: {fault}");
        };
        assert_eq!((file.as_str(), *found), ("a.xml.j2", line), "{reason}");
        assert!(reason.contains(part), "{template}: {reason}");
        assert!(fault.zh().contains("第") && fault.en().contains("line"));
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for template in [
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a b='1' b='2'/>",
        "<a>&nbsp;</a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<a>{{ package.department_name|safe }}</a>",
        "<a>\u{1}</a>",
        "<x:a/>",
    ] {
        let fault = own(template).unwrap_err();
        assert!(
            matches!(fault, PackageFault::NotXml { .. }),
            "{template}: {fault}"
        );
    }
}

#[test]
fn a_template_that_runs_away_is_stopped() {
    let deep = "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}";
    let fault = own(&format!("<a>{deep}</a>")).unwrap_err();
    assert!(
        matches!(fault, PackageFault::TemplateEffort { .. }),
        "{fault}"
    );
    let fault = own("<a>{{ 'x' * 100000000 }}</a>").unwrap_err();
    assert!(
        matches!(
            fault,
            PackageFault::TemplateEffort { .. } | PackageFault::Template { .. }
        ),
        "{fault}"
    );
    // Much work is allowed for much content, but not a file that nobody can read.
    let mut doc = head();
    doc.cases = (0..200).map(|n| case(&format!("2026-{n:04}"))).collect();
    doc.cases[0].task_name = "很".repeat(30_000);
    let folder = tempfile::tempdir().unwrap();
    let dialect = "name = \"own\"\n[[file]]\ntemplate = \"a.xml.j2\"\nabout = \"package\"\npath = \"a.xml\"\n";
    std::fs::write(folder.path().join("dialect.toml"), dialect).unwrap();
    let template = "<a>{% for c in range(600) %}{{ cases[0].task_name }}{% endfor %}</a>";
    std::fs::write(folder.path().join("a.xml.j2"), template).unwrap();
    let fault = written(&doc, &Dialect::from_folder(folder.path()).unwrap()).unwrap_err();
    assert!(
        matches!(fault, PackageFault::TemplateOutput { .. }),
        "{fault}"
    );
}

#[test]
fn a_wrong_dialect_is_told_with_every_line() {
    let dialect = "nam = \"own\"\n[[file]]\ntemplate = \"b.xml.j2\"\nabout = \"cases\"\npath = \"a.xml\"\n\
                   [[file]]\ntemplate = \"a.xml.j2\"\nabout = \"case\"\npath = \"a.xml\"\nextra = 1\n\
                   [[file]]\ntemplate = \"a.xml.j2\"\nabout = \"package\"\npath = \"../a.xml\"\n\
                   [[file]]\ntemplate = \"a.xml.j2\"\nabout = \"package\"\npath = \"{site}.xml\"\n";
    let fault = own_with(dialect, "<a/>").unwrap_err();
    let PackageFault::DialectFile { problems } = &fault else {
        panic!("{fault}");
    };
    for part in [
        "did you mean `name`",
        "needs `name`",
        ":3: there is no template \"b.xml.j2\"",
        "did you mean \"case\"",
        ":9: {case} must be in the `path`",
        "unknown key `extra`",
        ":14: ",
        ":18: `path` knows {case} and {transfer} only",
    ] {
        assert!(problems.contains(part), "{part} is not in:\n{problems}");
    }
    assert_eq!(problems.lines().count(), 8, "{problems}");
}

#[test]
fn a_dialect_that_is_not_there_is_told() {
    let fault = Dialect::built_in("beijing").unwrap_err();
    assert!(fault.en().contains("jiaxing, fuzhou"), "{fault}");
    let fault = Dialect::from_folder(Path::new("no/such/folder")).unwrap_err();
    assert!(matches!(fault, PackageFault::DialectFolder { .. }));
    let empty = tempfile::tempdir().unwrap();
    let fault = Dialect::from_folder(empty.path()).unwrap_err();
    assert!(fault.en().contains("dialect.toml"), "{fault}");
}

#[test]
fn two_files_of_one_path_are_refused() {
    let mut doc = package();
    doc.cases[0].files[0].path = "cases/2026-0001/基本信息描述.XML".into();
    let fault = written(&doc, &Dialect::built_in("jiaxing").unwrap()).unwrap_err();
    assert!(matches!(fault, PackageFault::PathTwice { .. }), "{fault}");
}

#[test]
fn the_model_is_written_whole_and_read_strictly() {
    let doc = package();
    let text = serde_json::to_string(&doc).unwrap();
    assert_eq!(serde_json::from_str::<PackageDoc>(&text).unwrap(), doc);
    assert!(text.contains("\"retention\":null"));
    let unknown = text.replacen("\"transfer\"", "\"more\":1,\"transfer\"", 1);
    assert!(serde_json::from_str::<PackageDoc>(&unknown).is_err());
}

#[test]
fn data_that_no_document_can_hold_is_refused() {
    let wrong = |change: &dyn Fn(&mut PackageDoc)| {
        let mut doc = package();
        change(&mut doc);
        doc.check().unwrap_err().code()
    };
    let path = |path: &'static str| wrong(&|doc| doc.cases[0].files[0].path = path.into());
    for outside in ["../x", "/x", "a/../x", "", "a\\b", "con"] {
        assert_eq!(path(outside), "package-path", "{outside}");
    }
    let same = |doc: &mut PackageDoc| doc.cases[2].files = doc.cases[0].files.clone();
    assert_eq!(wrong(&same), "package-path-twice");
    let twice = |doc: &mut PackageDoc| doc.cases.push(case("2026-0001"));
    assert_eq!(wrong(&twice), "package-case-twice");
    let long = |doc: &mut PackageDoc| doc.cases[0].steps[0].opinion = Some("长".repeat(32_001));
    assert_eq!(wrong(&long), "package-text-too-long");
    let early =
        |doc: &mut PackageDoc| doc.sealed_at = super::package_kit::at("1899-01-01T00:00:00Z");
    assert_eq!(wrong(&early), "package-instant");
}
