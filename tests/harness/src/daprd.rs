//! Dapr's sidecar with its components, and the calls that tests make to it.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{Client, RequestBuilder, Response};

use crate::{App, Command, Component, Dir, Ready, Scheduler, Server, Services, free_port, wait};

/// What a sidecar is to be started with.
#[derive(Debug, Clone, Default)]
pub struct Daprd {
    app_id: String,
    app_port: Option<u16>,
    components: Vec<Component>,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

/// A running sidecar.
#[derive(Debug)]
pub struct RunningDaprd {
    server: Server,
    client: Client,
    token: Option<String>,
}

impl Daprd {
    /// A sidecar for the application `app_id`, with no components.
    pub fn new(app_id: &str) -> Self {
        Self {
            app_id: app_id.to_owned(),
            ..Self::default()
        }
    }

    /// In front of a recording app.
    #[must_use]
    pub fn app(self, app: &App) -> Self {
        self.app_port(app.port())
    }

    /// In front of whatever listens, or will listen, on a port.
    #[must_use]
    pub fn app_port(mut self, port: u16) -> Self {
        self.app_port = Some(port);
        self
    }

    /// With one more component, or any other resource (a subscription, a resiliency policy).
    #[must_use]
    pub fn component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// With jobs.
    #[must_use]
    pub fn scheduler(self, scheduler: &Scheduler) -> Self {
        self.arg(&format!("--scheduler-host-address={}", scheduler.address()))
    }

    /// With one more variable, as `APP_API_TOKEN` or `DAPR_API_TOKEN` (which [`RunningDaprd`] then sends).
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more argument of its command line.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Starts it and waits until its API works. With an app that listens already, its subscriptions are then known too.
    pub async fn start(self, services: &Services, dir: &Dir) -> Result<RunningDaprd> {
        let home = dir.service(&format!("daprd-{}", self.app_id))?;
        let resources = home.join("resources");
        std::fs::create_dir(&resources)?;
        for component in &self.components {
            std::fs::write(resources.join(format!("{}.yaml", component.name)), &component.yaml)?;
        }
        let port = free_port();
        let token = self
            .env
            .iter()
            .find(|(name, _)| name == "DAPR_API_TOKEN")
            .map(|(_, value)| value.clone());
        // 204 once components are ready; it needs no token.
        let ready = Ready::Http(format!("http://127.0.0.1:{port}/v1.0/healthz/outbound"));
        let command = Command::new(&format!("daprd {}", self.app_id), &services.daprd, home, ready)
            .args(self.args(port, &resources))
            // What it tells other sidecars when they look for its app.
            .env(&[("DAPR_HOST_IP", "127.0.0.1")])
            .env(&self.env);
        Ok(RunningDaprd {
            server: Server::start(port, command).await?,
            client: client()?,
            token,
        })
    }

    fn args(&self, port: u16, resources: &Path) -> Vec<String> {
        let mut args = vec![
            format!("--app-id={}", self.app_id),
            format!("--dapr-http-port={port}"),
            format!("--dapr-grpc-port={}", free_port()),
            format!("--dapr-internal-grpc-port={}", free_port()),
            "--dapr-listen-addresses=127.0.0.1".to_owned(),
            "--dapr-internal-grpc-listen-address=127.0.0.1".to_owned(),
            "--enable-metrics=false".to_owned(),
            format!("--resources-path={}", resources.display()),
        ];
        if let Some(port) = self.app_port {
            args.extend([format!("--app-port={port}"), "--app-protocol=http".to_owned()]);
        }
        args.extend(self.args.iter().cloned());
        args
    }
}

impl RunningDaprd {
    /// Waits until it has read the app's subscriptions and given them to the broker.
    pub async fn wait_subscribed(&self) -> Result<()> {
        self.process()
            .wait_for_log("app is subscribed to the following topics", wait::PATIENCE)
            .await
    }

    /// Publishes bytes; `query` holds items as `("metadata.partitionKey", "user-1")`. Fails unless the sidecar answers 204.
    pub async fn publish(
        &self,
        pubsub: &str,
        topic: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
        query: &[(&str, &str)],
    ) -> Result<()> {
        let request = self.client.post(self.url(&format!("/v1.0/publish/{pubsub}/{topic}")));
        let request = request
            .query(query)
            .header("content-type", content_type)
            .body(body.into());
        let answer = self.send(request).await?;
        let status = answer.status();
        anyhow::ensure!(
            status == 204,
            "publishing to {topic}: {status} {}",
            answer.text().await?
        );
        Ok(())
    }

    /// `GET` of a path of its API.
    pub async fn get(&self, path: &str) -> Result<Response> {
        self.send(self.client.get(self.url(path))).await
    }

    /// `POST` of JSON to a path of its API.
    pub async fn post(&self, path: &str, json: &serde_json::Value) -> Result<Response> {
        self.send(self.client.post(self.url(path)).json(json)).await
    }

    /// `DELETE` of a path of its API.
    pub async fn delete(&self, path: &str) -> Result<Response> {
        self.send(self.client.delete(self.url(path))).await
    }

    async fn send(&self, mut request: RequestBuilder) -> Result<Response> {
        if let Some(token) = &self.token {
            request = request.header("dapr-api-token", token);
        }
        request.send().await.context("calling daprd")
    }
}

impl Deref for RunningDaprd {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

fn client() -> Result<Client> {
    Client::builder()
        .timeout(Duration::from_mins(1))
        .build()
        .context("an HTTP client")
}
