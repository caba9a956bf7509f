//! How the data file is doing, as the admin listener shows it.

use async_trait::async_trait;
use tidegate_model::backend::BackendStatus;

use super::Db;

#[async_trait]
impl BackendStatus for Db {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    /// A file that cannot be written now fails each delivery by itself.
    async fn trouble(&self) -> Option<String> {
        None
    }

    async fn scheduled_retries(&self) -> Option<i64> {
        self.count_scheduled_retries().await.ok()
    }
}
