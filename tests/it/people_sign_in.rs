//! Signing in, staying in, proving again, coming back after a loss.

use std::time::Instant;

use counterfoil::domain::access::{Action, Role, Target};
use counterfoil::domain::staff::{LockReason, StaffRefusal};
use counterfoil::domain::{Problem, SiteCode};
use counterfoil::people::{HashCost, PeopleError, PeopleSettings, SecretText, Stage};

use crate::people_support::{
    ADDRESS, App, HOUR, Hall, MINUTE, OTHER_PASSWORD, PASSWORD, SECOND, administrator, chief,
    clerk, new_person, quick_settings, staff,
};

fn is_refused<T>(result: Result<T, PeopleError>, refusal: StaffRefusal) -> bool {
    matches!(result, Err(PeopleError::Refused(found)) if found == refusal)
}

#[tokio::test]
async fn a_clerk_signs_in_works_and_signs_out() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[clerk("a")]).await;
    let signed_in = hall.sign_in("c001").await.unwrap();
    assert_eq!(signed_in.session.stage, Stage::Full);
    let caller = hall.people.caller(&signed_in.token).await.unwrap();
    assert_eq!(caller.actor.as_str(), "staff:c001");
    let (a, b) = (SiteCode::new("a").unwrap(), SiteCode::new("b").unwrap());
    caller.require(Action::OpenCase, &Target::site(&a)).unwrap();
    let elsewhere = caller.require(Action::ReadCase, &Target::site(&b));
    assert_eq!(elsewhere.unwrap_err().problem(), Problem::NotFound);
    let decide = caller.require(Action::Decide, &Target::site(&a));
    assert_eq!(decide.unwrap_err().problem(), Problem::Forbidden);
    hall.people.sign_out(&signed_in.token);
    let gone = hall.people.caller(&signed_in.token).await;
    assert!(matches!(gone, Err(PeopleError::NotSignedIn)));
}

#[tokio::test]
async fn every_wrong_sign_in_has_one_answer() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[]).await;
    hall.enrol("c002", &[]).await;
    let nameless = new_person("c003", None, false, &[]);
    hall.people.enrol(&hall.order(), &nameless).await.unwrap();
    hall.people
        .offboard(&hall.order(), &staff("c002"), &staff("c001"))
        .await
        .unwrap();
    let mut answers = Vec::new();
    for (account, password) in [
        ("c001", OTHER_PASSWORD),
        ("c002", PASSWORD),
        ("c003", PASSWORD),
        ("c999", PASSWORD),
        ("张三", PASSWORD),
        ("", ""),
    ] {
        let tried = hall
            .people
            .sign_in(account, &SecretText::new(password), ADDRESS)
            .await;
        let error = tried.unwrap_err();
        assert!(
            matches!(error, PeopleError::SignInFailed),
            "{account}: {error:?}"
        );
        answers.push(error.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    // A locked account says so, but only to whoever knows the password.
    hall.people
        .lock(&hall.order(), &staff("c001"), LockReason::Suspicion)
        .await
        .unwrap();
    let wrong = SecretText::new("wrong password");
    let refused = hall.people.sign_in("c001", &wrong, ADDRESS).await;
    assert!(matches!(refused, Err(PeopleError::SignInFailed)));
    assert!(is_refused(
        hall.sign_in("c001").await,
        StaffRefusal::IsLocked
    ));
    hall.people
        .unlock(&hall.order(), &staff("c001"))
        .await
        .unwrap();
    hall.sign_in("c001").await.unwrap();
}

/// A hash that costs something shows whether it was computed at all.
#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let settings = PeopleSettings {
        hash: HashCost {
            memory_kib: 8 * 1024,
            passes: 2,
        },
        ..quick_settings()
    };
    let hall = Hall::with(settings).await;
    hall.enrol("c001", &[]).await;
    // By turns, so that whatever else the machine does meets both alike.
    let mut fastest = [std::time::Duration::MAX; 2];
    for _ in 0..25 {
        for (account, fastest) in ["c001", "c999"].into_iter().zip(&mut fastest) {
            hall.advance(2 * HOUR);
            let wrong = SecretText::new(OTHER_PASSWORD);
            let begun = Instant::now();
            let tried = hall.people.sign_in(account, &wrong, ADDRESS).await;
            *fastest = begun.elapsed().min(*fastest);
            assert!(matches!(tried, Err(PeopleError::SignInFailed)));
        }
    }
    let [known, unknown] = fastest;
    println!("fastest failure: known {known:?}, unknown {unknown:?}");
    assert!(
        unknown * 2 > known && known * 2 > unknown,
        "{known:?} {unknown:?}"
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_and_restarting_the_count_takes_success() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[]).await;
    for account in ["c001", "c999"] {
        for _ in 0..3 {
            let wrong = SecretText::new(OTHER_PASSWORD);
            let tried = hall.people.sign_in(account, &wrong, ADDRESS).await;
            assert!(matches!(tried, Err(PeopleError::SignInFailed)));
        }
        let right = SecretText::new(PASSWORD);
        let waits = hall.people.sign_in(account, &right, ADDRESS).await;
        let error = waits.unwrap_err();
        assert_eq!(error.retry_after_seconds(), Some(1), "{account}");
        assert_eq!(error.problem(), Problem::SlowDown);
    }
    hall.advance(SECOND);
    hall.sign_in("c001").await.unwrap();
    for _ in 0..2 {
        let wrong = SecretText::new(OTHER_PASSWORD);
        let tried = hall.people.sign_in("c001", &wrong, ADDRESS).await;
        assert!(matches!(tried, Err(PeopleError::SignInFailed)));
    }
    hall.sign_in("c001").await.unwrap();
}

