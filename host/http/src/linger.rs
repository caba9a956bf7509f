//! Reads and discards the rest of a body that was not read to its end. A connection that is closed while its caller still
//! writes is reset, and the answer may be lost.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

use crate::bounded_heads::RequestEnd;

/// How long the rest is read. A caller on a busy machine has sent it by then.
const LINGER: Duration = Duration::from_secs(5);

/// A body. When it is dropped, the rest of it is read. It says when it has arrived as a whole.
#[derive(Debug)]
pub(super) struct Lingering {
    body: Option<Incoming>,
    request_end: RequestEnd,
}

impl Lingering {
    pub(super) fn new(body: Incoming, request_end: RequestEnd) -> Self {
        if body.is_end_stream() {
            request_end.reached();
        }
        Self {
            body: Some(body),
            request_end,
        }
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        if frame.is_none() || self.is_end_stream() {
            self.request_end.reached();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let request_end = self.request_end.clone();
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        // There is no runtime when the program ends.
        if let (Some(mut rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(LINGER, async move {
                while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await {}
                request_end.reached();
            }));
        }
    }
}
