//! The people's side, as the configuration wants it.

use super::{App, OpenError};
use crate::config::{Config, SecondFactorRule};
use crate::people::{
    HashCost, PasskeySettings, People, PeopleParts, PeopleSettings, SecretText, SessionLimits,
    SsoSettings,
};
use crate::store::keys::read_private_text;

const MINUTE_MILLIS: i64 = 60 * 1000;

impl App {
    /// The people who work here. Sessions live in what this gives, so a process asks once and keeps it.
    pub fn people(&self) -> Result<People, OpenError> {
        let parts = PeopleParts {
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
        };
        let settings = settings(&self.config)?;
        People::new(parts, settings).map_err(|error| OpenError::People(error.to_string()))
    }
}

fn settings(config: &Config) -> Result<PeopleSettings, OpenError> {
    let people = &config.people;
    let millis = |count: u64, unit: i64| i64::try_from(count).unwrap_or(1) * unit;
    let mut sso = None;
    if let Some(wished) = &config.sso {
        let mut client_secret = None;
        if let Some(file) = &wished.client_secret_file {
            client_secret = Some(SecretText::new(read_private_text(file)?.as_str()));
        }
        sso = Some(SsoSettings {
            issuer: wished.issuer.clone(),
            client_id: wished.client_id.clone(),
            client_secret,
            redirect: wished.redirect.clone(),
        });
    }
    Ok(PeopleSettings {
        hall: people.hall.clone(),
        sessions: SessionLimits {
            idle_millis: millis(people.idle_minutes, MINUTE_MILLIS),
            absolute_millis: millis(people.session_hours, 60 * MINUTE_MILLIS),
            fresh_millis: millis(people.step_up_minutes, MINUTE_MILLIS),
        },
        second_factor_for_all: people.second_factor == SecondFactorRule::Everyone,
        hash: HashCost::default(),
        passkeys: people
            .origin
            .clone()
            .map(|origin| PasskeySettings { origin }),
        sso,
    })
}
