//! What a request says beside its path: its body, its page of a list, the version it was made for, its own name.
//! Everything that cannot be understood becomes a problem of the one table.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::{field_problem, read};
use super::problem::HttpProblem;
use crate::domain::Problem;
use crate::store::lists::{Listed, Page};

/// Most bytes of a JSON body.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Entries of a page when the request does not say.
const PAGE_DEFAULT: usize = 50;
/// Most entries of a page.
const PAGE_MAX: usize = 200;
/// Longest idempotency key.
const KEY_CHARS_MAX: usize = 64;
/// The header with a request's own name.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

fn bad(detail: impl Into<String>) -> HttpProblem {
    HttpProblem::new(Problem::BadRequest, detail)
}

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = HttpProblem;

    async fn from_request(request: Request, _: &S) -> Result<Self, HttpProblem> {
        Ok(Self(read(request, BODY_BYTES_MAX).await?))
    }
}

/// The parameters of a path.
#[derive(Debug)]
pub struct At<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            // A name that cannot be one names nothing.
            Err(rejection) => Err(HttpProblem::new(Problem::NotFound, rejection.body_text())),
        }
    }
}

/// The query string.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let said = rejection.body_text();
                let said = said
                    .rsplit_once("query string: ")
                    .map_or(&*said, |(_, rest)| rest);
                let named = said
                    .split_once(": ")
                    .filter(|(field, _)| !field.contains(' '));
                let (field, said) = named.unwrap_or(("", said));
                Err(field_problem(field, said))
            }
        }
    }
}

/// A request's own name (`Idempotency-Key`): sent again, the request does nothing a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RequestKey {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let given = text(&parts.headers, &IDEMPOTENCY_KEY).ok_or_else(|| {
            let detail = "send the header `Idempotency-Key` with a name of your own for this request, such as a UUID; repeat it when you repeat the request";
            HttpProblem::new(Problem::KeyRequired, detail)
        })?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if given.is_empty() || given.len() > KEY_CHARS_MAX || !given.chars().all(allowed) {
            return Err(bad(format!(
                "an Idempotency-Key has 1 to {KEY_CHARS_MAX} of A-Z a-z 0-9 - _ ."
            )));
        }
        Ok(Self(given.to_owned()))
    }
}

/// The version a change was made for (`If-Match`): the number of facts its subject had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u32);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let given = text(&parts.headers, &header::IF_MATCH).ok_or_else(|| {
            let detail =
                "send the header `If-Match` with the ETag that the last answer about it had";
            HttpProblem::new(Problem::VersionRequired, detail)
        })?;
        let number = given
            .trim()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let number = number.and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| {
            let detail = "the If-Match header is not an ETag of this server";
            HttpProblem::new(Problem::VersionMismatch, detail)
        })
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// An answer with its version as `ETag`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// 200, or 201 for what was just made.
    pub status: StatusCode,
    /// The number of facts its subject has.
    pub version: u32,
    /// The answer.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl PageQuery {
    /// How many entries are asked for.
    pub fn limit(&self) -> Result<usize, HttpProblem> {
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(bad(format!("limit is 1 to {PAGE_MAX}")));
        }
        Ok(limit)
    }

    /// The page of a list, and how many entries were asked for. One entry more is fetched, to know whether there is a
    /// next page.
    pub fn page(&self, newest_first: bool) -> Result<(Page, usize), HttpProblem> {
        let limit = self.limit()?;
        let after = match &self.cursor {
            Some(text) => {
                Some(read_cursor(text).ok_or_else(|| bad("the cursor is not one of ours"))?)
            }
            None => None,
        };
        let page = Page {
            after,
            newest_first,
            ..Page::first(limit + 1)
        };
        Ok((page, limit))
    }
}

/// Cuts what was fetched to `limit` and gives the cursor of the next page.
pub fn cut(mut found: Vec<Listed>, limit: usize) -> (Vec<Listed>, Option<String>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(write_cursor);
    (found, next)
}

fn write_cursor(entry: &Listed) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", entry.order, entry.subject))
}

fn read_cursor(text: &str) -> Option<Listed> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (order, subject) = text.split_once(' ')?;
    Some(Listed {
        order: order.parse().ok()?,
        subject: subject.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseNo, Subject};

    #[test]
    fn a_cursor_comes_back_and_a_forged_one_does_not() {
        let subject = Subject::Case(CaseNo::new("C-1").unwrap());
        let entry = Listed { order: 7, subject };
        assert_eq!(read_cursor(&write_cursor(&entry)), Some(entry));
        for forged in ["", "x", "%%%", "NyBsb2cvbG9nL2xvZw"] {
            assert_eq!(read_cursor(forged), None, "{forged}");
        }
    }

    #[test]
    fn a_page_is_cut_and_says_whether_there_is_more() {
        let entry = |order| Listed {
            order,
            subject: Subject::Hall,
        };
        let (page, next) = cut(vec![entry(1), entry(2), entry(3)], 2);
        assert_eq!((page.len(), next.is_some()), (2, true));
        let (page, next) = cut(vec![entry(1), entry(2)], 2);
        assert_eq!((page.len(), next), (2, None));
        let asked = PageQuery {
            limit: Some(0),
            cursor: None,
        };
        assert!(asked.page(true).is_err());
    }
}
