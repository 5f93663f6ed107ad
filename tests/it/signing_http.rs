//! Signing keys and what a signature is worth, through the HTTP face.

use counterfoil::domain::Digest;
use counterfoil::people::SecretText;
use counterfoil::people::seal::{SealCost, StaffKey};
use serde_json::json;

use crate::window_client::Client;
use crate::window_hall::Hall;

const MINUTE: i64 = 60_000;

const OWN: &str = "/api/v1/session/signing-key";

/// A key, and the order that enrols it for whoever is signed in.
pub async fn proved(client: &mut Client) -> (StaffKey, serde_json::Value) {
    let key = StaffKey::generate().unwrap();
    let cost = SealCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let sealed = base64(&key.seal(&SecretText::new("482913"), cost).unwrap());
    let public = key.public().to_string();
    let path = format!("{OWN}/challenge?public={public}");
    let asked = client.get(&path).await.ok(200);
    let challenge: Digest = asked.body["challenge"].as_str().unwrap().parse().unwrap();
    let proof = key.sign(&challenge).to_string();
    let order = json!({ "public": public, "proof": proof, "sealed": sealed });
    (key, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_enrolled_by_whoever_holds_it_and_kept_sealed() {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-01").await;
    let mut clerk = hall.signed_in("c001").await;
    let (_, order) = proved(&mut officer).await;
    let mut forged = order.clone();
    forged["proof"] = json!("00".repeat(64));
    let refused = officer
        .send("PUT", OWN, Some(&forged), None, None)
        .await
        .ok(409);
    assert_eq!(refused.reason(), "signature-invalid");
    let mut short = order.clone();
    short["sealed"] = json!("AAAA");
    let refused = officer
        .send("PUT", OWN, Some(&short), None, None)
        .await
        .ok(422);
    assert_eq!(refused.body["fields"][0]["field"], "sealed");
    let enrolled = officer
        .send("PUT", OWN, Some(&order), None, None)
        .await
        .ok(200);
    let again = officer
        .send("PUT", OWN, Some(&order), None, None)
        .await
        .ok(200);
    assert_eq!(again.body["key"], enrolled.body["key"]);
    assert_eq!(
        officer.get(OWN).await.ok(200).body["sealed"],
        order["sealed"]
    );
    clerk.get(OWN).await.ok(404);
    assert_eq!(hall.stranger().get(OWN).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_judged_by_the_key_that_was_in_force_then() {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-01").await;
    let mut clerk = hall.signed_in("c001").await;
    let (key, order) = proved(&mut officer).await;
    let enrolled = officer
        .send("PUT", OWN, Some(&order), None, None)
        .await
        .ok(200);
    let statement = Digest::of("a statement");
    let signature = key.sign(&statement).to_string();
    hall.clock.advance_millis(MINUTE);
    let signed_at = hall.service.counter.clock.now();
    let verification = "/api/v1/signatures/verification";
    let body = json!({ "staff": "scjg-01", "statement": statement, "signature": signature });
    let valid = clerk.post(verification, &body).await.ok(200);
    assert_eq!(
        (
            valid.body["valid"].as_bool(),
            valid.body["verdict"].as_str()
        ),
        (Some(true), Some("valid"))
    );
    assert_eq!(valid.body["name"], "测试人员scjg-01");
    let other = json!({ "staff": "scjg-02", "statement": statement, "signature": signature });
    let other = clerk.post(verification, &other).await.ok(200);
    assert_eq!(
        (
            other.body["valid"].as_bool(),
            other.body["verdict"].as_str()
        ),
        (Some(false), Some("not_theirs"))
    );
    let early = json!({ "staff": "scjg-01", "statement": statement, "signature": signature, "at": "2026-01-01T00:00:00.000Z" });
    assert_eq!(
        clerk.post(verification, &early).await.ok(200).body["verdict"],
        "not_yet_enrolled"
    );

    hall.clock.advance_millis(MINUTE);
    let revoke = json!({ "key": enrolled.body["key"], "reason": "suspicion" });
    officer
        .send("DELETE", OWN, Some(&revoke), None, None)
        .await
        .ok(204);
    assert_eq!(
        clerk.post(verification, &body).await.ok(200).body["verdict"],
        "revoked"
    );
    let before = json!({ "staff": "scjg-01", "statement": statement, "signature": signature, "at": signed_at });
    assert_eq!(
        clerk.post(verification, &before).await.ok(200).body["verdict"],
        "valid"
    );
    let keys = clerk
        .get("/api/v1/staff/scjg-01/signing-keys")
        .await
        .ok(200);
    assert!(keys.body[0]["revoked"].is_string());
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
