//! Permits limit how many requests are in progress, and so how much memory they use.
//!
//! A request takes a permit before its body is read. An answer that may be large keeps the permit until it is written, so
//! that callers who read slowly use no more memory than there are permits.

use axum::{
    body::{Body, Bytes, to_bytes},
    response::{IntoResponse, Response},
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::{app::App, refusal::Refusal};

/// One permit, returned on drop.
#[derive(Debug)]
pub struct Permit {
    permit: OwnedSemaphorePermit,
    _in_flight: TaskTrackerToken,
}

impl Permit {
    /// A permit, unless the gate is full or stopping.
    pub fn take(app: &App) -> Result<Self, Refusal> {
        if app.stopping.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        // Before the second check, so that a gate that drains waits for this permit.
        let in_flight = app.in_flight.token();
        let permit = app.permits.clone().try_acquire_owned().map_err(|_| Refusal::Full)?;
        if app.stopping.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        Ok(Self {
            permit,
            _in_flight: in_flight,
        })
    }

    /// The answer, which returns the permit when it is written. A gate that stops does not wait for that.
    pub(super) async fn answer(self, answer: impl IntoResponse) -> Response {
        let (head, body) = answer.into_response().into_parts();
        let text = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let kept = Kept {
            text,
            _permit: self.permit,
        };
        Response::from_parts(head, Body::from(Bytes::from_owner(kept)))
    }
}

struct Kept {
    text: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}
