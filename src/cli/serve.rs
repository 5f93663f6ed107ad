//! `counterfoil serve`: health, metrics and upload over HTTP; reads what comes in. It answers while projections
//! that were lost are rebuilt.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::app::{App, token_path};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::Problem;
use crate::http::router;
use crate::store::keys::load_or_create_token;

/// How long open requests are given to end once the server is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);

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
    if config.clock.is_some() {
        tracing::warn!(
            "[clock] file 已设置：时间由文件给定，仅供演示与培训 the time is set by a file: for demonstrations and training only"
        );
    }
    let token_file = token_path(config);
    let token = load_or_create_token(&token_file)
        .map_err(|error| CliError::new(Problem::BadConfiguration, error))?;
    let signals = StopSignals::watch()?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| CliError::new(Problem::BadConfiguration, format!("{address}: {error}")))?;
    let local = listener.local_addr().map_err(CliError::internal)?;
    let service = app.service(&token)?;
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(work(app, stopped.clone()));
    let object = serde_json::json!({ "listening": local.to_string(), "token_file": token_file });
    output.result(&object, || {
        format!(
            "存根服务已启动 serving on http://{local}\n  令牌文件 token file: {}",
            token_file.display()
        )
    })?;
    let mut until = stopped.clone();
    let server = axum::serve(
        listener,
        router(service).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = until.wait_for(|stop| *stop).await;
    });
    tokio::spawn(async move {
        signals.told().await;
        stop.send_replace(true);
    });
    tokio::select! {
        served = server => served.map_err(CliError::internal)?,
        () = too_long(stopped) => {
            tracing::warn!("requests and event streams that were still open are ended");
        }
    }
    working.await.map_err(CliError::internal)??;
    Ok(Outcome::Done)
}

/// Waits until it was told to stop, and then as long as open requests are given to end. An event stream never ends by
/// itself.
async fn too_long(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
    tokio::time::sleep(STOP_GRACE).await;
}

/// Follows the ledger and reads what waits, until told to stop.
async fn work(app: App, stopped: watch::Receiver<bool>) -> Result<(), CliError> {
    app.recall_memos().await?;
    let follower = app.follow();
    let engine = app.engine()?;
    let clockwork = app.clockwork()?;
    tokio::join!(engine.run(stopped.clone()), clockwork.run(stopped));
    follower.stop().await;
    app.ledger.close().await;
    Ok(())
}

/// The signals that stop a server. They are watched from before its address is told, so that whoever knows the address
/// can stop it in order.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn watch() -> Result<Self, CliError> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(CliError::internal)?,
            terminate: signal(SignalKind::terminate()).map_err(CliError::internal)?,
        })
    }

    async fn told(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
