//! The description of the interface, OpenAPI 3.1, generated from the handlers themselves and served at
//! `/api/v1/openapi.json`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::problem::{PROBLEM_JSON, ProblemBody};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Counterfoil 存根",
        description = "综合窗口办件、材料与扫描件接口。\n\nEvery POST carries an `Idempotency-Key`, and sent again under the same key it does nothing a second time. Only two kinds go without: the steps of signing in (`/api/v1/session` and below), because a code counts once and to repeat an answer would mean to keep a session's token, and what changes nothing (`/api/v1/progress`, `/api/v1/signatures/verification`).\n\nOutside `/api/v1/session`, whose password, factors and signing key are the person's own, every change of something that exists carries `If-Match` with the ETag of the last answer about it. Errors are `application/problem+json` with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    modifiers(&Doors)
)]
struct Description;

/// How a caller is known.
struct Doors;

impl Modify for Doors {
    fn modify(&self, api: &mut OpenApi) {
        let components = api.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            super::door::SESSION_COOKIE,
            "a person's session, made by signing in",
        ));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("a station's token, limited to its site"))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// What every description begins with.
pub fn beginning() -> OpenApi {
    Description::openapi()
}

/// Says for every operation that whatever is not listed is a problem.
pub fn with_problems(mut api: OpenApi) -> OpenApi {
    let problem = Ref::from_schema_name("Problem");
    let response = ResponseBuilder::new()
        .description("出错 a problem")
        .content(PROBLEM_JSON, Content::new(Some(RefOr::Ref(problem))))
        .build();
    for item in api.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            operation
                .responses
                .responses
                .insert("default".to_owned(), RefOr::T(response.clone()));
        }
    }
    api
}

/// `GET /api/v1/openapi.json`.
pub async fn show(State(api): State<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], api).into_response()
}
