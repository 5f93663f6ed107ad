//! `[people]` and `[sso]` of the configuration.

use counterfoil::config::{Config, SecondFactorRule};

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counterfoil.toml");
    std::fs::write(&file, text).unwrap();
    let home = |name: &str| (name == "HOME").then(|| "/srv/clerk".to_owned());
    Config::load(Some(&file), None, &home).map_err(|error| error.to_string())
}

#[test]
fn what_a_hall_decides_about_sign_in_is_read() {
    let config = load("").unwrap();
    assert_eq!(config.people.idle_minutes, 15);
    assert_eq!(
        config.people.second_factor,
        SecondFactorRule::Administrators
    );
    assert_eq!((config.people.origin, config.sso), (None, None));
    let config = load(
        "[people]\nhall = \"大厅\"\nidle_minutes = 5\nsession_hours = 8\nstep_up_minutes = 3\n\
         second_factor = \"everyone\"\norigin = \"https://hall.example\"\n\
         [sso]\nissuer = \"https://id.example\"\nclient_id = \"counterfoil\"\n\
         client_secret_file = \"/etc/sso\"\nredirect = \"https://hall.example/back\"\n",
    )
    .unwrap();
    let people = config.people;
    assert_eq!(
        (
            people.idle_minutes,
            people.session_hours,
            people.step_up_minutes
        ),
        (5, 8, 3)
    );
    assert_eq!(people.second_factor, SecondFactorRule::Everyone);
    assert_eq!(people.origin.as_deref(), Some("https://hall.example"));
    let sso = config.sso.unwrap();
    assert_eq!(sso.issuer, "https://id.example");
    assert_eq!(sso.client_secret_file, Some("/etc/sso".into()));
}

#[test]
fn what_cannot_be_is_said_with_its_name() {
    for (text, word) in [
        ("[people]\nidle_minutes = 0", "idle_minutes"),
        ("[people]\nsession_hours = 25", "session_hours"),
        ("[people]\nsecond_factor = \"never\"", "second_factor"),
        ("[people]\nhall = \"a:b\"", "hall"),
        ("[people]\norigin = \"http://hall.example\"", "origin"),
        ("[people]\norigin = \"http://localhost.evil\"", "origin"),
        ("[people]\npassword = \"x\"", "password"),
        ("[sso]\nissuer = \"https://id.example\"", "client_id"),
        (
            "[sso]\nissuer = \"http://id.example\"\nclient_id = \"c\"\nredirect = \"https://x\"",
            "issuer",
        ),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.contains(word), "{text}: {error}");
    }
    let local = "[people]\norigin = \"http://localhost:8470\"";
    assert!(load(local).is_ok());
}
