//! Writing a catalogue as files. Equal content gives equal bytes, and what is written reads back as it was.

use std::fmt::{Display, Write as _};

use super::{
    Catalogue, WantedAuthorisation, WantedChief, WantedDepartment, WantedItem, WantedOfficer,
    WantedSite, WantedWindow, item_file,
};
use crate::domain::catalogue::{Handling, Letter, Material, Necessity, ServiceItem};
use crate::domain::hall::{ItemScope, Power, Role, SiteLevel, Term, WindowKind};
use crate::domain::{Date, Digest};

/// A file of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFile {
    /// Its path within the catalogue's folder, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Writes the files of a catalogue, in order of their paths.
pub fn write_catalogue(catalogue: &Catalogue) -> Vec<CatalogueFile> {
    let mut files = Vec::new();
    let documents = catalogue.documents.iter();
    files.extend(documents.map(|(digest, bytes)| CatalogueFile {
        path: document_path(digest),
        bytes: bytes.clone(),
    }));
    let mut hall = Text::default();
    catalogue.sites.iter().for_each(|one| hall.site(one));
    let departments = catalogue.departments.iter();
    departments.for_each(|one| hall.department(one));
    let authorisations = catalogue.authorisations.iter();
    authorisations.for_each(|one| hall.authorisation(one));
    files.push(hall.file("hall.toml".to_owned()));
    for wanted in &catalogue.items {
        let mut text = Text::default();
        text.item(wanted);
        let (task, version) = (&wanted.item.task_code, wanted.item.version);
        files.push(text.file(format!("items/{task}.v{version}.toml")));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn document_path(digest: &Digest) -> String {
    format!("documents/{digest}")
}

/// A text as TOML writes it.
fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

fn list(texts: impl IntoIterator<Item = impl Display>) -> String {
    let texts: Vec<String> = texts.into_iter().map(quoted).collect();
    format!("[{}]", texts.join(", "))
}

/// The name under which a table of choices knows `value`.
fn name_of<T: PartialEq>(choices: &[(&'static str, T)], value: &T) -> &'static str {
    let found = choices.iter().find(|(_, choice)| choice == value);
    found.map_or("", |(name, _)| name)
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn file(self, path: String) -> CatalogueFile {
        CatalogueFile {
            path,
            bytes: self.0.into_bytes(),
        }
    }

    fn open(&mut self, heading: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(heading);
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn set(&mut self, key: &str, value: impl Display) {
        // Writing into a text does not fail.
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: impl Display) {
        self.set(key, quoted(value));
    }

    fn text_if(&mut self, key: &str, value: Option<&impl Display>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn day_if(&mut self, key: &str, day: Option<Date>) {
        if let Some(day) = day {
            self.set(key, day);
        }
    }

    fn document(&mut self, digest: &Digest) {
        self.text("document", document_path(digest));
    }

    fn site(&mut self, site: &WantedSite) {
        self.open("[[site]]");
        let definition = &site.definition;
        self.text("code", &definition.code);
        let level = match site.level {
            SiteLevel::Centre => "centre",
            SiteLevel::SubCentre => "sub_centre",
            SiteLevel::Town => "town",
            SiteLevel::Village => "village",
        };
        self.text("level", level);
        self.text_if("parent", site.parent.as_ref());
        self.text("name", &definition.name);
        self.text("address", &definition.address);
        self.text_if("hours", definition.hours.as_ref());
        self.text_if("phone", definition.phone.as_ref());
        self.day_if("closed", site.closed);
        site.windows.iter().for_each(|window| self.window(window));
    }

    fn window(&mut self, window: &WantedWindow) {
        self.open("[[site.window]]");
        self.text("code", &window.code);
        match &window.plan.kind {
            WindowKind::FieldLimited { fields } => {
                self.text("kind", "field_limited");
                self.set("fields", list(fields));
            }
            WindowKind::Undifferentiated => self.text("kind", "undifferentiated"),
            WindowKind::AllInOne => self.text("kind", "all_in_one"),
        }
        let roles = window.plan.roles.iter().map(|role| format!("{role:#}"));
        self.set("roles", list(roles));
        self.day_if("closed", window.closed);
        let rows = window.plan.timetable.iter().flat_map(|table| &table.0);
        for row in rows {
            const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            self.open("[[site.window.open]]");
            let days = row
                .days
                .iter()
                .filter_map(|day| DAYS.get(usize::from(*day).checked_sub(1)?));
            self.set("days", list(days));
            self.text("from", row.from);
            self.text("until", row.until);
        }
    }

    fn department(&mut self, department: &WantedDepartment) {
        self.open("[[department]]");
        let definition = &department.definition;
        self.text("code", &definition.code);
        self.text("name", &definition.name);
        self.text("short_name", &definition.short_name);
        self.text_if("credit_code", definition.credit_code.as_ref());
        self.text_if("fonds", definition.fonds.as_ref());
        self.text_if("phone", definition.phone.as_ref());
        department.chiefs.iter().for_each(|chief| self.chief(chief));
        let officers = department.officers.iter();
        officers.for_each(|officer| self.officer(officer));
        if let Some(succeeded) = &department.succeeded {
            self.open("[department.succeeded]");
            self.text("by", &succeeded.by);
            self.set("from", succeeded.from);
            self.document(&succeeded.document);
        }
    }

    fn scope(&mut self, scope: &ItemScope) {
        if let ItemScope::Listed { items } = scope {
            self.set("items", list(items));
        }
    }

    fn chief(&mut self, chief: &WantedChief) {
        self.open("[[department.chief]]");
        self.text("staff", &chief.staff);
        self.scope(&chief.items);
        self.set("from", chief.from);
        self.day_if("until", chief.until);
        self.document(&chief.document);
        self.day_if("removed", chief.removed);
    }

    fn officer(&mut self, officer: &WantedOfficer) {
        self.open("[[department.officer]]");
        self.text("staff", &officer.staff);
        self.set("decides", officer.decides);
        self.set("from", officer.from);
        self.day_if("removed", officer.removed);
    }

    fn authorisation(&mut self, wanted: &WantedAuthorisation) {
        self.open("[[authorisation]]");
        self.text("id", &wanted.id);
        self.text("department", &wanted.grant.department);
        self.set("sites", list(&wanted.grant.sites));
        self.scope(&wanted.grant.items);
        for (key, term) in [
            ("receive", wanted.grant.receive),
            ("issue", wanted.grant.issue),
        ] {
            if let Some(Term { from, until }) = term {
                self.set(key, format!("{{ from = {from}, until = {until} }}"));
            }
        }
        self.document(&wanted.grant.document);
        for (powers, from, document) in &wanted.revoked {
            self.open("[[authorisation.revoked]]");
            let name = |power: &Power| format!("{:#}", Role::from(*power));
            self.set("powers", list(powers.iter().map(name)));
            self.set("from", from);
            self.document(document);
        }
    }

    fn item(&mut self, wanted: &WantedItem) {
        self.item_head(&wanted.item);
        self.day_if("live_from", wanted.live_from);
        if let Some(letter) = &wanted.letter {
            self.open("[notice]");
            self.letter(letter);
        }
        for (heading, listing) in [
            ("[entered]", &wanted.entered),
            ("[withdrawn]", &wanted.withdrawn),
        ] {
            if let Some((from, letter)) = listing {
                self.open(heading);
                self.set("from", from);
                self.letter(letter);
            }
        }
        let materials = wanted.item.materials.iter();
        materials.for_each(|material| self.material(material));
        for task in &wanted.item.co_tasks {
            self.open("[[co_task]]");
            self.text("department", &task.department);
            self.set("step", task.step);
            self.set("days", task.days);
            self.set("materials", list(&task.materials));
        }
        for point in &wanted.item.review_points {
            self.open("[[review_point]]");
            self.text_if("material", point.material.as_ref());
            self.text("text", &point.text);
        }
    }

    fn item_head(&mut self, item: &ServiceItem) {
        self.text("task_code", &item.task_code);
        self.text("catalog_code", &item.catalog_code);
        self.set("version", item.version);
        self.text("name", &item.name);
        self.text("kind", name_of(item_file::KINDS, &item.kind));
        self.text("field", &item.field);
        let applicants = item.applicants.iter();
        let applicants = applicants.map(|one| name_of(item_file::APPLICANTS, one));
        self.set("applicants", list(applicants));
        match item.handling {
            Handling::Instant => self.set("instant", true),
            Handling::TimeLimited {
                legal_days,
                promised_days,
            } => {
                self.set("legal_days", legal_days);
                self.set("promised_days", promised_days);
            }
        }
        self.text("lead", &item.lead);
        if !item.special_procedures.is_empty() {
            let steps = item.special_procedures.iter();
            let steps = steps.map(|one| name_of(item_file::PROCEDURES, one));
            self.set("special_procedures", list(steps));
        }
        if item.higher_authority {
            self.set("higher_authority", true);
        }
        self.text("result", &item.result.name);
        self.text_if("certificate", item.result.certificate.as_ref());
        let retention = name_of(item_file::RETENTIONS, &item.retention);
        self.text("retention", retention);
        if !item.basis.is_empty() {
            self.set("basis", list(&item.basis));
        }
    }

    fn letter(&mut self, letter: &Letter) {
        self.text("number", &letter.number);
        self.document(&letter.document);
    }

    fn material(&mut self, material: &Material) {
        self.open("[[material]]");
        self.text("code", &material.code);
        self.text("name", &material.name);
        if let Necessity::Conditional { when } = &material.necessity {
            self.text("when", when);
        }
        self.set("originals", material.originals);
        self.set("copies", material.copies);
        let weight = name_of(item_file::WEIGHTS, &material.weight);
        self.text("weight", weight);
        if let Some(deferral) = material.deferral {
            self.set("deferral_days", deferral.days);
        }
        let ways = material.met_by.iter();
        let ways = ways.map(|way| name_of(item_file::MET_BY, way));
        self.set("met_by", list(ways));
        if let Some(department) = &material.transfer_to {
            self.text("transfer_to", department);
        }
        if !material.marks.is_empty() {
            self.set("marks", list(&material.marks));
        }
    }
}
