//! Sending to an address, and what the answers of HTTP mean: 2xx is done; 408, 429, 5xx and no answer may pass; anything
//! else is final.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, StatusCode, Url, header::RETRY_AFTER};

use super::{Later, Message, PublishError, envelope};
use crate::{backend::BackendError, untrusted::Untrusted};

/// The media type of what is sent.
pub(crate) const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The longest `Retry-After` that is kept.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);
/// Characters of an answer that are kept for an error.
const ERROR_TEXT: usize = 300;
/// Bytes of an answer that are read for it.
const ERROR_BYTES: usize = 4 << 10;

/// A client for the addresses that channels lead to.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client that waits for an answer as long as `timeout`.
    pub fn new(timeout: Duration) -> Result<Self, BackendError> {
        let client = Client::builder()
            .timeout(timeout)
            .no_proxy()
            // A redirect turns a POST into a GET, whose 200 would pass for "taken".
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| BackendError::broken("preparing the client of sinks", error))?;
        Ok(Self { client })
    }

    /// Posts the message in its envelope.
    pub(super) async fn post(&self, url: &Url, message: &Message) -> Result<(), PublishError> {
        // The query may hold a key, so it is left out of errors.
        let action = format!("sending {:?} to {}{}", Untrusted(&message.id), origin(url), url.path());
        let request = self
            .client
            .post(url.clone())
            .header("content-type", CLOUD_EVENT)
            .body(envelope(message)?);
        match request.send().await {
            Ok(response) => answered(&action, response).await,
            Err(error) => Err(BackendError::broken(action, error.without_url()).into()),
        }
    }
}

/// What the answer of whoever handles events means for the message.
pub(crate) async fn answered(action: &str, response: Response) -> Result<(), PublishError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let after = retry_after(&response);
    let (reason, answer) = reason(response).await;
    let error = BackendError {
        answer,
        ..BackendError::refused(action, reason)
    };
    let passes =
        status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    Err(if passes {
        PublishError::Retryable(Later { error, after })
    } else {
        PublishError::Permanent(error)
    })
}

/// The error for an answer of the sidecar that says no. It knows no events, so all of it may go into a log.
pub(crate) async fn refusal(action: &str, response: Response) -> BackendError {
    let (reason, answer) = reason(response).await;
    let reason = answer.map_or_else(|| reason.clone(), |answer| format!("{reason}: {answer}"));
    BackendError::refused(action, reason)
}

/// The status of an answer in words, and the beginning of its text.
async fn reason(mut response: Response) -> (String, Option<String>) {
    let status = response.status();
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ERROR_BYTES - bytes.len())]);
        if bytes.len() == ERROR_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let text: String = text.chars().filter(|c| !c.is_control()).take(ERROR_TEXT).collect();
    (
        format!("the answer was {status}"),
        Some(text).filter(|text| !text.is_empty()),
    )
}

/// `Retry-After`: seconds, or a date; an hour at most, since the policy says how long an event may wait.
fn retry_after(response: &Response) -> Option<Duration> {
    wanted_wait(response).map(|wait| wait.min(LONGEST_RETRY_AFTER))
}

fn wanted_wait(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    (date.with_timezone(&Utc) - Utc::now()).to_std().ok()
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
