//! The state of the data file, for probes and the admin listener.

use async_trait::async_trait;
use tidegate_model::backend::BackendStatus;

use super::Db;

#[async_trait]
impl BackendStatus for Db {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    /// Always ready: while the file cannot be written, each delivery fails by itself.
    async fn unready_reason(&self) -> Option<String> {
        None
    }

    async fn scheduled_retries(&self) -> Option<i64> {
        self.count_scheduled_retries().await.ok()
    }
}
