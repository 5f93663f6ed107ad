//! `counterfoil keys witness`: the witnesses of the log, on the hall's own machine.

use std::path::PathBuf;

use crate::cli::cosign::text;
use crate::cli::desk::Desk;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::counter::{WitnessOrder, WitnessView};
use crate::domain::{DepartmentCode, Problem, WitnessId};

/// What is done with witnesses.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// 登记见证人的验证密钥 Enrol a witness with its verifier key
    Add {
        /// 编号 What it is called here
        id: WitnessId,
        /// 验证密钥 Its verifier key: name+hash+base64
        key: String,
        /// 所属部门 The department it signs for
        #[arg(long)]
        department: Option<DepartmentCode>,
    },
    /// 列出见证人 List them
    List,
    /// 停用：不再接受其联署 Take no more cosignatures of a witness
    Retire {
        /// 编号 Which
        id: WitnessId,
    },
    /// 登记联署过的检查点 Record a checkpoint that witnesses cosigned
    Record {
        /// 联署后的检查点文件 The cosigned file
        checkpoint: PathBuf,
    },
    /// 取最新的联署检查点 The newest cosigned checkpoint, for a department to keep
    Checkpoint,
}

/// Does what was asked and lets the data folder go.
pub(super) async fn run(
    config: &Config,
    action: Action,
    output: Output,
) -> Result<Outcome, CliError> {
    let desk = Desk::open(config, output).await?;
    let follower = desk.app.follow();
    let done = match desk.caught_up().await {
        Ok(()) => act(&desk, action, output).await,
        Err(error) => Err(error),
    };
    follower.stop().await;
    desk.close().await?;
    done
}

async fn act(desk: &Desk, action: Action, output: Output) -> Result<Outcome, CliError> {
    let counter = &desk.counter;
    match action {
        Action::Add {
            id,
            key,
            department,
        } => {
            let order = WitnessOrder {
                id,
                key,
                department,
            };
            counter.enrol_witness(&desk.ask()?, &order).await?;
            show(desk, &order.id).await?;
        }
        Action::List => {
            for state in counter.witnesses().await? {
                say(desk, &WitnessView::from(&state))?;
            }
        }
        Action::Retire { id } => {
            counter.retire_witness(&desk.ask()?, &id).await?;
            show(desk, &id).await?;
        }
        Action::Record { checkpoint } => {
            let note = text(&checkpoint)?;
            for one in counter.record_cosignatures(&desk.ask()?, &note).await? {
                desk.say(&one, || {
                    let (witness, size, root) = (&one.witness, one.size, &one.root);
                    format!("✓ {witness} 联署 cosigned {size} {root}")
                })?;
            }
        }
        Action::Checkpoint => {
            let note = counter.cosigned_checkpoint().await?;
            let note = note.ok_or_else(|| {
                let detail = "还没有联署过的检查点 (no checkpoint was cosigned yet)";
                CliError::new(Problem::NotFound, detail)
            })?;
            let object = serde_json::json!({ "checkpoint": note });
            output.result(&object, || note.trim_end().to_owned())?;
        }
    }
    Ok(Outcome::Done)
}

async fn show(desk: &Desk, id: &WitnessId) -> Result<(), CliError> {
    let (state, _) = desk.counter.witness(id).await?;
    say(desk, &WitnessView::from(&state))
}

fn say(desk: &Desk, view: &WitnessView) -> Result<(), CliError> {
    desk.say(view, || {
        let state = if view.retired {
            "已停用 retired"
        } else {
            "有效 in force"
        };
        let newest = match &view.newest {
            Some(newest) => format!("  最新联署 newest {} @ {}", newest.size, newest.at),
            None => String::new(),
        };
        format!("{}  {}  {state}{newest}", view.id, view.key)
    })
}
