//! A department without accounts signs and stamps on paper (线下签收): its sheet is scanned, bound to what was found, and
//! witnessed by the hall.

use counterfoil::domain::Digest;
use counterfoil::domain::custody::WitnessStatement;
use serde_json::{Value, json};

use crate::package_http::sealed;
use crate::paper_http::{Person, department, holders, id, site};
use crate::support::tiny_scan;
use crate::window_hall::Hall;

fn digest(value: &Value) -> Digest {
    value.as_str().unwrap().parse().unwrap()
}

impl Person {
    /// Binds a scanned sheet to an outcome, as its witness.
    fn witness(&self, outcome: &Value, sheet: &Digest) -> Value {
        let statement = WitnessStatement {
            statement: digest(outcome),
            captured: *sheet,
        };
        self.sign(&json!(statement.digest()))
    }
}

/// Scans a sheet; its digest.
async fn scanned_sheet(clerk: &mut Person, seed: u64) -> Digest {
    let bytes = tiny_scan(seed);
    let digest = Digest::of(&bytes);
    let upload = format!("/api/v1/scans/{digest}");
    assert_eq!(clerk.client.upload(&upload, bytes).await, 202);
    digest
}

#[tokio::test(flavor = "multi_thread")]
async fn art_08_5_a_stamped_sheet_is_bound_to_what_was_found_and_witnessed() {
    let hall = Hall::open().await;
    let (mut clerk, _, numbers, path) = sealed(&hall).await;
    let mut other = Person::new(&hall, "c002").await;
    let mut officer = hall.signed_in("scjg-02").await;
    let cases = numbers
        .iter()
        .map(|number| format!("/api/v1/cases/{number}"));
    let cases: Vec<String> = cases.collect();
    let round = path.rsplit('/').next().unwrap();
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    let slip_path = format!("/api/v1/slips/{slip}");
    let outcomes = format!("{slip_path}/outcomes");
    // The department wrote on the sheet that one paper was not there.
    let found = json!([{ "case": numbers[2], "no": 5, "found": "missing" }]);
    let written = json!({ "scanned": numbers, "found": found, "stamped": true });
    let made = clerk.client.post(&outcomes, &written).await.ok(200).body;
    assert!(made["outcome"]["to"].get("staff").is_none(), "{made}");
    let of_sheet = Digest::of(tiny_scan(77));
    let order = |outcome: &Value, by: Value, sheet: &Digest| {
        let receipt = json!({ "type": "stamped", "sheet": sheet, "witness": by });
        json!({ "outcome": outcome["outcome"], "receipt": receipt })
    };
    // A sheet that nobody scanned is no sheet.
    let by = clerk.witness(&made["digest"], &of_sheet);
    let unscanned = order(&made, by.clone(), &of_sheet);
    let refused = clerk.client.act(&slip_path, "receipt", &unscanned).await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    scanned_sheet(&mut clerk, 77).await;
    // Nor may the witness be of another site, sign for another sheet, or for another outcome.
    let foreign = order(&made, other.witness(&made["digest"], &of_sheet), &of_sheet);
    other
        .client
        .act(&slip_path, "receipt", &foreign)
        .await
        .ok(404);
    let of_second = scanned_sheet(&mut clerk, 78).await;
    let swapped = order(&made, by.clone(), &of_second);
    let refused = clerk.client.act(&slip_path, "receipt", &swapped).await;
    assert_eq!(refused.ok(409).reason(), "bad-signature");
    let whole = json!({ "scanned": numbers, "stamped": true });
    let all_there = clerk.client.post(&outcomes, &whole).await.ok(200).body;
    let turned = order(&all_there, by.clone(), &of_sheet);
    let refused = clerk.client.act(&slip_path, "receipt", &turned).await;
    assert_eq!(refused.ok(409).reason(), "bad-signature");
    // The department's people sign with their own keys or not at all.
    let good = order(&made, by, &of_sheet);
    let theirs = officer.act(&slip_path, "receipt", &good).await;
    assert!(!theirs.status.is_success(), "{}", theirs.body);
    let received = clerk.client.act(&slip_path, "receipt", &good).await.ok(200);
    assert_eq!(received.body["standing"], "received_with_discrepancy");
    let taken = holders(&mut clerk.client, &cases[0]).await;
    assert!(taken.iter().all(|holder| holder == "SCJG:-"), "{taken:?}");
    let kept = holders(&mut clerk.client, &cases[2]).await;
    assert_eq!(
        kept[4], "YLZX:c001",
        "what was not there stays with the giver"
    );
    let shown = clerk.client.get(&path).await.ok(200).body;
    assert_eq!(shown["stage"], "done");
    let (counter, subject) = (hall.app.counter(), format!("slip/{slip}").parse().unwrap());
    let facts = counter.history(&subject).await.unwrap();
    let last = facts.last().unwrap();
    let text = String::from_utf8(last.bytes.to_vec()).unwrap();
    assert!(text.contains(&of_sheet.to_string()), "{text}");
}
