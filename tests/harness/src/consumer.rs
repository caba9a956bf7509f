//! An app with a sidecar of its own: a service that others call through theirs, or that is given a topic.

use anyhow::Result;

use crate::{App, Daprd, Dir, RunningDaprd, Services, Subscription};

/// A running app and its sidecar, in the order of their end.
#[derive(Debug)]
pub struct Consumer {
    /// The sidecar.
    pub daprd: RunningDaprd,
    /// The app.
    pub app: App,
}

impl Consumer {
    /// Starts an app that other sidecars find as `app_id`, at `/v1.0/invoke/{app_id}/method/…`.
    pub async fn start(services: &Services, dir: &Dir, app_id: &str) -> Result<Self> {
        Self::start_with(services, dir, Daprd::new(app_id), []).await
    }

    /// Starts an app with subscriptions, behind a sidecar as it is given.
    pub async fn start_with(
        services: &Services,
        dir: &Dir,
        daprd: Daprd,
        subscriptions: impl IntoIterator<Item = Subscription>,
    ) -> Result<Self> {
        let app = App::start(subscriptions).await?;
        let daprd = daprd.app(&app).start(services, dir).await?;
        Ok(Self { daprd, app })
    }
}
