//! Decisions about people: each refusal by its name, and laws that hold over any history.

use counterfoil::domain::access::{Grant, Role};
use counterfoil::domain::staff::{
    self, Enrolment, FactorKind, LockReason, Proof, PublicKey, RevocationReason, Roll,
    SignInMethod, StaffEvent, StaffRefusal, StaffState, Token, fold,
};
use counterfoil::domain::{
    Actor, Commitment, Digest, Event, Fact, FactorId, SigningKeyId, SiteCode, StaffId, Subject,
    Timestamp, TokenId,
};
use ed25519_dalek::SigningKey;

use crate::people_support::{HOUR, administrator, clerk, staff};

fn commitment(text: &str) -> Commitment {
    Commitment(Digest::of(text))
}

pub fn operator() -> Actor {
    Actor::new("cli:operator").unwrap()
}

fn enrolment(id: &str, grants: &[Grant]) -> Enrolment {
    Enrolment {
        staff: staff(id),
        profile: commitment("name"),
        credential: Some(commitment("password")),
        temporary: false,
        grants: grants.to_vec(),
    }
}

fn folded(facts: &[Fact], id: &str) -> Option<StaffState> {
    let subject = Subject::Staff(staff(id));
    let own = facts.iter().filter(|fact| fact.subject == subject);
    fold(own.map(|fact| &fact.event))
}

pub fn someone(grants: &[Grant]) -> StaffState {
    let facts = staff::enrol(&Roll::default(), None, &enrolment("c001", grants)).unwrap();
    folded(&facts, "c001").unwrap()
}

#[test]
fn the_three_administrators_are_made_once_and_are_three() {
    let three = [
        enrolment("sys", &[]),
        enrolment("sec", &[]),
        enrolment("aud", &[]),
    ];
    let facts = staff::initialise(&Roll::default(), &three).unwrap();
    let roll = Roll::of_hall(facts.iter().map(|fact| &fact.event));
    assert_eq!(roll.members(), [staff("sys"), staff("sec"), staff("aud")]);
    for (id, role) in ["sys", "sec", "aud"].iter().zip(Role::ADMINISTRATORS) {
        let state = folded(&facts, id).unwrap();
        assert_eq!(state.grants, [administrator(role)]);
        assert!(state.needs_second_factor(false));
    }
    let again = staff::initialise(&roll, &three);
    assert_eq!(again, Err(StaffRefusal::AlreadyInitialised));
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        let mut two = three.clone();
        two[one].staff = two[other].staff.clone();
        let refused = staff::initialise(&Roll::default(), &two);
        assert_eq!(refused, Err(StaffRefusal::SamePerson));
    }
}

#[test]
fn an_id_is_used_once_and_can_be_an_actor() {
    let facts = staff::enrol(&Roll::default(), None, &enrolment("c001", &[])).unwrap();
    let roll = Roll::of_hall(facts.iter().map(|fact| &fact.event));
    let state = folded(&facts, "c001");
    let again = staff::enrol(&roll, state.as_ref(), &enrolment("c001", &[]));
    assert_eq!(again, Err(StaffRefusal::AlreadyEnrolled));
    let listed = staff::enrol(&roll, None, &enrolment("c001", &[]));
    assert_eq!(listed, Err(StaffRefusal::AlreadyEnrolled));
    let upper = staff::enrol(&Roll::default(), None, &enrolment("C001", &[]));
    assert_eq!(upper, Err(StaffRefusal::BadStaffId));
    let actor = staff::actor_of(&staff("c001")).unwrap();
    assert_eq!(staff::staff_of(&actor), Some(staff("c001")));
    assert_eq!(staff::staff_of(&operator()), None);
}

