//! The HTTP client of the commands that talk to a gate: how long it waits, and the token that it shows. Knows no path.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, RequestBuilder, header::HeaderValue};
use tidegate_gate::config::APP_API_TOKEN;
use tidegate_model::secret::Secret;

/// A client that waits for an answer as long as `timeout`.
pub(super) fn client(timeout: Duration) -> anyhow::Result<Client> {
    Client::builder()
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(5))
        .no_proxy()
        // A redirect would make a GET of a POST, and send the token elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("the HTTP client does not start")
}

/// The token that a gate asks for, where there is one.
#[derive(Debug)]
pub(super) struct Token(Option<HeaderValue>);

impl Token {
    /// From `APP_API_TOKEN`.
    pub(super) fn from_environment() -> anyhow::Result<Self> {
        let value = std::env::var_os(APP_API_TOKEN).unwrap_or_default();
        let Some(token) = Secret::parse(&value).context(APP_API_TOKEN)? else {
            return Ok(Self(None));
        };
        let mut value = HeaderValue::from_str(token.expose()).context(APP_API_TOKEN)?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }

    /// The request, with the token.
    pub(super) fn show(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.0 {
            Some(token) => request.header("dapr-api-token", token),
            None => request,
        }
    }
}
