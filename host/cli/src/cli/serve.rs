//! `tidegate serve`: the gate itself.

use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::{Args, ValueEnum};
use tidegate_gate::{
    Gate,
    config::{self, Backend, Config, Environment},
};
use tidegate_policies::reload::Reload;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::{files, paint::Paint};

/// Run the gate.
///
/// Without a configuration it runs on the embedded backend: topics are tables of the data file, `tidegate send` puts
/// events in, `tidegate read` shows what came out. With `backend: dapr` it subscribes and publishes through the sidecar.
///
/// On SIGTERM or Ctrl-C it turns unready, finishes what is in flight and exits with 0.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate serve
  tidegate serve --config gate.yaml
  TIDEGATE_BACKEND=dapr TIDEGATE_DAPR__PUBSUB=orders tidegate serve

Any key of the configuration can be set in the environment: TIDEGATE_ and the key in capitals, `__` between its parts.
APP_API_TOKEN and DAPR_API_TOKEN are kept as Dapr has them. `tidegate config-schema` prints what there is to set.
TIDEGATE_LOG says what is logged: info, debug, or by module such as tidegate_pipeline=debug.")]
pub(super) struct Serve {
    /// The configuration, YAML.
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_CONFIG)]
    config: Option<PathBuf>,
    #[command(flatten)]
    policy: files::PolicyFile,
    /// Address of the HTTP listener; overrides `listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Data file of the embedded backend; overrides `local.path`.
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_DATA)]
    data: Option<PathBuf>,
    /// Form of the log on standard error [default: text on a terminal, else json]
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
        let policy = self.policy.find(config.policy.path.as_deref())?;
        match &config.backend {
            Backend::Sqlite { path } => tracing::info!(data = %path.display(), "embedded backend"),
            Backend::Dapr(dapr) => {
                tracing::info!(sidecar = dapr.endpoint, state_store = dapr.state_store, "Dapr backend");
            }
        }
        for subscription in &config.subscriptions {
            tracing::info!(topic = subscription.topic.name, route = subscription.route, "reads");
        }
        for (channel, sink) in &config.channels {
            tracing::info!(channel, to = sink.name(), "sends");
        }
        let stop = stop_signal()?;
        let gate = Gate::build(config, policy).await?;
        reload_on_hangup(gate.reload())?;
        tracing::info!(address = %gate.address()?, "serving");
        gate.run(stop).await?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }

    fn config(&self) -> anyhow::Result<Config> {
        let mut config = config::read(self.config.as_deref(), &Environment::of_process())?;
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let (Backend::Sqlite { path }, Some(data)) = (&mut config.backend, &self.data) {
            path.clone_from(data);
        }
        Ok(config)
    }
}

fn start_log(format: Option<LogFormat>) -> anyhow::Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let filter = match std::env::var(config::TIDEGATE_LOG) {
        Ok(wanted) => EnvFilter::try_new(&wanted).with_context(|| format!("{} is {wanted:?}", config::TIDEGATE_LOG))?,
        Err(_) => EnvFilter::new("info"),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json }) {
        LogFormat::Text => {
            log.with_ansi(Paint::where_wanted(terminal).is_on())
                .with_target(false)
                .init();
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
fn reload_on_hangup(reload: Arc<Reload>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: reading the policy's file now");
            // A refusal is logged and shown by `tidegate policy status`.
            let _ = reload.now().await;
        }
    });
    Ok(())
}
