//! What an app is sent and what it answers.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// `POST`, mostly.
    pub method: String,
    /// With the query, if there is one.
    pub path: String,
    /// In order, repeats included; a value that is not UTF-8 with replacement characters.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Bytes,
}

/// What the app answers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    delay: Duration,
}

impl Reply {
    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: vec![],
            body: String::new(),
            delay: Duration::ZERO,
        }
    }

    /// A status with a body.
    pub fn text(status: u16, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            ..Self::status(status)
        }
    }

    /// 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// After a while.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) async fn send(self) -> Response {
        tokio::time::sleep(self.delay).await;
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        let response = json
            .iter()
            .chain(&self.headers)
            .fold(Response::builder().status(self.status), |response, (name, value)| {
                response.header(name, value)
            });
        response.body(Body::from(self.body)).unwrap_or_default()
    }
}

impl Received {
    /// The first header of a name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {:?}", self.body))
    }
}
