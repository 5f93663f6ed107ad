//! `counterfoil custody container`: the rooms, cabinets, shelves and boxes that paper is kept in.

use clap::Subcommand;

use super::desk::Desk;
use crate::cli::CliError;
use crate::counter::paper_list;
use crate::custody::{ContainerOrder, ContentView, NewContainer};
use crate::domain::custody::ContainerKind;
use crate::domain::{CaseNo, ContainerId, SealNo, SiteCode, StaffId};

/// Who does it.
#[derive(Debug, clap::Args)]
pub struct Keeper {
    /// 办理人 Who
    #[arg(long = "as", value_name = "STAFF")]
    staff: StaffId,
}

/// What is done with a container.
#[derive(Debug, Subcommand)]
pub enum What {
    /// 启用：编号即标签 Bring one into use; its code is its label
    Make {
        /// 标签 The code on its label
        id: ContainerId,
        /// 类型 box, shelf, cabinet or room
        #[arg(long, value_parser = kind)]
        kind: ContainerKind,
        /// 站点 Where
        #[arg(long)]
        site: SiteCode,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 移动 Move one into a larger one, or let it stand alone
    Move {
        /// 标签 Which
        id: ContainerId,
        /// 放入 Into which
        #[arg(long)]
        into: Option<ContainerId>,
        /// 站点（空盒换站点时）To which site, for an empty box
        #[arg(long)]
        site: Option<SiteCode>,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 放入材料 Put paper of a case into it
    Put {
        /// 标签 Which
        id: ContainerId,
        /// 办件编号 The case
        case: CaseNo,
        /// 材料编号（缺省为全部）The papers, by number; all without them
        papers: Vec<u16>,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 取出材料 Take paper of a case out of it
    Take {
        /// 标签 Which
        id: ContainerId,
        /// 办件编号 The case
        case: CaseNo,
        /// 材料编号（缺省为全部）The papers, by number; all without them
        papers: Vec<u16>,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 封箱 Seal a box
    Seal {
        /// 标签 Which
        id: ContainerId,
        /// 封签号 The number of the seal
        seal: SealNo,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 启封 Open a sealed box
    Open {
        /// 标签 Which
        id: ContainerId,
        /// 发现封签破损 Its seal was found broken
        #[arg(long)]
        broken: bool,
        /// 办理人 Who does it
        #[command(flatten)]
        keeper: Keeper,
    },
    /// 位置与内容 Where it is, and what is in it
    Show {
        /// 标签 Which
        id: ContainerId,
    },
}

fn kind(word: &str) -> Result<ContainerKind, String> {
    let quoted = serde_json::Value::String(word.to_owned());
    serde_json::from_value(quoted).map_err(|_| "写作 use box, shelf, cabinet or room".to_owned())
}

fn some(papers: Vec<u16>) -> Option<Vec<u16>> {
    Some(papers).filter(|papers| !papers.is_empty())
}

/// Does what was asked.
pub(super) async fn act(desk: &Desk, what: What) -> Result<(), CliError> {
    let (id, keeper, order) = match what {
        What::Make {
            id,
            kind,
            site,
            keeper,
        } => {
            let new = NewContainer { id, kind, site };
            let ask = desk.ask()?;
            desk.counter
                .make_container(&ask, &keeper.staff, &new)
                .await?;
            return show(desk, &new.id).await;
        }
        What::Show { id } => {
            show(desk, &id).await?;
            return content(desk, &id).await;
        }
        What::Move {
            id,
            into,
            site,
            keeper,
        } => (id, keeper, ContainerOrder::Move { into, site }),
        What::Put {
            id,
            case,
            papers,
            keeper,
        } => {
            let papers = some(papers);
            (id, keeper, ContainerOrder::Put { case, papers })
        }
        What::Take {
            id,
            case,
            papers,
            keeper,
        } => {
            let papers = some(papers);
            (id, keeper, ContainerOrder::Take { case, papers })
        }
        What::Seal { id, seal, keeper } => (id, keeper, ContainerOrder::Seal { seal }),
        What::Open { id, broken, keeper } => (id, keeper, ContainerOrder::Open { broken }),
    };
    let (ask, staff) = (desk.ask()?, keeper.staff);
    desk.counter
        .act_on_container(&ask, &id, &staff, &order)
        .await?;
    show(desk, &id).await
}

async fn show(desk: &Desk, id: &ContainerId) -> Result<(), CliError> {
    let (view, _) = desk.counter.container_view(id).await?;
    desk.say(&view, || {
        let steps = view.place.iter();
        let steps: Vec<String> = steps
            .map(|step| format!("{} {}", step.kind_zh, step.container))
            .collect();
        let seal = view.seal.as_ref();
        let seal = seal.map_or_else(String::new, |on| format!("  封签 seal {}", on.seal));
        format!(
            "{}（{:#}）  {}{seal}",
            view.side,
            view.side,
            steps.join(" › ")
        )
    })
}

async fn content(desk: &Desk, id: &ContainerId) -> Result<(), CliError> {
    for subject in desk.counter.whole_list(&paper_list::content(id)).await? {
        let Some(inside) = desk.counter.content_view(id, &subject).await? else {
            continue;
        };
        desk.say(&inside, || match &inside {
            ContentView::Bundle { case, papers } => {
                format!("  材料袋 bundle {case}：{papers:?}")
            }
            ContentView::Container { container } => {
                format!("  {} {}", container.kind_zh, container.id)
            }
        })?;
    }
    Ok(())
}
