//! Entering afterwards what happened during an outage (补录): the time it happened, with the reason, which goes to the
//! vault. The facts then say both when it happened and when it was entered.

use serde::Deserialize;
use utoipa::ToSchema;

use super::words::Drafts;
use super::{Ask, CounterError, IntakeOrder, Refusal};
use crate::domain::{Occurred, Timestamp};

/// How far back may be entered, in milliseconds: 30 days. What lies further back is no outage but another matter.
const BACK_MAX_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// When something happened that is entered later.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LateEntry {
    /// The instant.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why it was not entered then, in words.
    pub reason: String,
}

impl Drafts<'_> {
    /// The same request for the instant that was named; its reason is put.
    pub(super) async fn late(
        &mut self,
        ask: &Ask,
        late: Option<&LateEntry>,
    ) -> Result<Ask, CounterError> {
        let mut ask = ask.clone();
        if let Some(late) = late {
            in_reach(late, self.now())?;
            let reason = self.words("occurred.reason", &late.reason).await?;
            ask.occurred = Some(Occurred {
                at: late.at,
                reason,
            });
        }
        Ok(ask)
    }
}

impl IntakeOrder {
    /// When it happened, if it is entered later.
    pub fn occurred(&self) -> Option<&LateEntry> {
        match self {
            Self::IssueReceipt { occurred, .. } => occurred.as_ref(),
            _ => None,
        }
    }
}

/// Refuses an instant that is still to come or long past.
fn in_reach(late: &LateEntry, now: Timestamp) -> Result<(), CounterError> {
    let refuse = |code: &str, zh: &str, en: &str| {
        Err(CounterError::Fields(vec![Refusal {
            code: code.to_owned(),
            zh: zh.to_owned(),
            en: en.to_owned(),
            field: Some("occurred.at".to_owned()),
        }]))
    };
    if late.at > now {
        return refuse(
            "in-the-future",
            "补录的发生时间不能晚于现在；请核对",
            "what is entered later cannot have happened after now; check the time",
        );
    }
    if late.at.plus_millis(BACK_MAX_MILLIS) < now {
        return refuse(
            "too-long-ago",
            "补录的发生时间早于 30 天前，不能补录；请核对时间",
            "it lies more than 30 days back and cannot be entered any more; check the time",
        );
    }
    Ok(())
}
