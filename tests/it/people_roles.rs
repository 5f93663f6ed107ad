//! Roles: where they hold, which of them one person may combine, and who must stay.

use counterfoil::domain::access::{Grant, Role, Scope, conflict};
use counterfoil::domain::staff::{self, StaffRefusal, StaffState};

use crate::people_staff::{operator, someone};
use crate::people_support::{administrator, clerk, officer, staff};
use crate::support::Random;

#[test]
fn roles_fit_their_places_and_never_conflict() {
    let state = someone(&[clerk("a")]);
    let id = staff("c001");
    let refuse = |grant: Grant| staff::assign(&id, Some(&state), grant, &operator());
    assert!(refuse(officer("market")).is_ok());
    assert_eq!(refuse(clerk("a")), Err(StaffRefusal::RoleHeld));
    let misplaced = Grant {
        role: Role::Clerk,
        scope: Scope::Hall,
    };
    assert_eq!(refuse(misplaced), Err(StaffRefusal::RoleDoesNotFit));
    let station = Grant {
        role: Role::Station,
        scope: clerk("a").scope,
    };
    assert_eq!(refuse(station), Err(StaffRefusal::RoleDoesNotFit));
    for role in Role::ADMINISTRATORS.into_iter().chain([Role::Auditor]) {
        let refused = refuse(administrator(role));
        assert_eq!(refused, Err(StaffRefusal::RolesConflict), "{role:?}");
    }
    let himself = staff::actor_of(&id).unwrap();
    let own = staff::assign(&id, Some(&state), clerk("b"), &himself);
    assert_eq!(own, Err(StaffRefusal::OwnAccount));
    let unknown = staff::assign(&id, None, clerk("b"), &operator());
    assert_eq!(unknown, Err(StaffRefusal::Unknown));
    let absent = staff::remove(&id, Some(&state), clerk("b"), &[], &operator());
    assert_eq!(absent, Err(StaffRefusal::RoleNotHeld));
}

#[test]
fn the_last_administrator_of_a_kind_stays() {
    let grant = administrator(Role::SecurityAdministrator);
    let state = someone(std::slice::from_ref(&grant));
    let heir = someone(&[clerk("a")]);
    let id = staff("c001");
    let remove = |others: &[&StaffState]| {
        staff::remove(&id, Some(&state), grant.clone(), others, &operator())
    };
    let offboard = |others: &[&StaffState]| {
        let to = staff("c002");
        staff::offboard(&id, Some(&state), &to, Some(&heir), others, &operator())
    };
    assert_eq!(remove(&[]), Err(StaffRefusal::LastAdministrator));
    assert_eq!(offboard(&[&heir]), Err(StaffRefusal::LastAdministrator));
    let mut locked = state.clone();
    locked.locked = true;
    assert_eq!(remove(&[&locked]), Err(StaffRefusal::LastAdministrator));
    assert!(remove(&[&state]).is_ok());
    assert!(offboard(&[&state]).is_ok());
}

/// Any sequence of roles given and taken leaves nobody with roles that conflict, fits every role to its place, and
/// never takes the hall's last administrator of a kind.
#[test]
fn no_sequence_of_roles_breaks_the_separation() {
    let seed = 20_261_123;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let scopes = [clerk("a").scope, officer("market").scope, Scope::Hall];
    let mut people = vec![
        someone(&[administrator(Role::SystemAdministrator)]),
        someone(&[administrator(Role::SecurityAdministrator)]),
        someone(&[administrator(Role::AuditAdministrator)]),
        someone(&[]),
        someone(&[]),
    ];
    let (mut given, mut taken) = (0, 0);
    for _ in 0..20_000 {
        let place = random.below(people.len() as u64) as usize;
        let role = Role::ALL[random.below(Role::ALL.len() as u64) as usize];
        let scope = scopes[random.below(3) as usize].clone();
        let grant = Grant { role, scope };
        let state = people[place].clone();
        let others: Vec<StaffState> = people.clone();
        let colleagues: Vec<&StaffState> = others
            .iter()
            .enumerate()
            .filter(|(number, _)| *number != place)
            .map(|(_, state)| state)
            .collect();
        let id = staff("c001");
        if random.below(2) == 0 {
            if staff::assign(&id, Some(&state), grant.clone(), &operator()).is_ok() {
                people[place].grants.push(grant);
                given += 1;
            }
        } else if staff::remove(&id, Some(&state), grant.clone(), &colleagues, &operator()).is_ok()
        {
            people[place].grants.retain(|held| *held != grant);
            taken += 1;
        }
        for state in &people {
            for one in &state.grants {
                assert!(one.role.fits(&one.scope) && one.role != Role::Station);
                let alone = state
                    .grants
                    .iter()
                    .all(|other| !conflict(one.role, other.role));
                assert!(alone, "seed {seed}: {:?}", state.grants);
            }
        }
        for role in Role::ADMINISTRATORS {
            let held = people.iter().any(|state| state.holds(role));
            assert!(held, "seed {seed}: nobody is {role:?}");
        }
    }
    assert!(given > 200 && taken > 200, "{given} given, {taken} taken");
}
