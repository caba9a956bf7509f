//! The service: builds all parts from a [`Config`], binds the sockets, runs until it is stopped, then drains.

use std::{fs::File, io, net::SocketAddr, path::PathBuf, sync::Arc};

use tidegate_dapr::routes::Inbound;
use tidegate_engine::Engine;
use tidegate_http::{App, Limits};
use tidegate_metrics::Metrics;
use tidegate_model::{clock, rate_limited_log::RateLimitedLog, revision::RolledBack};
use tidegate_pipeline::{Alerts, Pipeline, claim::Claims, key_queue::KeyQueues, notify_rollbacks, send_counted_alerts};
use tidegate_policies::{
    admission::Admission,
    reload::{self, Reload},
    revisions::Revisions,
    shadow::Shadow,
};
use tidegate_sqlite::{Db, SqliteError};
use tokio::{
    net::TcpListener,
    sync::{
        Semaphore,
        mpsc::{self, UnboundedReceiver},
    },
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{GateError, config::Config, wiring::Wiring};

/// How many task polls tokio makes before it checks timers and sockets. One poll of a policy that loops lasts 2 ms, so with
/// tokio's default of 61 all other requests would wait for an eighth of a second.
pub const EVENT_INTERVAL: u32 = 8;

/// Connections to the admin listener at the same time.
const ADMIN_CONNECTIONS: usize = 16;

/// A gate that is built and bound, and does not serve yet.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    listener: TcpListener,
    admin: Option<TcpListener>,
    app: Arc<App>,
    inbound: Arc<Inbound>,
    db: Option<Db>,
    /// Locks the data file against other gates.
    _owner: Option<File>,
    rolled_back: UnboundedReceiver<RolledBack>,
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
            tracing::warn!(%address, "anyone who reaches the admin listener can replace the policy: set APP_API_TOKEN, or `admin.listen` to a loopback address");
        }
        if config.claims.lease < config.send_timeout * 2 {
            tracing::warn!(
                lease = ?config.claims.lease,
                send_timeout = ?config.send_timeout,
                "an event that is slow to publish may be published twice: make `claims.lease_ms` longer than all its requests"
            );
        }
        let wiring = Wiring::new(&config)?;
        let revisions = Arc::new(Revisions::default());
        let metrics = Arc::new(Metrics::default());
        let admission = Admission {
            channels: config.channels.keys().cloned().collect(),
            target_version: config.policy.target_version.clone(),
            pin: config.policy.pin.clone(),
            allow_dropped: config.policy.allow_dropped,
        };
        let shadow = match config.policy.shadow.clone() {
            Some(settings) => Some(Arc::new(Shadow::new(
                settings,
                config.engine.clone(),
                admission.channels.clone(),
                admission.target_version.clone(),
                revisions.clone(),
                metrics.clone(),
            )?)),
            None => None,
        };
        let reload = Arc::new(Reload::new(
            reload::Settings {
                path: policy,
                shadow: config.policy.shadow.as_ref().map(|shadow| shadow.path.clone()),
                is_followed: config.policy.is_followed,
                rollback: config.policy.rollback,
                cache_dir: config.engine.cache_dir.clone(),
            },
            admission,
            Engine::new(config.engine.clone())?,
            revisions.clone(),
            metrics.clone(),
        ));
        load(&reload).await?;
        let (rollbacks, rolled_back) = mpsc::unbounded_channel();
        let pipeline = Arc::new(Pipeline {
            revisions,
            reload: reload.clone(),
            channels: wiring.channels,
            scheduler: wiring.scheduler,
            queues: config.order_wait.map(|wait| KeyQueues::new(wiring.state.clone(), wait)),
            claims: Claims::new(wiring.state, config.claims, &process_name(), wiring.owner.is_some()),
            retries: config.retries,
            target_version: config.policy.target_version.clone(),
            metrics,
            shadow,
            rollbacks,
            requeued_log: RateLimitedLog::new(),
            alerts: Alerts::new(config.alert_window),
            unjudged_log: RateLimitedLog::new(),
            publish_log: RateLimitedLog::new(),
        });
        let app = Arc::new(App {
            pipeline,
            reload,
            backend: wiring.status,
            token: config.app_api_token.clone(),
            limits: config.http,
            concurrency: config.concurrency,
            permits: Arc::new(Semaphore::new(config.concurrency)),
            in_flight: TaskTracker::new(),
            stopping: CancellationToken::new(),
        });
        let inbound = Arc::new(Inbound {
            subscriptions: config.subscriptions.clone(),
            tiers: config.retry_topics.tiers.clone(),
            retry_topics: wiring.retry_topics,
            sidecar: wiring.sidecar,
        });
        Ok(Self {
            config,
            listener,
            admin,
            app,
            inbound,
            db: wiring.db,
            _owner: wiring.owner,
            rolled_back,
        })
    }

    /// Replaces the policy; for signals.
    pub fn reload(&self) -> Arc<Reload> {
        self.app.reload.clone()
    }

    /// The address of its listener.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Processes deliveries until `stop`, then drains what is in flight.
    pub async fn run(self, stop: CancellationToken) -> Result<(), GateError> {
        let stopping = self.app.stopping.clone();
        let mut consumers = JoinSet::new();
        if let Some(db) = self.db {
            for subscription in &self.inbound.subscriptions {
                let (db, app, subscription) = (db.clone(), self.app.clone(), subscription.clone());
                let stopping = stopping.clone();
                consumers.spawn(async move {
                    tidegate_sqlite::consume(db, subscription, &app.pipeline, stopping).await;
                });
            }
            consumers.spawn(tidegate_sqlite::resume(db, self.app.pipeline.clone(), stopping.clone()));
        }
        if let Some(shadow) = self.app.pipeline.shadow.clone() {
            shadow.start(stopping.clone()).map_err(GateError::Shadow)?;
        }
        let closing = CancellationToken::new();
        let background = TaskTracker::new();
        let reload = self.app.reload.clone();
        let (pipeline, until) = (self.app.pipeline.clone(), closing.clone());
        background.spawn(notify_rollbacks(pipeline, self.rolled_back, until));
        let (pipeline, until) = (self.app.pipeline.clone(), closing.clone());
        background.spawn(send_counted_alerts(pipeline, until));
        if reload.is_followed() {
            let until = stopping.clone();
            background.spawn(async move { reload.follow(until).await });
        }
        let servers = TaskTracker::new();
        let metrics = &self.app.pipeline.metrics;
        let limits = self.config.http;
        let sidecar = tidegate_dapr::routes::router(&self.app, self.inbound.clone());
        let router = tidegate_http::router(self.app.clone(), sidecar);
        servers.spawn(tidegate_http::serve(
            self.listener,
            router,
            limits,
            metrics.clone(),
            closing.clone(),
        ));
        if let Some(listener) = self.admin {
            let connections = ADMIN_CONNECTIONS;
            let limits = Limits { connections, ..limits };
            let router = tidegate_http::admin_router(self.app.clone());
            servers.spawn(tidegate_http::serve(
                listener,
                router,
                limits,
                metrics.clone(),
                closing.clone(),
            ));
        }

        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = consumers.join_next() => {
                stopping.cancel();
                ended.map_err(SqliteError::from)?;
            }
        }
        tracing::info!("stopping: draining what is in flight");
        stopping.cancel();
        let drained = async {
            while let Some(ended) = consumers.join_next().await {
                ended.map_err(SqliteError::from)?;
            }
            self.app.in_flight.close();
            self.app.in_flight.wait().await;
            Ok(())
        };
        // Meanwhile the listener is open: probes report that the gate is stopping, and deliveries are answered with RETRY.
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

/// The name of this process in its claims.
fn process_name() -> String {
    format!("{}@{}", std::process::id(), clock::unix_millis())
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, GateError> {
    let failed = |source| GateError::Listen { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(key, address = %listener.local_addr().map_err(failed)?, "listening");
    Ok(listener)
}

/// A gate whose policy is refused processes nothing. While the file is followed, it may still be corrected. A refusal that
/// may come from the configuration ends the gate, since the configuration is read only once.
async fn load(reload: &Reload) -> Result<(), GateError> {
    match reload.start().await {
        Err(source) if !reload.is_followed() || source.is_misfit() => Err(GateError::Policy {
            path: reload.path().to_owned(),
            source,
        }),
        Err(_) => {
            tracing::warn!(policy = %reload.path().display(), "the gate processes no events until the policy's file is corrected");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
