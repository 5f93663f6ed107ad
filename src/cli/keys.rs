//! `counterfoil keys`: which keys this hall has, and the change of the log's signing key.

mod witness;

use crate::app::{self, App, Reading};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::Actor;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil keys show\n  counterfoil keys rotate-log\n  counterfoil keys witness add SCJG scjg.example/witness+1a2b3c4d+BA... --department SCJG\n  counterfoil keys witness record 联署检查点.txt"
)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// 列出密钥（只显示公开部分）List the keys: files, names and public halves
    Show,
    /// 更换日志签名密钥：旧密钥签署新密钥 Hand the log to a new signing key, which the old one signs
    RotateLog,
    /// 日志见证人：登记、停用、登记联署 The witnesses of the log: enrol, retire, record what they cosigned
    Witness {
        #[command(subcommand)]
        action: witness::Action,
    },
}

/// Shows or changes keys.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    match args.action {
        Action::Show => show(config, output).await,
        Action::RotateLog => rotate(config, output).await,
        Action::Witness { action } => witness::run(config, action, output).await,
    }
}

async fn show(config: &Config, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let (path, id) = (app::master_key_path(config), app::load_master_key(config)?);
    let object = serde_json::json!({ "key": "master", "id": id.to_string(), "file": path });
    output.result(&object, || {
        format!("主密钥 master {id}  {}", path.display())
    })?;
    let keys = reading.log_keys().await?;
    let last = keys.len().saturating_sub(1);
    for (number, (since, key)) in keys.iter().enumerate() {
        let path = app::log_key_path(config, key);
        let in_force = number == last;
        let object = serde_json::json!({
            "key": "log", "public": key.to_string(), "since_fact": since, "in_force": in_force, "file": path
        });
        output.result(&object, || {
            let state = if in_force {
                "在用 in force"
            } else {
                "已停用 retired"
            };
            format!("日志签名 log {key}  {state}  {}", path.display())
        })?;
    }
    Ok(Outcome::Done)
}

async fn rotate(config: &Config, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    let by = Actor::new("cli:operator").map_err(CliError::internal)?;
    let key = app.rotate_log_key(&by).await;
    app.ledger.close().await;
    let key = key?;
    let path = app::log_key_path(config, &key);
    let object = serde_json::json!({ "key": "log", "public": key.to_string(), "file": path });
    output.result(&object, || {
        let file = path.display();
        format!("✓ 日志改由新密钥签名 the log is signed by {key}\n  {file}（请备份 back it up）")
    })?;
    Ok(Outcome::Done)
}
