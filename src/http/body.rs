//! JSON bodies, and what is wrong with one in words: which field, what was found and what to do, in Chinese first.

use std::fmt;
use std::sync::Arc;

use axum::body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::Service;
use super::problem::{FieldProblem, HttpProblem, Reason};
use crate::domain::Problem;

/// Most bytes of a body that carries documents.
const LARGE_BYTES_MAX: usize = 48 * 1024 * 1024;
/// Most bytes of one document.
const PAPER_BYTES_MAX: usize = 20 * 1024 * 1024;

/// Reads a JSON body of at most `bytes_max` bytes.
pub(super) async fn read<T: DeserializeOwned>(
    request: Request,
    bytes_max: usize,
) -> Result<T, HttpProblem> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        let detail =
            "请求内容应为 JSON：send the body as JSON, with `Content-Type: application/json`";
        return Err(HttpProblem::new(Problem::UnsupportedMediaType, detail));
    }
    let bytes = body::to_bytes(request.into_body(), bytes_max).await;
    let bytes = bytes.map_err(|_| {
        let detail =
            format!("请求内容最多 {bytes_max} 字节 (a body here has at most {bytes_max} bytes)");
        HttpProblem::new(Problem::TooLarge, detail)
    })?;
    parse(&bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, HttpProblem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader);
    let value = parsed.map_err(|error| unreadable(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| unreadable("", &error))?;
    Ok(value)
}

/// serde's words name the field and may repeat the value: they go to the caller, never to a log.
fn unreadable(path: &str, error: &serde_json::Error) -> HttpProblem {
    let said = error.to_string();
    let (line, column) = (error.line(), error.column());
    if error.classify() != Category::Data {
        let zh = format!("请求内容不是完整有效的 JSON（第 {line} 行第 {column} 列）；请改正后重发");
        let en = format!("the body is not whole, well-formed JSON (line {line}, column {column})");
        let reason = Reason {
            code: "not-json".to_owned(),
            zh,
            en: format!("{en}; correct it and send it again"),
        };
        return HttpProblem::new(Problem::BadRequest, format!("{} ({en})", reason.zh))
            .because(reason);
    }
    let place = format!(" at line {line} column {column}");
    field_problem(path, said.strip_suffix(&place).unwrap_or(&said))
}

/// The problem of a field, from what serde says about it.
pub(super) fn field_problem(path: &str, said: &str) -> HttpProblem {
    let words = Words::of(said);
    // Where serde lost its way, the path ends at the last place that is certain.
    let certain = path.split('?').next().unwrap_or_default();
    let mut field = certain.trim_matches('.').to_owned();
    // The path of a missing field ends at what lacks it; that of another may name it already.
    let missing = words.code == "missing-field";
    let to_name = words
        .field
        .filter(|name| missing || !ends_with(&field, name));
    if let Some(name) = to_name {
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(name);
    }
    let shown = if field.is_empty() { "–" } else { &field };
    let zh = format!("{shown}：{}", words.zh);
    let en = format!("{shown}: {}", words.en);
    let reason = Reason {
        code: words.code.to_owned(),
        zh: zh.clone(),
        en: en.clone(),
    };
    let problem = FieldProblem {
        field: field.clone(),
        code: words.code.to_owned(),
        zh: words.zh,
        en: words.en,
    };
    let fields = if field.is_empty() {
        Vec::new()
    } else {
        vec![problem]
    };
    HttpProblem::new(Problem::BadRequest, format!("{zh} ({en})"))
        .because(reason)
        .in_fields(fields)
}

fn ends_with(path: &str, name: &str) -> bool {
    path == name
        || path
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// What serde says, said again.
struct Words<'s> {
    code: &'static str,
    field: Option<&'s str>,
    zh: String,
    en: String,
}

