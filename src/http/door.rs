//! Who is calling: a person with a session cookie, a station with a token, or this machine's own upload token. A
//! browser of another origin never gets through with somebody's cookie.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use super::Service;
use super::extract::{IfMatch, RequestKey};
use super::problem::{FieldProblem, HttpProblem, Reason};
use crate::counter::{Ask, CounterError, Refusal};
use crate::domain::access::{Action, Target, Verdict};
use crate::domain::{Actor, Digest, Occurred, Problem, RequestId};
use crate::people::{Caller, Order, PeopleError, SecretText};

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "counterfoil_session";

/// The upload token of this machine, kept as its digest so that a comparison takes the same time for every guess.
pub struct Token(Digest);

impl Token {
    /// Takes the token's text; surrounding white space is not part of it.
    pub fn new(text: &str) -> Self {
        Self(Digest::of(text.trim()))
    }

    fn admits(&self, given: &str) -> bool {
        Digest::of(given) == self.0
    }
}

/// A person who is signed in, wholly.
pub struct Signed {
    /// Who, and what for.
    pub caller: Caller,
}

/// A session's token, whatever the session still lacks.
pub struct SessionToken(pub SecretText);

/// Whoever may upload: a person, a station, or whoever holds this machine's token file.
pub struct Uploader {
    /// Who.
    pub caller: Caller,
}

/// Where a request comes from.
pub struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip()),
        ))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SessionToken {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(cookie) = jar.get(SESSION_COOKIE) else {
            return Err(PeopleError::NotSignedIn.into());
        };
        same_origin(&parts.method, &parts.headers)?;
        Ok(Self(SecretText::new(cookie.value())))
    }
}

impl FromRequestParts<Arc<Service>> for Signed {
    type Rejection = HttpProblem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, HttpProblem> {
        let SessionToken(token) = SessionToken::from_request_parts(parts, service).await?;
        let caller = service.people.caller(&token).await?;
        Ok(Self { caller })
    }
}

impl FromRequestParts<Arc<Service>> for Uploader {
    type Rejection = HttpProblem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, HttpProblem> {
        let given = parts.headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let caller = match given {
            None => Signed::from_request_parts(parts, service).await?.caller,
            Some(token) if service.token.admits(token) => Caller::operator()?,
            Some(token) => {
                let known = service.people.bearer(&SecretText::new(token)).await;
                known.map_err(|_| {
                    let detail = "send the token of a station, or this machine's own from the server's token file";
                    HttpProblem::new(Problem::Unauthorised, detail)
                })?
            }
        };
        Ok(Self { caller })
    }
}

/// Refuses a change that a page of another origin asks for with somebody's cookie. `SameSite=Strict` keeps the cookie
/// back already; this holds where a browser does not.
fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), HttpProblem> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign_site =
        text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let host = text("host").unwrap_or_default();
    let foreign_origin = text("origin").is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority != Some(host)
    });
    if foreign_site || foreign_origin {
        let detail = "this request comes from a page of another site";
        return Err(HttpProblem::new(Problem::Forbidden, detail));
    }
    Ok(())
}

/// The cookie that carries a session's token. `Secure` where the hall is served over TLS.
pub fn session_cookie(token: &SecretText, secure: bool) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, token.expose().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .build()
}

/// The same cookie, taken back: the browser forgets it at once.
pub fn no_session_cookie(secure: bool) -> Cookie<'static> {
    let mut cookie = session_cookie(&SecretText::new(""), secure);
    cookie.make_removal();
    cookie
}

impl Signed {
    /// Lets an action pass, or says why not in the way the table wants it said.
    pub fn may(&self, action: Action, target: &Target<'_>) -> Result<(), HttpProblem> {
        Ok(self.caller.require(action, target)?)
    }

    /// Whether the caller may, without a reason.
    pub fn allows(&self, action: Action, target: &Target<'_>) -> bool {
        self.caller.verdict(action, target) == Verdict::Allowed
    }

    /// What the caller asks for, under a name of its own: the person and the key together name a request.
    pub fn ask(
        &self,
        key: &RequestKey,
        expected: Option<IfMatch>,
        occurred: Option<Occurred>,
    ) -> Result<Ask, HttpProblem> {
        let Order { by, request, .. } = self.order(key)?;
        Ok(Ask {
            by,
            request,
            expected: expected.map(|IfMatch(version)| version),
            occurred,
        })
    }

    /// The same for what concerns people.
    pub fn order(&self, key: &RequestKey) -> Result<Order, HttpProblem> {
        let by: Actor = self.caller.actor.clone();
        let request = RequestId::new(format!("http/{by}/{}", key.0));
        let request =
            request.map_err(|error| HttpProblem::new(Problem::BadRequest, error.to_string()))?;
        Ok(Order {
            by,
            request,
            expected: None,
        })
    }

    /// The same for an account that exists, at the version the caller knows.
    pub fn order_at(&self, key: &RequestKey, version: IfMatch) -> Result<Order, HttpProblem> {
        let mut order = self.order(key)?;
        order.expected = Some(version.0);
        Ok(order)
    }

    /// A name made of the person and the request's own: for what the request makes.
    pub fn name_of(&self, key: &RequestKey, kind: &str) -> String {
        let named = Digest::of(format!("{kind} {} {}", self.caller.actor, key.0)).to_string();
        let short: String = named.chars().take(16).collect();
        format!("{kind}-{short}")
    }
}

impl From<PeopleError> for HttpProblem {
    fn from(error: PeopleError) -> Self {
        let mut problem = HttpProblem::new(error.problem(), error.to_string());
        if let Some(code) = error.code() {
            let (code, (zh, en)) = (code.to_owned(), error.words());
            if let Some(field) = error.field() {
                problem = problem.in_fields(vec![FieldProblem {
                    field: field.to_owned(),
                    code: code.clone(),
                    zh: zh.clone(),
                    en: en.clone(),
                }]);
            }
            problem = problem.because(Reason { code, zh, en });
        }
        if let Some(seconds) = error.retry_after_seconds() {
            problem = problem.retry_after(u64::try_from(seconds).unwrap_or(1));
        }
        problem
    }
}

fn field(refusal: Refusal) -> FieldProblem {
    FieldProblem {
        field: refusal.field.unwrap_or_default(),
        code: refusal.code,
        zh: refusal.zh,
        en: refusal.en,
    }
}

impl From<CounterError> for HttpProblem {
    fn from(error: CounterError) -> Self {
        let (problem, detail) = (error.problem(), error.to_string());
        match error {
            CounterError::Refused(refusal) => {
                let fields = match refusal.field {
                    Some(_) => vec![field(refusal.clone())],
                    None => Vec::new(),
                };
                let reason = Reason {
                    code: refusal.code,
                    zh: refusal.zh,
                    en: refusal.en,
                };
                HttpProblem::new(problem, detail)
                    .because(reason)
                    .in_fields(fields)
            }
            CounterError::Fields(fields) => {
                let fields = fields.into_iter().map(field).collect();
                HttpProblem::new(problem, detail).in_fields(fields)
            }
            CounterError::Form(error) => {
                let (code, zh, en) = (error.code().to_owned(), error.zh(), error.en());
                HttpProblem::new(problem, detail).because(Reason { code, zh, en })
            }
            CounterError::Internal(reason) => {
                tracing::error!(%reason, "an internal error");
                HttpProblem::new(problem, "see the server's log")
            }
            _ => HttpProblem::new(problem, detail),
        }
    }
}