#[test]
fn leaving_hands_everything_on_and_ends_everything() {
    let id = staff("c001");
    let mut state = someone(&[clerk("a")]);
    state.took_over = vec![staff("c000")];
    let heir = someone(&[clerk("a")]);
    let to = staff("c002");
    let leave = |to: &StaffId, heir: Option<&StaffState>| {
        staff::offboard(&id, Some(&state), to, heir, &[], &operator())
    };
    assert_eq!(leave(&to, None), Err(StaffRefusal::NoSuccessor));
    assert_eq!(leave(&id, Some(&state)), Err(StaffRefusal::NoSuccessor));
    let mut locked = heir.clone();
    locked.locked = true;
    assert_eq!(leave(&to, Some(&locked)), Err(StaffRefusal::NoSuccessor));
    let facts = leave(&to, Some(&heir)).unwrap();
    let taken: Vec<&StaffEvent> = facts
        .iter()
        .filter_map(|fact| match &fact.event {
            Event::Staff { event } if fact.subject == Subject::Staff(to.clone()) => Some(event),
            _ => None,
        })
        .collect();
    let took = |from: &str| StaffEvent::TookOver { from: staff(from) };
    assert_eq!(taken, [&took("c000"), &took("c001")]);
    let by = &operator();
    let mut gone = state.clone();
    gone.successor = Some(to.clone());
    let gone = Some(&gone);
    let refusals = [
        staff::assign(&id, gone, clerk("b"), by).unwrap_err(),
        staff::lock(&id, gone, LockReason::Absence, by).unwrap_err(),
        staff::sign_in(&id, gone, SignInMethod::Password, None).unwrap_err(),
        staff::change_password(&id, gone, commitment("x")).unwrap_err(),
        staff::offboard(&id, gone, &to, Some(&heir), &[], by).unwrap_err(),
        staff::change_profile(&id, gone, commitment("x")).unwrap_err(),
        staff::link_single_sign_on(&id, gone, commitment("x")).unwrap_err(),
    ];
    assert!(
        refusals
            .iter()
            .all(|refusal| *refusal == StaffRefusal::HasLeft)
    );
}

#[test]
fn a_code_is_accepted_once_and_a_copied_key_is_noticed() {
    let id = staff("c001");
    let proof = |factor: &str, mark| Proof {
        factor: FactorId::new(factor).unwrap(),
        mark,
    };
    let state = someone(&[]);
    let enrol = |state: &StaffState, factor: &str, kind| {
        staff::enrol_factor(&id, Some(state), &proof(factor, 10), kind, commitment("s"))
    };
    let with = |state: &StaffState, facts: &[Fact]| {
        let enrolled = Event::Staff {
            event: StaffEvent::Enrolled {
                profile: state.profile,
                credential: state.credential,
                temporary: false,
            },
        };
        let events: Vec<&Event> = std::iter::once(&enrolled)
            .chain(facts.iter().map(|fact| &fact.event))
            .collect();
        fold(events).unwrap()
    };
    let mut facts = enrol(&state, "app", FactorKind::Totp).unwrap();
    let one = with(&state, &facts);
    let again = enrol(&one, "app", FactorKind::Totp);
    assert_eq!(again, Err(StaffRefusal::FactorKnown));
    let use_it =
        |state: &StaffState, mark| staff::use_factor(&id, Some(state), &proof("app", mark));
    assert_eq!(use_it(&one, 10), Err(StaffRefusal::FactorReplayed));
    assert_eq!(use_it(&one, 9), Err(StaffRefusal::FactorReplayed));
    facts.extend(use_it(&one, 11).unwrap());
    let two = with(&state, &facts);
    assert_eq!(use_it(&two, 11), Err(StaffRefusal::FactorReplayed));
    assert!(use_it(&two, 12).is_ok());
    let unknown = staff::use_factor(&id, Some(&two), &proof("key", 12));
    assert_eq!(unknown, Err(StaffRefusal::FactorUnknown));
    let bare = staff::sign_in(&id, Some(&two), SignInMethod::Password, None);
    assert_eq!(bare, Err(StaffRefusal::FactorMissing));
    // A passkey without a count shows 0 for ever; one with a count must move.
    let key = staff::enrol_factor(
        &id,
        Some(&state),
        &proof("key", 0),
        FactorKind::Passkey,
        commitment("k"),
    );
    let keyed = with(&state, &key.unwrap());
    assert!(staff::use_factor(&id, Some(&keyed), &proof("key", 0)).is_ok());
    assert!(staff::use_factor(&id, Some(&keyed), &proof("key", 5)).is_ok());
    let mut many = state.clone();
    for number in 0..8 {
        let name = format!("f{number}");
        let facts = enrol(&many, &name, FactorKind::Totp).unwrap();
        let added = with(&state, &facts);
        many.factors.extend(added.factors);
    }
    let ninth = enrol(&many, "f9", FactorKind::Totp);
    assert_eq!(ninth, Err(StaffRefusal::TooManyFactors));
}

