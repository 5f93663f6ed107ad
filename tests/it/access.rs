//! Who may do what, stated cell by cell a second time, in another form and by hand: a line an action, and on it every
//! role that may do something or see anything. A role or an action without its cells fails.
//!
//! Roles: C clerk, O department officer, R chief representative, A archivist, V supervisor, U auditor, s system, e
//! security and t audit administrator, T station. Marks: `+` allowed at the own place and hidden elsewhere, `*` allowed
//! everywhere, `!` allowed at the own place and denied elsewhere, `-` denied at the own place and hidden elsewhere, `=`
//! denied everywhere, `.` hidden everywhere.

use counterfoil::domain::access::{Action, Grant, Role, Scope, Target, Verdict, allows, conflict};
use counterfoil::domain::{DepartmentCode, SiteCode};

const EXPECTED: &str = "
open_visit              C+ O- R- A- V- U- s. e. t. T.
log_consultation        C+ O- R- A- V- U- s. e. t. T.
answer_consultation     C- O+ R+ A- V- U- s. e. t. T.
refer                   C+ O- R- A- V- U- s. e. t. T.
open_case               C+ O- R- A- V- U- s. e. t. T.
import_case             C+ O- R- A- V- U- s. e. t. T.
enter_late              C+ O- R- A- V+ U- s. e. t. T.
list_cases              C+ O+ R+ A+ V+ U+ s. e. t. T.
read_case               C+ O+ R+ A+ V+ U+ s. e. t. T.
reveal_personal         C+ O+ R+ A- V+ U- s. e. t. T.
follow_case             C+ O+ R+ A+ V+ U+ s. e. t. T.
record_material         C+ O- R- A- V- U- s. e. t. T.
issue_receipt           C+ O- R- A- V- U- s. e. t. T.
defer_material          C+ O- R- A- V- U- s. e. t. T.
issue_correction        C+ O- R- A- V- U- s. e. t. T.
escalate_correction     C- O- R- A- V+ U- s. e. t. T.
dispatch                C+ O- R- A- V- U- s. e. t. T.
review                  C- O+ R+ A- V- U- s. e. t. T.
refuse_acceptance       C- O+ R+ A- V- U- s. e. t. T.
start_special_procedure C- O+ R+ A- V- U- s. e. t. T.
complete_co_task        C- O+ R+ A- V- U- s. e. t. T.
decide                  C- O+ R+ A- V- U- s. e. t. T.
push_result             C- O+ R+ A- V- U- s. e. t. T.
make_certificate        C+ O- R- A- V- U- s. e. t. T.
receive_result          C+ O- R- A- V- U- s. e. t. T.
issue_result            C+ O- R- A- V- U- s. e. t. T.
mail_result             C+ O- R- A- V- U- s. e. t. T.
withdraw_case           C+ O- R- A- V- U- s. e. t. T.
void_case               C- O- R- A- V+ U- s. e. t. T.
terminate_case          C- O+ R+ A- V- U- s. e. t. T.
return_paper            C+ O- R- A+ V- U- s. e. t. T.
record_rating           C+ O- R- A- V- U- s. e. t. T.
handle_rating           C- O+ R+ A- V+ U- s. e. t. T.
file_complaint          C+ O- R- A- V+ U- s. e. t. T.
handle_complaint        C- O+ R+ A- V+ U- s. e. t. T.
inspect                 C- O- R- A- V+ U+ s. e. t. T.
rectify                 C+ O+ R+ A+ V+ U- s. e. t. T.
use_blank               C+ O- R- A- V- U- s. e. t. T.
manage_blanks           C- O- R- A+ V+ U- s. e. t. T.
print_form              C+ O+ R+ A+ V+ U- s. e. t. T.
keep_document           C+ O+ R+ A- V- U- s. e. t. T.
read_paper              C+ O+ R+ A+ V+ U+ s. e. t. T.
hand_over_paper         C+ O+ R+ A+ V+ U- s. e. t. T.
refile                  C+ O- R- A+ V+ U- s. e. t. T.
make_container          C- O- R- A+ V+ U- s. e. t. T.
store_paper             C+ O- R- A+ V+ U- s. e. t. T.
clear_discrepancy       C+ O+ R+ A+ V+ U- s. e. t. T.
open_stocktake          C- O- R- A- V+ U- s. e. t. T.
register_old_file       C+ O- R- A+ V- U- s. e. t. T.
count_paper             C+ O- R- A+ V+ U- s. e. t. T.
report_loss             C+ O+ R+ A+ V+ U- s. e. t. T.
approve_loss            C- O+ R+ A- V+ U- s. e. t. T.
read_transfer           C+ O+ R+ A+ V+ U+ s. e. t. T.
gather_transfer         C+ O- R- A+ V+ U- s. e. t. T.
ask_deferral            C+ O- R- A+ V+ U- s. e. t. T.
consent_deferral        C- O+ R+ A- V- U- s. e. t. T.
approve_deferral        C- O- R- A- V+ U- s. e. t. T.
check_package           C- O+ R+ A- V- U- s. e. t. T.
read_transfer_rate      C- O- R- A- V+ U+ s. e. t. T.
upload_scan             C+ O- R- A+ V- U- s. e. t. T+
read_scan               C+ O+ R+ A+ V+ U+ s. e. t. T.
search                  C+ O+ R+ A+ V+ U+ s. e. t. T.
export                  C- O+ R+ A+ V+ U+ s. e. t. T.
reconcile               C- O+ R+ A- V+ U+ s. e. t. T.
erase_case              C- O- R- A- V+ U- s. e. t. T.
read_load               C! O= R= A= V! U! s= e= t= T.
read_catalogue          C* O* R* A* V* U* s* e* t* T.
propose_item            C= O! R! A= V! U= s= e= t= T.
import_catalogue        C= O= R= A= V! U= s= e= t= T.
publish_item            C= O= R= A= V! U= s= e= t= T.
withdraw_item           C= O= R= A= V! U= s= e= t= T.
manage_authorisations   C= O= R= A= V! U= s= e= t= T.
manage_departments      C= O= R= A= V! U= s* e= t= T.
manage_sites            C= O= R= A= V! U= s* e= t= T.
extend_calendar         C= O= R= A= V= U= s* e= t= T.
manage_templates        C= O= R= A= V= U= s* e= t= T.
read_staff              C* O* R* A* V* U* s* e* t* T.
read_accounts           C= O= R= A= V= U= s* e* t* T.
manage_staff            C= O= R= A= V= U= s* e= t= T.
assign_roles            C= O= R= A= V= U= s= e* t= T.
reset_account           C= O= R= A= V= U= s= e* t= T.
issue_token             C= O= R= A= V= U= s= e* t= T.
manage_keys             C= O= R= A= V= U= s= e* t= T.
manage_witnesses        C= O= R= A= V= U= s= e* t= T.
hand_in_cosignature     C= O* R* A= V* U* s= e= t= T.
read_witnesses          C* O* R* A* V* U* s* e* t* T.
maintain                C= O= R= A= V= U= s* e= t= T.
read_audit              C= O= R= A= V= U! s= e= t* T.
";

