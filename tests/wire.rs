//! A connection to a gate whose every byte the test sends itself: for callers that no HTTP client would be.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tidegate_harness::wait;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// A connection.
#[derive(Debug)]
pub struct Wire(TcpStream);

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Fails unless this is a problem document of this status.
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.json()["status"], status, "{self:?}");
    }
}

impl Wire {
    /// Connects to a port of this machine.
    pub async fn open(port: u16) -> Self {
        Self(TcpStream::connect(("127.0.0.1", port)).await.expect("a connection"))
    }

    /// Sends bytes; false when the connection is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends the head of a POST that announces so many bytes, and the first of them.
    pub async fn post(&mut self, path: &str, announced: usize, first: &[u8]) {
        let head = format!("POST {path} HTTP/1.1\r\nhost: gate\r\ncontent-length: {announced}\r\n\r\n");
        assert!(
            self.send(head).await && self.send(first).await,
            "the gate takes the head"
        );
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        let answer = timeout(wait::PATIENCE, self.read_answer())
            .await
            .expect("an answer in time");
        answer.expect("an answer")
    }

    /// True when nothing at all comes within this time.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        timeout(time, self.0.read_u8()).await.is_err()
    }

    /// Waits until the gate closes the connection.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        // Closed or reset: both are an end.
        let _ = timeout(wait::PATIENCE, self.0.read_to_end(&mut rest))
            .await
            .expect("it is closed in time");
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: BTreeMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers
            .get("content-length")
            .map_or(Ok(0), |length| length.parse())
            .ok()?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Answer { status, headers, body })
    }
}
