//! `[package]`: how the packages of transfers are made.

use std::path::PathBuf;

use super::read::Reading;
use crate::package::ContactDoc;
use crate::package::metadata::Dialect;
use crate::strict::{Table, nearest};

/// The dialect of a file that names none.
const DIALECT: &str = "jiaxing";
/// Longest texts, in characters.
const FONDS_CHARS_MAX: usize = 20;
const TEXT_CHARS_MAX: usize = 200;

/// How the packages of transfers are made. What is configured here goes into packages that are sealed from now on; one that
/// was sealed keeps its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageConfig {
    /// In which dialect metadata are written. Default `jiaxing`.
    pub dialect: DialectChoice,
    /// The hall's fonds at the archive (全宗号). Default: none.
    pub fonds: Option<String>,
    /// Whom the archive asks. Default: none.
    pub contact: Option<ContactDoc>,
}

/// A dialect of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialectChoice {
    /// One that is built in, by its name.
    BuiltIn(&'static str),
    /// A hall's own folder.
    Folder(PathBuf),
}

impl Reading<'_> {
    pub(super) fn package(&mut self, mut section: Table<'_, '_>) -> PackageConfig {
        let dialect = self.dialect(&mut section);
        let fonds = section.text("fonds", &mut self.problems);
        let allowed = |c: char| c.is_alphanumeric() || "-.·".contains(c);
        let fits = |text: &str| {
            (1..=FONDS_CHARS_MAX).contains(&text.chars().count()) && text.chars().all(allowed)
        };
        if fonds.is_some_and(|fonds| !fits(fonds)) {
            let message = "`fonds` must be 1-20 letters, digits and - . · such as \"Z109\"";
            self.problems.note(section.place("fonds"), message);
        }
        let contact = section.table("contact", &mut self.problems);
        let contact = contact.and_then(|table| self.contact(table));
        section.finish(&mut self.problems);
        PackageConfig {
            dialect,
            fonds: fonds.map(str::to_owned),
            contact,
        }
    }

    /// A name of a built-in dialect; whatever has a `/` is a folder.
    fn dialect(&mut self, section: &mut Table<'_, '_>) -> DialectChoice {
        let known = Dialect::built_in_names();
        let find = |name: &str| known.iter().copied().find(|one| *one == name);
        let place = section.place("dialect");
        let text = section.text("dialect", &mut self.problems);
        let text = text.unwrap_or(DIALECT);
        if let Some(name) = find(text) {
            return DialectChoice::BuiltIn(name);
        }
        if text.contains('/') {
            if let Some(folder) = self.path_of("dialect", text, place) {
                return DialectChoice::Folder(folder);
            }
        } else {
            let near = nearest(text, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            let names = known.join("\", \"");
            let message = format!(
                "`dialect` cannot be \"{text}\": it is \"{names}\" or a folder, written with a / as \"./dialect\"{near}"
            );
            self.problems.note(place, message);
        }
        DialectChoice::BuiltIn(DIALECT)
    }

    fn contact(&mut self, mut table: Table<'_, '_>) -> Option<ContactDoc> {
        let problems = &mut self.problems;
        table.need("name", problems);
        let dull = |text: &str| {
            let chars = text.chars().count();
            (1..=TEXT_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control)
        };
        let name = table.text("name", problems);
        if name.is_some_and(|name| !dull(name) || name.trim().is_empty()) {
            let message =
                "`name` must be 1-200 characters: an office, such as \"政务服务中心档案室\"";
            problems.note(table.place("name"), message);
        }
        let phone = table.text("phone", problems);
        let dialled = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
        let number = |phone: &str| {
            let digits = phone.chars().filter(char::is_ascii_digit).count();
            (3..=20).contains(&digits) && phone.len() <= 40 && phone.chars().all(dialled)
        };
        if phone.is_some_and(|phone| !number(phone)) {
            let message = "`phone` must be a telephone number, such as \"0512-12345678\"";
            problems.note(table.place("phone"), message);
        }
        let email = table.text("email", problems);
        let address = |email: &str| {
            let parts = email.split_once('@');
            parts.is_some_and(|(user, host)| {
                !user.is_empty() && host.contains('.') && !host.contains('@')
            }) && email.len() <= TEXT_CHARS_MAX
                && email.bytes().all(|b| b.is_ascii_graphic())
        };
        if email.is_some_and(|email| !address(email)) {
            let message = "`email` must be an address, such as \"archive@hall.example\"";
            problems.note(table.place("email"), message);
        }
        table.finish(problems);
        Some(ContactDoc {
            name: name?.to_owned(),
            phone: phone.map(str::to_owned),
            email: email.map(str::to_owned),
        })
    }
}
