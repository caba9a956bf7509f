//! A connection that is cut off when its caller does not read an answer in time.
//!
//! The limit covers the whole answer. `tokio-io-timeout` limits each write instead, so that a caller who reads a few bytes
//! now and then would keep its permit for hours.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// A connection. The limit starts when a write has to wait, and ends when everything is written.
#[derive(Debug)]
pub(super) struct WriteLimit {
    stream: TcpStream,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl WriteLimit {
    pub(super) fn new(stream: TcpStream, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            waiting: None,
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WriteLimit {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for WriteLimit {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, buf) {
            Poll::Pending => self.wait(cx),
            written @ Poll::Ready(_) => written,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bufs) {
            Poll::Pending => self.wait(cx),
            written @ Poll::Ready(_) => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper calls it only when everything is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        time::{sleep, timeout},
    };

    use super::WriteLimit;

    const LIMIT: Duration = Duration::from_millis(300);
    const LARGE: usize = 32 << 20;

    async fn connected() -> (WriteLimit, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("is bound");
        let (accepted, caller) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let (stream, _) = accepted.expect("accepts");
        (WriteLimit::new(stream, LIMIT), caller.expect("connects"))
    }

    async fn is_cut_off(mut stream: WriteLimit) -> bool {
        let answer = vec![0; LARGE];
        let written = timeout(LIMIT * 10, stream.write_all(&answer)).await;
        written.is_ok_and(|written| written.is_err_and(|error| error.kind() == std::io::ErrorKind::TimedOut))
    }

    #[tokio::test]
    async fn a_caller_that_does_not_read_is_cut_off() {
        let (stream, _caller) = connected().await;
        assert!(is_cut_off(stream).await);
    }

    #[tokio::test]
    async fn a_caller_that_reads_slowly_is_cut_off() {
        let (stream, mut caller) = connected().await;
        let slow = tokio::spawn(async move {
            let mut bytes = vec![0; 256 << 10];
            while caller.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                sleep(LIMIT / 10).await;
            }
        });
        assert!(is_cut_off(stream).await);
        slow.abort();
    }

    #[tokio::test]
    async fn a_caller_may_be_silent_for_longer() {
        let (mut stream, mut caller) = connected().await;
        let send = async {
            sleep(LIMIT * 2).await;
            caller.write_all(b"request").await.expect("sends");
        };
        let mut bytes = [0; 7];
        let (read, ()) = tokio::join!(stream.read_exact(&mut bytes), send);
        assert_eq!(read.expect("reads"), 7);
    }
}
