//! `[people]` and `[sso]`: how people sign in.

use std::path::PathBuf;

use super::read::Reading;
use crate::strict::Table;

/// Longest name or address, in bytes.
const TEXT_BYTES_MAX: usize = 500;

/// How people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleConfig {
    /// What authenticator apps call the hall. Default `Counterfoil`.
    pub hall: String,
    /// Minutes without a request after which a session locks, 1 to 480. Default 15.
    pub idle_minutes: u64,
    /// Hours after which a session ends whatever happens, 1 to 24. Default 12.
    pub session_hours: u64,
    /// Minutes for which a second factor counts as just shown, 1 to 60. Default 10.
    pub step_up_minutes: u64,
    /// Who needs a second factor. Default `administrators`.
    pub second_factor: SecondFactorRule,
    /// The address people's browsers show, without which there are no passkeys. Default: none.
    pub origin: Option<String>,
}

/// Who needs a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorRule {
    /// Administrators and chief representatives, always; others as they like.
    Administrators,
    /// Everyone.
    Everyone,
}

/// The hall's identity provider (OpenID Connect).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoConfig {
    /// Its issuer, `https://…`.
    pub issuer: String,
    /// What it calls this program.
    pub client_id: String,
    /// The file with the secret it gave, readable by its owner only. Default: none, a public client.
    pub client_secret_file: Option<PathBuf>,
    /// Where it sends people back to.
    pub redirect: String,
}

impl Reading<'_> {
    pub(super) fn people(&mut self, mut section: Table<'_, '_>) -> PeopleConfig {
        let rules = [
            ("administrators", SecondFactorRule::Administrators),
            ("everyone", SecondFactorRule::Everyone),
        ];
        let problems = &mut self.problems;
        let hall = section.text("hall", problems).unwrap_or("Counterfoil");
        let hall_place = section.place("hall");
        if hall.is_empty() || hall.len() > TEXT_BYTES_MAX || hall.contains(':') {
            problems.note(hall_place, "`hall` must be a short name without a colon");
        }
        let idle_minutes = section.integer("idle_minutes", 1..481, problems);
        let session_hours = section.integer("session_hours", 1..25, problems);
        let step_up_minutes = section.integer("step_up_minutes", 1..61, problems);
        let second_factor = section.choice("second_factor", &rules, problems);
        let origin = section.text("origin", problems);
        if origin.is_some_and(|origin| !is_web_address(origin)) {
            let place = section.place("origin");
            problems.note(place, "`origin` must be an address such as \"https://hall.example\", plain http only for localhost");
        }
        section.finish(problems);
        PeopleConfig {
            hall: hall.to_owned(),
            idle_minutes: idle_minutes.unwrap_or(15),
            session_hours: session_hours.unwrap_or(12),
            step_up_minutes: step_up_minutes.unwrap_or(10),
            second_factor: second_factor.unwrap_or(SecondFactorRule::Administrators),
            origin: origin.map(str::to_owned),
        }
    }

    pub(super) fn sso(&mut self, section: Option<Table<'_, '_>>) -> Option<SsoConfig> {
        let mut section = section?;
        for key in ["issuer", "client_id", "redirect"] {
            section.need(key, &mut self.problems);
        }
        let mut address = |key: &'static str, read: &mut Self| {
            let text = section.text(key, &mut read.problems)?;
            if !is_web_address(text) {
                let message = format!(
                    "`{key}` must be an address such as \"https://id.example\", plain http only for localhost"
                );
                read.problems.note(section.place(key), message);
            }
            Some(text.to_owned())
        };
        let issuer = address("issuer", self);
        let redirect = address("redirect", self);
        let client_id = section.text("client_id", &mut self.problems);
        let client_id = client_id.map(str::to_owned);
        let client_secret_file = self.path(&mut section, "client_secret_file");
        section.finish(&mut self.problems);
        Some(SsoConfig {
            issuer: issuer?,
            client_id: client_id?,
            client_secret_file,
            redirect: redirect?,
        })
    }
}

/// `https://` and a host; `http://` on this machine itself.
pub(super) fn is_web_address(text: &str) -> bool {
    let here = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let local = here.iter().any(|start| {
        let rest = text.strip_prefix(start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    let secure = text
        .strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty());
    text.len() <= TEXT_BYTES_MAX && (secure || local) && text.bytes().all(|b| b.is_ascii_graphic())
}