#[tokio::test]
async fn an_idle_session_locks_and_an_old_one_ends() {
    let hall = Hall::new().await;
    hall.enrol("c001", &[clerk("a")]).await;
    let first = hall.sign_in("c001").await.unwrap();
    hall.advance(15 * MINUTE - 1);
    hall.people.caller(&first.token).await.unwrap();
    hall.advance(15 * MINUTE);
    let locked = hall.people.caller(&first.token).await;
    assert!(matches!(locked, Err(PeopleError::SessionLocked)));
    let wrong = SecretText::new(OTHER_PASSWORD);
    let refused = hall
        .people
        .prove_password(&first.token, &wrong, ADDRESS)
        .await;
    assert!(matches!(refused, Err(PeopleError::SignInFailed)));
    let password = SecretText::new(PASSWORD);
    let unlocked = hall
        .people
        .prove_password(&first.token, &password, ADDRESS)
        .await
        .unwrap();
    hall.people.caller(&unlocked.token).await.unwrap();
    let old_token = hall.people.caller(&first.token).await;
    assert!(matches!(old_token, Err(PeopleError::NotSignedIn)));
    for _ in 0..200 {
        hall.advance(5 * MINUTE);
        if hall.people.caller(&unlocked.token).await.is_err() {
            break;
        }
    }
    let ended = hall.people.caller(&unlocked.token).await;
    assert!(matches!(ended, Err(PeopleError::NotSignedIn)));
    let begun = unlocked.session.begun.as_millis();
    let lasted = hall.now().as_millis() - begun;
    assert!(
        (12 * HOUR..12 * HOUR + 5 * MINUTE).contains(&lasted),
        "{lasted}"
    );
}

#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    let hall = Hall::new().await;
    let id = hall.enrol("c001", &[clerk("a")]).await;
    let one = hall.sign_in("c001").await.unwrap();
    hall.advance(SECOND);
    let two = hall.sign_in("c001").await.unwrap();
    let listed = hall.people.sessions_of(&id);
    let names: Vec<&str> = listed.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(names, [two.session.id.as_str(), one.session.id.as_str()]);
    assert!(!format!("{listed:?}").contains(one.token.expose()));
    hall.people.revoke_session(&id, &one.session.id).unwrap();
    let again = hall.people.revoke_session(&id, &one.session.id);
    assert!(matches!(again, Err(PeopleError::NotFound)));
    assert!(hall.people.caller(&one.token).await.is_err());
    let foreign = hall.people.revoke_session(&staff("c002"), &two.session.id);
    assert!(matches!(foreign, Err(PeopleError::NotFound)));
    hall.people.lock_session(&two.token);
    let locked = hall.people.caller(&two.token).await;
    assert!(matches!(locked, Err(PeopleError::SessionLocked)));
    assert_eq!(hall.people.revoke_sessions(&id), 1);
}

#[tokio::test]
async fn a_password_someone_else_chose_is_changed_first() {
    let hall = Hall::new().await;
    let person = new_person("c001", Some(PASSWORD), true, &[clerk("a")]);
    hall.people.enrol(&hall.order(), &person).await.unwrap();
    let begun = hall.sign_in("c001").await.unwrap();
    assert_eq!(begun.session.stage, Stage::SetPassword);
    let early = hall.people.caller(&begun.token).await.unwrap_err();
    assert_eq!(early.problem(), Problem::SignInUnfinished);
    for weak in [
        "short",
        "aaaaaaaaaaaaaaaa",
        "c001 is my name",
        &"x".repeat(300),
    ] {
        let refused = hall
            .people
            .set_password(&begun.token, &SecretText::new(weak))
            .await;
        assert!(matches!(refused, Err(PeopleError::WeakPassword)), "{weak}");
    }
    let other = SecretText::new(OTHER_PASSWORD);
    let done = hall
        .people
        .set_password(&begun.token, &other)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
    hall.people.caller(&done.token).await.unwrap();
    assert!(matches!(
        hall.sign_in("c001").await,
        Err(PeopleError::SignInFailed)
    ));
    // The old hash is gone: the vault holds the name and the new one.
    assert_eq!(hall.records("c001").await, 2);
    // Another change needs a fresh proof, and ends the other sessions.
    let second = hall.people.sign_in("c001", &other, ADDRESS).await.unwrap();
    hall.advance(11 * MINUTE);
    let again = SecretText::new(PASSWORD);
    let stale = hall.people.set_password(&second.token, &again).await;
    assert!(matches!(stale, Err(PeopleError::StepUpNeeded)));
    let fresh = hall
        .people
        .prove_password(&second.token, &other, ADDRESS)
        .await
        .unwrap();
    let changed = hall
        .people
        .set_password(&fresh.token, &again)
        .await
        .unwrap();
    assert!(hall.people.caller(&done.token).await.is_err());
    hall.people.caller(&changed.token).await.unwrap();
}

