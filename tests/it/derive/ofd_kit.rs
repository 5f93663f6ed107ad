//! Reading an OFD back, and what may stand in one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Seek, Write};

use counterfoil::derive::PageArt;
use counterfoil::derive::info::FileInfo;
use counterfoil::derive::ofd::{NAMESPACE, ofd};
use counterfoil::domain::text::OcrPage;
use roxmltree::{Document, Node};

use super::kit::Delivered;

pub(super) type Parts = BTreeMap<String, Vec<u8>>;

pub(super) fn written(pages: Vec<(PageArt, Option<OcrPage>)>, info: &FileInfo) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let pages = pages.into_iter().map(Delivered::Ok);
    ofd(pages, info, &mut out).unwrap();
    out.into_inner()
}

pub(super) fn parts(bytes: &[u8]) -> Parts {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = Parts::new();
    for place in 0..zip.len() {
        let mut part = zip.by_index(place).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        parts.insert(part.name().unwrap().into_owned(), content);
    }
    parts
}

pub(super) fn xml<'a>(parts: &'a Parts, name: &str) -> Document<'a> {
    let text = std::str::from_utf8(&parts[name]).unwrap();
    let document = Document::parse(text).unwrap();
    let strangers = document.descendants().filter(Node::is_element);
    let own = |node: Node<'_, '_>| node.tag_name().namespace() == Some(NAMESPACE);
    assert!(strangers.into_iter().all(own), "{name}");
    document
}

pub(super) fn named<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    let all = node.descendants();
    all.filter(|node| node.tag_name().name() == name).collect()
}

fn children(node: Node<'_, '_>) -> Vec<String> {
    let elements = node.children().filter(Node::is_element);
    elements
        .map(|node| node.tag_name().name().to_owned())
        .collect()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(|word| word.parse().unwrap()).collect()
}

/// The characters of a text object with the left ends of their baselines on the page, in millimetres.
pub(super) fn placed(object: Node<'_, '_>) -> Vec<(char, f64, f64)> {
    let code = named(object, "TextCode")[0];
    let boundary = numbers(object.attribute("Boundary").unwrap());
    let start = |name: &str| code.attribute(name).unwrap().parse::<f64>().unwrap();
    let (mut x, mut y) = (boundary[0] + start("X"), boundary[1] + start("Y"));
    let steps = |name: &str, count: usize| match code.attribute(name) {
        Some(steps) => numbers(steps),
        None => vec![0.0; count],
    };
    let chars: Vec<char> = code.text().unwrap().chars().collect();
    let (across, down) = (
        steps("DeltaX", chars.len() - 1),
        steps("DeltaY", chars.len() - 1),
    );
    assert_eq!(
        (across.len(), down.len()),
        (chars.len() - 1, chars.len() - 1)
    );
    let mut placed = vec![(chars[0], x, y)];
    for ((c, dx), dy) in chars[1..].iter().zip(across).zip(down) {
        (x, y) = (x + dx, y + dy);
        placed.push((*c, x, y));
    }
    placed
}

pub(super) fn lines_of(parts: &Parts, number: usize) -> Vec<String> {
    let content = xml(parts, &format!("Doc_0/Pages/Page_{number}/Content.xml"));
    let codes = named(content.root(), "TextCode");
    codes
        .iter()
        .map(|code| code.text().unwrap().to_owned())
        .collect()
}

/// What may stand in the parts, and in which order (the schema of GB/T 33190-2016), and what OFD-A leaves out.
pub(super) fn judged(parts: &Parts) {
    let entry = xml(parts, "OFD.xml");
    let root = entry.root_element();
    assert_eq!(
        (root.attribute("Version"), root.attribute("DocType")),
        (Some("1.0"), Some("OFD-A"))
    );
    assert_eq!(children(root), ["DocBody"], "one document");
    assert_eq!(children(named(root, "DocBody")[0]), ["DocInfo", "DocRoot"]);
    let described = children(named(root, "DocInfo")[0]);
    assert_eq!(
        described,
        [
            "DocID",
            "Title",
            "CreationDate",
            "Creator",
            "CreatorVersion",
            "CustomDatas"
        ]
    );
    assert_eq!(named(root, "DocRoot")[0].text(), Some("Doc_0/Document.xml"));

    judge_document(parts);
}

