//! Second factors: codes by time and passkeys, at the sign-in and when a sensitive action asks for them.

use counterfoil::domain::Problem;
use counterfoil::domain::access::{Action, Role, Target};
use counterfoil::domain::staff::StaffRefusal;
use counterfoil::people::{PeopleError, PeopleSettings, SecretText, SignedIn, Stage};

use crate::people_passkey::SoftKey;
use crate::people_support::{
    ADDRESS, App, Hall, MINUTE, PASSWORD, SECOND, administrator, chief, clerk, quick_settings,
};

fn is_refused<T>(result: Result<T, PeopleError>, refusal: StaffRefusal) -> bool {
    matches!(result, Err(PeopleError::Refused(found)) if found == refusal)
}

#[tokio::test]
async fn who_needs_a_factor_does_nothing_before_there_is_one() {
    let hall = Hall::new().await;
    let administrators = Role::ADMINISTRATORS.map(administrator);
    let grants = [chief("market")].into_iter().chain(administrators);
    for (number, grant) in grants.enumerate() {
        let id = format!("p{number}");
        hall.enrol(&id, &[grant]).await;
        let begun = hall.sign_in(&id).await.unwrap();
        assert_eq!(begun.session.stage, Stage::EnrolFactor);
        let early = hall.people.caller(&begun.token).await.unwrap_err();
        assert_eq!(early.problem(), Problem::SignInUnfinished);
    }
    // A clerk needs none, unless the hall asks everyone.
    hall.enrol("c001", &[clerk("a")]).await;
    let clerk_in = hall.sign_in("c001").await.unwrap();
    assert_eq!(clerk_in.session.stage, Stage::Full);
    let strict = PeopleSettings {
        second_factor_for_all: true,
        ..quick_settings()
    };
    let hall = Hall::with(strict).await;
    hall.enrol("c001", &[clerk("a")]).await;
    let begun = hall.sign_in("c001").await.unwrap();
    assert_eq!(begun.session.stage, Stage::EnrolFactor);
}

#[tokio::test]
async fn a_role_given_during_a_session_asks_for_its_factor() {
    let hall = Hall::new().await;
    let id = hall.enrol("c001", &[clerk("a")]).await;
    let session = hall.sign_in("c001").await.unwrap();
    hall.people.caller(&session.token).await.unwrap();
    hall.people
        .assign(&hall.order(), &id, &chief("market"))
        .await
        .unwrap();
    let stopped = hall.people.caller(&session.token).await;
    assert!(matches!(
        stopped,
        Err(PeopleError::Unfinished {
            stage: Stage::EnrolFactor
        })
    ));
    let uri = hall.people.begin_totp(&session.token).await.unwrap();
    let code = App::scan(&uri).code(hall.now());
    let done = hall
        .people
        .finish_totp(&session.token, &code, ADDRESS)
        .await
        .unwrap();
    hall.people.caller(&done.token).await.unwrap();
    // A role taken away is gone with the next request.
    hall.people
        .unassign(&hall.order(), &id, &chief("market"))
        .await
        .unwrap();
    let caller = hall.people.caller(&done.token).await.unwrap();
    assert_eq!(caller.grants(), [clerk("a")]);
}

#[tokio::test]
async fn a_code_lets_in_once_and_its_neighbours_too() {
    let hall = Hall::new().await;
    let (_, app, _) = hall.enrol_with_app("c001", &[clerk("a")]).await;
    let begin = || async { hall.sign_in("c001").await.unwrap() };
    hall.advance(10 * MINUTE);
    let code = app.code(hall.now());
    let one = begin().await;
    assert_eq!(one.session.stage, Stage::SecondFactor);
    let early = hall.people.caller(&one.token).await;
    assert!(matches!(
        early,
        Err(PeopleError::Unfinished {
            stage: Stage::SecondFactor
        })
    ));
    let done = hall
        .people
        .show_code(&one.token, &code, ADDRESS)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
    let void = hall.people.show_code(&one.token, &code, ADDRESS).await;
    assert!(matches!(void, Err(PeopleError::NotSignedIn)));
    let two = begin().await;
    let replayed = hall.people.show_code(&two.token, &code, ADDRESS).await;
    assert!(is_refused(replayed, StaffRefusal::FactorReplayed));
    // The step after is accepted early; then the present one is no good any more.
    let next = app.code(hall.now().plus_millis(30 * SECOND));
    hall.people
        .show_code(&two.token, &next, ADDRESS)
        .await
        .unwrap();
    let three = begin().await;
    hall.advance(30 * SECOND);
    let replayed = hall.people.show_code(&three.token, &next, ADDRESS).await;
    assert!(is_refused(replayed, StaffRefusal::FactorReplayed));
    // The step before is accepted late, two steps are not.
    hall.advance(5 * MINUTE);
    let late = app.code(hall.now());
    hall.advance(60 * SECOND);
    let refused = hall.people.show_code(&three.token, &late, ADDRESS).await;
    assert!(matches!(refused, Err(PeopleError::SignInFailed)));
    let late = app.code(hall.now());
    hall.advance(30 * SECOND);
    hall.people
        .show_code(&three.token, &late, ADDRESS)
        .await
        .unwrap();
}

