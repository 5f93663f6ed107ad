//! Single sign-on against a real identity provider: npm `oidc-provider`, started by the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use counterfoil::domain::Problem;
use counterfoil::domain::staff::StaffRefusal;
use counterfoil::people::{
    PeopleError, PeopleSettings, SecretText, SignedIn, SsoBegun, SsoSettings, Stage,
};
use reqwest::Url;

use crate::people_support::{
    ADDRESS, App, HOUR, Hall, MINUTE, chief, clerk, new_person, quick_settings, staff,
};

const REDIRECT: &str = "http://127.0.0.1:8470/api/v1/session/oidc/callback";
pub const SECRET: &str = "a secret between the two of them";

/// The provider's process, ended with the test.
pub struct Provider {
    child: Child,
    pub issuer: String,
    /// Kept open: a program whose output nobody takes may end.
    _output: BufReader<ChildStdout>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Provider {
    fn start() -> Self {
        Self::sending_back_to(REDIRECT)
    }

    /// A provider whose client has this redirect address.
    pub fn sending_back_to(redirect: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        assert!(
            folder.join("node_modules/oidc-provider").exists(),
            "the identity provider for this test is not installed: run tools/setup.sh, or `npm ci` in tests/oidc"
        );
        let mut child = Command::new("node")
            .args(["provider.mjs", redirect, SECRET])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is needed: run tools/setup.sh");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap();
        Self {
            child,
            issuer: format!("http://127.0.0.1:{port}"),
            _output: output,
        }
    }

    fn settings(&self) -> PeopleSettings {
        PeopleSettings {
            sso: Some(SsoSettings {
                issuer: self.issuer.clone(),
                client_id: "counterfoil".to_owned(),
                client_secret: Some(SecretText::new(SECRET)),
                redirect: REDIRECT.to_owned(),
            }),
            ..quick_settings()
        }
    }
}

/// The provider tells the time of this machine, so the hall must too.
async fn hall(provider: &Provider) -> Hall {
    let hall = Hall::with(provider.settings()).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    hall.advance(now.as_millis() as i64 - hall.now().as_millis());
    hall
}

/// What a browser does: it follows the provider's pages with its cookies until it is sent back to the hall, and gives
/// the state and the code from that address. `subject` is who signs in there.
async fn browse(begun: &SsoBegun, subject: &str) -> (SecretText, SecretText) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut at = Url::parse(&begun.url).unwrap();
    at.query_pairs_mut().append_pair("login_hint", subject);
    let mut cookies: Vec<(String, String)> = Vec::new();
    for _ in 0..10 {
        let held: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let answer = client
            .get(at.clone())
            .header("cookie", held.join("; "))
            .send()
            .await
            .unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.retain(|(held, _)| held != name);
            if !value.is_empty() {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        assert!(answer.status().is_redirection(), "{}", answer.status());
        let to = answer.headers()["location"].to_str().unwrap();
        at = at.join(to).unwrap();
        if at.as_str().starts_with(REDIRECT) {
            let value = |name: &str| {
                let found = at.query_pairs().find(|(key, _)| key == name);
                SecretText::new(found.unwrap_or_else(|| panic!("{at} has no {name}")).1)
            };
            return (value("state"), value("code"));
        }
    }
    panic!("the provider never sent the browser back");
}

async fn sign_in(hall: &Hall, subject: &str) -> Result<SignedIn, PeopleError> {
    let begun = hall.people.begin_single_sign_on().await?;
    let (state, code) = browse(&begun, subject).await;
    hall.people
        .finish_single_sign_on(&state, &code, &begun.cookie, ADDRESS)
        .await
}

#[tokio::test]
async fn whoever_was_linked_comes_in_and_nobody_else() {
    let provider = Provider::start();
    let hall = hall(&provider).await;
    let person = new_person("c001", None, false, &[clerk("a")]);
    hall.people.enrol(&hall.order(), &person).await.unwrap();
    let id = staff("c001");
    let stranger = sign_in(&hall, "employee-4711").await.unwrap_err();
    assert!(matches!(stranger, PeopleError::NotLinked), "{stranger:?}");
    assert_eq!(stranger.problem(), Problem::SignInFailed);
    assert_eq!(
        hall.people.list().await.unwrap().len(),
        1,
        "no account came of it"
    );

    let subject = SecretText::new("employee-4711");
    let order = hall.order();
    hall.people
        .link(&order, &id, &provider.issuer, &subject)
        .await
        .unwrap();
    let signed_in = sign_in(&hall, "employee-4711").await.unwrap();
    assert_eq!(signed_in.session.stage, Stage::Full);
    let caller = hall.people.caller(&signed_in.token).await.unwrap();
    assert_eq!(caller.staff(), Some(&id));
    assert!(!hall.facts("c001").await.concat().contains("employee-4711"));
    let other = sign_in(&hall, "employee-0815").await;
    assert!(matches!(other, Err(PeopleError::NotLinked)));

    // One identity, one account.
    hall.enrol("c002", &[]).await;
    let order = hall.order();
    let taken = hall
        .people
        .link(&order, &staff("c002"), &provider.issuer, &subject)
        .await;
    assert!(matches!(
        taken,
        Err(PeopleError::Refused(StaffRefusal::LinkTaken))
    ));
    hall.people.unlink(&hall.order(), &id).await.unwrap();
    let unlinked = sign_in(&hall, "employee-4711").await;
    assert!(matches!(unlinked, Err(PeopleError::NotLinked)));
}

#[tokio::test]
async fn the_second_factor_is_asked_for_all_the_same() {
    let provider = Provider::start();
    let hall = hall(&provider).await;
    let (id, app, _) = hall.enrol_with_app("r001", &[chief("market")]).await;
    let subject = SecretText::new("employee-1");
    hall.people
        .link(&hall.order(), &id, &provider.issuer, &subject)
        .await
        .unwrap();
    let begun = sign_in(&hall, "employee-1").await.unwrap();
    assert_eq!(begun.session.stage, Stage::SecondFactor);
    hall.advance(MINUTE);
    let code = app.code(hall.now());
    let done = hall
        .people
        .show_code(&begun.token, &code, ADDRESS)
        .await
        .unwrap();
    hall.people.caller(&done.token).await.unwrap();
    // One who has none yet enrols it first.
    let person = new_person("r002", None, false, &[chief("market")]);
    hall.people.enrol(&hall.order(), &person).await.unwrap();
    let subject = SecretText::new("employee-2");
    let order = hall.order();
    hall.people
        .link(&order, &staff("r002"), &provider.issuer, &subject)
        .await
        .unwrap();
    let begun = sign_in(&hall, "employee-2").await.unwrap();
    assert_eq!(begun.session.stage, Stage::EnrolFactor);
    let uri = hall.people.begin_totp(&begun.token).await.unwrap();
    let code = App::scan(&uri).code(hall.now());
    let done = hall
        .people
        .finish_totp(&begun.token, &code, ADDRESS)
        .await
        .unwrap();
    assert_eq!(done.session.stage, Stage::Full);
}

#[tokio::test]
async fn an_answer_is_good_once_for_the_browser_that_asked_and_in_time() {
    let provider = Provider::start();
    let hall = hall(&provider).await;
    let id = hall.enrol("c001", &[clerk("a")]).await;
    let subject = SecretText::new("employee-1");
    hall.people
        .link(&hall.order(), &id, &provider.issuer, &subject)
        .await
        .unwrap();
    let finish = |state: &SecretText, code: &SecretText, cookie: &SecretText| {
        let (people, state, code, cookie) = (
            hall.people.clone(),
            state.clone(),
            code.clone(),
            cookie.clone(),
        );
        async move {
            people
                .finish_single_sign_on(&state, &code, &cookie, ADDRESS)
                .await
        }
    };
    let begun = hall.people.begin_single_sign_on().await.unwrap();
    assert!(begun.url.contains("code_challenge_method=S256") && begun.url.contains("nonce="));
    let (state, code) = browse(&begun, "employee-1").await;
    finish(&state, &code, &begun.cookie).await.unwrap();
    let again = finish(&state, &code, &begun.cookie).await;
    assert!(matches!(again, Err(PeopleError::NothingBegun)));

    // Another browser brings the answer: nobody is signed in to an account that is not theirs.
    let begun = hall.people.begin_single_sign_on().await.unwrap();
    let (state, code) = browse(&begun, "employee-1").await;
    let foreign = finish(&state, &code, &SecretText::new("another cookie")).await;
    assert!(matches!(foreign, Err(PeopleError::NothingBegun)));

    // A code of another sign-in: the provider holds it against the challenge.
    let one = hall.people.begin_single_sign_on().await.unwrap();
    let two = hall.people.begin_single_sign_on().await.unwrap();
    let (_, code) = browse(&one, "employee-1").await;
    let (state, _) = browse(&two, "employee-1").await;
    let mixed = finish(&state, &code, &two.cookie).await;
    assert!(
        matches!(mixed, Err(PeopleError::SingleSignOn { .. })),
        "{mixed:?}"
    );
    let unknown = finish(&SecretText::new("x"), &code, &two.cookie).await;
    assert!(matches!(unknown, Err(PeopleError::NothingBegun)));

    // Too late, and from a time when the ID token is long over.
    let begun = hall.people.begin_single_sign_on().await.unwrap();
    let (state, code) = browse(&begun, "employee-1").await;
    hall.advance(10 * MINUTE);
    let late = finish(&state, &code, &begun.cookie).await;
    assert!(matches!(late, Err(PeopleError::NothingBegun)));
    hall.advance(3 * HOUR);
    let expired = sign_in(&hall, "employee-1").await.unwrap_err();
    assert!(
        matches!(expired, PeopleError::SingleSignOn { .. }),
        "{expired:?}"
    );
    assert!(expired.to_string().contains("ID token"));
}

#[tokio::test]
async fn a_provider_that_is_away_or_insecure_is_named() {
    let provider = Provider::start();
    let settings = provider.settings();
    drop(provider);
    let hall = Hall::with(settings.clone()).await;
    let away = hall.people.begin_single_sign_on().await.unwrap_err();
    assert!(away.to_string().contains("cannot be reached"), "{away}");
    let without = Hall::new().await;
    let missing = without.people.begin_single_sign_on().await;
    assert!(matches!(missing, Err(PeopleError::NoSingleSignOn)));
    let mut insecure = settings;
    insecure.sso.as_mut().unwrap().issuer = "http://id.example".to_owned();
    let parts = counterfoil::people::PeopleParts {
        ledger: without.ledger.clone(),
        vault: without.vault(),
        clock: without.clock.clone(),
    };
    let refused = counterfoil::people::People::new(parts, insecure).err();
    assert!(matches!(refused, Some(PeopleError::SingleSignOn { .. })));
}
