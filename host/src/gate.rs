//! The service: builds everything from a [`Config`], binds its sockets, runs until told to stop, then drains.

use std::{fs::File, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tidegate_engine::{Engine, EngineError};
use tokio::{
    net::TcpListener,
    sync::{
        Semaphore,
        mpsc::{self, UnboundedReceiver},
    },
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admission::Refusal,
    backend::BackendError,
    claim::Claims,
    config::{Config, HttpLimits},
    revision::{Revisions, RolledBack},
    http::{self, App, SidecarProbe},
    local::{self, Db, SqliteError},
    metrics::Metrics,
    order::Order,
    wiring::Wiring,
    pipeline::{Pipeline, announce},
    reload::{Reload, Watch},
    rate_limited_log::RateLimitedLog,
    shadow::Shadow,
    sink::{self, Sinks},
};

/// Turns of tasks between two looks for scheduler and requests. A policy that loops takes a turn of 2 ms: with tokio's own
/// number, 61, everybody else would wait for an eighth of a second.
pub const EVENT_INTERVAL: u32 = 8;

/// Connections that the admin listener takes at a time.
const ADMIN_CONNECTIONS: usize = 16;

/// A gate that is built and bound, and takes nothing yet.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    listener: TcpListener,
    admin: Option<TcpListener>,
    app: Arc<App>,
    db: Option<Db>,
    /// Keeps other gates off the data file.
    _owner: Option<File>,
    watch: Option<Watch>,
    rolled_back: UnboundedReceiver<RolledBack>,
}

