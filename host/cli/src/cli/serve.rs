//! `tidegate serve`: the gate itself.

use std::{
    env::VarError,
    io::IsTerminal,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use tidegate_gate::{
    Gate,
    config::{self, Backend, Config, Environment},
};
use tidegate_policies::reload::Reload;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::files;

/// The configuration in a folder, as `tidegate new` names it.
const CONFIG: &str = "gate.yaml";

/// Run the gate.
///
/// With a folder, that is the policy, and its gate.yaml the configuration: it says which topics the gate reads, and where each
/// channel of the policy leads. On the sqlite backend, the default, topics are in one data file: `tidegate send` appends events to
/// them, and `tidegate read` prints what was published. With `backend: dapr` the gate subscribes and publishes through the sidecar.
///
/// SIGTERM or Ctrl-C: it becomes unready, finishes the events in flight and exits with 0.
/// SIGHUP: it reads the policy's file now, like `tidegate policy reload`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate serve orders
  tidegate serve --config gate.yaml
  TIDEGATE_BACKEND=dapr TIDEGATE_DAPR__PUBSUB=kafka tidegate serve orders

Every key of the configuration can be set by a variable: TIDEGATE_ and the key in capitals, with `__` between its parts.
APP_API_TOKEN and DAPR_API_TOKEN are the variables of Dapr. `tidegate config-schema` prints all keys.
TIDEGATE_LOG is the log level: info, debug, or by module such as tidegate_pipeline=debug.")]
pub(super) struct Serve {
    /// The folder of a policy, with the configuration gate.yaml in it.
    #[arg(value_name = "DIR", conflicts_with = "path")]
    folder: Option<PathBuf>,
    /// The configuration, a YAML file [default with a folder: its gate.yaml]
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_CONFIG)]
    config: Option<PathBuf>,
    #[command(flatten)]
    policy: files::PolicyFile,
    /// Address of the HTTP listener; overrides `listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Data file of the sqlite backend; overrides `sqlite.path`.
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_DATA)]
    data: Option<PathBuf>,
    /// Format of the log on standard error [default: text on a terminal, otherwise json]
    #[arg(long, value_enum)]
    log: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        start_log(self.log)?;
        let config = self.config()?;
        let policy = match &self.folder {
            Some(folder) => folder.clone(),
            None => self.policy.find(config.policy.path.as_deref())?,
        };
        match &config.backend {
            Backend::Sqlite { path } => tracing::info!(data = %path.display(), "sqlite backend"),
            Backend::Dapr(dapr) => {
                tracing::info!(sidecar = dapr.endpoint, state_store = dapr.state_store, "dapr backend");
            }
        }
        for subscription in &config.subscriptions {
            tracing::info!(
                topic = subscription.topic.name,
                route = subscription.route,
                "subscription"
            );
        }
        if config.subscriptions.is_empty() {
            tracing::info!("no subscriptions: events come by POST /v1/events alone");
        }
        for (channel, sink) in &config.channels {
            tracing::info!(channel, sink = sink.name(), "channel");
        }
        let stop = stop_signal()?;
        // Before the policy is compiled: without a handler, SIGHUP would end the gate.
        let hangup = signal(SignalKind::hangup())?;
        let built = stop.run_until_cancelled(Gate::build(config, policy)).await;
        let Some(gate) = built.transpose()? else {
            tracing::info!("stopped before the policy was loaded");
            return Ok(ExitCode::SUCCESS);
        };
        reload_on_hangup(hangup, gate.reload());
        tracing::info!(address = %gate.address()?, "serving");
        gate.run(stop).await?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }

    fn config(&self) -> anyhow::Result<Config> {
        let file = match (&self.config, &self.folder) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(folder)) => Some(config_of(folder)?),
            (None, None) => None,
        };
        let mut config = config::read(file.as_deref(), &Environment::of_process())?;
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let (Backend::Sqlite { path }, Some(data)) = (&mut config.backend, &self.data) {
            path.clone_from(data);
        }
        Ok(config)
    }
}

/// The configuration in a folder, which must be there.
fn config_of(folder: &Path) -> anyhow::Result<PathBuf> {
    let shown = folder.display();
    if !folder.exists() {
        bail!("there is no folder {shown}; `tidegate new {shown}` writes one");
    }
    if !folder.is_dir() {
        bail!("{shown} is not a folder; name the file of a policy with --policy {shown}");
    }
    let file = folder.join(CONFIG);
    if !file.is_file() {
        bail!("{shown} has no {CONFIG}; write one there, or name the configuration with --config FILE");
    }
    Ok(file)
}

fn start_log(format: Option<LogFormat>) -> anyhow::Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let filter = match std::env::var(config::TIDEGATE_LOG) {
        Ok(filter) => EnvFilter::try_new(&filter).with_context(|| format!("{} is {filter:?}", config::TIDEGATE_LOG))?,
        Err(VarError::NotPresent) => EnvFilter::new("info"),
        Err(error) => return Err(error).context(config::TIDEGATE_LOG),
    };
    let log = tracing_subscriber::fmt()
        // They would be printed on standard error, which is what cannot be written.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json }) {
        LogFormat::Text => {
            let colours = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
            log.with_ansi(colours).with_target(false).init();
        }
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// A token that is cancelled by SIGTERM or Ctrl-C.
fn stop_signal() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    Ok(stop)
}

/// SIGHUP reads the policy's file now. It never ends the gate.
fn reload_on_hangup(mut hangup: Signal, reload: Arc<Reload>) {
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: reading the policy's file now");
            // A refusal is logged and shown by `tidegate policy status`.
            let _ = reload.now().await;
        }
    });
}
