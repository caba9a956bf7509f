//! Reads bodies: only with a permit, up to a size, within a time.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use bytes::BytesMut;
use futures::StreamExt as _;
use hyper::body::Body as _;

use crate::{app::App, permit::Permit, problem::Problem, refusal::Refusal};

/// A request with its permit and its whole body.
#[derive(Debug)]
pub struct Admitted {
    /// Its permit.
    pub permit: Permit,
    /// Its body.
    pub body: Bytes,
}

impl Admitted {
    /// Takes a permit, then reads a body of at most `most` bytes.
    pub async fn read(app: &App, body: Body, most: usize) -> Result<Self, Refusal> {
        let admitted = Self::try_read(app, body, most).await;
        if let Err(refusal) = &admitted {
            app.pipeline.metrics.refused(refusal.reason());
        }
        admitted
    }

    async fn try_read(app: &App, body: Body, most: usize) -> Result<Self, Refusal> {
        let announced = body.size_hint();
        if announced.lower() > most as u64 {
            return Err(Refusal::TooLarge(most));
        }
        let permit = Permit::take(app)?;
        let length = announced.exact().and_then(|length| usize::try_from(length).ok());
        let limit = app.limits.body;
        tokio::select! {
            biased;
            body = tokio::time::timeout(limit, collect(body, most, length)) => {
                let body = body.unwrap_or(Err(Refusal::TooSlow(limit)))?;
                Ok(Self { permit, body })
            }
            () = app.stopping.cancelled() => Err(Refusal::Stopping),
        }
    }
}

/// For services: a body of at most `limits.body_bytes`. A refusal is answered with a problem document.
impl FromRequest<Arc<App>> for Admitted {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self::read(app, request.into_body(), app.limits.body_bytes).await?)
    }
}

async fn collect(body: Body, most: usize, length: Option<usize>) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(Refusal::BrokenOff)?;
        if whole.len() + chunk.len() > most {
            return Err(Refusal::TooLarge(most));
        }
        if whole.is_empty() && length == Some(chunk.len()) {
            return Ok(chunk);
        }
        if whole.is_empty() {
            whole.reserve(length.unwrap_or_default());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
