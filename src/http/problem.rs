//! Problems as HTTP: RFC 9457 `application/problem+json`, made from the one table in `domain::problem`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::Problem;

/// A problem with what happened this time.
#[derive(Debug)]
pub struct HttpProblem {
    problem: Problem,
    detail: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    status: u16,
    code: &'a str,
    title: &'a str,
    title_en: &'a str,
    detail: &'a str,
}

impl HttpProblem {
    /// `detail` says what happened, to which scan; never a name, a secret or a query.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self {
            problem,
            detail: detail.into(),
        }
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let problem = self.problem;
        let body = Body {
            kind: format!("urn:counterfoil:problem:{}", problem.code()),
            status: problem.status(),
            code: problem.code(),
            title: problem.zh(),
            title_en: problem.en(),
            detail: &self.detail,
        };
        let status =
            StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            json,
        )
            .into_response();
        if problem == Problem::Unauthorised {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        if problem == Problem::Busy {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}