/// Why a gate does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A socket is taken or not allowed.
    #[error("cannot listen on {address}; is another program there? Set `{key}` to another address")]
    Listen {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The policy is not taken.
    #[error("the policy {} is not taken", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Refusal,
    },
    /// The data file does not work.
    #[error(transparent)]
    Local(#[from] SqliteError),
    /// The sidecar's client does not work.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The candidate has no thread to run on.
    #[error("the candidate's thread does not start")]
    Shadow(#[source] io::Error),
    /// What was in flight did not end in time.
    #[error("stopped with deliveries in flight after {0:?}; they were not acknowledged and will be brought again")]
    NotDrained(Duration),
}

impl Gate {
    /// Builds all parts, binds the sockets and loads the policy.
    pub async fn build(config: Config, policy: PathBuf) -> Result<Self, GateError> {
        let listener = bind("listen", config.listen).await?;
        let admin = match config.admin {
            Some(address) => Some(bind("admin.listen", address).await?),
            None => None,
        };
        if let (Some(address), None) = (config.admin, &config.app_api_token)
            && !address.ip().is_loopback()
        {
            tracing::warn!(%address, "whoever reaches the admin listener can replace the policy: set APP_API_TOKEN, or `admin.listen` to a loopback address");
        }
        if config.claims.lease < config.send_timeout * 2 {
            tracing::warn!(
                lease = ?config.claims.lease,
                send_timeout = ?config.send_timeout,
                "an event that is slow to send may be sent twice: make `claims.lease_ms` longer than all its sends"
            );
        }
        let outside = Wiring::new(&config)?;
        let revisions = Arc::new(Revisions::default());
        let metrics = Arc::new(Metrics::default());
        let engine = Engine::new(config.engine.clone())?;
        let reload = Arc::new(Reload::new(
            &config,
            policy,
            engine,
            revisions.clone(),
            metrics.clone(),
        ));
        let watch = reload.watch();
        load(&reload, watch.as_ref()).await?;
        let (rollbacks, rolled_back) = mpsc::unbounded_channel();
        let shadow = Shadow::new(&config, revisions.clone(), metrics.clone())?;
        let pipeline = Arc::new(Pipeline {
            revisions,
            reload: reload.clone(),
            sinks: Sinks {
                topics: outside.publisher,
                sidecar: outside.sidecar.clone(),
                http: sink::Http::new(config.send_timeout)?,
                log: outside.db.clone().or(outside.log),
            },
            scheduler: outside.scheduler,
            order: config
                .retries
                .order_wait
                .map(|wait| Order::new(outside.state.clone(), wait)),
            claims: Claims::new(outside.state, config.claims, outside.owner.is_some()),
            channels: config.channels.clone(),
            retries: config.retries.clone(),
            target_version: config.policy.target_version.clone(),
            metrics,
            shadow: shadow.map(Arc::new),
            rollbacks,
            not_done: RateLimitedLog::new(),
            unsent: RateLimitedLog::new(),
        });
        let app = Arc::new(App {
            pipeline,
            reload,
            subscriptions: config.subscriptions.clone(),
            probe: outside.sidecar.clone().map(SidecarProbe::new),
            jobs: outside.sidecar,
            retry_topics: outside.retry_topics,
            token: config.app_api_token.clone(),
            limits: config.http,
            concurrency: config.concurrency,
            places: Arc::new(Semaphore::new(config.concurrency)),
            in_flight: TaskTracker::new(),
            stopping: CancellationToken::new(),
        });
        Ok(Self {
            config,
            listener,
            admin,
            app,
            db: outside.db,
            _owner: outside.owner,
            watch,
            rolled_back,
        })
    }

    /// The address that it is bound to.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes deliveries until `stop`, then finishes what is in flight.
    pub async fn run(self, stop: CancellationToken) -> Result<(), GateError> {
        let stopping = self.app.stopping.clone();
        let mut consumers = JoinSet::new();
        if let Some(db) = self.db {
            for subscription in &self.app.subscriptions {
                let (db, app, subscription) = (db.clone(), self.app.clone(), subscription.clone());
                let stopping = stopping.clone();
                consumers.spawn(async move { local::consume(db, subscription, &app.pipeline, stopping).await });
            }
            consumers.spawn(local::resume(db, self.app.pipeline.clone(), stopping.clone()));
        }
        if let Some(shadow) = self.app.pipeline.shadow.clone() {
            shadow.start(stopping.clone()).map_err(GateError::Shadow)?;
        }
        let closing = CancellationToken::new();
        let background = TaskTracker::new();
        let reload = self.app.reload.clone();
        let (pipeline, until) = (self.app.pipeline.clone(), closing.clone());
        background.spawn(announce(pipeline, self.rolled_back, until));
        if let Some(watch) = self.watch {
            let until = stopping.clone();
            background.spawn(async move { reload.follow(watch, until).await });
        }
        let servers = TaskTracker::new();
        let metrics = &self.app.pipeline.metrics;
        let limits = self.config.http;
        let router = http::router(self.app.clone());
        servers.spawn(http::serve(
            self.listener,
            router,
            limits,
            metrics.clone(),
            closing.clone(),
        ));
        if let Some(listener) = self.admin {
            let connections = ADMIN_CONNECTIONS;
            let limits = HttpLimits { connections, ..limits };
            let router = http::admin_router(self.app.clone());
            servers.spawn(http::serve(listener, router, limits, metrics.clone(), closing.clone()));
        }

        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = consumers.join_next() => {
                stopping.cancel();
                ended.map_err(SqliteError::from)?;
            }
        }
        tracing::info!("stopping: finishing what is in flight");
        stopping.cancel();
        let drained = async {
            while let Some(ended) = consumers.join_next().await {
                ended.map_err(SqliteError::from)?;
            }
            self.app.in_flight.close();
            self.app.in_flight.wait().await;
            Ok(())
        };
        // Meanwhile the listener is open: probes say that the gate stops, and deliveries are told to come again.
        tokio::time::timeout(self.config.drain, drained)
            .await
            .unwrap_or(Err(GateError::NotDrained(self.config.drain)))?;
        closing.cancel();
        servers.close();
        servers.wait().await;
        background.close();
        background.wait().await;
        Ok(())
    }
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, GateError> {
    let failed = |source| GateError::Listen { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(key, address = %listener.local_addr().map_err(failed)?, "listening");
    Ok(listener)
}

/// A gate whose policy is refused takes nothing; while the file is watched it may still be mended. What may as well be
/// wrong with the configuration ends it, since that is read once.
async fn load(reload: &Reload, watch: Option<&Watch>) -> Result<(), GateError> {
    match reload.start(watch).await {
        Err(source) if !reload.is_on() || source.is_misfit() => Err(GateError::Policy {
            path: reload.path().to_owned(),
            source,
        }),
        Err(_) => {
            tracing::warn!(policy = %reload.path().display(), "the gate takes no events until a good policy is there");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
