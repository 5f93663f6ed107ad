//! What is entered about the people of a case: every refusal names its field, all at once, and repeats nothing.

use counterfoil::domain::Date;
use counterfoil::domain::person::{
    AgentPower, Applicant, Contact, DeliveryChoice, Parties, PartiesInput,
};
use serde_json::{Value, json};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn today() -> Date {
    day("2026-11-23")
}

/// A person who applies through an agent and wants the result by mail.
fn complete() -> Value {
    json!({
        "applicant": {
            "kind": "person", "name": " 张三 ", "id_kind": "citizen_id", "id_number": "11010519491231002x",
            "address": { "region": "江苏省苏州市张家港市", "detail": "人民中路 1 号", "postcode": "215600" },
        },
        "agent": {
            "name": "李四", "id_kind": "passport", "id_number": "E12345678", "phone": "13812341234",
            "reference": "委托书 1", "signed_on": "2026-11-20", "valid_until": "2026-12-31",
            "powers": ["collect", "apply", "collect"],
        },
        "contact": { "name": "李四", "phone": "0512-56781234" },
        "delivery": {
            "kind": "mail", "recipient": "张三", "phone": "13812341234",
            "address": { "region": "江苏省苏州市张家港市", "detail": "人民中路 1 号" },
        },
    })
}

fn read(input: &Value) -> PartiesInput {
    serde_json::from_value(input.clone()).unwrap()
}

