//! `counterfoil serve`: health, metrics and upload over HTTP; reads what comes in. It answers while projections
//! that were lost are rebuilt.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::{App, token_path};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::{Actor, Problem};
use crate::http::{Service, router};
use crate::store::keys::load_or_create_token;

/// Who records the logs of reads.
const AUDIT_ACTOR: &str = "system:audit";
/// How often the program looks whether a day is over.
const AUDIT_EVERY: Duration = Duration::from_secs(600);

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil serve
  curl -T page.jpg -H \"Authorization: Bearer $(cat TOKEN_FILE)\" http://127.0.0.1:8470/api/v1/scans/SHA256")]
pub struct Args {
    /// 监听地址（仅限本机）Address to listen on, loopback only
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
}

/// Serves until it is told to stop (SIGINT, SIGTERM).
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let address = args.listen.unwrap_or(config.http.listen);
    if !address.ip().is_loopback() {
        let detail = format!(
            "{address} is not loopback; until there are accounts the server listens on 127.0.0.1 only"
        );
        return Err(CliError::new(Problem::BadConfiguration, detail));
    }
    let app = App::open(config).await?;
    let token_file = token_path(config);
    let token = load_or_create_token(&token_file)
        .map_err(|error| CliError::new(Problem::BadConfiguration, error))?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| CliError::new(Problem::BadConfiguration, format!("{address}: {error}")))?;
    let local = listener.local_addr().map_err(CliError::internal)?;
    let service = app.service(&token)?;
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(work(app, stopped.clone()));
    let auditing = tokio::spawn(record_reads(service.clone(), stopped.clone()));
    let object = serde_json::json!({ "listening": local.to_string(), "token_file": token_file });
    output.result(&object, || {
        format!(
            "存根服务已启动 serving on http://{local}\n  令牌文件 token file: {}",
            token_file.display()
        )
    })?;
    let mut until = stopped;
    let served = axum::serve(
        listener,
        router(service).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = until.wait_for(|stop| *stop).await;
    });
    tokio::spawn(async move {
        told_to_stop().await;
        stop.send_replace(true);
    });
    served.await.map_err(CliError::internal)?;
    auditing.await.map_err(CliError::internal)?;
    working.await.map_err(CliError::internal)??;
    Ok(Outcome::Done)
}

/// Records the digest of every day's log of reads once the day is over, until told to stop. What does not succeed is
/// tried again, and the next start makes up for what an end left.
async fn record_reads(service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    let Ok(by) = Actor::new(AUDIT_ACTOR) else {
        return;
    };
    loop {
        match service.counter.record_reads(&service.reads, &by).await {
            Ok(days) if days.is_empty() => {}
            Ok(days) => tracing::info!(
                days = days.len(),
                "the logs of reads of past days are recorded"
            ),
            Err(error) => {
                tracing::error!(%error, "the log of reads of a past day could not be recorded")
            }
        }
        let told = stopped.wait_for(|stop| *stop);
        if tokio::time::timeout(AUDIT_EVERY, told).await.is_ok() {
            return;
        }
    }
}

/// Follows the ledger and reads what waits, until told to stop.
async fn work(app: App, stopped: watch::Receiver<bool>) -> Result<(), CliError> {
    app.recall_memos().await?;
    let follower = app.follow();
    let engine = app.engine()?;
    engine.run(stopped).await;
    follower.stop().await;
    app.ledger.close().await;
    Ok(())
}

async fn told_to_stop() {
    let mut terminate =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(error) => {
                tracing::warn!(%error, "the terminate signal cannot be watched; stop with Ctrl-C");
                let _ = tokio::signal::ctrl_c().await;
                return;
            }
        };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