fn letter(role: Role) -> char {
    match role {
        Role::Clerk => 'C',
        Role::DepartmentOfficer => 'O',
        Role::ChiefRepresentative => 'R',
        Role::Archivist => 'A',
        Role::Supervisor => 'V',
        Role::Auditor => 'U',
        Role::SystemAdministrator => 's',
        Role::SecurityAdministrator => 'e',
        Role::AuditAdministrator => 't',
        Role::Station => 'T',
    }
}

fn verdicts(mark: char) -> (Verdict, Verdict) {
    use Verdict::{Allowed, Denied, Hidden};
    match mark {
        '+' => (Allowed, Hidden),
        '*' => (Allowed, Allowed),
        '!' => (Allowed, Denied),
        '-' => (Denied, Hidden),
        '=' => (Denied, Denied),
        '.' => (Hidden, Hidden),
        other => panic!("no such mark: {other}"),
    }
}

fn site(code: &str) -> SiteCode {
    SiteCode::new(code).unwrap()
}

fn department(code: &str) -> DepartmentCode {
    DepartmentCode::new(code).unwrap()
}

/// A role at the places A, the narrowest it can hold for. Administrators hold for the hall, where nothing is another's.
fn grant(role: Role) -> Grant {
    let places = [
        Scope::Site { site: site("A") },
        Scope::Department {
            department: department("A"),
        },
        Scope::Hall,
    ];
    let scope = places.into_iter().find(|scope| role.fits(scope)).unwrap();
    Grant { role, scope }
}

fn expected(action: Action, role: Role) -> (Verdict, Verdict) {
    let row = EXPECTED
        .lines()
        .find(|line| line.split_whitespace().next() == Some(action.code()))
        .unwrap_or_else(|| panic!("{} has no row in this test", action.code()));
    let cell = row
        .split_whitespace()
        .skip(1)
        .find(|cell| cell.starts_with(letter(role)))
        .unwrap_or_else(|| panic!("{} has no cell for {role:?}", action.code()));
    assert_eq!(cell.len(), 2, "{row}");
    verdicts(cell.chars().nth(1).unwrap())
}

