//! Who may call: until there are accounts, whoever holds the token in the token file. The server listens on
//! loopback only.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::HttpProblem;
use crate::domain::{Digest, Problem};

/// The bearer token, kept as its digest so that a comparison takes the same time for every guess.
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

/// Lets a request pass that carries the token.
pub async fn require_token(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match given {
        Some(token) if service.token.admits(token) => next.run(request).await,
        _ => {
            let detail = "send the header `Authorization: Bearer TOKEN` with the token from the server's token file";
            HttpProblem::new(Problem::Unauthorised, detail).into_response()
        }
    }
}
