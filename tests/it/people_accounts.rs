//! Accounts from the first three to the last day: what is recorded, what is kept, and what nobody ever sees.

use counterfoil::domain::access::{Action, Role, Target};
use counterfoil::domain::staff::StaffRefusal;
use counterfoil::domain::{SiteCode, TokenId};
use counterfoil::people::{Caller, NewPerson, PeopleError, SecretText, Who};

use crate::people_support::{
    ADDRESS, HOUR, Hall, OTHER_PASSWORD, PASSWORD, administrator, clerk, new_person, staff,
};

fn is_refused<T>(result: Result<T, PeopleError>, refusal: StaffRefusal) -> bool {
    matches!(result, Err(PeopleError::Refused(found)) if found == refusal)
}

fn three(ids: [&str; 3]) -> [NewPerson; 3] {
    ids.map(|id| new_person(id, Some(PASSWORD), true, &[]))
}

#[tokio::test]
async fn the_first_three_are_made_exactly_once() {
    let mut hall = Hall::new().await;
    let same = hall
        .people
        .initialise(&hall.order(), &three(["x", "x", "y"]))
        .await;
    assert!(is_refused(same, StaffRefusal::SamePerson));
    let order = hall.order();
    let (first, second) = (
        three(["sys", "sec", "aud"]),
        three(["sys2", "sec2", "aud2"]),
    );
    let other = hall.order();
    let (one, two) = tokio::join!(
        hall.people.initialise(&order, &first),
        hall.people.initialise(&other, &second),
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    hall.restart().await;
    let again = hall
        .people
        .initialise(&hall.order(), &three(["a", "b", "c"]))
        .await;
    assert!(is_refused(again, StaffRefusal::AlreadyInitialised));
    let people = hall.people.list().await.unwrap();
    let roles: Vec<Role> = people.iter().map(|person| person.grants[0].role).collect();
    assert_eq!(roles, Role::ADMINISTRATORS);
}

#[tokio::test]
async fn enrolling_is_idempotent_and_leaves_nothing_behind_when_refused() {
    let hall = Hall::new().await;
    let order = hall.order();
    let person = new_person("c001", Some(PASSWORD), false, &[clerk("a")]);
    let first = hall.people.enrol(&order, &person).await.unwrap();
    let again = hall.people.enrol(&order, &person).await.unwrap();
    assert!(again.repeated && again.first == first.first && again.count == first.count);
    assert_eq!(hall.records("c001").await, 2, "one name, one password");
    let taken = hall.people.enrol(&hall.order(), &person).await;
    assert!(is_refused(taken, StaffRefusal::AlreadyEnrolled));
    assert_eq!(hall.records("c001").await, 2);
    let misplaced = new_person("c002", Some(PASSWORD), false, &[administrator(Role::Clerk)]);
    let refused = hall.people.enrol(&hall.order(), &misplaced).await;
    assert!(is_refused(refused, StaffRefusal::RoleDoesNotFit));
    assert_eq!(hall.records("c002").await, 0);
    for name in ["", "  ", "a\nb", &"长".repeat(101)] {
        let mut person = new_person("c003", None, false, &[]);
        person.name = SecretText::new(name);
        let refused = hall.people.enrol(&hall.order(), &person).await;
        assert!(matches!(
            refused,
            Err(PeopleError::BadText { field: "name" })
        ));
    }
    let weak = new_person("c003", Some("123456"), false, &[]);
    let refused = hall.people.enrol(&hall.order(), &weak).await;
    assert!(matches!(refused, Err(PeopleError::WeakPassword)));
    let renamed = SecretText::new("李四");
    hall.people
        .rename(&hall.order(), &staff("c001"), &renamed)
        .await
        .unwrap();
    assert_eq!(hall.people.name(&staff("c001")).await.unwrap(), "李四");
    assert_eq!(hall.records("c001").await, 2, "the old name is gone");
    let nobody = hall
        .people
        .rename(&hall.order(), &staff("c999"), &renamed)
        .await;
    assert!(is_refused(nobody, StaffRefusal::Unknown));
}

#[tokio::test]
async fn leaving_ends_sessions_and_tokens_at_once_and_names_who_answers() {
    let hall = Hall::new().await;
    let (id, _, session) = hall.enrol_with_app("c001", &[clerk("a")]).await;
    hall.enrol("c002", &[clerk("a")]).await;
    hall.enrol("c003", &[clerk("a")]).await;
    let site = SiteCode::new("a").unwrap();
    let expires = hall.now().plus_millis(HOUR);
    let token = hall
        .people
        .issue_token(&hall.order(), &id, &site, expires)
        .await
        .unwrap();
    hall.people.caller(&session.token).await.unwrap();
    hall.people.bearer(&token.text).await.unwrap();
    hall.people
        .offboard(&hall.order(), &id, &staff("c002"))
        .await
        .unwrap();
    let ended = hall.people.caller(&session.token).await;
    assert!(matches!(ended, Err(PeopleError::NotSignedIn)));
    let ended = hall.people.bearer(&token.text).await;
    assert!(matches!(ended, Err(PeopleError::NotSignedIn)));
    assert!(hall.people.sessions_of(&id).is_empty());
    assert!(matches!(
        hall.sign_in("c001").await,
        Err(PeopleError::SignInFailed)
    ));
    assert_eq!(hall.records("c001").await, 1, "the name alone remains");
    assert_eq!(hall.people.responsible(&id).await.unwrap(), staff("c002"));
    hall.people
        .offboard(&hall.order(), &staff("c002"), &staff("c003"))
        .await
        .unwrap();
    assert_eq!(hall.people.responsible(&id).await.unwrap(), staff("c003"));
    let facts = hall.facts("c003").await;
    assert_eq!(
        facts
            .iter()
            .filter(|fact| fact.contains("took_over"))
            .count(),
        2
    );
    let person = hall.people.person(&id).await.unwrap();
    assert_eq!(person.successor, Some(staff("c002")));
    assert!(person.grants.is_empty() && person.tokens.is_empty());
}

#[tokio::test]
async fn a_token_is_of_one_site_until_it_ends() {
    let mut hall = Hall::new().await;
    let id = hall.enrol("c001", &[clerk("a")]).await;
    let site = SiteCode::new("a").unwrap();
    let expires = hall.now().plus_millis(HOUR);
    let order = hall.order();
    let issued = hall
        .people
        .issue_token(&order, &id, &site, expires)
        .await
        .unwrap();
    let repeated = hall.people.issue_token(&order, &id, &site, expires).await;
    assert!(matches!(repeated, Err(PeopleError::ShownOnce)));
    hall.restart().await;
    let station = hall.people.bearer(&issued.text).await.unwrap();
    assert!(matches!(&station.who, Who::Station { site: found, .. } if *found == site));
    assert_eq!(station.actor.as_str(), format!("station:{}", issued.token));
    station
        .require(Action::UploadScan, &Target::site(&site))
        .unwrap();
    let elsewhere = SiteCode::new("b").unwrap();
    let refused = station.require(Action::UploadScan, &Target::site(&elsewhere));
    assert!(matches!(refused, Err(PeopleError::NotFound)));
    let refused = station.require(Action::ReadCase, &Target::site(&site));
    assert!(matches!(refused, Err(PeopleError::NotFound)));
    let text = issued.text.expose();
    let spoilt = text.replace(&text[text.len() - 4..], "AAAA");
    for wrong in [
        "",
        "cft",
        "cft~c001",
        "cft~c999~x~y",
        "cfx~c001~x~y",
        &spoilt,
    ] {
        let refused = hall.people.bearer(&SecretText::new(wrong)).await;
        assert!(matches!(refused, Err(PeopleError::NotSignedIn)), "{wrong}");
    }
    assert!(
        !hall
            .facts("c001")
            .await
            .concat()
            .contains(&text[text.len() - 43..])
    );
    hall.advance(HOUR);
    assert!(hall.people.bearer(&issued.text).await.is_err());
    let expires = hall.now().plus_millis(HOUR);
    let other = hall
        .people
        .issue_token(&hall.order(), &id, &site, expires)
        .await
        .unwrap();
    hall.people.bearer(&other.text).await.unwrap();
    hall.people
        .revoke_token(&hall.order(), &id, &other.token)
        .await
        .unwrap();
    assert!(hall.people.bearer(&other.text).await.is_err());
    let gone = TokenId::new("none").unwrap();
    let unknown = hall.people.revoke_token(&hall.order(), &id, &gone).await;
    assert!(is_refused(unknown, StaffRefusal::TokenUnknown));
}

#[tokio::test]
async fn nothing_personal_or_secret_is_in_facts_errors_or_debug() {
    let hall = Hall::new().await;
    let (id, _, session) = hall.enrol_with_app("c001", &[clerk("a")]).await;
    let site = SiteCode::new("a").unwrap();
    let expires = hall.now().plus_millis(HOUR);
    let token = hall
        .people
        .issue_token(&hall.order(), &id, &site, expires)
        .await
        .unwrap();
    let code = hall
        .people
        .issue_recovery(&hall.order(), &id, expires)
        .await
        .unwrap();
    let mut shown = hall.facts("c001").await.concat();
    let person = new_person("c009", Some(PASSWORD), true, &[]);
    let other = SecretText::new(OTHER_PASSWORD);
    let failure = hall.people.sign_in("c001", &other, ADDRESS).await;
    shown.push_str(&format!(
        "{person:?} {session:?} {token:?} {code:?} {:?} {:?}",
        hall.people.list().await.unwrap(),
        failure
    ));
    let code = code.expose();
    for secret in [
        "张",
        PASSWORD,
        OTHER_PASSWORD,
        session.token.expose(),
        token.text.expose(),
        code,
    ] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    // The objects as they lie in the store are sealed.
    use futures::StreamExt as _;
    use object_store::{ObjectStore as _, ObjectStoreExt as _};
    let all: Vec<_> = hall.objects.list(None).collect().await;
    assert!(!all.is_empty());
    for object in all {
        let bytes = hall.objects.get(&object.unwrap().location).await.unwrap();
        let bytes = bytes.bytes().await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("argon2id") && !text.contains('张'));
    }
}

#[tokio::test]
async fn the_operator_may_everything_and_is_named() {
    let operator = Caller::operator().unwrap();
    assert_eq!(operator.actor.as_str(), "cli:operator");
    for action in Action::ALL {
        operator.require(*action, &Target::HALL).unwrap();
    }
}

/// The gate: more hashes than may wait are told to come back, and those that run finish.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_does_not_starve_the_server() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[]).await;
    let mut tasks = Vec::new();
    for number in 0..400u128 {
        let people = hall.people.clone();
        let from = std::net::IpAddr::from((number << 64).to_be_bytes());
        tasks.push(tokio::spawn(async move {
            let account = format!("x{number}");
            people
                .sign_in(&account, &SecretText::new(PASSWORD), from)
                .await
        }));
    }
    let (mut failed, mut busy) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Err(PeopleError::SignInFailed) => failed += 1,
            Err(PeopleError::Busy) => busy += 1,
            other => panic!("{other:?}"),
        }
    }
    println!("{failed} failed, {busy} were told to come back");
    assert!(failed >= 64 && failed + busy == 400);
    hall.sign_in("c001").await.unwrap();
}
