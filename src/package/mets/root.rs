//! `METS.xml`: who sends what to whom, every file with its length and digest, and the structure CSIP asks for. Requirement
//! numbers are those of CSIP and SIP 2.2.

use super::{DATA, DOCUMENTATION, Described, PREMIS, RECORD};
use crate::derive::xml::Xml;
use crate::package::PackageDoc;

/// Which profile the package follows (SIP2).
const PROFILE: &str = "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml";

/// What kind of content it is in the words of this program (CSIP4, CSIP5).
const CONTENT: &str = "COUNTERFOIL-TRANSFER";

const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns:mets", "http://www.loc.gov/METS/"),
    ("xmlns:csip", "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"),
    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    (
        "xsi:schemaLocation",
        "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/mets.xsd http://www.w3.org/1999/xlink http://www.loc.gov/standards/mets/xlink.xsd https://DILCIS.eu/XML/METS/CSIPExtensionMETS https://earkcsip.dilcis.eu/schema/DILCISExtensionMETS.xsd",
    ),
];

/// The groups of files: the folder they lie in, the identifier, the use (CSIP60, CSIP113, CSIP114).
const GROUPS: [(&str, &str, &str); 3] = [
    (DOCUMENTATION, "group-documentation", "Documentation"),
    ("schemas", "group-schemas", "Schemas"),
    (DATA, "group-data", "Representations/rep1/data"),
];

