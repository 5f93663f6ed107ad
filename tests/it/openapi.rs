//! What the description of the interface says of itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::window_hall::Hall;

/// The steps of signing in, and what changes nothing. Everything else that is posted names its request.
const WITHOUT_KEY: [&str; 9] = [
    "/api/v1/progress",
    "/api/v1/session",
    "/api/v1/session/code",
    "/api/v1/session/passkey",
    "/api/v1/session/passkey-enrolment",
    "/api/v1/session/password-proof",
    "/api/v1/session/recovery",
    "/api/v1/session/totp",
    "/api/v1/signatures/verification",
];

fn requires_key(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().any(|parameter| {
        parameter["name"] == "Idempotency-Key"
            && parameter["in"] == "header"
            && parameter["required"] == true
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_names_its_request_or_is_a_named_exception() {
    let hall = Hall::open().await;
    let answer = hall.stranger().get("/api/v1/openapi.json").await.ok(200);
    let mut without = BTreeSet::new();
    let mut posts = 0;
    for (path, operations) in answer.body["paths"].as_object().unwrap() {
        let Some(post) = operations.get("post") else {
            continue;
        };
        posts += 1;
        if !requires_key(post) {
            without.insert(path.as_str());
        }
    }
    assert_eq!(without, BTreeSet::from(WITHOUT_KEY));
    assert!(posts > 40, "{posts} operations are posted");
    // The text names the exceptions as the table does.
    let text = answer.body["info"]["description"].as_str().unwrap();
    for path in WITHOUT_KEY {
        let named = match path.starts_with("/api/v1/session") {
            true => "`/api/v1/session` and below".to_owned(),
            false => format!("`{path}`"),
        };
        assert!(text.contains(&named), "{path} in {text}");
    }
}