#[test]
fn every_cell_of_role_action_and_place_is_as_stated() {
    let (site_a, site_b) = (site("A"), site("B"));
    let (of_a, of_b) = ([department("A")], [department("B")]);
    let mut wrong = Vec::new();
    let mut cells = 0;
    for action in Action::ALL {
        let mut line = format!("{:<24}", action.code());
        for role in Role::ALL {
            let (own, other) = expected(*action, *role);
            let grant = grant(*role);
            let found_own = allows([&grant], *action, &Target::case(&site_a, &of_a));
            let elsewhere = Target::case(&site_b, &of_b);
            let found_other = allows([&grant], *action, &elsewhere);
            // Nothing is another's to whoever holds for the whole hall: the cell for it is checked all the same.
            let other = match grant.scope {
                Scope::Hall => own,
                _ => other,
            };
            line.push_str(&format!(" {found_own:?}/{found_other:?}"));
            if (found_own, found_other) != (own, other) {
                wrong.push(format!(
                    "{} {role:?}: {found_own:?}/{found_other:?}",
                    action.code()
                ));
            }
            let cell = counterfoil::domain::access::cell(*role, *action);
            if (cell.own, cell.other) != expected(*action, *role) {
                wrong.push(format!("{} {role:?}: {cell:?}", action.code()));
            }
            cells += 1;
        }
        println!("{line}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, Action::ALL.len() * Role::ALL.len());
    let rows = EXPECTED.lines().filter(|line| !line.is_empty());
    assert_eq!(rows.clone().count(), Action::ALL.len(), "a row too many");
    for row in rows {
        let cells = row.split_whitespace().count() - 1;
        assert_eq!(cells, Role::ALL.len(), "{row}");
    }
}

#[test]
fn a_clerk_of_one_site_does_not_learn_that_another_sites_case_exists() {
    let clerk = grant(Role::Clerk);
    let (other, departments) = (site("B"), [department("A")]);
    let case = Target::case(&other, &departments);
    for action in [Action::ReadCase, Action::IssueReceipt, Action::Review] {
        assert_eq!(allows([&clerk], action, &case), Verdict::Hidden);
    }
    // An officer of a department that handles it sees it at whichever site it was taken.
    let officer = grant(Role::DepartmentOfficer);
    assert_eq!(allows([&officer], Action::Review, &case), Verdict::Allowed);
    assert_eq!(
        allows([&officer], Action::IssueReceipt, &case),
        Verdict::Denied
    );
}

/// If a case is hidden, then so is everything that could be done to it; if it is not, nothing about it is.
#[test]
fn nothing_hidden_answers_and_nothing_seen_is_hidden() {
    let last = Action::ALL
        .iter()
        .position(|action| *action == Action::EraseCase)
        .unwrap();
    for role in Role::ALL {
        let seen = counterfoil::domain::access::cell(*role, Action::ReadCase);
        for action in &Action::ALL[..=last] {
            let cell = counterfoil::domain::access::cell(*role, *action);
            // A station hands scans in and sees nothing.
            if *role == Role::Station && *action == Action::UploadScan {
                continue;
            }
            for (seen, cell) in [(seen.own, cell.own), (seen.other, cell.other)] {
                let hidden = (seen == Verdict::Hidden, cell == Verdict::Hidden);
                assert_eq!(hidden.0, hidden.1, "{role:?} {action:?}");
            }
        }
    }
}

#[test]
fn several_roles_allow_what_any_of_them_allows_and_none_allows_nothing() {
    let (site_a, site_b) = (site("A"), site("B"));
    let clerk_a = grant(Role::Clerk);
    let clerk_b = Grant {
        role: Role::Clerk,
        scope: Scope::Site {
            site: site_b.clone(),
        },
    };
    for place in [&site_a, &site_b] {
        let both = [&clerk_a, &clerk_b];
        let verdict = allows(both, Action::OpenCase, &Target::site(place));
        assert_eq!(verdict, Verdict::Allowed);
    }
    for action in Action::ALL {
        assert_eq!(allows([], *action, &Target::HALL), Verdict::Hidden);
    }
}

#[test]
fn a_token_uploads_at_its_site_and_does_nothing_else() {
    let (here, elsewhere) = (site("A"), site("B"));
    let station = grant(Role::Station);
    for action in Action::ALL {
        let own = allows([&station], *action, &Target::site(&here));
        let expected = match action {
            Action::UploadScan => Verdict::Allowed,
            _ => Verdict::Hidden,
        };
        assert_eq!(own, expected, "{action:?}");
        let other = allows([&station], *action, &Target::site(&elsewhere));
        assert_eq!(other, Verdict::Hidden, "{action:?}");
    }
}

#[test]
fn administrators_and_auditors_hold_one_role_and_the_windows_roles_combine() {
    let alone = [
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
        Role::AuditAdministrator,
        Role::Auditor,
    ];
    for one in Role::ALL {
        for other in Role::ALL {
            let apart = one != other && (alone.contains(one) || alone.contains(other));
            assert_eq!(conflict(*one, *other), apart, "{one:?} {other:?}");
            assert_eq!(conflict(*one, *other), conflict(*other, *one));
        }
    }
}

#[test]
fn codes_are_unique() {
    let mut codes: Vec<&str> = Action::ALL.iter().map(|action| action.code()).collect();
    codes.extend(Role::ALL.iter().map(|role| role.code()));
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    for role in Role::ALL {
        let written = serde_json::to_string(role).unwrap();
        assert_eq!(written, format!("\"{}\"", role.code()));
    }
}