/// Writes `METS.xml` for these files.
pub(super) fn mets(doc: &PackageDoc, files: &[Described<'_>]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.begin("mets:mets");
    for (name, value) in NAMESPACES {
        xml.with(name, value);
    }
    xml.with("OBJID", &doc.transfer);
    xml.with("LABEL", doc.title().zh);
    xml.with("TYPE", "Mixed");
    content(&mut xml);
    xml.with("PROFILE", PROFILE);
    header(&mut xml, doc);
    let find = |path: &str| files.iter().find(|file| file.path == path);
    xml.begin("mets:dmdSec").with("ID", "dmd-record");
    xml.with("CREATED", doc.sealed_at).with("STATUS", "CURRENT");
    reference(&mut xml, find(RECORD), "DC", None);
    xml.end();
    xml.begin("mets:amdSec").with("ID", "amd");
    xml.begin("mets:digiprovMD").with("ID", "digiprov-premis");
    xml.with("CREATED", doc.sealed_at).with("STATUS", "CURRENT");
    reference(&mut xml, find(PREMIS), "PREMIS", Some("3.0"));
    xml.end().end();
    xml.begin("mets:fileSec").with("ID", "files");
    let mut number = 0;
    for (folder, id, usage) in GROUPS {
        let inside = |file: &&Described<'_>| {
            let rest = file.path.strip_prefix(folder);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mut inside = files.iter().filter(inside).peekable();
        // A group without a file is not allowed (CSIP66); that a transfer without a file has no content is seen.
        if inside.peek().is_none() {
            continue;
        }
        xml.begin("mets:fileGrp").with("ID", id).with("USE", usage);
        content(&mut xml);
        for file in inside {
            number += 1;
            entry(&mut xml, file, number);
        }
        xml.end();
    }
    xml.end();
    structure(&mut xml, doc, files);
    xml.finish()
}

fn content(xml: &mut Xml) {
    xml.with("csip:CONTENTINFORMATIONTYPE", "OTHER");
    xml.with("csip:OTHERCONTENTINFORMATIONTYPE", CONTENT);
}

fn header(xml: &mut Xml, doc: &PackageDoc) {
    xml.begin("mets:metsHdr").with("CREATEDATE", doc.sealed_at);
    xml.with("RECORDSTATUS", "NEW");
    xml.with("csip:OAISPACKAGETYPE", "SIP");
    xml.begin("mets:agent").with("ROLE", "CREATOR");
    xml.with("TYPE", "OTHER").with("OTHERTYPE", "SOFTWARE");
    xml.leaf("mets:name", "Counterfoil");
    note(xml, "SOFTWARE VERSION", &doc.software);
    xml.end();
    // Whose records they are (SIP9), who submits them (SIP15), who is to keep them (SIP26).
    let department = (&doc.department_name, doc.department.as_str());
    let site = (&doc.site_name, doc.site.as_str());
    let agents = [
        ("ARCHIVIST", department),
        ("CREATOR", site),
        ("PRESERVATION", department),
    ];
    for (role, (name, code)) in agents {
        xml.begin("mets:agent").with("ROLE", role);
        xml.with("TYPE", "ORGANIZATION").leaf("mets:name", name);
        note(xml, "IDENTIFICATIONCODE", code);
        xml.end();
    }
    // The contact of whoever submits (SIP21 to SIP25).
    if let Some(contact) = &doc.contact {
        xml.begin("mets:agent").with("ROLE", "CREATOR");
        xml.with("TYPE", "INDIVIDUAL");
        xml.leaf("mets:name", &contact.name);
        for detail in contact.phone.iter().chain(&contact.email) {
            xml.leaf("mets:note", detail);
        }
        xml.end();
    }
    xml.end();
}

fn note(xml: &mut Xml, kind: &str, text: &str) {
    xml.begin("mets:note").with("csip:NOTETYPE", kind);
    xml.put_text(text).end();
}

/// A file of metadata (CSIP21 to CSIP30, CSIP35 to CSIP44).
fn reference(xml: &mut Xml, file: Option<&Described<'_>>, kind: &str, version: Option<&str>) {
    let Some(file) = file else {
        return;
    };
    xml.begin("mets:mdRef");
    locate(xml, file);
    xml.with("MDTYPE", kind).with_some("MDTYPEVERSION", version);
    measure(xml, file);
    xml.end();
}

/// A file (CSIP66 to CSIP79).
fn entry(xml: &mut Xml, file: &Described<'_>, number: u64) {
    xml.begin("mets:file")
        .with("ID", format_args!("file-{number}"));
    measure(xml, file);
    xml.begin("mets:FLocat");
    locate(xml, file);
    xml.end().end();
}

fn measure(xml: &mut Xml, file: &Described<'_>) {
    xml.with("MIMETYPE", file.media_type);
    xml.with("SIZE", file.bytes).with("CREATED", file.created);
    xml.with("CHECKSUM", file.sha256)
        .with("CHECKSUMTYPE", "SHA-256");
}

fn locate(xml: &mut Xml, file: &Described<'_>) {
    xml.with("LOCTYPE", "URL").with("xlink:type", "simple");
    xml.with("xlink:href", iri(&file.path));
}

/// The one structural map (CSIP80 to CSIP119).
fn structure(xml: &mut Xml, doc: &PackageDoc, files: &[Described<'_>]) {
    xml.begin("mets:structMap").with("ID", "structure");
    xml.with("TYPE", "PHYSICAL").with("LABEL", "CSIP");
    xml.begin("mets:div").with("ID", "div-package");
    xml.with("LABEL", &doc.transfer);
    xml.begin("mets:div").with("ID", "div-metadata");
    xml.with("LABEL", "Metadata");
    xml.with("DMDID", "dmd-record")
        .with("ADMID", "digiprov-premis");
    xml.end();
    let labels = ["Documentation", "Schemas", "Representations"];
    for ((folder, group, _), label) in GROUPS.into_iter().zip(labels) {
        if !files.iter().any(|file| file.path.starts_with(folder)) {
            continue;
        }
        let id = format!("div-{}", label.to_ascii_lowercase());
        xml.begin("mets:div").with("ID", id).with("LABEL", label);
        xml.begin("mets:fptr").with("FILEID", group).end();
        xml.end();
    }
    xml.end().end();
}

/// A path as an IRI reference (RFC 3987): Chinese stays as it is, what an IRI cannot hold is percent-encoded.
fn iri(path: &str) -> String {
    let mut iri = String::with_capacity(path.len());
    for c in path.chars() {
        let plain = c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c);
        let foreign = !c.is_ascii() && !c.is_control() && !c.is_whitespace();
        if plain || foreign {
            iri.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            iri.push_str(&format!("%{byte:02X}"));
        }
    }
    iri
}

#[cfg(test)]
mod tests {
    use super::iri;

    #[test]
    fn a_path_becomes_a_reference_that_leads_back_to_it() {
        assert_eq!(iri("a/基本信息.XML"), "a/基本信息.XML");
        assert_eq!(iri("a b#1%/ü?"), "a%20b%231%25/ü%3F");
        assert_eq!(iri("\u{3000}"), "%E3%80%80");
    }
}