#[test]
fn a_role_that_needs_a_factor_keeps_the_last_one() {
    let id = staff("c001");
    let factor = FactorId::new("app").unwrap();
    for (grants, everyone, refused) in [
        (vec![], false, false),
        (vec![], true, true),
        (vec![administrator(Role::SystemAdministrator)], false, true),
        (vec![clerk("a")], false, false),
    ] {
        let mut state = someone(&grants);
        state.factors = vec![staff::Factor {
            id: factor.clone(),
            kind: FactorKind::Totp,
            secret: commitment("s"),
            mark: 0,
        }];
        let removed = staff::remove_factor(&id, Some(&state), &factor, everyone);
        let expected = Some(StaffRefusal::LastFactor).filter(|_| refused);
        assert_eq!(removed.err(), expected, "{grants:?} {everyone}");
    }
}

#[test]
fn recovery_is_timely_and_by_another() {
    let id = staff("c001");
    let state = someone(&[]);
    let now = Timestamp::from_millis(1_795_400_000_000);
    let code = commitment("code");
    let issue = |expires: i64, by: &Actor| {
        staff::issue_recovery(&id, Some(&state), code, now.plus_millis(expires), by, now)
    };
    let own = issue(HOUR, &staff::actor_of(&id).unwrap());
    assert_eq!(own, Err(StaffRefusal::OwnAccount));
    assert_eq!(issue(0, &operator()), Err(StaffRefusal::RecoveryExpired));
    let far = issue(8 * 24 * HOUR, &operator());
    assert_eq!(far, Err(StaffRefusal::RecoveryExpired));
    assert!(issue(HOUR, &operator()).is_ok());
    let mut waiting = state.clone();
    waiting.recovery = Some(staff::Recovery {
        code,
        expires: now.plus_millis(HOUR),
    });
    let recover = |state: &StaffState, code, at| {
        staff::use_recovery(&id, Some(state), code, commitment("p"), at)
    };
    assert_eq!(recover(&state, code, now), Err(StaffRefusal::NoRecovery));
    let other = recover(&waiting, commitment("older"), now);
    assert_eq!(other, Err(StaffRefusal::NoRecovery));
    let late = recover(&waiting, code, now.plus_millis(HOUR));
    assert_eq!(late, Err(StaffRefusal::RecoveryExpired));
    let in_time = recover(&waiting, code, now.plus_millis(HOUR - 1));
    assert!(in_time.is_ok());
}

