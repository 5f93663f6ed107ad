//! Reading `items/*.toml`: one version of a service item a file, checked as a whole.

use std::collections::BTreeMap;

use super::WantedItem;
use super::form::Form;
use super::hall_file::{dated_letter, optional_tables};
use crate::domain::catalogue::{
    ApplicantKind, CoTask, Deferral, Handling, ItemKind, ItemPlace, Material, MetBy, Necessity,
    ResultKind, Retention, ReviewPoint, ServiceItem, SpecialProcedure, Weight, validate,
};
use crate::strict::Table;

pub(super) const KINDS: &[(&str, ItemKind)] = &[
    ("licence", ItemKind::Licence),
    ("confirmation", ItemKind::Confirmation),
    ("adjudication", ItemKind::Adjudication),
    ("payment", ItemKind::Payment),
    ("award", ItemKind::Award),
    ("filing", ItemKind::Filing),
    ("other", ItemKind::Other),
    ("public_service", ItemKind::PublicService),
];

pub(super) const APPLICANTS: &[(&str, ApplicantKind)] = &[
    ("person", ApplicantKind::Person),
    ("organisation", ApplicantKind::Organisation),
];

pub(super) const PROCEDURES: &[(&str, SpecialProcedure)] = &[
    ("hearing", SpecialProcedure::Hearing),
    ("tender", SpecialProcedure::Tender),
    ("auction", SpecialProcedure::Auction),
    ("inspection", SpecialProcedure::Inspection),
    ("appraisal", SpecialProcedure::Appraisal),
    ("expert_review", SpecialProcedure::ExpertReview),
    ("site_inspection", SpecialProcedure::SiteInspection),
    (
        "collective_discussion",
        SpecialProcedure::CollectiveDiscussion,
    ),
    ("public_notice", SpecialProcedure::PublicNotice),
];

pub(super) const RETENTIONS: &[(&str, Retention)] = &[
    ("permanent", Retention::Permanent),
    ("30-years", Retention::Years { years: 30 }),
    ("10-years", Retention::Years { years: 10 }),
];

pub(super) const WEIGHTS: &[(&str, Weight)] =
    &[("main", Weight::Main), ("secondary", Weight::Secondary)];

pub(super) const MET_BY: &[(&str, MetBy)] = &[
    ("paper_kept", MetBy::PaperKept),
    ("original_seen", MetBy::OriginalSeen),
    ("e_licence", MetBy::ELicence),
    ("shared_data", MetBy::SharedData),
    ("commitment", MetBy::Commitment),
    ("earlier_submission", MetBy::EarlierSubmission),
];

const DAYS_MAX: u64 = 60_000;

/// Where each part of the item stands in the file.
#[derive(Default)]
struct Places(BTreeMap<ItemPlace, usize>);

