//! Clients of a hall in tests: they keep their cookie, name their requests and send the version they know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use counterfoil::domain::time::ManualClock;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::window_hall::PASSWORD;

/// Somebody with a session.
pub struct Client {
    pub router: Router,
    pub clock: Arc<ManualClock>,
    pub cookie: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn etag(&self) -> String {
        let tag = self.headers.get(header::ETAG).unwrap();
        tag.to_str().unwrap().to_owned()
    }

    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The code of the rule that refused.
    pub fn reason(&self) -> &str {
        self.body["reason"]["code"].as_str().unwrap_or_default()
    }
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Client {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, None, None).await
    }

    /// Posts under a new name, for no version.
    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        self.send("POST", path, Some(body), Some(&key), None).await
    }

    /// Posts for the version that the subject has now.
    pub async fn act(&mut self, subject: &str, action: &str, body: &Value) -> Answer {
        let now = self.get(subject).await;
        let etag = match now.status.is_success() {
            true => now.etag(),
            false => "\"0\"".to_owned(),
        };
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let path = format!("{subject}/{action}");
        self.clock.advance_millis(1000);
        self.send("POST", &path, Some(body), Some(&key), Some(&etag))
            .await
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
        version: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let content = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(content).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }
}

impl Client {
    /// Sends what a page of `origin` would, to the host `hall.example`; the status.
    pub async fn sent_from(&mut self, origin: &str, method: &str, path: &str) -> u16 {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "hall.example")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }
}

impl Client {
    /// Proves once more who it is, for what asks for that.
    pub async fn step_up(&mut self) {
        let body = json!({ "password": PASSWORD });
        self.post("/api/v1/session/password-proof", &body)
            .await
            .ok(200);
    }

    /// Opens an event stream.
    pub async fn stream(&mut self, path: &str) -> axum::body::BodyDataStream {
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }

    /// What a station with this token gets.
    pub async fn with_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// Uploads bytes; the status.
    pub async fn upload(&mut self, path: &str, bytes: Vec<u8>) -> u16 {
        let request = Request::builder()
            .method("PUT")
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(bytes)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }
}

impl Client {
    /// Posts bytes as they are.
    pub async fn post_bytes(&mut self, path: &str, bytes: Vec<u8>) -> Answer {
        let key = format!("k-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("idempotency-key", key)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(bytes)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// Keeps a document with a case (`/api/v1/cases/NO`); its digest.
    pub async fn document(&mut self, case: &str, of: &str) -> String {
        let bytes = format!("%PDF-1.7\n{of}").into_bytes();
        let path = format!("{case}/documents");
        let kept = self.post_bytes(&path, bytes).await.ok(201);
        kept.body["digest"].as_str().unwrap().to_owned()
    }

    /// Fetches bytes.
    pub async fn fetch(&mut self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 32 << 20).await.unwrap();
        (parts.status, parts.headers, bytes.to_vec())
    }

    /// Posts and gets bytes back: the status with them.
    pub async fn post_for_bytes(&mut self, path: &str, body: &Value) -> (u16, Vec<u8>) {
        let key = format!("b-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("idempotency-key", key)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 32 << 20).await.unwrap();
        (status, bytes.to_vec())
    }
}
