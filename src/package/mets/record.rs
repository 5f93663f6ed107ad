//! The package's descriptive record: Dublin Core in a wrapper whose schema goes along in `schemas/`.

use super::RECORD_NAMESPACE;
use crate::derive::xml::Xml;
use crate::package::PackageDoc;

/// Writes the record.
pub(super) fn record(doc: &PackageDoc) -> Vec<u8> {
    let title = doc.title();
    let mut xml = Xml::new();
    xml.begin("record").with("xmlns", RECORD_NAMESPACE);
    xml.with("xmlns:dc", "http://purl.org/dc/elements/1.1/");
    for (language, text) in [("zh-CN", &title.zh), ("en", &title.en)] {
        xml.begin("dc:title").with("xml:lang", language);
        xml.put_text(text).end();
    }
    xml.leaf("dc:identifier", &doc.transfer);
    xml.leaf("dc:creator", &doc.department_name);
    xml.leaf("dc:contributor", &doc.site_name);
    xml.leaf("dc:contributor", &doc.hall_name);
    if let Some(fonds) = &doc.fonds {
        xml.leaf("dc:source", format!("全宗 fonds {fonds}"));
    }
    xml.leaf("dc:date", doc.month);
    xml.leaf("dc:type", "Collection");
    let papers: usize = doc.cases.iter().map(|case| case.papers.len()).sum();
    let (cases, files) = (doc.cases.len(), doc.files().count());
    let zh = format!("办件 {cases} 件，纸质材料 {papers} 项，电子文件 {files} 个");
    let en = format!("{cases} cases, {papers} papers, {files} files");
    for (language, text) in [("zh-CN", zh), ("en", en)] {
        xml.begin("dc:description").with("xml:lang", language);
        xml.put_text(text).end();
    }
    xml.leaf("dc:language", "zh-CN");
    xml.finish()
}
