//! Where the paper of a case is and was, as `counterfoil custody where|history` prints it.

use super::desk::Desk;
use crate::cli::CliError;
use crate::custody::HeldView;
use crate::domain::{CaseNo, Date};

/// Prints who holds each paper of a case, and where it lies.
pub(super) async fn place(desk: &Desk, case: &CaseNo) -> Result<(), CliError> {
    let (bundle, _) = desk.counter.bundle_view(case).await?;
    for held in &bundle.papers {
        desk.say(held, || {
            let paper = &held.paper;
            let what = match (&paper.row, paper.origin) {
                (Some(row), _) => row.to_string(),
                (None, origin) => format!("{origin} {origin:#}"),
            };
            let holder = match (&held.holder, &held.lost) {
                (Some(holder), _) => format!("{holder} ({holder:#})"),
                (None, Some(last)) => {
                    format!("遗失，最后持有 lost, last held by {last} ({last:#})")
                }
                (None, None) => "申请人 applicant".to_owned(),
            };
            format!(
                "{} 第 {} 号 {what} {} ×{}  {holder}{}",
                case,
                paper.no,
                paper.form,
                paper.count,
                lies(held)
            )
        })?;
    }
    Ok(())
}

/// Where a paper lies, or with which carrier it is, in words.
fn lies(held: &HeldView) -> String {
    if let Some(transit) = &held.transit {
        let carrier = transit.carrier.as_ref();
        let who = carrier.map_or_else(String::new, |way| {
            let name = way.name.as_deref().unwrap_or_default();
            format!("{} {name}", way.carrier_zh)
        });
        let since = Date::of(transit.since);
        return format!(
            "  在途 in transit {who} {}（{since} 起 since）",
            transit.slip
        );
    }
    let Some(since) = held.in_since else {
        return String::new();
    };
    let steps = held.place.iter();
    let steps: Vec<String> = steps
        .map(|step| format!("{} {}", step.kind_zh, step.container))
        .collect();
    let seal = held.seal.as_ref();
    let seal = seal.map_or_else(String::new, |seal| format!("，封签 seal {seal}"));
    let since = Date::of(since);
    format!("  {}（{since} 起 since{seal}）", steps.join(" › "))
}

/// Prints everything that happened to the paper of a case, with the moves of what it lay in.
pub(super) async fn history(desk: &Desk, case: &CaseNo) -> Result<(), CliError> {
    for fact in desk.counter.paper_history(case).await? {
        let entry = &fact.entry;
        let object = serde_json::json!({ "index": fact.index, "at": entry.at, "by": entry.by, "subject": entry.subject, "event": entry.event });
        desk.say(&object, || {
            format!(
                "{:>8}  {}  {}  {}  {}",
                fact.index,
                Date::of(entry.at),
                entry.subject,
                entry.event.name(),
                entry.by
            )
        })?;
    }
    Ok(())
}
