//! Signing keys: sealed under a PIN, enrolled with a proof, and signatures that hold as of a fact.

use counterfoil::domain::staff::{RevocationReason, SignatureBytes, SignatureFault, StaffRefusal};
use counterfoil::domain::{Digest, SigningKeyId, StaffId};
use counterfoil::people::seal::{SealCost, StaffKey};
use counterfoil::people::{People, PeopleError, SecretText, SignedIn};

use crate::people_support::{ADDRESS, App, Hall, MINUTE, officer};

/// An officer who is in, with an app and a key that is not enrolled yet.
struct Officer {
    hall: Hall,
    id: StaffId,
    app: App,
    session: SignedIn,
    key: StaffKey,
    sealed: Vec<u8>,
}

const PIN: &str = "482913";

impl Officer {
    async fn new() -> Self {
        let hall = Hall::new().await;
        let (id, app, session) = hall.enrol_with_app("o001", &[officer("market")]).await;
        let key = StaffKey::generate().unwrap();
        let cost = SealCost {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        };
        let sealed = key.seal(&SecretText::new(PIN), cost).unwrap();
        Self {
            hall,
            id,
            app,
            session,
            key,
            sealed,
        }
    }

    async fn enrol(&self, proof: &SignatureBytes) -> Result<SigningKeyId, PeopleError> {
        let (public, sealed) = (self.key.public(), Some(self.sealed.as_slice()));
        self.hall
            .people
            .enrol_signing_key(&self.session.token, &public, proof, sealed)
            .await
    }

    fn challenge(&self) -> Digest {
        People::enrolment_challenge(&self.id, &self.key.public())
    }

    fn size(&self) -> u64 {
        *self.hall.ledger.published().borrow()
    }

    async fn verify(
        &self,
        manifest: &Digest,
        signature: &SignatureBytes,
        index: u64,
    ) -> Result<SigningKeyId, PeopleError> {
        let people = &self.hall.people;
        people
            .verify_signature(&self.id, manifest, signature, index)
            .await
    }
}

fn is_fault<T>(result: Result<T, PeopleError>, fault: SignatureFault) -> bool {
    matches!(result, Err(PeopleError::Signature(found)) if found == fault)
}

#[tokio::test]
async fn a_key_is_enrolled_by_whoever_holds_it() {
    let officer = Officer::new().await;
    let other = StaffKey::generate().unwrap();
    let foreign = other.sign(&officer.challenge());
    assert!(is_fault(
        officer.enrol(&foreign).await,
        SignatureFault::Invalid
    ));
    let name = officer
        .enrol(&officer.key.sign(&officer.challenge()))
        .await
        .unwrap();
    let token = &officer.session.token;
    let (found, public, kept) = officer.hall.people.own_signing_key(token).await.unwrap();
    assert_eq!((found, public), (name, officer.key.public()));
    // The browser opens what the server keeps, and signs.
    let opened = StaffKey::unseal(&kept.unwrap(), &public, &SecretText::new(PIN)).unwrap();
    let manifest = Digest::of("a hand-over");
    assert_eq!(opened.sign(&manifest), officer.key.sign(&manifest));
    let second = officer.enrol(&officer.key.sign(&officer.challenge())).await;
    assert!(matches!(
        second,
        Err(PeopleError::Refused(StaffRefusal::KeyKnown))
    ));
    assert_eq!(
        officer.hall.records("o001").await,
        4,
        "name, password, app, key"
    );
}

#[tokio::test]
async fn a_signature_holds_as_of_the_fact_it_was_made_at() {
    let officer = Officer::new().await;
    let before = officer.size();
    let name = officer
        .enrol(&officer.key.sign(&officer.challenge()))
        .await
        .unwrap();
    let manifest = Digest::of("a hand-over");
    let signature = officer.key.sign(&manifest);
    let size = officer.size();
    assert_eq!(
        officer.verify(&manifest, &signature, size).await.unwrap(),
        name
    );
    let early = officer.verify(&manifest, &signature, before - 1).await;
    assert!(is_fault(early, SignatureFault::NoKey));
    let altered = officer
        .verify(&Digest::of("another"), &signature, size)
        .await;
    assert!(is_fault(altered, SignatureFault::Invalid));
    let foreign = StaffKey::generate().unwrap().sign(&manifest);
    let foreign = officer.verify(&manifest, &foreign, size).await;
    assert!(is_fault(foreign, SignatureFault::Invalid));
    let mut bytes = *signature.as_bytes();
    bytes[10] ^= 1;
    let bent = SignatureBytes::from_bytes(bytes);
    let bent = officer.verify(&manifest, &bent, size).await;
    assert!(is_fault(bent, SignatureFault::Invalid));
}

/// The PIN is forgotten: what was signed stays signed, and nothing further is.
#[tokio::test]
async fn a_revoked_key_signs_no_more_and_what_it_signed_stands() {
    let officer = Officer::new().await;
    let name = officer
        .enrol(&officer.key.sign(&officer.challenge()))
        .await
        .unwrap();
    let manifest = Digest::of("a hand-over");
    let signature = officer.key.sign(&manifest);
    let size = officer.size();
    officer.hall.advance(11 * MINUTE);
    let people = &officer.hall.people;
    let reason = RevocationReason::PinForgotten;
    let token = &officer.session.token;
    let stale = people.revoke_signing_key(token, &name, reason).await;
    assert!(matches!(stale, Err(PeopleError::StepUpNeeded)));
    let code = officer.app.code(officer.hall.now());
    let fresh = people.show_code(token, &code, ADDRESS).await.unwrap();
    let token = &fresh.token;
    people
        .revoke_signing_key(token, &name, reason)
        .await
        .unwrap();
    assert!(officer.verify(&manifest, &signature, size).await.is_ok());
    let late = officer.verify(&manifest, &signature, officer.size()).await;
    assert!(is_fault(late, SignatureFault::NoKey));
    let again = people.revoke_signing_key(token, &name, reason).await;
    assert!(matches!(
        again,
        Err(PeopleError::Refused(StaffRefusal::KeyUnknown))
    ));
    let own = people.own_signing_key(token).await;
    assert!(matches!(own, Err(PeopleError::NotFound)));
}