/// Field and code of each refusal, in order of field.
fn refusals(input: &Value) -> Vec<(String, &'static str)> {
    let errors = Parties::validate(&read(input), today()).unwrap_err();
    let mut found: Vec<_> = errors
        .into_iter()
        .map(|error| {
            assert!(!error.zh.is_empty() && !error.en.is_empty());
            (error.field, error.code)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn art_12_1_complete_parties_are_accepted_and_come_back() {
    let parties = Parties::validate(&read(&complete()), today()).unwrap();
    assert_eq!(parties.applicant.name(), "张三");
    assert_eq!(parties.applicant.masked_number(), "110***********002X");
    assert!(!parties.applicant.protection().is_needed());
    let agent = parties.agent.as_ref().unwrap();
    let mandate = &agent.power_of_attorney;
    assert_eq!(mandate.powers, [AgentPower::Apply, AgentPower::Collect]);
    assert!(mandate.covers(AgentPower::Collect, day("2026-12-31")));
    assert!(!mandate.covers(AgentPower::Collect, day("2027-01-01")));
    assert!(!mandate.covers(AgentPower::Collect, day("2026-11-19")));
    assert!(!mandate.covers(AgentPower::Withdraw, day("2026-12-01")));
    let record = serde_json::to_vec(&parties).unwrap();
    let back: Parties = serde_json::from_slice(&record).unwrap();
    assert!(back == parties);
}

#[test]
fn art_12_1_an_organisation_is_accepted() {
    let input = json!({
        "applicant": {
            "kind": "organisation", "name": "张家港某某有限公司", "credit_code": "91350100m000100y43",
            "representative": "王五", "sensitive": true,
        },
        "contact": { "name": "王五", "phone": "13812341234" },
        "delivery": { "kind": "pick_up" },
    });
    let parties = Parties::validate(&read(&input), today()).unwrap();
    assert_eq!(parties.applicant.masked_number(), "913***********0Y43");
    assert!(parties.applicant.protection().sensitive);
    assert!(parties.delivery == DeliveryChoice::PickUp);
    let text = serde_json::to_string(&parties).unwrap();
    assert!(serde_json::from_str::<Parties>(&text).unwrap() == parties);
}

#[test]
fn art_12_1_nothing_entered_names_every_field_that_is_needed() {
    let found = refusals(&json!({ "agent": {} }));
    let expected = [
        "agent.id_kind",
        "agent.id_number",
        "agent.name",
        "agent.phone",
        "agent.powers",
        "agent.reference",
        "agent.signed_on",
        "applicant.kind",
        "contact.name",
        "contact.phone",
        "delivery.kind",
    ];
    let all: Vec<_> = expected
        .iter()
        .map(|field| (field.to_string(), "field-missing"))
        .collect();
    assert_eq!(found, all);
}

/// Where a value is entered (JSON), the field that is refused for it, and the code.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "/applicant/kind",
        r#""robot""#,
        "applicant.kind",
        "field-unknown-choice",
    ),
    (
        "/applicant/name",
        r#""LONG""#,
        "applicant.name",
        "field-too-long",
    ),
    (
        "/applicant/name",
        r#""张\u0000三""#,
        "applicant.name",
        "field-control-character",
    ),
    (
        "/applicant/name",
        r#""张\u202e三""#,
        "applicant.name",
        "field-control-character",
    ),
    (
        "/applicant/id_kind",
        r#""library card""#,
        "applicant.id_kind",
        "field-unknown-choice",
    ),
    (
        "/applicant/id_number",
        r#""110105194912310021""#,
        "applicant.id_number",
        "citizen-id-check-digit",
    ),
    (
        "/applicant/id_number",
        r#""""#,
        "applicant.id_number",
        "field-missing",
    ),
    (
        "/applicant/birth_date",
        r#""1949-12-30""#,
        "applicant.birth_date",
        "birth-date-differs",
    ),
    (
        "/applicant/birth_date",
        r#""31.12.1949""#,
        "applicant.birth_date",
        "field-not-a-date",
    ),
    (
        "/applicant/credit_code",
        r#""9""#,
        "applicant.credit_code",
        "field-not-expected",
    ),
    (
        "/applicant/representative",
        r#""王五""#,
        "applicant.representative",
        "field-not-expected",
    ),
    (
        "/applicant/address/postcode",
        r#""21560""#,
        "applicant.address.postcode",
        "postcode-pattern",
    ),
    (
        "/applicant/address/detail",
        r#"" ""#,
        "applicant.address.detail",
        "field-missing",
    ),
    (
        "/agent/phone",
        r#""1381234""#,
        "agent.phone",
        "phone-pattern",
    ),
    (
        "/agent/id_number",
        r#""E-1""#,
        "agent.id_number",
        "passport-pattern",
    ),
    (
        "/agent/signed_on",
        r#""2026-11-24""#,
        "agent.signed_on",
        "date-in-future",
    ),
    (
        "/agent/valid_until",
        r#""2026-11-22""#,
        "agent.valid_until",
        "date-expired",
    ),
    (
        "/agent/valid_until",
        r#""2026-11-19""#,
        "agent.valid_until",
        "date-backwards",
    ),
    (
        "/agent/powers",
        r#"["apply", "sell"]"#,
        "agent.powers",
        "field-unknown-choice",
    ),
    ("/agent/powers", r#"[]"#, "agent.powers", "field-missing"),
    (
        "/contact/phone",
        r#""0512""#,
        "contact.phone",
        "phone-pattern",
    ),
    (
        "/delivery/kind",
        r#""pigeon""#,
        "delivery.kind",
        "field-unknown-choice",
    ),
    (
        "/delivery/address",
        "null",
        "delivery.address",
        "field-missing",
    ),
    (
        "/delivery/address/region",
        r#""LONG""#,
        "delivery.address.region",
        "field-too-long",
    ),
    (
        "/delivery/recipient",
        r#""\ufeff张三\u0007""#,
        "delivery.recipient",
        "field-control-character",
    ),
];

#[test]
fn art_12_1_every_refusal_names_its_field() {
    for (path, value, field, code) in REFUSED {
        let value = value.replace("LONG", &"长".repeat(101));
        let mut input = complete();
        let (parent, key) = path.rsplit_once('/').unwrap();
        input.pointer_mut(parent).unwrap()[key] = serde_json::from_str(&value).unwrap();
        assert_eq!(refusals(&input), [(field.to_string(), *code)], "{path}");
    }
}

#[test]
fn what_is_not_asked_for_is_refused() {
    let mut input = complete();
    input["delivery"]["kind"] = json!("pick_up");
    let found: Vec<String> = refusals(&input)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    let expected = ["delivery.address", "delivery.phone", "delivery.recipient"];
    assert_eq!(found, expected);
    input["applicant"]["hobby"] = json!("chess");
    assert!(serde_json::from_value::<PartiesInput>(input).is_err());
}

#[test]
fn data_of_a_child_are_marked() {
    let born = |birth: &str, today: &str| {
        let input = serde_json::from_value(json!({
            "kind": "person", "name": "小明", "id_kind": "passport", "id_number": "E12345678", "birth_date": birth,
        }));
        let applicant = Applicant::validate(&input.unwrap(), day(today)).unwrap();
        applicant.protection().child
    };
    assert!(born("2012-11-23", "2026-11-22"));
    assert!(born("2012-11-23", "2026-11-23"));
    assert!(!born("2012-11-23", "2026-11-24"));
    assert!(born("2012-02-29", "2026-02-28"));
    assert!(!born("2012-02-29", "2026-03-01"));
    assert!(!born("1949-12-31", "2026-11-23"));
    let without = serde_json::from_value(json!({
        "kind": "person", "name": "小明", "id_kind": "passport", "id_number": "E12345678",
    }));
    let errors = Applicant::validate(&without.unwrap(), today()).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field, "applicant.birth_date");
}

#[test]
fn nothing_of_a_person_is_shown_by_debug_or_refusals() {
    let parties = Parties::validate(&read(&complete()), today()).unwrap();
    let mut shown = format!("{parties:?} {:?} {:?}", parties.applicant, parties.agent);
    shown += &format!("{:?} {:?}", parties.contact, parties.delivery);
    shown += &format!("{:?} {:?}", read(&complete()), read(&complete()).applicant);
    let mut broken = complete();
    broken["applicant"]["id_number"] = json!("110105194912310021");
    broken["agent"]["phone"] = json!("1381234123");
    broken["contact"]["name"] = json!("李四\u{1}");
    let errors = Parties::validate(&read(&broken), today()).unwrap_err();
    assert_eq!(errors.len(), 3);
    shown += &format!("{errors:?} {}", serde_json::to_string(&errors).unwrap());
    for secret in ["张三", "李四", "1949", "1101", "1381", "人民中路", "E1234"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let alone = serde_json::from_value(json!({ "name": "张三", "phone": "1" })).unwrap();
    let errors = Contact::validate(&alone, today()).unwrap_err();
    assert_eq!(errors[0].field, "contact.phone");
}
