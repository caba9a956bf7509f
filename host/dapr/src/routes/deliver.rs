//! Deliveries from the sidecar. A processed delivery is answered with 200 and a status. A refused one is answered with an
//! error, but never with 404: the sidecar would drop the event.

use std::sync::Arc;

use axum::{body::Body, http::HeaderMap, response::Response};
use chrono::{DateTime, Datelike};
use tidegate_http::{Admitted, App, left_out};
use tidegate_model::{
    clock,
    delivery::{Delivery, Source},
    envelope::{Escaping, Headers, unwrap},
    subscription::Subscription,
};
use tidegate_pipeline::Ack;

use super::answer::{refuse, retry, success};

/// What the sidecar calls the key of a record, and what a header with an attribute of a CloudEvent begins with.
const KEY: &str = "__key";
const ATTRIBUTE: &str = "ce_";

/// Bytes of the longest header value that is used in a source.
const HEADER_VALUE: usize = 64;

/// `POST {route of a subscription}`.
pub(super) async fn deliver(app: Arc<App>, subscription: Subscription, headers: HeaderMap, body: Body) -> Response {
    // The broker's bytes are in base64: four bytes for three.
    let most = app.limits.body_bytes.saturating_mul(2);
    let Admitted { permit, body } = match Admitted::read(&app, body, most).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(&app, &subscription, refusal),
    };
    let unwrapped = unwrap(body, subscription.raw_payload, &attributes(&headers));
    let source = Source {
        topic: subscription.topic.name.clone(),
        partition: plain(&headers, "__partition"),
        offset: plain(&headers, "__offset"),
    };
    let at = broker_time(&headers).unwrap_or_else(clock::now);
    let tombstone = unwrapped.tombstone(subscription.tombstones, key(&headers));
    let delivery = unwrapped.delivery(source, at);
    let delivery = Delivery {
        traceparent: delivery.traceparent.or_else(|| plain(&headers, "traceparent")),
        unjudged: tombstone.or(delivery.unjudged),
        once: subscription.idempotent,
        ..delivery
    };
    drop(headers);
    match app
        .complete(permit, async move |pipeline| pipeline.deliver(&delivery).await)
        .await
    {
        Some(Ack::Done(_)) => success(),
        Some(Ack::Requeue { .. }) | None => retry(),
    }
}

/// The attributes of a CloudEvent in binary mode: headers of the record, which the component escapes.
fn attributes(headers: &HeaderMap) -> Headers {
    let named = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Headers {
        left_out: left_out(headers),
        ..Headers::with_prefix(named, ATTRIBUTE, Escaping::Query)
    }
}

/// The key of the record.
fn key(headers: &HeaderMap) -> Option<String> {
    Headers::text(headers.get(KEY)?.as_bytes(), Escaping::Query)
}

/// The value of a header that is safe to print: any producer can set any header.
fn plain(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let safe = (1..=HEADER_VALUE).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    safe.then(|| value.to_owned())
}

/// When the broker received the event: milliseconds since 1970 in `__timestamp`. Any producer can set that header, so a time
/// that RFC 3339 cannot express is ignored.
fn broker_time(headers: &HeaderMap) -> Option<String> {
    let millis = plain(headers, "__timestamp")?.parse().ok()?;
    let at = DateTime::from_timestamp_millis(millis).filter(|at| (0..=9999).contains(&at.year()))?;
    Some(clock::rfc3339(at))
}
