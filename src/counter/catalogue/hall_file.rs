//! Reading `hall.toml`: sites with their windows, departments with their people, authorisations.

use super::form::Form;
use super::{
    WantedAuthorisation, WantedChief, WantedDepartment, WantedOfficer, WantedSite,
    WantedSuccession, WantedWindow,
};
use crate::domain::catalogue::Letter;
use crate::domain::hall::{
    DepartmentDefinition, Grant, ItemScope, OpenHours, Power, Role, SiteDefinition, SiteLevel,
    Term, Timetable, WindowKind, WindowPlan,
};
use crate::domain::{Date, Digest};
use crate::strict::Table;

const LEVELS: &[(&str, SiteLevel)] = &[
    ("centre", SiteLevel::Centre),
    ("sub_centre", SiteLevel::SubCentre),
    ("town", SiteLevel::Town),
    ("village", SiteLevel::Village),
];

const ROLES: &[(&str, Role)] = &[
    ("consult", Role::Consult),
    ("receive", Role::Receive),
    ("issue", Role::Issue),
];

const POWERS: &[(&str, Power)] = &[("receive", Power::Receive), ("issue", Power::Issue)];

#[derive(Clone, Copy)]
enum Kind {
    FieldLimited,
    Undifferentiated,
    AllInOne,
}

const KINDS: &[(&str, Kind)] = &[
    ("field_limited", Kind::FieldLimited),
    ("undifferentiated", Kind::Undifferentiated),
    ("all_in_one", Kind::AllInOne),
];

/// What `hall.toml` says.
#[derive(Default)]
pub(super) struct HallFile {
    pub(super) sites: Vec<WantedSite>,
    pub(super) departments: Vec<WantedDepartment>,
    pub(super) authorisations: Vec<WantedAuthorisation>,
}

/// Reads the whole file; what is wrong is noted and left out.
pub(super) fn read(root: &mut Table<'_, '_>, form: &mut Form<'_>) -> HallFile {
    let mut file = HallFile::default();
    for mut table in optional_tables(root, "site", form) {
        file.sites.extend(site(&mut table, form));
        table.finish(&mut form.problems);
    }
    for mut table in optional_tables(root, "department", form) {
        file.departments.extend(department(&mut table, form));
        table.finish(&mut form.problems);
    }
    for mut table in optional_tables(root, "authorisation", form) {
        file.authorisations.extend(authorisation(&mut table, form));
        table.finish(&mut form.problems);
    }
    file
}

/// The tables `[[key]]`, none when there are none.
pub(super) fn optional_tables<'t, 'i>(
    table: &mut Table<'t, 'i>,
    key: &'static str,
    form: &mut Form<'_>,
) -> Vec<Table<'t, 'i>> {
    table.tables(key, &mut form.problems)
}