impl Places {
    fn note(
        &mut self,
        table: &Table<'_, '_>,
        place: fn(usize, &'static str) -> ItemPlace,
        number: usize,
        keys: &[&'static str],
    ) {
        for key in keys {
            self.0.insert(place(number, key), table.place(key));
        }
    }
}

/// Reads the whole file; what is wrong is noted, and then there is no item.
pub(super) fn read(
    file: &str,
    root: &mut Table<'_, '_>,
    form: &mut Form<'_>,
) -> Option<WantedItem> {
    let mut places = Places::default();
    let materials = materials(root, form, &mut places);
    let co_tasks = co_tasks(root, form, &mut places);
    let review_points = review_points(root, form, &mut places);
    let head = head(root, form);
    let letter = root
        .table("notice", &mut form.problems)
        .and_then(|mut row| {
            let letter = form.letter(&mut row);
            row.finish(&mut form.problems);
            letter
        });
    let live_from = form.day(root, "live_from");
    let entered = dated_letter(root, "entered", form);
    let withdrawn = dated_letter(root, "withdrawn", form);
    let item = ServiceItem {
        materials: materials?,
        co_tasks: co_tasks?,
        review_points: review_points?,
        ..head?
    };
    let problems = validate(&item);
    for problem in &problems {
        let place = match problem.place {
            ItemPlace::Item(key) => root.place(key),
            other => places.0.get(&other).copied().unwrap_or(root.start()),
        };
        form.note(place, format!("{}: {}", problem.place, problem.fault));
    }
    problems.is_empty().then(|| WantedItem {
        file: file.to_owned(),
        item,
        letter,
        live_from,
        entered,
        withdrawn,
    })
}

/// Everything but the lists of tables.
fn head(root: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<ServiceItem> {
    let task_code = form.need_code(root, "task_code");
    let catalog_code = form.need_code(root, "catalog_code");
    let version = form.need_number(root, "version", u64::from(u32::MAX));
    let name = form.need_text(root, "name");
    root.need("kind", &mut form.problems);
    let kind = root.choice("kind", KINDS, &mut form.problems);
    let field = form.need_code(root, "field");
    root.need("applicants", &mut form.problems);
    let applicants = root.choices("applicants", APPLICANTS, &mut form.problems);
    let handling = handling(root, form);
    let lead = form.need_code(root, "lead");
    let special_procedures = root.choices("special_procedures", PROCEDURES, &mut form.problems);
    let higher_authority = root.flag("higher_authority", &mut form.problems);
    let result = form.need_text(root, "result");
    let certificate = form.code(root, "certificate");
    root.need("retention", &mut form.problems);
    let retention = root.choice("retention", RETENTIONS, &mut form.problems);
    let basis = form.texts(root, "basis");
    Some(ServiceItem {
        task_code: task_code?,
        catalog_code: catalog_code?,
        version: version?,
        name: name?,
        kind: kind?,
        field: field?,
        applicants: applicants?,
        handling: handling?,
        lead: lead?,
        co_tasks: Vec::new(),
        materials: Vec::new(),
        review_points: Vec::new(),
        special_procedures: special_procedures.unwrap_or_default(),
        higher_authority: higher_authority.unwrap_or(false),
        result: ResultKind {
            name: result?,
            certificate,
        },
        retention: retention?,
        basis,
    })
}

/// `instant = true`, or both limits.
fn handling(root: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<Handling> {
    let instant = root.flag("instant", &mut form.problems);
    if instant == Some(true) {
        for key in ["legal_days", "promised_days"] {
            if root.integer(key, 0..DAYS_MAX, &mut form.problems).is_some() {
                let message = format!("即办件不写 `{key}` an item done on the spot has no `{key}`");
                form.note(root.place(key), message);
            }
        }
        return Some(Handling::Instant);
    }
    let legal = form.need_number(root, "legal_days", DAYS_MAX);
    let promised = form.need_number(root, "promised_days", DAYS_MAX);
    Some(Handling::TimeLimited {
        legal_days: legal?,
        promised_days: promised?,
    })
}

fn materials(
    root: &mut Table<'_, '_>,
    form: &mut Form<'_>,
    places: &mut Places,
) -> Option<Vec<Material>> {
    root.need("material", &mut form.problems);
    let rows = optional_tables(root, "material", form);
    let mut found = Vec::new();
    for (number, mut table) in rows.into_iter().enumerate() {
        const KEYS: &[&str] = &[
            "code",
            "name",
            "when",
            "originals",
            "deferral_days",
            "met_by",
            "transfer_to",
            "marks",
        ];
        places.note(&table, ItemPlace::Material, number, KEYS);
        found.push(material(&mut table, form));
        table.finish(&mut form.problems);
    }
    found.into_iter().collect()
}

fn material(table: &mut Table<'_, '_>, form: &mut Form<'_>) -> Option<Material> {
    let code = form.need_code(table, "code");
    let name = form.need_text(table, "name");
    let when = form.text(table, "when");
    let originals = form.need_number(table, "originals", u64::from(u8::MAX));
    let copies = form.need_number(table, "copies", u64::from(u8::MAX));
    table.need("weight", &mut form.problems);
    let weight = table.choice("weight", WEIGHTS, &mut form.problems);
    let deferral = table.integer("deferral_days", 0..DAYS_MAX, &mut form.problems);
    table.need("met_by", &mut form.problems);
    let met_by = table.choices("met_by", MET_BY, &mut form.problems);
    let transfer_to = form.code(table, "transfer_to");
    let marks = form.texts(table, "marks");
    Some(Material {
        code: code?,
        name: name?,
        necessity: match when {
            Some(when) => Necessity::Conditional { when },
            None => Necessity::Required,
        },
        originals: originals?,
        copies: copies?,
        weight: weight?,
        deferral: deferral.and_then(|days| {
            let days = u16::try_from(days).ok()?;
            Some(Deferral { days })
        }),
        met_by: met_by?,
        transfer_to,
        marks,
    })
}

fn co_tasks(
    root: &mut Table<'_, '_>,
    form: &mut Form<'_>,
    places: &mut Places,
) -> Option<Vec<CoTask>> {
    let rows = optional_tables(root, "co_task", form);
    let mut found = Vec::new();
    for (number, mut table) in rows.into_iter().enumerate() {
        let keys = &["department", "step", "days", "materials"];
        places.note(&table, ItemPlace::CoTask, number, keys);
        let department = form.need_code(&mut table, "department");
        let step = form.need_number(&mut table, "step", u64::from(u8::MAX));
        let days = form.need_number(&mut table, "days", DAYS_MAX);
        table.need("materials", &mut form.problems);
        let materials = form.codes(&mut table, "materials");
        table.finish(&mut form.problems);
        let task = || {
            Some(CoTask {
                department: department?,
                step: step?,
                days: days?,
                materials: materials?,
            })
        };
        found.push(task());
    }
    found.into_iter().collect()
}

fn review_points(
    root: &mut Table<'_, '_>,
    form: &mut Form<'_>,
    places: &mut Places,
) -> Option<Vec<ReviewPoint>> {
    let rows = optional_tables(root, "review_point", form);
    let mut found = Vec::new();
    for (number, mut table) in rows.into_iter().enumerate() {
        places.note(
            &table,
            ItemPlace::ReviewPoint,
            number,
            &["material", "text"],
        );
        let material = form.code(&mut table, "material");
        let text = form.need_text(&mut table, "text");
        table.finish(&mut form.problems);
        found.push(text.map(|text| ReviewPoint { material, text }));
    }
    found.into_iter().collect()
}
