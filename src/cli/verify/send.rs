//! Handing the check list in to the hall over HTTP, as the person who checked. The password is typed, or read from a file;
//! it is never an argument.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::output::Output;
use crate::cli::user::Input;
use crate::domain::{Digest, Problem, StaffId};
use crate::transfer::Acceptance;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// To whom, and by whom.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// 将检测报告登记到大厅 Hand the check list in to the hall at this address
    #[arg(long, value_name = "URL", requires = "staff")]
    send: Option<String>,
    /// 检测人 Who checked, for the department
    #[arg(long = "as", value_name = "STAFF", requires = "send")]
    staff: Option<StaffId>,
    /// 从文件读取密码，第二行为验证码（- 为标准输入）Read the password, and on a second line the code of the second factor, from a file (- for standard input)
    #[arg(long, value_name = "FILE", requires = "send")]
    password_file: Option<PathBuf>,
}

impl SendArgs {
    /// Whether the list is to be handed in.
    pub fn is_asked(&self) -> bool {
        self.send.is_some()
    }

    /// Signs in, hands the list in, and signs out.
    pub fn send(&self, order: &Acceptance, output: Output) -> Result<(), CliError> {
        let (Some(address), Some(staff)) = (&self.send, &self.staff) else {
            return Ok(());
        };
        let base = base(address)?;
        let mut input = Input::open(self.password_file.as_ref())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CliError::internal)?;
        let mut desk = RemoteDesk::new(base)?;
        runtime.block_on(async {
            desk.sign_in(staff, &mut input).await?;
            let handed = desk.hand_in(order).await;
            // Whatever came of it, nobody stays signed in.
            let out = desk.request(Method::DELETE, "session")?;
            drop(out.send().await);
            handed
        })?;
        let object = json!({ "recorded": order.report.transfer, "failed": order.report.failed() });
        output.result(&object, || {
            format!(
                "✓ 接收检测已登记 the checks are recorded: {}",
                order.report.transfer
            )
        })
    }
}

/// The address of the interface. Passwords go over TLS, or to this machine itself.
fn base(address: &str) -> Result<Url, CliError> {
    let wrong = || {
        let detail = format!(
            "--send：{address} 须为 https:// 地址，只有本机可用 http:// (an https:// address; plain http only for this machine)"
        );
        CliError::new(Problem::BadField, detail)
    };
    let url = format!("{}/api/v1/", address.trim_end_matches('/'));
    let url: Url = url.parse().map_err(|_| wrong())?;
    let here = matches!(
        url.host_str(),
        Some("localhost" | "127.0.0.1" | "[::1]" | "::1")
    );
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(wrong()),
    }
}

/// A hall at the other end of a line.
struct RemoteDesk {
    base: Url,
    http: Client,
    cookie: String,
}

impl RemoteDesk {
    fn new(base: Url) -> Result<Self, CliError> {
        // No redirects: a password goes where it was told to go.
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER)
            .build()
            .map_err(CliError::internal)?;
        let cookie = String::new();
        Ok(Self { base, http, cookie })
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, CliError> {
        let url = self.base.join(path).map_err(CliError::internal)?;
        Ok(self
            .http
            .request(method, url)
            .header("cookie", &self.cookie))
    }

    async fn sign_in(&mut self, staff: &StaffId, input: &mut Input) -> Result<(), CliError> {
        let missing = || CliError::new(Problem::CannotRead, "没有给出密码 (no password was given)");
        let password = input.next(&format!("{staff} 的密码 password of {staff}"), true)?;
        let password = password.ok_or_else(missing)?;
        let body = json!({ "staff": staff, "password": password.expose() });
        let mut session = self.post("session", &body, &[]).await?;
        if session["stage"] == "second_factor" {
            let code = input.next("验证码 code of the second factor", false)?;
            let body = json!({ "code": code.ok_or_else(missing)?.expose() });
            session = self.post("session/code", &body, &[]).await?;
        }
        match session["stage"].as_str() {
            Some("full") => Ok(()),
            stage => {
                let detail = format!(
                    "账号尚未可用（{stage:?}）；请先在浏览器中登录一次 (the account is not ready; sign in with a browser first)"
                );
                Err(CliError::new(Problem::Forbidden, detail))
            }
        }
    }

    async fn hand_in(&mut self, order: &Acceptance) -> Result<(), CliError> {
        let path = format!("transfers/{}", order.report.transfer);
        let shown = self.request(Method::GET, &path)?.send().await;
        let shown = shown.map_err(unreachable)?;
        let version = shown.headers().get("etag");
        let version = version.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        answer(shown).await?;
        let body = serde_json::to_value(order).map_err(CliError::internal)?;
        // The same list handed in again is the same request.
        let key: String = Digest::of(body.to_string()).to_string();
        let key: String = key.chars().take(32).collect();
        let version = version.unwrap_or_default();
        let headers = [("idempotency-key", key), ("if-match", version)];
        let path = format!("{path}/acceptance");
        self.post(&path, &body, &headers).await?;
        Ok(())
    }

    async fn post(
        &mut self,
        path: &str,
        body: &Value,
        headers: &[(&str, String)],
    ) -> Result<Value, CliError> {
        let mut request = self.request(Method::POST, path)?;
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.header("content-type", "application/json");
        let sent = request.body(body.to_string()).send().await;
        let sent = sent.map_err(unreachable)?;
        let set = sent.headers().get("set-cookie");
        if let Some(pair) = set.and_then(|set| set.to_str().ok()?.split(';').next()) {
            self.cookie = pair.to_owned();
        }
        answer(sent).await
    }
}

/// What the hall answered; a problem becomes an error with the hall's own words.
async fn answer(mut answer: Response) -> Result<Value, CliError> {
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(CliError::new(
                Problem::CannotRead,
                "the hall's answer is too long",
            ));
        }
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    let part = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let reason = |name: &str| body["reason"][name].as_str().unwrap_or_default().to_owned();
    let detail = format!(
        "大厅未接受（HTTP {}）：{} {} {}{}",
        status.as_u16(),
        part("title"),
        part("detail"),
        reason("zh"),
        reason("en")
    );
    let problem = match status.as_u16() {
        401 | 403 => Problem::Forbidden,
        404 => Problem::NotFound,
        _ => Problem::Refused,
    };
    Err(CliError::new(problem, detail))
}

fn unreachable(error: reqwest::Error) -> CliError {
    let what = match error.is_timeout() {
        true => "没有按时应答 no answer in time",
        false => "无法连接 it cannot be reached",
    };
    CliError::new(Problem::CannotRead, format!("大厅 the hall: {what}"))
}
