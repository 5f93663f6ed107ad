//! What happened to the package until it was sealed, as PREMIS 3: who made its derived files, that every file has a
//! digest, and the transfer. That the department took it over is for the department to say.

use std::collections::BTreeMap;

use crate::derive::xml::Xml;
use crate::domain::Timestamp;
use crate::package::{FileDoc, PackageDoc};

/// Most programs that are named one by one.
const MAKERS_MAX: usize = 200;

/// What one program made.
struct Made {
    files: u64,
    last: Timestamp,
}

/// Writes the file.
pub(super) fn premis(doc: &PackageDoc, documents: &[FileDoc]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.begin("premis:premis");
    xml.with("xmlns:premis", "http://www.loc.gov/premis/v3");
    xml.with("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    xml.with("version", "3.0");
    xml.begin("premis:object");
    xml.with("xsi:type", "premis:intellectualEntity");
    identifier(&mut xml, "object", "transfer", doc.transfer.as_str());
    xml.end();
    let makers = makers(doc);
    for (number, (maker, made)) in makers.iter().enumerate() {
        let detail = format!("{} files were derived from masters", made.files);
        let id = format!("creation-{}", number + 1);
        event(&mut xml, doc, &id, "creation", made.last, &detail, maker);
    }
    let files = || doc.files().chain(documents);
    let bytes: u64 = files().fold(0, |sum, file| sum.saturating_add(file.bytes));
    let detail = format!(
        "SHA-256 of each of {} files, {bytes} bytes, taken when they came in or were made",
        files().count()
    );
    let own = format!("Counterfoil {}", doc.software);
    let kind = "message digest calculation";
    event(
        &mut xml,
        doc,
        "digests-1",
        kind,
        doc.sealed_at,
        &detail,
        &own,
    );
    let detail = format!(
        "{} cases from {} to {}, round {} of {}, due {}",
        doc.cases.len(),
        doc.site,
        doc.department,
        doc.round,
        doc.month,
        doc.due
    );
    event(
        &mut xml,
        doc,
        "transfer-1",
        "transfer",
        doc.sealed_at,
        &detail,
        doc.site.as_str(),
    );
    for maker in makers.keys() {
        agent(&mut xml, maker, maker, "software");
    }
    if !makers.contains_key(own.as_str()) {
        agent(&mut xml, &own, &own, "software");
    }
    agent(&mut xml, doc.site.as_str(), &doc.site_name, "organization");
    xml.finish()
}

fn makers(doc: &PackageDoc) -> BTreeMap<&str, Made> {
    let mut makers: BTreeMap<&str, Made> = BTreeMap::new();
    for file in doc.files().filter(|file| file.derived_from.is_some()) {
        let Some(name) = file.made_by.as_deref() else {
            continue;
        };
        if makers.len() >= MAKERS_MAX && !makers.contains_key(name) {
            continue;
        }
        let made = makers.entry(name).or_insert(Made {
            files: 0,
            last: file.created,
        });
        made.files += 1;
        made.last = made.last.max(file.created);
    }
    makers
}

fn event(
    xml: &mut Xml,
    doc: &PackageDoc,
    id: &str,
    kind: &str,
    at: Timestamp,
    detail: &str,
    agent: &str,
) {
    xml.begin("premis:event");
    identifier(xml, "event", "local", id);
    xml.leaf("premis:eventType", kind);
    xml.leaf("premis:eventDateTime", at);
    xml.begin("premis:eventDetailInformation");
    xml.leaf("premis:eventDetail", detail).end();
    xml.begin("premis:eventOutcomeInformation");
    xml.leaf("premis:eventOutcome", "success").end();
    xml.begin("premis:linkingAgentIdentifier");
    xml.leaf("premis:linkingAgentIdentifierType", "local");
    xml.leaf("premis:linkingAgentIdentifierValue", agent).end();
    xml.begin("premis:linkingObjectIdentifier");
    xml.leaf("premis:linkingObjectIdentifierType", "transfer");
    xml.leaf("premis:linkingObjectIdentifierValue", &doc.transfer);
    xml.end().end();
}

fn agent(xml: &mut Xml, id: &str, name: &str, kind: &str) {
    xml.begin("premis:agent");
    identifier(xml, "agent", "local", id);
    xml.leaf("premis:agentName", name);
    xml.leaf("premis:agentType", kind).end();
}

fn identifier(xml: &mut Xml, of: &str, kind: &str, value: &str) {
    let (outer, inner_kind, inner_value) = match of {
        "object" => (
            "premis:objectIdentifier",
            "premis:objectIdentifierType",
            "premis:objectIdentifierValue",
        ),
        "event" => (
            "premis:eventIdentifier",
            "premis:eventIdentifierType",
            "premis:eventIdentifierValue",
        ),
        _ => (
            "premis:agentIdentifier",
            "premis:agentIdentifierType",
            "premis:agentIdentifierValue",
        ),
    };
    xml.begin(outer).leaf(inner_kind, kind);
    xml.leaf(inner_value, value).end();
}
