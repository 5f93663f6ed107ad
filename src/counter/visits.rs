//! Visits: somebody comes to a window, is guided, and perhaps opens cases. Art 6, 8(1), 12(5), 12(6).

use serde::Deserialize;
use utoipa::ToSchema;

use super::change::{books_site, fold_visit};
use super::{Ask, Counter, CounterError, Done, LateEntry};
use crate::domain::case::{self, Channel, DeskRole, Guidance, GuidanceKind, OpenVisit};
use crate::domain::{SiteCode, Subject, TaskCode, VisitId, WindowCode};

/// Where a visit takes place and how.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitOrder {
    /// The site.
    pub site: SiteCode,
    /// The window.
    pub window: WindowCode,
    /// In which capacity the clerk acts.
    pub role: DeskRole,
    /// How the visitor comes.
    pub channel: Channel,
    /// When, if it is entered later (补录).
    #[serde(default)]
    pub occurred: Option<LateEntry>,
}

/// What a clerk does for a visitor without a case, or in another capacity.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum GuidanceOrder {
    /// Guides, answers or helps.
    Guide {
        /// Which of these.
        kind: GuidanceKind,
        /// About which item.
        task: Option<TaskCode>,
        /// In words.
        note: Option<String>,
    },
    /// Acts in another capacity of a merged window.
    TakeRole {
        /// Which.
        role: DeskRole,
    },
    /// The visitor leaves.
    Close {},
}

impl Counter {
    /// Opens a visit named `id`, at a window that is open and has the role.
    pub async fn open_visit(
        &self,
        ask: &Ask,
        id: &VisitId,
        order: VisitOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Visit(id.clone());
        let mut drafts = self.drafts(subject.clone());
        let ask = match drafts.late(ask, order.occurred.as_ref()).await {
            Ok(ask) => ask,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let opened = self.done(&ask, &subject, |history, reads, now| {
            let site = books_site(reads, &order.site)?;
            site.stand(&order.window, order.role, now)?;
            let state = case::fold_visit(history.iter().map(|fact| &fact.entry));
            let command = OpenVisit {
                site: order.site.clone(),
                window: order.window.clone(),
                clerk: ask.staff()?,
                role: order.role,
                channel: order.channel,
            };
            Ok(case::open_visit(state.as_ref(), id, command)?)
        });
        drafts.end(opened.await).await
    }

    /// Does something on a visit.
    pub async fn guide(
        &self,
        ask: &Ask,
        id: &VisitId,
        order: GuidanceOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Visit(id.clone());
        let mut drafts = self.drafts(subject.clone());
        let note = match &order {
            GuidanceOrder::Guide { note, .. } => {
                drafts.words_if_any("note", note.as_deref()).await?
            }
            _ => None,
        };
        let done = self
            .done(ask, &subject, |history, reads, _| {
                let visit = fold_visit(id, history)?;
                let facts = match &order {
                    GuidanceOrder::Guide { kind, task, .. } => {
                        let (kind, task) = (*kind, task.clone());
                        case::give_guidance(&visit, Guidance { kind, task, note })
                    }
                    GuidanceOrder::TakeRole { role } => {
                        let site = books_site(reads, &visit.site)?;
                        let window = site.windows.get(&visit.window);
                        let here = window.is_some_and(|window| window.plan.roles.contains(role));
                        let roles: &[DeskRole] = if here { &[*role] } else { &[] };
                        case::take_role(&visit, *role, roles)
                    }
                    GuidanceOrder::Close {} => case::close_visit(&visit),
                };
                Ok(facts?)
            })
            .await;
        drafts.end(done).await
    }
}