#[tokio::test]
async fn two_at_once_with_one_code_are_one() {
    let hall = Hall::new().await;
    let (_, app, _) = hall.enrol_with_app("c001", &[]).await;
    hall.advance(MINUTE);
    let code = app.code(hall.now());
    let one = hall.sign_in("c001").await.unwrap();
    let two = hall.sign_in("c001").await.unwrap();
    let (one, two) = tokio::join!(
        hall.people.show_code(&one.token, &code, ADDRESS),
        hall.people.show_code(&two.token, &code, ADDRESS),
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    let refused = [one, two].into_iter().find(Result::is_err).unwrap();
    assert!(is_refused(refused, StaffRefusal::FactorReplayed));
}

#[tokio::test]
async fn guessing_codes_is_slowed_down() {
    let hall = Hall::new().await;
    hall.enrol_with_app("c001", &[]).await;
    hall.advance(MINUTE);
    let mut waits = 0;
    for _ in 0..10 {
        let begun = hall.sign_in("c001").await.unwrap();
        let guess = SecretText::new("000000");
        let tried = hall.people.show_code(&begun.token, &guess, ADDRESS).await;
        waits += u8::from(matches!(tried, Err(PeopleError::SlowDown { .. })));
    }
    assert_eq!(waits, 7, "three guesses, although each password was right");
}

#[tokio::test]
async fn a_sensitive_action_asks_for_a_factor_again() {
    let hall = Hall::new().await;
    let (_, app, session) = hall
        .enrol_with_app("s001", &[administrator(Role::SecurityAdministrator)])
        .await;
    let may = |session: &SignedIn| {
        let token = session.token.clone();
        let people = hall.people.clone();
        async move {
            let caller = people.caller(&token).await.unwrap();
            caller.require(Action::AssignRoles, &Target::HALL)
        }
    };
    may(&session).await.unwrap();
    hall.advance(10 * MINUTE);
    let stale = may(&session).await.unwrap_err();
    assert_eq!(stale.problem(), Problem::StepUpNeeded);
    // The password is not enough where there is a factor; it only unlocks.
    let password = SecretText::new(PASSWORD);
    let unlocked = hall
        .people
        .prove_password(&session.token, &password, ADDRESS);
    let unlocked = unlocked.await.unwrap();
    assert!(may(&unlocked).await.is_err());
    let code = app.code(hall.now());
    let fresh = hall
        .people
        .show_code(&unlocked.token, &code, ADDRESS)
        .await
        .unwrap();
    may(&fresh).await.unwrap();
    assert!(hall.people.caller(&unlocked.token).await.is_err());
}

#[tokio::test]
async fn a_passkey_is_enrolled_shown_and_removed() {
    let hall = Hall::new().await;
    hall.enrol("r001", &[chief("market")]).await;
    let begun = hall.sign_in("r001").await.unwrap();
    let options = hall
        .people
        .begin_passkey_enrolment(&begun.token)
        .await
        .unwrap();
    assert!(
        !options.to_string().contains('张'),
        "the key is told no name"
    );
    let mut key = SoftKey::new(3);
    let answer = key.create(&options);
    let done = hall
        .people
        .finish_passkey_enrolment(&begun.token, &answer)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
    let twice = hall
        .people
        .finish_passkey_enrolment(&done.token, &answer)
        .await;
    assert!(matches!(twice, Err(PeopleError::NothingBegun)));

    let begun = hall.sign_in("r001").await.unwrap();
    assert_eq!(begun.session.stage, Stage::SecondFactor);
    let options = hall.people.begin_passkey(&begun.token).await.unwrap();
    let answer = key.get(&options);
    let done = hall
        .people
        .show_passkey(&begun.token, &answer, ADDRESS)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
    let caller = hall.people.caller(&done.token).await.unwrap();
    assert!(caller.require_fresh().is_ok());

    let person = hall.people.person(caller.staff().unwrap()).await.unwrap();
    let (factor, _) = &person.factors[0];
    let last = hall.people.remove_factor(&done.token, factor).await;
    assert!(is_refused(last, StaffRefusal::LastFactor));
    let uri = hall.people.begin_totp(&done.token).await.unwrap();
    let code = App::scan(&uri).code(hall.now());
    let done = hall
        .people
        .finish_totp(&done.token, &code, ADDRESS)
        .await
        .unwrap();
    hall.people
        .remove_factor(&done.token, factor)
        .await
        .unwrap();
    assert_eq!(
        hall.records("r001").await,
        3,
        "name, password and app remain"
    );
}

/// A clerk with a key, whose count stands at 5.
async fn hall_with_key() -> (Hall, SoftKey) {
    let hall = Hall::new().await;
    hall.enrol("c001", &[clerk("a")]).await;
    let begun = hall.sign_in("c001").await.unwrap();
    let options = hall.people.begin_passkey_enrolment(&begun.token).await;
    let mut key = SoftKey::new(3);
    let answer = key.create(&options.unwrap());
    let done = hall
        .people
        .finish_passkey_enrolment(&begun.token, &answer)
        .await;
    done.unwrap();
    key.count = 4;
    let (token, options) = asked(&hall).await;
    let answer = key.get(&options);
    let shown = hall.people.show_passkey(&token, &answer, ADDRESS).await;
    shown.unwrap();
    (hall, key)
}

/// A sign-in that waits for the key, a while after the one before.
async fn asked(hall: &Hall) -> (SecretText, serde_json::Value) {
    hall.advance(2 * MINUTE);
    let begun = hall.sign_in("c001").await.unwrap();
    let options = hall.people.begin_passkey(&begun.token).await.unwrap();
    (begun.token, options)
}

#[tokio::test]
async fn a_key_without_its_pin_is_not_enrolled() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[clerk("a")]).await;
    let begun = hall.sign_in("c001").await.unwrap();
    let options = hall
        .people
        .begin_passkey_enrolment(&begun.token)
        .await
        .unwrap();
    let mut unverified = SoftKey::new(3);
    unverified.verified = false;
    let answer = unverified.create(&options);
    let refused = hall
        .people
        .finish_passkey_enrolment(&begun.token, &answer)
        .await;
    assert!(matches!(refused, Err(PeopleError::PasskeyFailed)));
}

