//! One request of Kafka's protocol that the Rust client lacks: topics created with their settings. (Kafka's own commands take a virtual
//! machine and a second or two for each topic.)
//!
//! `CreateTopics`, version 4. Integers are big-endian, a string is an `i16` length (-1: none) and its bytes, an array an `i32` count and
//! its items.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CREATE_TOPICS: i16 = 19;
const VERSION: i16 = 4;
const CORRELATION: i32 = 7;
const LIMIT: Duration = Duration::from_secs(30);

/// A topic to be created.
#[derive(Debug, Clone)]
pub(crate) struct NewTopic {
    pub(crate) name: String,
    pub(crate) partitions: i32,
    pub(crate) replication: i16,
    pub(crate) settings: BTreeMap<String, String>,
}

/// Creates topics. Fails when there is one of such a name.
pub(crate) async fn create(broker: &str, topics: &[NewTopic]) -> Result<()> {
    let answer = tokio::time::timeout(LIMIT, call(broker, &request(topics))).await;
    let answer = answer
        .context("kafka: creating topics hangs")?
        .context("kafka: creating topics")?;
    let failed = failures(&answer).context("kafka: an answer that cannot be read")?;
    ensure!(failed.is_empty(), "kafka has not created {}", failed.join(", "));
    Ok(())
}

async fn call(broker: &str, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(broker).await?;
    stream.write_all(&i32::try_from(request.len())?.to_be_bytes()).await?;
    stream.write_all(request).await?;
    let length = stream.read_i32().await?;
    let mut answer = vec![0; usize::try_from(length)?];
    stream.read_exact(&mut answer).await?;
    if !answer.starts_with(&CORRELATION.to_be_bytes()) {
        bail!("an answer to another request");
    }
    Ok(answer.split_off(4))
}

fn request(topics: &[NewTopic]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(CREATE_TOPICS.to_be_bytes());
    out.extend(VERSION.to_be_bytes());
    out.extend(CORRELATION.to_be_bytes());
    string(&mut out, "tidegate-harness");
    count(&mut out, topics.len());
    for topic in topics {
        string(&mut out, &topic.name);
        out.extend(topic.partitions.to_be_bytes());
        out.extend(topic.replication.to_be_bytes());
        count(&mut out, 0); // the broker chooses where the replicas are
        count(&mut out, topic.settings.len());
        for (name, value) in &topic.settings {
            string(&mut out, name);
            string(&mut out, value);
        }
    }
    out.extend(10_000_i32.to_be_bytes()); // milliseconds that the broker may take
    out.push(0); // not only to be checked
    out
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(text.as_bytes());
}

fn count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

/// The topics that were not created, each with the reason.
fn failures(answer: &[u8]) -> Option<Vec<String>> {
    let (_throttled, rest) = answer.split_first_chunk::<4>()?;
    let (topics, mut rest) = rest.split_first_chunk()?;
    let mut failed = Vec::new();
    for _ in 0..u32::from_be_bytes(*topics) {
        let name = take_string(&mut rest)?;
        let (code, after) = rest.split_first_chunk()?;
        rest = after;
        let message = take_string(&mut rest)?;
        let code = i16::from_be_bytes(*code);
        if code != 0 {
            failed.push(format!("{name} (error {code}: {message})"));
        }
    }
    Some(failed)
}

/// A string, empty when there is none.
fn take_string(bytes: &mut &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = i16::from_be_bytes(*length).max(0);
    let (text, rest) = rest.split_at_checked(length.unsigned_abs().into())?;
    *bytes = rest;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::failures;

    #[test]
    fn each_failure_is_named_with_its_reason() {
        let answer = b"\0\0\0\0\0\0\0\x02\0\x01a\0\0\xff\xff\0\x01b\0\x24\0\x05there";
        assert_eq!(failures(answer), Some(vec!["b (error 36: there)".to_owned()]));
        assert_eq!(failures(&answer[..20]), None, "cut off");
    }
}
