//! What a policy says on standard error while it is prepared, for the reason when that fails. Knows nothing of what it means.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// Bytes that are kept, the last ones.
const KEPT: usize = 4 << 10;

/// The end of what was written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said(Arc<Mutex<VecDeque<u8>>>);

impl Said {
    /// The text, without white space around it; empty: nothing was said.
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.kept().iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StdoutStream for Said {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl IsTerminal for Said {
    fn is_terminal(&self) -> bool {
        false
    }
}

#[async_trait]
impl OutputStream for Said {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut kept = self.kept();
        kept.extend(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(KEPT)
    }
}

#[async_trait]
impl Pollable for Said {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use wasmtime_wasi::p2::OutputStream;

    use super::{KEPT, Said};

    #[test]
    fn the_end_is_kept() {
        let said = Said::default();
        assert_eq!(said.text(), "");
        for text in ["x".repeat(3 * KEPT), "\nthe reason\n".to_owned()] {
            said.clone().write(Bytes::from(text)).expect("written");
        }
        assert!(said.text().ends_with("x\nthe reason"));
        assert_eq!(said.text().len(), KEPT - 1);
    }
}