impl<'s> Words<'s> {
    fn of(said: &'s str) -> Self {
        let named = |rest: &'s str| rest.split('`').next().unwrap_or_default();
        let expected = said.split_once("expected ").map(|(_, rest)| rest);
        let choice = expected.unwrap_or("–");
        let (code, field, zh, en) = if let Some(rest) = said.strip_prefix("missing field `") {
            let zh = "缺少这一项；请补充".to_owned();
            let en = "it is missing; add it".to_owned();
            ("missing-field", Some(named(rest)), zh, en)
        } else if let Some(rest) = said.strip_prefix("unknown field `") {
            let zh = format!("没有这一项；可用的有 {choice}");
            let en = format!("there is no such field; there are {choice}");
            ("unknown-field", Some(named(rest)), zh, en)
        } else if let Some(rest) = said.strip_prefix("duplicate field `") {
            let zh = "重复出现；请只保留一处".to_owned();
            let en = "it stands there twice; keep one".to_owned();
            ("duplicate-field", Some(named(rest)), zh, en)
        } else if said.starts_with("unknown variant `") {
            let zh = format!("不能取该值；可取 {choice}");
            let en = format!("it cannot have this value; choose {choice}");
            ("unknown-value", None, zh, en)
        } else if said.starts_with("invalid type: ") {
            let zh = format!("类型不正确，应为 {choice}");
            ("wrong-type", None, zh, said.to_owned())
        } else if said.starts_with("invalid value: ") || said.starts_with("invalid length ") {
            let zh = format!("内容不正确，应为 {choice}");
            ("wrong-value", None, zh, said.to_owned())
        } else {
            let zh = format!("内容不正确；请改正：{said}");
            ("wrong-value", None, zh, said.to_owned())
        };
        Self {
            code,
            field,
            zh,
            en,
        }
    }
}

/// A JSON body that carries documents. As many are taken at the same time as uploads of scans.
#[derive(Debug)]
pub struct Large<T>(pub T, pub OwnedSemaphorePermit);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Large<T> {
    type Rejection = HttpProblem;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, HttpProblem> {
        let room = service.uploads.clone().try_acquire_owned();
        let room = room.map_err(|_| {
            let detail =
                "同时上传过多；请稍后重试 (too many uploads at the same time; try again shortly)";
            HttpProblem::new(Problem::Busy, detail)
        })?;
        Ok(Self(read(request, LARGE_BYTES_MAX).await?, room))
    }
}

/// The bytes of a document, in base64 on the wire: at least one, at most 20 MiB.
#[derive(Clone, PartialEq, Eq)]
pub struct Paper(pub Vec<u8>);

impl fmt::Debug for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Paper({} bytes)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Paper {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = STANDARD
            .decode(text.as_bytes())
            .map_err(|_| D::Error::custom("应为 base64 编码 it must be base64"))?;
        if bytes.is_empty() || bytes.len() > PAPER_BYTES_MAX {
            let max = PAPER_BYTES_MAX >> 20;
            return Err(D::Error::custom(format!(
                "文件应有内容，且不超过 {max} MiB a document has 1 byte to {max} MiB"
            )));
        }
        Ok(Self(bytes))
    }
}

impl utoipa::PartialSchema for Paper {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.content_encoding("base64").into()
    }
}

impl utoipa::ToSchema for Paper {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with a body is looked at here")]
    struct Inner {
        days: u32,
        paper: Paper,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with a body is looked at here")]
    struct Outer {
        inner: Vec<Inner>,
    }

    fn field(body: &str) -> (String, String) {
        let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
        let (fields, reason) = problem.told();
        let field = fields.first().map(|field| field.field.clone());
        (field.unwrap_or_default(), reason.unwrap().code.clone())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (body, wanted, code) in [
            ("{}", "inner", "missing-field"),
            (
                r#"{"inner":[{"paper":"AA=="}]}"#,
                "inner[0].days",
                "missing-field",
            ),
            (r#"{"inner":[],"other":1}"#, "other", "unknown-field"),
            (
                r#"{"inner":[{"days":"x","paper":"AA=="}]}"#,
                "inner[0].days",
                "wrong-type",
            ),
            (
                r#"{"inner":[{"days":-1,"paper":"AA=="}]}"#,
                "inner[0].days",
                "wrong-value",
            ),
            (
                r#"{"inner":[{"days":1,"paper":"%"}]}"#,
                "inner[0].paper",
                "wrong-value",
            ),
            (
                r#"{"inner":[{"days":1,"paper":""}]}"#,
                "inner[0].paper",
                "wrong-value",
            ),
            (r#"{"inner":[]"#, "", "not-json"),
            (r#"{"inner":[]} x"#, "", "not-json"),
        ] {
            assert_eq!(field(body), (wanted.to_owned(), code.to_owned()), "{body}");
        }
    }
}
