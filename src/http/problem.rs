//! Problems as HTTP: RFC 9457 `application/problem+json`, made from the one table in `domain::problem`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Problem;

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem with what happened this time.
#[derive(Debug)]
pub struct HttpProblem {
    problem: Problem,
    said: Box<Said>,
}

/// What is said about it, apart, so that a result stays small.
#[derive(Debug, Default)]
struct Said {
    detail: String,
    reason: Option<Reason>,
    fields: Vec<FieldProblem>,
    retry_after_s: Option<u64>,
}

/// What every error answer holds (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:counterfoil:problem:CODE`.
    #[serde(rename = "type")]
    kind: String,
    /// The HTTP status.
    status: u16,
    /// Stable code in kebab-case.
    code: String,
    /// What is the matter, in Chinese.
    title: String,
    /// The same in English.
    title_en: String,
    /// What happened this time, and to what.
    detail: String,
    /// Which rule of the hall refused, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// The fields that cannot be taken as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldProblem>,
}

/// A rule that refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reason {
    /// Stable code in kebab-case.
    pub code: String,
    /// What to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where it stands in the body: `applicant.id_number`.
    pub field: String,
    /// Stable code in kebab-case.
    pub code: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl HttpProblem {
    /// `detail` says what happened, to which case or scan; never a name, a secret or a query.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        let said = Said {
            detail: detail.into(),
            ..Said::default()
        };
        Self {
            problem,
            said: Box::new(said),
        }
    }

    /// A field that cannot be taken as it is.
    pub fn bad_field(
        field: &str,
        code: &str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        let (zh, en) = (zh.into(), en.into());
        let told = FieldProblem {
            field: field.to_owned(),
            code: code.to_owned(),
            zh: zh.clone(),
            en: en.clone(),
        };
        Self::new(Problem::BadField, format!("{zh} ({en})")).in_fields(vec![told])
    }

    /// Says more of what happened, in place of what was said.
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.said.detail = detail.into();
        self
    }

    /// With the rule that refused.
    pub fn because(mut self, reason: Reason) -> Self {
        self.said.reason = Some(reason);
        self
    }

    /// With the fields to mend.
    pub fn in_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.said.fields = fields;
        self
    }

    /// With the seconds after which to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.said.retry_after_s = Some(seconds);
        self
    }

    /// The fields it names, and the rule that refused.
    pub fn told(&self) -> (&[FieldProblem], Option<&Reason>) {
        (&self.said.fields, self.said.reason.as_ref())
    }

    /// Which problem it is.
    pub fn problem(&self) -> Problem {
        self.problem
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let (problem, said) = (self.problem, *self.said);
        let body = ProblemBody {
            kind: format!("urn:counterfoil:problem:{}", problem.code()),
            status: problem.status(),
            code: problem.code().to_owned(),
            title: problem.zh().to_owned(),
            title_en: problem.en().to_owned(),
            detail: said.detail,
            reason: said.reason,
            fields: said.fields,
        };
        let status =
            StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, PROBLEM_JSON)];
        let mut response = (status, content_type, json).into_response();
        let headers = response.headers_mut();
        if problem == Problem::Unauthorised {
            let challenge = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        let wait = said
            .retry_after_s
            .or((problem == Problem::Busy).then_some(1));
        if let Some(seconds) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
