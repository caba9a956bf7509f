//! A connection on which the heads of requests are bounded. Knows nothing of what a head may hold.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::head::{Bounds, Head};

/// Bytes that are read at a time.
const READ: usize = 8 << 10;

/// Whether a request has arrived as a whole, so that what arrives next is the head of another.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestEnd(Arc<AtomicBool>);

impl RequestEnd {
    pub(super) fn reached(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A connection. What follows a head is passed on as it is, until the request has ended.
#[derive(Debug)]
pub(super) struct BoundedHeads<S> {
    stream: S,
    bounds: Bounds,
    head: Head,
    request_end: RequestEnd,
    /// What has been passed and not read yet.
    passed: Vec<u8>,
    read: usize,
}

impl<S> BoundedHeads<S> {
    pub(super) fn new(stream: S, bounds: Bounds, request_end: RequestEnd) -> Self {
        Self {
            stream,
            bounds,
            head: Head::new(bounds),
            request_end,
            passed: Vec::new(),
            read: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for BoundedHeads<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.read < this.passed.len() {
                let rest = &this.passed[this.read..];
                let count = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..count]);
                this.read += count;
                return Poll::Ready(Ok(()));
            }
            if this.head.has_ended() {
                if !this.request_end.0.swap(false, Ordering::AcqRel) {
                    this.passed = Vec::new();
                    return Pin::new(&mut this.stream).poll_read(cx, buf);
                }
                this.head = Head::new(this.bounds);
            }
            let mut arrived = [0; READ];
            let mut arrived = ReadBuf::new(&mut arrived);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut arrived))?;
            if arrived.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.passed.clear();
            this.read = 0;
            this.head.pass(arrived.filled(), &mut this.passed);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for BoundedHeads<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