fn bookmarks_go_to_pages(document: &Document<'_>) {
    for action in named(document.root(), "Action") {
        assert_eq!(children(action), ["Goto"], "bookmarks go to pages only");
    }
}

fn judge_document(parts: &Parts) {
    let document = xml(parts, "Doc_0/Document.xml");
    let top = children(document.root_element());
    match top.len() {
        2 => assert_eq!(top, ["CommonData", "Pages"]),
        _ => assert_eq!(top, ["CommonData", "Pages", "Outlines", "VPreferences"]),
    }
    bookmarks_go_to_pages(&document);
    let common = children(named(document.root(), "CommonData")[0]);
    assert_eq!(
        common,
        ["MaxUnitID", "PageArea", "PublicRes", "DocumentRes"]
    );
    let mut ids: Vec<u32> = Vec::new();
    let mut used = BTreeSet::from(["OFD.xml", "Doc_0/Document.xml"].map(str::to_owned));
    let images = resources(
        parts,
        "Doc_0/DocumentRes.xml",
        "MediaFile",
        &mut used,
        &mut ids,
    );
    let fonts = resources(
        parts,
        "Doc_0/PublicRes.xml",
        "FontFile",
        &mut used,
        &mut ids,
    );
    for place in named(named(document.root(), "Pages")[0], "Page") {
        ids.push(place.attribute("ID").unwrap().parse().unwrap());
        let name = format!("Doc_0/{}", place.attribute("BaseLoc").unwrap());
        let content = xml(parts, &name);
        used.insert(name);
        assert_eq!(children(content.root_element()), ["Area", "Content"]);
        for node in content.descendants() {
            let kind = node.tag_name().name();
            let known = [
                "",
                "Page",
                "Area",
                "PhysicalBox",
                "Content",
                "Layer",
                "ImageObject",
                "TextObject",
                "FillColor",
                "TextCode",
            ];
            assert!(known.contains(&kind), "{kind}");
            if let Some(id) = node.attribute("ID") {
                ids.push(id.parse().unwrap());
            }
            if let Some(image) = node.attribute("ResourceID") {
                assert!(images.contains(&image.parse().unwrap()));
            }
            if kind == "TextObject" {
                assert!(fonts.contains(&node.attribute("Font").unwrap().parse().unwrap()));
                assert_eq!(node.attribute("Alpha"), Some("0"));
                assert_eq!(children(node), ["FillColor", "TextCode"]);
            }
        }
    }
    let unique: BTreeSet<u32> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "every number once");
    let most = named(document.root(), "MaxUnitID")[0].text().unwrap();
    assert_eq!(most.parse(), Ok(*unique.last().unwrap()));
    let all: BTreeSet<String> = parts.keys().cloned().collect();
    assert_eq!(all, used, "every part is named, and no part is missing");
}

fn resources(
    parts: &Parts,
    name: &str,
    file: &str,
    used: &mut BTreeSet<String>,
    ids: &mut Vec<u32>,
) -> Vec<u32> {
    let document = xml(parts, name);
    used.insert(name.to_owned());
    assert_eq!(document.root_element().attribute("BaseLoc"), Some("Res"));
    let mut own = Vec::new();
    for node in named(document.root(), file) {
        let path = format!("Doc_0/Res/{}", node.text().unwrap());
        assert!(parts.contains_key(&path), "{path}");
        used.insert(path);
        let resource = node.parent().unwrap();
        if file == "MediaFile" {
            assert_eq!(resource.attribute("Type"), Some("Image"));
            let format = resource.attribute("Format").unwrap();
            assert!(["JPEG", "PNG", "TIFF"].contains(&format));
        }
        own.push(resource.attribute("ID").unwrap().parse().unwrap());
    }
    ids.extend(&own);
    own
}

/// Counts what passes and keeps nothing.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) place: u64,
    pub(super) length: u64,
    pub(super) written: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.place += bytes.len() as u64;
        self.length = self.length.max(self.place);
        self.written.set(self.length);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Counter {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.place = match to {
            std::io::SeekFrom::Start(place) => place,
            std::io::SeekFrom::End(by) => self.length.saturating_add_signed(by),
            std::io::SeekFrom::Current(by) => self.place.saturating_add_signed(by),
        };
        Ok(self.place)
    }
}