#[tokio::test]
async fn a_passkey_that_is_not_the_right_one_in_the_right_place_is_refused() {
    let (hall, mut key) = hall_with_key().await;
    let (_, older) = asked(&hall).await;
    for wrong in [
        "stranger",
        "phished",
        "without its PIN",
        "another challenge",
    ] {
        hall.advance(10 * MINUTE);
        let (token, options) = asked(&hall).await;
        let answer = match wrong {
            "stranger" => SoftKey::new(4).get(&options),
            "phished" => {
                let mut phished = SoftKey::new(3).at("https://hall.example.evil");
                phished.count = 9;
                phished.get(&options)
            }
            "without its PIN" => {
                key.verified = false;
                let answer = key.get(&options);
                key.verified = true;
                answer
            }
            _ => key.get(&older),
        };
        let refused = hall.people.show_passkey(&token, &answer, ADDRESS).await;
        assert!(
            matches!(refused, Err(PeopleError::PasskeyFailed)),
            "{wrong}"
        );
    }
    hall.advance(10 * MINUTE);
    let (token, options) = asked(&hall).await;
    let answer = key.get(&options);
    hall.people
        .show_passkey(&token, &answer, ADDRESS)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_copied_passkey_and_a_late_answer_are_refused() {
    let (hall, mut key) = hall_with_key().await;
    let (token, options) = asked(&hall).await;
    let copy = key.get_with_this_count(&options);
    let refused = hall.people.show_passkey(&token, &copy, ADDRESS).await;
    assert!(is_refused(refused, StaffRefusal::FactorReplayed));
    let (token, options) = asked(&hall).await;
    hall.advance(5 * MINUTE);
    let answer = key.get(&options);
    let late = hall.people.show_passkey(&token, &answer, ADDRESS).await;
    assert!(matches!(late, Err(PeopleError::NothingBegun)));
}

#[tokio::test]
async fn enrolling_takes_a_fresh_proof_and_an_unlocked_session() {
    let hall = Hall::new().await;
    hall.enrol_with_app("c001", &[]).await;
    hall.advance(MINUTE);
    let begun = hall.sign_in("c001").await.unwrap();
    let before = hall.people.begin_totp(&begun.token).await;
    assert!(matches!(
        before,
        Err(PeopleError::Unfinished {
            stage: Stage::SecondFactor
        })
    ));
    let nothing = hall.people.begin_passkey(&begun.token).await;
    assert!(matches!(nothing, Err(PeopleError::NothingBegun)));
    hall.enrol("c002", &[]).await;
    let session = hall.sign_in("c002").await.unwrap();
    hall.people.lock_session(&session.token);
    let locked = hall.people.begin_totp(&session.token).await;
    assert!(matches!(locked, Err(PeopleError::SessionLocked)));
    let unbegun = hall
        .people
        .finish_totp(&begun.token, &SecretText::new("123456"), ADDRESS)
        .await;
    assert!(unbegun.is_err());
    let without = PeopleSettings {
        passkeys: None,
        ..quick_settings()
    };
    let hall = Hall::with(without).await;
    hall.enrol("c001", &[]).await;
    let session = hall.sign_in("c001").await.unwrap();
    let missing = hall.people.begin_passkey_enrolment(&session.token).await;
    assert!(matches!(missing, Err(PeopleError::NoPasskeys)));
}