fn site(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedSite> {
    let line = table.start();
    let code = form.need_code(table, "code");
    table.need("level", &mut form.problems);
    let level = table.choice("level", LEVELS, &mut form.problems);
    let parent = form.code(table, "parent");
    let name = form.need_text(table, "name");
    let address = form.need_text(table, "address");
    let hours = form.text(table, "hours");
    let phone = form.text(table, "phone");
    let closed = form.day(table, "closed");
    let mut windows = Vec::new();
    for mut window_table in optional_tables(table, "window", form) {
        windows.extend(window(&mut window_table, form));
        window_table.finish(&mut form.problems);
    }
    Some(WantedSite {
        line,
        level: level?,
        parent,
        closed,
        windows,
        definition: SiteDefinition {
            code: code?,
            name: name?,
            address: address?,
            hours,
            phone,
        },
    })
}

fn window(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedWindow> {
    let code = form.need_code(table, "code");
    table.need("kind", &mut form.problems);
    let kind = table.choice("kind", KINDS, &mut form.problems);
    let fields = form.codes(table, "fields");
    table.need("roles", &mut form.problems);
    let roles = table.choices("roles", ROLES, &mut form.problems);
    let closed = form.day(table, "closed");
    let mut rows = Vec::new();
    for mut row in optional_tables(table, "open", form) {
        rows.extend(open_hours(&mut row, form));
        row.finish(&mut form.problems);
    }
    let kind = match kind? {
        Kind::FieldLimited => WindowKind::FieldLimited {
            fields: fields.unwrap_or_default(),
        },
        other => {
            if fields.is_some() {
                let message =
                    "只有分领域窗口才写 `fields` only a field-limited window has `fields`";
                form.note(table.place("fields"), message);
            }
            match other {
                Kind::AllInOne => WindowKind::AllInOne,
                _ => WindowKind::Undifferentiated,
            }
        }
    };
    let timetable = (!rows.is_empty()).then_some(Timetable(rows));
    Some(WantedWindow {
        code: code?,
        closed,
        plan: WindowPlan {
            kind,
            roles: roles?,
            timetable,
        },
    })
}

fn open_hours(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<OpenHours> {
    const DAYS: &[(&str, u8)] = &[
        ("mon", 1),
        ("tue", 2),
        ("wed", 3),
        ("thu", 4),
        ("fri", 5),
        ("sat", 6),
        ("sun", 7),
    ];
    table.need("days", &mut form.problems);
    let days = table.choices("days", DAYS, &mut form.problems);
    let from = form.need_code(table, "from");
    let until = form.need_code(table, "until");
    Some(OpenHours {
        days: days?,
        from: from?,
        until: until?,
    })
}

fn department(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedDepartment> {
    let line = table.start();
    let code = form.need_code(table, "code");
    let name = form.need_text(table, "name");
    let short_name = form.need_text(table, "short_name");
    let credit_code = form.text(table, "credit_code");
    let fonds = form.text(table, "fonds");
    let phone = form.text(table, "phone");
    let mut chiefs = Vec::new();
    for mut row in optional_tables(table, "chief", form) {
        chiefs.extend(chief(&mut row, form));
        row.finish(&mut form.problems);
    }
    let mut officers = Vec::new();
    for mut row in optional_tables(table, "officer", form) {
        officers.extend(officer(&mut row, form));
        row.finish(&mut form.problems);
    }
    let succeeded = table
        .table("succeeded", &mut form.problems)
        .and_then(|mut row| {
            let by = form.need_code(&mut row, "by");
            let from = form.need_day(&mut row, "from");
            let document = form.document(&mut row, "document");
            row.finish(&mut form.problems);
            Some(WantedSuccession {
                by: by?,
                from: from?,
                document: document?,
            })
        });
    Some(WantedDepartment {
        line,
        chiefs,
        officers,
        succeeded,
        definition: DepartmentDefinition {
            code: code?,
            name: name?,
            short_name: short_name?,
            credit_code,
            fonds,
            phone,
        },
    })
}

fn chief(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedChief> {
    let staff = form.need_code(table, "staff");
    let items = scope(table, form);
    let from = form.need_day(table, "from");
    let until = form.day(table, "until");
    let document = form.document(table, "document");
    let removed = form.day(table, "removed");
    Some(WantedChief {
        staff: staff?,
        items: items?,
        from: from?,
        until,
        document: document?,
        removed,
    })
}

fn officer(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedOfficer> {
    let staff = form.need_code(table, "staff");
    let decides = table.flag("decides", &mut form.problems);
    let from = form.need_day(table, "from");
    let removed = form.day(table, "removed");
    Some(WantedOfficer {
        staff: staff?,
        decides: decides.unwrap_or(false),
        from: from?,
        removed,
    })
}

/// `items`: a list of implementing codes; absent means all.
fn scope(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<ItemScope> {
    match form.codes(table, "items") {
        Some(items) => Some(ItemScope::Listed { items }),
        None if table.place("items") == table.start() => Some(ItemScope::All),
        None => None,
    }
}

fn authorisation(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<WantedAuthorisation> {
    let line = table.start();
    let id = form.need_code(table, "id");
    let department = form.need_code(table, "department");
    table.need("sites", &mut form.problems);
    let sites = form.codes(table, "sites");
    let items = scope(table, form);
    let receive = term(table, "receive", form);
    let issue = term(table, "issue", form);
    let document = form.document(table, "document");
    let mut revoked: Vec<(Vec<Power>, Date, Digest)> = Vec::new();
    for mut row in optional_tables(table, "revoked", form) {
        row.need("powers", &mut form.problems);
        let powers = row.choices("powers", POWERS, &mut form.problems);
        let from = form.need_day(&mut row, "from");
        let paper = form.document(&mut row, "document");
        row.finish(&mut form.problems);
        if let (Some(powers), Some(from), Some(paper)) = (powers, from, paper) {
            revoked.push((powers, from, paper));
        }
    }
    Some(WantedAuthorisation {
        line,
        id: id?,
        revoked,
        grant: Grant {
            department: department?,
            sites: sites?,
            items: items?,
            receive,
            issue,
            document: document?,
        },
    })
}

fn term(table: &mut Table<'_, '_>, key: &'static str, form: &mut Form<'_>) -> Option<Term> {
    let mut row = table.table(key, &mut form.problems)?;
    let from = form.need_day(&mut row, "from");
    let until = form.need_day(&mut row, "until");
    row.finish(&mut form.problems);
    Some(Term {
        from: from?,
        until: until?,
    })
}

/// A day and the letter behind it: `from`, `number`, `document`.
pub(super) fn dated_letter(
    table: &mut Table<'_, '_>,
    key: &'static str,
    form: &mut Form<'_>,
) -> Option<(Date, Letter)> {
    let mut row = table.table(key, &mut form.problems)?;
    let from = form.need_day(&mut row, "from");
    let letter = form.letter(&mut row);
    row.finish(&mut form.problems);
    Some((from?, letter?))
}
