//! Single sign-on with OpenID Connect: code flow with PKCE, state and nonce. The provider says who someone is; whether
//! that is one of ours is told by the links that were made before. An account is never created by signing in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse as _,
};

use super::error::PeopleError;
use super::sign_in::SignedIn;
use super::{Order, People, SecretText, draw_secret, lock};
use crate::domain::staff::SignInMethod;
use crate::domain::{Commitment, Digest, StaffId, Timestamp};
use crate::ledger::Receipt;

/// How long a sign-in at the provider may take, in milliseconds.
const BEGUN_MILLIS: i64 = 10 * 60 * 1000;
/// How many may be under way.
const BEGUN_MAX: usize = 10_000;
/// How long what the provider publishes about itself is believed, in milliseconds.
const METADATA_MILLIS: i64 = 3600 * 1000;
/// How long the provider may take to answer.
const ANSWER_SECONDS: u64 = 10;
/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Where the hall's identity provider is.
#[derive(Debug, Clone)]
pub struct SsoSettings {
    /// Its issuer: `https://id.example`. Plain HTTP only on this machine itself.
    pub issuer: String,
    /// What it calls this program.
    pub client_id: String,
    /// The secret it gave, if it gave one.
    pub client_secret: Option<SecretText>,
    /// Where it sends people back to.
    pub redirect: String,
}

/// A sign-in that begins at the provider.
#[derive(Debug)]
pub struct SsoBegun {
    /// Where to send the browser.
    pub url: String,
    /// A cookie for that browser: whoever comes back without it began elsewhere.
    pub cookie: SecretText,
}

struct Begun {
    at: Timestamp,
    cookie: Digest,
    verifier: PkceCodeVerifier,
    nonce: Nonce,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) struct SingleSignOn {
    settings: SsoSettings,
    http: reqwest::Client,
    client: tokio::sync::Mutex<Option<(Timestamp, Arc<Client>)>>,
    begun: Mutex<HashMap<Digest, Begun>>,
    /// What each link record says, as a digest of it, so that a sign-in opens no record twice.
    links: Mutex<HashMap<Commitment, Digest>>,
}

fn failed(reason: &'static str) -> PeopleError {
    PeopleError::SingleSignOn { reason }
}

/// Asks the provider. Nothing is borrowed, so that a handler of any server may wait for it.
async fn call(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
    let (head, body) = request.into_parts();
    let asked = http.request(head.method, head.uri.to_string());
    let mut answer = asked
        .headers(head.headers)
        .body(body)
        .send()
        .await
        .map_err(|_| Unreachable)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(Unreachable);
        }
    }
    let mut response = HttpResponse::new(bytes);
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

impl SingleSignOn {
    pub(super) fn new(settings: SsoSettings) -> Result<Self, PeopleError> {
        let issuer = reqwest::Url::parse(&settings.issuer).map_err(|_| failed("issuer"))?;
        let here = matches!(issuer.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if issuer.scheme() != "https" && !here {
            return Err(failed("the issuer is not https"));
        }
        // No redirects: the provider's answers must not send this program anywhere.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(ANSWER_SECONDS))
            .build();
        Ok(Self {
            settings,
            http: http.map_err(|_| failed("the HTTP client"))?,
            client: tokio::sync::Mutex::default(),
            begun: Mutex::default(),
            links: Mutex::default(),
        })
    }

    /// The provider as it describes itself; asked once an hour.
    async fn client(&self, now: Timestamp) -> Result<Arc<Client>, PeopleError> {
        let mut kept = self.client.lock().await;
        if let Some((since, client)) = kept.as_ref()
            && now.as_millis() - since.as_millis() < METADATA_MILLIS
        {
            return Ok(client.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| failed("issuer"))?;
        let http = self.http.clone();
        let call = move |request| call(http.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(issuer, &call).await;
        let metadata = metadata.map_err(|_| failed("the provider cannot be reached"))?;
        let secret = self.settings.client_secret.as_ref();
        let redirect = RedirectUrl::new(self.settings.redirect.clone());
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose().to_owned())),
        )
        .set_redirect_uri(redirect.map_err(|_| failed("redirect"))?);
        let client = Arc::new(client);
        *kept = Some((now, client.clone()));
        Ok(client)
    }

    async fn begin(&self, now: Timestamp) -> Result<SsoBegun, PeopleError> {
        let client = self.client(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (draw_secret()?, draw_secret()?);
        let (csrf, nonce) = (
            CsrfToken::new(state.expose().to_owned()),
            Nonce::new(nonce.expose().to_owned()),
        );
        let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, || csrf, {
            let nonce = nonce.clone();
            || nonce
        });
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        let cookie = draw_secret()?;
        let begun = Begun {
            at: now,
            cookie: Digest::of(cookie.expose()),
            verifier,
            nonce,
        };
        let mut all = lock(&self.begun);
        all.retain(|_, held| now.as_millis() - held.at.as_millis() < BEGUN_MILLIS);
        if all.len() >= BEGUN_MAX {
            return Err(PeopleError::Busy);
        }
        all.insert(Digest::of(state.expose()), begun);
        Ok(SsoBegun {
            url: url.to_string(),
            cookie,
        })
    }

