//! API tokens of scanning stations. A token's text is `cft~STAFF~TOKEN~SECRET`: it names the person who answers for it,
//! so it is found without a list, and only the digest of its secret is kept.

use super::error::PeopleError;
use super::secret::same;
use super::{Caller, Order, People, SecretText, draw_name, draw_secret, read};
use crate::domain::access::{Grant, Role, Scope};
use crate::domain::staff::{Token, issue_token, revoke_token};
use crate::domain::{Digest, SiteCode, StaffId, Timestamp, TokenId};
use crate::ledger::Receipt;

const PREFIX: &str = "cft";

/// A token that was just issued. Its text is shown once.
#[derive(Debug)]
pub struct IssuedToken {
    /// Its name, by which it is revoked.
    pub token: TokenId,
    /// What the station sends as `Authorization: Bearer …`.
    pub text: SecretText,
}

impl People {
    /// Issues a token for the stations of `site`, for uploads alone, good until `expires`, under `staff`, who answers
    /// for it.
    pub async fn issue_token(
        &self,
        order: &Order,
        staff: &StaffId,
        site: &SiteCode,
        expires: Timestamp,
    ) -> Result<IssuedToken, PeopleError> {
        let token = TokenId::new(draw_name()?).map_err(|_| PeopleError::Damaged)?;
        let secret = draw_secret()?;
        let issued = Token {
            id: token.clone(),
            secret: Digest::of(secret.expose()),
            site: site.clone(),
            expires,
        };
        let recorded = self.commit(order, staff, Vec::new(), |reads, now| {
            let state = read(reads, staff)?;
            Ok(issue_token(staff, state.as_ref(), issued.clone(), now)?)
        });
        if recorded.await?.repeated {
            return Err(PeopleError::ShownOnce);
        }
        let text = format!("{PREFIX}~{staff}~{token}~{}", secret.expose());
        Ok(IssuedToken {
            token,
            text: SecretText::new(text),
        })
    }

    /// Every token in force, with the person who answers for it, in the order of their names.
    pub async fn tokens(&self) -> Result<Vec<(StaffId, Token)>, PeopleError> {
        let roll = self.inner.directory.roll().await?;
        let mut tokens = Vec::new();
        for staff in roll.members() {
            if let Some(state) = self.state(staff).await? {
                let held = state.tokens.iter().cloned();
                tokens.extend(held.map(|token| (staff.clone(), token)));
            }
        }
        tokens.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
        Ok(tokens)
    }

    /// Revokes a token.
    pub async fn revoke_token(
        &self,
        order: &Order,
        staff: &StaffId,
        token: &TokenId,
    ) -> Result<Receipt, PeopleError> {
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(revoke_token(staff, state.as_ref(), token)?)
        });
        recorded.await
    }

    /// The station that sends this token. Revoked, expired, unknown, or its person gone or locked: not signed in.
    pub async fn bearer(&self, text: &SecretText) -> Result<Caller, PeopleError> {
        let refused = || PeopleError::NotSignedIn;
        let mut parts = text.expose().splitn(4, '~');
        let (Some(PREFIX), Some(staff), Some(token), Some(secret)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused());
        };
        let staff = StaffId::new(staff).map_err(|_| refused())?;
        let name = TokenId::new(token).map_err(|_| refused())?;
        let state = self.state(&staff).await?.ok_or_else(refused)?;
        let token = state.token(&name).filter(|_| state.is_active());
        let token = token.ok_or_else(refused)?;
        let given = Digest::of(secret);
        let fits = same(given.as_bytes(), token.secret.as_bytes());
        if !fits || self.now() >= token.expires {
            return Err(refused());
        }
        let grant = Grant {
            role: Role::Station,
            scope: Scope::Site {
                site: token.site.clone(),
            },
        };
        Caller::station(name, token.site.clone(), grant)
    }
}
