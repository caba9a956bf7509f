//! The HTTP client of the commands that talk to a gate. Knows no route.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, RequestBuilder};

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

/// The request with the token of `APP_API_TOKEN`, where it is set.
pub(super) fn with_token(request: RequestBuilder) -> RequestBuilder {
    match std::env::var("APP_API_TOKEN") {
        Ok(token) if !token.is_empty() => request.header("dapr-api-token", token),
        _ => request,
    }
}
