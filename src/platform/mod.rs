//! The city platform (政务服务平台): an application is fetched by its number (办件编号) so that nothing is keyed twice,
//! and how far a case is, is told back (Art 11(7), 13(2)). Here live the wire form and its HTTP client; what a case
//! becomes is decided in `domain/case`, and no fact is ever written here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::case::Progress;
use crate::domain::person::PartiesInput;
use crate::domain::{CaseNo, Digest, SerialNo, TaskCode, Timestamp};

/// How long the platform may take to answer.
const ANSWER_SECONDS: u64 = 10;
/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Where the platform is.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// Its address, to which `/cases/NUMBER` is added.
    pub url: String,
    /// What it knows this hall by (`Authorization: Bearer …`), if it asks for something.
    pub token: Option<Zeroizing<String>>,
}

/// An application as the platform has it.
#[derive(Clone, Deserialize)]
pub struct PlatformCase {
    /// Its item.
    pub task: TaskCode,
    /// Everybody it is about.
    pub parties: PartiesInput,
}

/// What the platform is told about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgressReport {
    /// The number the platform knows it by.
    pub number: CaseNo,
    /// How far it is.
    pub progress: Progress,
    /// How many facts the case has: a later report has more.
    pub version: u32,
    /// Since when it is that far.
    pub since: Timestamp,
    /// The result, once the window has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultReport>,
}

/// A result as the platform is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResultReport {
    /// SHA-256 of the document.
    pub content: Digest,
    /// Serial of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<SerialNo>,
}

/// Why the platform gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// No platform is configured.
    #[error(
        "未配置市级平台；请在配置文件 [platform] 中填写 no city platform is configured; see [platform]"
    )]
    NotConfigured,
    /// It has no case of this number.
    #[error(
        "市级平台没有该办件编号；请核对 the city platform has no case of this number; check it"
    )]
    Unknown,
    /// It does not take what it is told about this case.
    #[error(
        "市级平台不接受该办件的信息（HTTP {status}）；请核对办件编号 the city platform does not take what it is told of this case (HTTP {status}); check its number"
    )]
    Rejected {
        /// The status it answered with.
        status: u16,
    },
    /// It did not answer, or not as agreed.
    #[error(
        "市级平台没有正常应答（{reason}）；请稍后重试 the city platform did not answer as agreed ({reason}); try again later"
    )]
    Failed {
        /// What was wrong; never what it answered.
        reason: String,
    },
}

fn failed(reason: impl ToString) -> PlatformError {
    let reason = reason.to_string();
    PlatformError::Failed { reason }
}

/// The platform, over HTTP.
pub struct Platform {
    settings: PlatformSettings,
    http: reqwest::Client,
}

impl PlatformError {
    /// Whether it is the platform's answer about this one case, and others may well be answered.
    pub fn is_about_the_case(&self) -> bool {
        matches!(self, Self::Unknown | Self::Rejected { .. })
    }
}

impl Platform {
    /// A client of the platform at `settings.url`; fails when that is no address.
    pub fn new(settings: PlatformSettings) -> Result<Self, PlatformError> {
        reqwest::Url::parse(&settings.url).map_err(|_| failed("the address"))?;
        // No redirects: the platform's answers must not send persons' data anywhere.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(ANSWER_SECONDS))
            .build();
        let http = http.map_err(|_| failed("the HTTP client"))?;
        Ok(Self { settings, http })
    }

    /// Fetches an application: `GET /cases/NUMBER`, answered with a [`PlatformCase`], or 404.
    pub async fn fetch(&self, number: &CaseNo) -> Result<PlatformCase, PlatformError> {
        let request = self.request(reqwest::Method::GET, number, "")?;
        let mut answer = request.send().await.map_err(unreachable)?;
        match answer.status().as_u16() {
            200 => {}
            404 => return Err(PlatformError::Unknown),
            status => return Err(failed(format_args!("HTTP {status}"))),
        }
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(failed("its answer is too long"));
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| failed("its answer has another form"))
    }

    /// Tells how far a case is: `PUT /cases/NUMBER/progress` with a [`ProgressReport`]. Telling the same again changes
    /// nothing there: the `Idempotency-Key` is made of number and version.
    pub async fn tell(&self, report: &ProgressReport) -> Result<(), PlatformError> {
        let request = self.request(reqwest::Method::PUT, &report.number, "/progress")?;
        let body = serde_json::to_vec(report).map_err(|_| failed("the report"))?;
        let answer = request
            .header("content-type", "application/json")
            .header(
                "idempotency-key",
                format!("{}-{}", report.number, report.version),
            )
            .body(body)
            .send()
            .await
            .map_err(unreachable)?;
        match answer.status().as_u16() {
            200..300 => Ok(()),
            status @ (400 | 404 | 409 | 410 | 422) => Err(PlatformError::Rejected { status }),
            status => Err(failed(format_args!("HTTP {status}"))),
        }
    }

    fn request(
        &self,
        method: reqwest::Method,
        number: &CaseNo,
        rest: &str,
    ) -> Result<reqwest::RequestBuilder, PlatformError> {
        // `.` and `..` would be another path, not a number.
        if number.as_str().chars().all(|sign| sign == '.') {
            return Err(PlatformError::Unknown);
        }
        let base = self.settings.url.trim_end_matches('/');
        let url = reqwest::Url::parse(&format!("{base}/cases/{number}{rest}"));
        let request = self
            .http
            .request(method, url.map_err(|_| failed("the address"))?);
        Ok(match &self.settings.token {
            Some(token) => request.bearer_auth(token.as_str()),
            None => request,
        })
    }
}

/// An error without the address: it names a case.
fn unreachable(error: reqwest::Error) -> PlatformError {
    match error.is_timeout() {
        true => failed(format_args!("no answer within {ANSWER_SECONDS} s")),
        false => failed("it cannot be reached"),
    }
}