#[tokio::test]
async fn a_recovery_voids_what_was_lost_and_begins_anew() {
    let hall = Hall::new().await;
    let (id, app, session) = hall.enrol_with_app("r001", &[chief("market")]).await;
    let expires = hall.now().plus_millis(HOUR);
    let order = hall.order();
    let code = hall
        .people
        .issue_recovery(&order, &id, expires)
        .await
        .unwrap();
    let repeated = hall.people.issue_recovery(&order, &id, expires).await;
    assert!(matches!(repeated, Err(PeopleError::ShownOnce)));
    assert!(hall.people.caller(&session.token).await.is_err());
    assert!(matches!(
        hall.sign_in("r001").await,
        Err(PeopleError::SignInFailed)
    ));
    let password = SecretText::new(OTHER_PASSWORD);
    let wrong = SecretText::new("AAAA-AAAA-AAAA-AAAA-AAAA");
    let refused = hall
        .people
        .recover("r001", &wrong, &password, ADDRESS)
        .await;
    assert!(matches!(refused, Err(PeopleError::SignInFailed)));
    let nobody = hall.people.recover("r999", &code, &password, ADDRESS).await;
    assert!(matches!(nobody, Err(PeopleError::SignInFailed)));
    // People type it in small letters and with spaces.
    let typed = SecretText::new(code.expose().to_lowercase().replace('-', " "));
    let back = hall
        .people
        .recover("r001", &typed, &password, ADDRESS)
        .await
        .unwrap();
    assert_eq!(back.session.stage, Stage::EnrolFactor);
    let early = hall.people.caller(&back.token).await;
    assert!(matches!(early, Err(PeopleError::Unfinished { .. })));
    let again = hall.people.recover("r001", &code, &password, ADDRESS).await;
    assert!(matches!(again, Err(PeopleError::SignInFailed)));
    let uri = hall.people.begin_totp(&back.token).await.unwrap();
    let new_app = App::scan(&uri);
    let old = app.code(hall.now());
    let refused = hall.people.finish_totp(&back.token, &old, ADDRESS).await;
    assert!(matches!(refused, Err(PeopleError::SignInFailed)));
    let shown = new_app.code(hall.now());
    let done = hall
        .people
        .finish_totp(&back.token, &shown, ADDRESS)
        .await
        .unwrap();
    hall.people.caller(&done.token).await.unwrap();
}

#[tokio::test]
async fn a_recovery_code_expires_and_a_newer_one_replaces_it() {
    let hall = Hall::new().await;
    let id = hall.enrol("c001", &[]).await;
    let password = SecretText::new(OTHER_PASSWORD);
    let expires = hall.now().plus_millis(HOUR);
    let order = hall.order();
    let first = hall.people.issue_recovery(&order, &id, expires).await;
    let first = first.unwrap();
    let expires = hall.now().plus_millis(2 * HOUR);
    let order = hall.order();
    let second = hall.people.issue_recovery(&order, &id, expires).await;
    let second = second.unwrap();
    let replaced = hall
        .people
        .recover("c001", &first, &password, ADDRESS)
        .await;
    assert!(matches!(replaced, Err(PeopleError::SignInFailed)));
    hall.advance(2 * HOUR);
    let late = hall
        .people
        .recover("c001", &second, &password, ADDRESS)
        .await;
    assert!(is_refused(late, StaffRefusal::RecoveryExpired));
}

#[tokio::test]
async fn a_restart_keeps_accounts_and_ends_sessions() {
    let mut hall = Hall::new().await;
    let (_, app, session) = hall
        .enrol_with_app("s001", &[administrator(Role::SystemAdministrator)])
        .await;
    hall.enrol("c001", &[clerk("a")]).await;
    hall.restart().await;
    let ended = hall.people.caller(&session.token).await;
    assert!(matches!(ended, Err(PeopleError::NotSignedIn)));
    hall.sign_in("c001").await.unwrap();
    assert_eq!(hall.people.name(&staff("c001")).await.unwrap(), "张c001");
    let begun = hall.sign_in("s001").await.unwrap();
    assert_eq!(begun.session.stage, Stage::SecondFactor);
    // The code that enrolled the app stays used, across the restart.
    let used = app.code(hall.now());
    let replayed = hall.people.show_code(&begun.token, &used, ADDRESS).await;
    assert!(is_refused(replayed, StaffRefusal::FactorReplayed));
    hall.advance(30 * SECOND);
    let code = app.code(hall.now());
    let done = hall
        .people
        .show_code(&begun.token, &code, ADDRESS)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
}
