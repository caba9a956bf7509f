//! The HTTP client of the sidecar.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Url};
use tidegate_http::sink::refusal;
use tidegate_model::{backend_error::BackendError, secret::Secret};

/// Time limit of the readiness check.
const READY: Duration = Duration::from_secs(1);

/// How to reach the sidecar.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base address, without a trailing `/`.
    pub endpoint: String,
    /// Name of the state store component.
    pub state_store: String,
    /// The token to send.
    pub api_token: Option<Secret>,
    /// Time that one request may take.
    pub timeout: Duration,
}

/// The sidecar, reached over HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sidecar {
    client: Client,
    base: Url,
    token: Option<Secret>,
    pub(super) state_store: String,
}

impl Sidecar {
    /// A client for the sidecar; nothing is sent yet.
    pub fn new(settings: &Settings) -> Result<Self, BackendError> {
        let action = "preparing the client of the sidecar";
        let client = Client::builder()
            .timeout(settings.timeout)
            .no_proxy()
            // A redirect makes a GET of a POST, whose 200 would count as success. It would also send the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| BackendError::broken(action, error))?;
        let base = Url::parse(&settings.endpoint).map_err(|error| BackendError::broken(action, error))?;
        Ok(Self {
            client,
            base,
            token: settings.api_token.clone(),
            state_store: settings.state_store.clone(),
        })
    }

    /// Whether the sidecar can publish. This check does not wait for its app, which is the gate.
    pub(crate) async fn ready(&self) -> Result<(), BackendError> {
        let action = "asking the sidecar whether it is ready";
        let request = self.get_at(&["v1.0", "healthz", "outbound"]).timeout(READY);
        let response = self.send(action, request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(refusal(action, response).await)
    }

    pub(super) fn get_at(&self, path: &[&str]) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub(super) fn post_to(&self, path: &[&str]) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    pub(super) async fn send(&self, action: &str, request: RequestBuilder) -> Result<reqwest::Response, BackendError> {
        let request = match &self.token {
            Some(token) => request.header("dapr-api-token", token.expose()),
            None => request,
        };
        // Without the URL: `action` has the key or topic already.
        request
            .send()
            .await
            .map_err(|error| BackendError::broken(action, error.without_url()))
    }

    /// Joins path segments, each escaped.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}