#[test]
fn one_sound_signing_key_at_a_time() {
    let id = staff("c001");
    let mut state = someone(&[]);
    let public = |seed| {
        PublicKey::from_bytes(
            SigningKey::from_bytes(&[seed; 32])
                .verifying_key()
                .to_bytes(),
        )
    };
    let name = |text: &str| SigningKeyId::new(text).unwrap();
    let enrol = |state: &StaffState, key: &str, public| {
        staff::enrol_key(&id, Some(state), name(key), public, None)
    };
    assert_eq!(
        enrol(&state, "k1", PublicKey::from_bytes([0; 32])),
        Err(StaffRefusal::WeakKey)
    );
    let mut neutral = [0u8; 32];
    neutral[0] = 1;
    assert_eq!(
        enrol(&state, "k1", PublicKey::from_bytes(neutral)),
        Err(StaffRefusal::WeakKey)
    );
    assert!(enrol(&state, "k1", public(1)).is_ok());
    state.keys = vec![staff::SigningKey {
        id: name("k1"),
        public: public(1),
        sealed: None,
        revoked: false,
    }];
    assert_eq!(
        enrol(&state, "k2", public(2)),
        Err(StaffRefusal::KeyInForce)
    );
    let revoke = |state: &StaffState, key: &str| {
        staff::revoke_key(&id, Some(state), &name(key), RevocationReason::PinForgotten)
    };
    assert_eq!(revoke(&state, "k2"), Err(StaffRefusal::KeyUnknown));
    assert!(revoke(&state, "k1").is_ok());
    state.keys[0].revoked = true;
    assert_eq!(revoke(&state, "k1"), Err(StaffRefusal::KeyUnknown));
    assert_eq!(enrol(&state, "k2", public(1)), Err(StaffRefusal::KeyKnown));
    assert_eq!(enrol(&state, "k1", public(2)), Err(StaffRefusal::KeyKnown));
    assert!(enrol(&state, "k2", public(2)).is_ok());
}

#[test]
fn tokens_have_one_name_and_an_end() {
    let id = staff("c001");
    let state = someone(&[]);
    let now = Timestamp::from_millis(1_795_400_000_000);
    let token = |expires| Token {
        id: TokenId::new("t1").unwrap(),
        secret: Digest::of("secret"),
        site: SiteCode::new("a").unwrap(),
        expires: now.plus_millis(expires),
    };
    let issue =
        |state: &StaffState, expires| staff::issue_token(&id, Some(state), token(expires), now);
    assert_eq!(issue(&state, 0), Err(StaffRefusal::BadExpiry));
    assert_eq!(issue(&state, 401 * 24 * HOUR), Err(StaffRefusal::BadExpiry));
    assert!(issue(&state, HOUR).is_ok());
    let mut held = state.clone();
    held.tokens = vec![token(HOUR)];
    assert_eq!(issue(&held, HOUR), Err(StaffRefusal::TokenKnown));
    let name = TokenId::new("t1").unwrap();
    assert!(staff::revoke_token(&id, Some(&held), &name).is_ok());
    let unknown = staff::revoke_token(&id, Some(&state), &name);
    assert_eq!(unknown, Err(StaffRefusal::TokenUnknown));
}

#[test]
fn locks_and_links_are_told_apart() {
    let id = staff("c001");
    let state = someone(&[]);
    let mut locked = state.clone();
    locked.locked = true;
    let lock = |state| staff::lock(&id, Some(state), LockReason::Suspicion, &operator());
    let unlock = |state| staff::unlock(&id, Some(state), &operator());
    assert!(lock(&state).is_ok() && unlock(&locked).is_ok());
    assert_eq!(lock(&locked), Err(StaffRefusal::IsLocked));
    assert_eq!(unlock(&state), Err(StaffRefusal::NotLocked));
    let entered = staff::sign_in(&id, Some(&locked), SignInMethod::Password, None);
    assert_eq!(entered, Err(StaffRefusal::IsLocked));
    let unlinked = staff::unlink_single_sign_on(&id, Some(&state));
    assert_eq!(unlinked, Err(StaffRefusal::NotLinked));
}

#[test]
fn refusals_have_codes_words_and_fields() {
    let mut codes: Vec<&str> = StaffRefusal::ALL.iter().map(|one| one.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), StaffRefusal::ALL.len());
    for refusal in StaffRefusal::ALL {
        let text = refusal.to_string();
        assert!(text.contains(refusal.zh()) && text.contains(refusal.en()));
        assert!(
            refusal
                .code()
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '-')
        );
    }
}
