//! The catalogue as files: `hall.toml` with sites, windows, departments and authorisations, `items/*.toml` with one
//! version of a service item each, and the documents they name. Read strictly, every problem at once with file and
//! line; written back so that equal content gives equal bytes. Nothing here touches the ledger.

mod form;
mod hall_file;
mod item_file;
mod published;
mod read;
mod write;

use crate::domain::catalogue::{Letter, ServiceItem};
use crate::domain::hall::{
    DepartmentDefinition, Grant, ItemScope, Power, SiteDefinition, SiteLevel, WindowPlan,
};
use crate::domain::{AuthorisationId, Date, DepartmentCode, Digest, SiteCode, StaffId, WindowCode};

pub use form::{Documents, SentFiles};
pub use published::{PublishedError, read_published};
pub use read::{CatalogueError, read_catalogue, read_sent};
pub use write::{CatalogueFile, write_catalogue};

/// A catalogue as its files state it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The file that states the hall; empty when only items are stated.
    pub hall_file: String,
    /// Sites, each after the one above it.
    pub sites: Vec<WantedSite>,
    /// Departments.
    pub departments: Vec<WantedDepartment>,
    /// Authorisations.
    pub authorisations: Vec<WantedAuthorisation>,
    /// Items, by code and version.
    pub items: Vec<WantedItem>,
    /// The documents they name.
    pub documents: Documents,
}

/// A site as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSite {
    /// Its line in the file.
    pub line: usize,
    /// Its level.
    pub level: SiteLevel,
    /// The site above it.
    pub parent: Option<SiteCode>,
    /// Code, name and address.
    pub definition: SiteDefinition,
    /// The day from which it serves no more.
    pub closed: Option<Date>,
    /// Its windows. Windows that are not named stay as they are.
    pub windows: Vec<WantedWindow>,
}

/// A window as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedWindow {
    /// Its code.
    pub code: WindowCode,
    /// How it is set up.
    pub plan: WindowPlan,
    /// The day from which it serves no more.
    pub closed: Option<Date>,
}

/// A department as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedDepartment {
    /// Its line in the file.
    pub line: usize,
    /// Code and names.
    pub definition: DepartmentDefinition,
    /// Its chief representatives.
    pub chiefs: Vec<WantedChief>,
    /// Its officers.
    pub officers: Vec<WantedOfficer>,
    /// Who comes after it.
    pub succeeded: Option<WantedSuccession>,
}

/// A chief representative's appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedChief {
    /// Who.
    pub staff: StaffId,
    /// On which items.
    pub items: ItemScope,
    /// From this day.
    pub from: Date,
    /// To the end of this day.
    pub until: Option<Date>,
    /// The letter of appointment.
    pub document: Digest,
    /// The first day without it, when it was ended.
    pub removed: Option<Date>,
}

/// An officer's post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedOfficer {
    /// Who.
    pub staff: StaffId,
    /// Whether the officer also decides.
    pub decides: bool,
    /// From this day.
    pub from: Date,
    /// The first day without it, when it was ended.
    pub removed: Option<Date>,
}

/// Who comes after a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSuccession {
    /// The department that does.
    pub by: DepartmentCode,
    /// From this day.
    pub from: Date,
    /// The document that says so.
    pub document: Digest,
}

/// An authorisation as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedAuthorisation {
    /// Its line in the file.
    pub line: usize,
    /// Its id.
    pub id: AuthorisationId,
    /// What it grants.
    pub grant: Grant,
    /// Powers that were taken back, from which day, by which document.
    pub revoked: Vec<(Vec<Power>, Date, Digest)>,
}

/// A version of an item as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedItem {
    /// The file that states it.
    pub file: String,
    /// The version.
    pub item: ServiceItem,
    /// The letter by which it was notified.
    pub letter: Option<Letter>,
    /// The day from which new cases follow it.
    pub live_from: Option<Date>,
    /// Its entry into the integrated window's list.
    pub entered: Option<(Date, Letter)>,
    /// Its exit from the list.
    pub withdrawn: Option<(Date, Letter)>,
}
