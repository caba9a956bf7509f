//! The sink that posts to an address, and the meaning of a receiver's answer: 2xx is success; 408, 429, 5xx and no answer
//! are retryable errors; anything else is a permanent error.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{Client, Response, StatusCode, Url, header::RETRY_AFTER};
use tidegate_model::{
    backend::Publisher,
    backend_error::BackendError,
    envelope::envelope,
    message::{Message, PublishError},
    untrusted::Untrusted,
};
use tidegate_text::{cut, escape};

/// The media type of what is published.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The longest `Retry-After` that is obeyed, since the policy decides how long an event may wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);
/// Characters of an answer that are kept for an error.
const ERROR_TEXT: usize = 300;
/// Bytes of an answer that are read for an error.
const ERROR_BYTES: usize = 4 << 10;

/// A client for the addresses of channels. It waits for an answer no longer than `timeout`.
pub fn client(timeout: Duration) -> Result<Client, BackendError> {
    Client::builder()
        .timeout(timeout)
        .no_proxy()
        // A redirect makes a GET of a POST, whose 200 would count as success.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| BackendError::broken("preparing the client of sinks", error))
}

/// A sink that posts events to an address.
#[derive(Debug, Clone)]
pub struct UrlPublisher {
    client: Client,
    url: Url,
}

impl UrlPublisher {
    /// Posts to `url`.
    pub fn new(client: Client, url: Url) -> Self {
        Self { client, url }
    }

    async fn post(&self, message: &Message) -> Result<(), PublishError> {
        let action = format!("sending {:?} to {}", Untrusted(&message.id), self.name());
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", CLOUD_EVENT)
            .body(envelope(message)?);
        match request.send().await {
            Ok(response) => answered(&action, response).await,
            Err(error) => Err(BackendError::broken(action, error.without_url()).into()),
        }
    }
}

#[async_trait]
impl Publisher for UrlPublisher {
    /// Without the query, which may contain a secret.
    fn name(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }

    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            answers.push(self.post(message).await);
        }
        answers
    }
}

/// What the answer of a receiver means for the message.
pub async fn answered(action: &str, response: Response) -> Result<(), PublishError> {
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
    let is_retryable =
        status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    Err(if is_retryable {
        PublishError::Retryable { error, after }
    } else {
        PublishError::Permanent(error)
    })
}

/// The error for an answer of the sidecar other than success. The answer repeats no event, so all of it may be logged.
pub async fn refusal(action: &str, response: Response) -> BackendError {
    let (reason, answer) = reason(response).await;
    let reason = answer.map_or_else(|| reason.clone(), |answer| format!("{reason}: {answer}"));
    BackendError::refused(action, reason)
}

/// The status of an answer as text, and the beginning of its body as one line.
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
    let text = escape::one_line(cut::split(&text, ERROR_TEXT).0);
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    (format!("the answer was {status}"), text.map(str::to_owned))
}

/// `Retry-After`: seconds or a date.
fn retry_after(response: &Response) -> Option<Duration> {
    requested_delay(response).map(|delay| delay.min(LONGEST_RETRY_AFTER))
}

fn requested_delay(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    (date.with_timezone(&Utc) - Utc::now()).to_std().ok()
}