    /// Whom the provider vouches for: its name for the person.
    async fn subject(
        &self,
        state: &SecretText,
        code: &SecretText,
        cookie: &SecretText,
        now: Timestamp,
    ) -> Result<SecretText, PeopleError> {
        let begun = lock(&self.begun).remove(&Digest::of(state.expose()));
        let begun = begun.ok_or(PeopleError::NothingBegun)?;
        let late = now.as_millis() - begun.at.as_millis() >= BEGUN_MILLIS;
        if late || Digest::of(cookie.expose()) != begun.cookie {
            return Err(PeopleError::NothingBegun);
        }
        let client = self.client(now).await?;
        let code = AuthorizationCode::new(code.expose().to_owned());
        let http = self.http.clone();
        let call = move |request| call(http.clone(), request);
        let exchange = client.exchange_code(code);
        let exchange = exchange.map_err(|_| failed("the provider has no token endpoint"))?;
        let tokens: CoreTokenResponse = exchange
            .set_pkce_verifier(begun.verifier)
            .request_async(&call)
            .await
            .map_err(|_| failed("the provider refused the code"))?;
        let id = tokens.id_token().ok_or_else(|| failed("no ID token"))?;
        let time = chrono::DateTime::from_timestamp_millis(now.as_millis());
        let time = time.ok_or_else(|| failed("the clock"))?;
        let verifier = client.id_token_verifier().set_time_fn(move || time);
        let claims = id
            .claims(&verifier, &begun.nonce)
            .map_err(|_| failed("the ID token does not hold"))?;
        if let Some(expected) = claims.access_token_hash() {
            let key = id.signing_key(&verifier).map_err(|_| failed("its key"))?;
            let algorithm = id.signing_alg().map_err(|_| failed("its algorithm"))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            let fits = actual.is_ok_and(|actual| actual == *expected);
            if !fits {
                return Err(failed("the access token was exchanged"));
            }
        }
        Ok(SecretText::new(claims.subject().as_str()))
    }
}

/// The provider could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the provider cannot be reached")]
struct Unreachable;

impl People {
    /// Links the account to what the hall's own provider calls the person.
    pub async fn link_here(
        &self,
        order: &Order,
        staff: &StaffId,
        subject: &SecretText,
    ) -> Result<Receipt, PeopleError> {
        let issuer = self.single_sign_on()?.settings.issuer.clone();
        self.link(order, staff, &issuer, subject).await
    }

    /// What the provider answered when it vouches for nobody: `error` of the address it sent the browser back to.
    /// Only its code is told, and only one of the standard's (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6).
    pub fn single_sign_on_refused(error: &str) -> PeopleError {
        failed(match error {
            "access_denied" => "access_denied: the sign-in was cancelled at the provider",
            "login_required" | "interaction_required" | "consent_required" => {
                "the provider wants the person to sign in there first"
            }
            "temporarily_unavailable" | "server_error" => "the provider is out of order",
            "invalid_request"
            | "invalid_scope"
            | "unauthorized_client"
            | "unsupported_response_type" => "the provider does not take this program's request",
            _ => "the provider sent no code",
        })
    }

    /// Begins single sign-on.
    pub async fn begin_single_sign_on(&self) -> Result<SsoBegun, PeopleError> {
        self.single_sign_on()?.begin(self.now()).await
    }

    /// Finishes it with what the browser brought back: `state` and `code` from the address, and the cookie.
    pub async fn finish_single_sign_on(
        &self,
        state: &SecretText,
        code: &SecretText,
        cookie: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let sso = self.single_sign_on()?;
        let subject = sso.subject(state, code, cookie, self.now()).await?;
        let linked = self.linked(&sso.settings.issuer, &subject).await?;
        let staff = linked.ok_or(PeopleError::NotLinked)?;
        self.open(&staff, SignInMethod::SingleSignOn, address).await
    }

    fn single_sign_on(&self) -> Result<&SingleSignOn, PeopleError> {
        self.inner.sso.as_ref().ok_or(PeopleError::NoSingleSignOn)
    }

    /// Who is linked to this identity. Two who are, are none: it would not be clear who signs in.
    pub(super) async fn linked(
        &self,
        issuer: &str,
        subject: &SecretText,
    ) -> Result<Option<StaffId>, PeopleError> {
        let sought = Digest::of(link_record(issuer, subject)?);
        let roll = self.inner.directory.roll().await?;
        let mut found = None;
        for staff in roll.members() {
            let Some(state) = self.state(staff).await? else {
                continue;
            };
            let Some(link) = state.single_sign_on.filter(|_| state.works_here()) else {
                continue;
            };
            if self.link_digest(staff, &link).await? != sought {
                continue;
            }
            if found.replace(staff.clone()).is_some() {
                return Ok(None);
            }
        }
        Ok(found)
    }

    async fn link_digest(&self, staff: &StaffId, link: &Commitment) -> Result<Digest, PeopleError> {
        let known = self.inner.sso.as_ref();
        let known = known.and_then(|sso| lock(&sso.links).get(link).copied());
        if let Some(known) = known {
            return Ok(known);
        }
        let digest = Digest::of(self.get(staff, link).await?.as_slice());
        if let Some(sso) = &self.inner.sso {
            lock(&sso.links).insert(*link, digest);
        }
        Ok(digest)
    }
}

/// The vault record of a link: the same bytes for the same provider and subject.
pub(super) fn link_record(issuer: &str, subject: &SecretText) -> Result<Vec<u8>, PeopleError> {
    let bounded = |text: &str| !text.is_empty() && text.len() <= 255;
    if !bounded(issuer) || !bounded(subject.expose()) {
        return Err(PeopleError::BadText { field: "subject" });
    }
    let record = serde_json::json!({ "issuer": issuer, "subject": subject.expose() });
    serde_json::to_vec(&record).map_err(|_| PeopleError::Damaged)
}
