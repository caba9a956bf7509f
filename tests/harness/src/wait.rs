//! Waiting for something to become true, with a limit and a reason when it does not.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a wait lasts by default: long enough for a busy machine, never reached when all is well.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until the answer is `Some`, or fails with `what` was waited for.
pub async fn until<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if start.elapsed() >= limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
