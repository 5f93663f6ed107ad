//! Acceptance of the regulation's Articles 6, 8(1) and 8(2): roles, guidance, checklist, receipt. Every command goes
//! through the real ledger.

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::MetBy;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_world::*;

#[tokio::test]
async fn art_06_a_merged_window_changes_roles_and_each_is_kept() {
    let world = World::at("2026-03-02T09:00").await;
    let id: VisitId = code("v1");
    let begin = world.record(|reads, _| {
        let known = fold_visit(entries(reads, &Subject::Visit(id.clone()))?);
        let command = visit_at(DeskRole::Consult, Channel::Window);
        Ok(open_visit(known.as_ref(), &id, command)?)
    });
    assert_eq!(begin.await.unwrap(), 1);
    let item = food();
    let open = |no: &'static str| world.open_on("v1", no, &item, application(&item), None);
    assert_eq!(open("c1").await, Err(CaseRefusal::RoleMissing));
    let take = |role, roles: &'static [DeskRole]| {
        world.on_visit("v1", move |visit| take_role(visit, role, roles))
    };
    let only_consulting = take(DeskRole::Receive, &[DeskRole::Consult]).await;
    assert_eq!(only_consulting, Err(CaseRefusal::RoleMissing));
    assert_eq!(take(DeskRole::Receive, DeskRole::ALL).await, Ok(1));
    assert_eq!(open("c1").await, Ok(2));
    // One visit opens several cases.
    assert_eq!(open("c2").await, Ok(2));
    assert_eq!(take(DeskRole::Issue, DeskRole::ALL).await, Ok(1));
    let history = world.ledger.history(&Subject::Visit(id)).await.unwrap();
    let kept: Vec<DeskRole> = history
        .iter()
        .filter_map(|fact| match &fact.entry.event {
            Event::Visit {
                event: VisitEvent::Opened { role, .. } | VisitEvent::RoleTaken { role },
            } => Some(*role),
            _ => None,
        })
        .collect();
    assert_eq!(kept, DeskRole::ALL);
}

#[tokio::test]
async fn art_08_1_a_consultation_converts_to_a_case() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.open("other", &item).await.unwrap();
    let advise = |kind| {
        world.on_visit("v-other", move |visit| {
            let task = Some(code("food"));
            let note = Some(secret("what was asked"));
            give_guidance(visit, Guidance { kind, task, note })
        })
    };
    assert_eq!(advise(GuidanceKind::Guidance).await, Ok(1));
    assert_eq!(advise(GuidanceKind::Consultation).await, Ok(1));
    let convert = |place| world.open_on("v-other", "c1", &item, application(&item), Some(place));
    assert_eq!(convert(0).await, Err(CaseRefusal::WrongVisit));
    assert_eq!(convert(2).await, Err(CaseRefusal::WrongVisit));
    assert_eq!(convert(1).await, Ok(2));
    let subject = Subject::Visit(code("v-other"));
    let history = world.ledger.history(&subject).await;
    let last = history.unwrap().pop().unwrap().entry.event;
    let converted = VisitEvent::CaseOpened {
        case: code("c1"),
        consultation: Some(1),
    };
    assert_eq!(last, Event::Visit { event: converted });
    assert_eq!(world.on_visit("v-other", close_visit).await, Ok(1));
    assert_eq!(
        advise(GuidanceKind::Guidance).await,
        Err(CaseRefusal::VisitClosed)
    );
}

#[tokio::test]
async fn art_08_2_no_receipt_while_a_required_row_is_open() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    let open = |row: &str| Err(CaseRefusal::RowOpen { row: code(row) });
    assert_eq!(world.issue("c1", &item).await, open("form"));
    world.meet("c1", &item, paper("form", 1, 0)).await.unwrap();
    assert_eq!(world.issue("c1", &item).await, open("identity"));
    let identity = by("identity", MetBy::OriginalSeen, None);
    world.meet("c1", &item, identity).await.unwrap();
    world.meet("c1", &item, paper("lease", 1, 1)).await.unwrap();
    assert_eq!(world.issue("c1", &item).await, open("layout"));
    let layout = by("layout", MetBy::Commitment, Some("promise"));
    world.meet("c1", &item, layout).await.unwrap();
    let undecided = CaseRefusal::RowUndecided {
        row: code("health"),
    };
    assert_eq!(world.issue("c1", &item).await, Err(undecided));
    let health = |needed| {
        let item = &item;
        world.act("c1", move |case, _| {
            let reason = secret("handles food");
            decide_row(case, item, &code("health"), needed, reason, code("clerk-1"))
        })
    };
    assert_eq!(health(true).await, Ok(1));
    assert_eq!(world.issue("c1", &item).await, open("health"));
    assert_eq!(health(false).await, Ok(1));
    assert_eq!(world.issue("c1", &item).await, Ok(1));
    assert_eq!(world.case("c1").await.stage, Stage::Received);
    assert_eq!(
        world.issue("c1", &item).await,
        Err(CaseRefusal::NotAtWindow)
    );
}

#[tokio::test]
async fn art_08_2_the_receipt_counts_the_paper_kept_and_nothing_else() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.receive("c1", &item).await;
    let case = world.case("c1").await;
    let manifest = receipt_manifest(&case, &item);
    let receipt = case.receipt().unwrap();
    assert_eq!(receipt.manifest, manifest.digest());
    // One form, one lease with its copy, two copies of the layout; the identity card was only seen.
    let counted = PaperCount {
        originals: 2,
        copies: 3,
    };
    assert_eq!(receipt.kept, counted);
    assert_eq!(case.kept(), counted);
    let seen = manifest.rows.iter().find(|row| row.row == code("identity"));
    assert_eq!(seen.unwrap().kept, PaperCount::default());
    let identity = Meet {
        copies: 1,
        ..by("identity", MetBy::OriginalSeen, None)
    };
    world.open("c2", &item).await.unwrap();
    let counted = world.meet("c2", &item, identity).await;
    let row = code("identity");
    assert_eq!(counted, Err(CaseRefusal::CountWithoutPaper { row }));
}

#[tokio::test]
async fn art_08_2_a_shared_original_lies_in_one_bundle() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.fill("c1", &item).await;
    let again = application(&item);
    world
        .open_on("v-c1", "c2", &item, again, None)
        .await
        .unwrap();
    let pointing = |case: &str, row: &str| Meet {
        shared: Some(SharedOriginal {
            case: code(case),
            row: code(row),
        }),
        ..paper("lease", 0, 1)
    };
    let layout = world.meet("c2", &item, pointing("c1", "layout")).await;
    assert_eq!(layout.unwrap_err().code(), "shared-original-not-held");
    let itself = world.meet("c2", &item, pointing("c2", "lease")).await;
    assert_eq!(itself.unwrap_err().code(), "shared-original-not-held");
    assert_eq!(
        world.meet("c2", &item, pointing("c1", "lease")).await,
        Ok(1)
    );
    world.fill_rows("c2", &item).await;
    world.issue("c2", &item).await.unwrap();
    let (first, second) = (world.case("c1").await, world.case("c2").await);
    assert_eq!(first.row(&code("lease")).kept().originals, 1);
    assert_eq!(second.row(&code("lease")).kept().originals, 0);
    assert_eq!(second.kept().originals, 1, "only the form");
    let manifest = receipt_manifest(&second, &item);
    let row = manifest.rows.iter().find(|row| row.row == code("lease"));
    assert_eq!(row.unwrap().shared.as_ref().unwrap().case, code("c1"));
}
