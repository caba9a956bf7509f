//! What a person configures of the reload. Knows no configuration file.

use std::path::PathBuf;

use crate::revisions::RollbackSettings;

/// Which file is the policy, and how it is replaced.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The policy's file.
    pub path: PathBuf,
    /// The file of the shadow policy, where there is one.
    pub shadow: Option<PathBuf>,
    /// Whether a changed file is loaded automatically.
    pub is_followed: bool,
    /// When a new revision is rolled back; `None`: never.
    pub rollback: Option<RollbackSettings>,
    /// The directory of compiled policies and the denylist.
    pub cache_dir: Option<PathBuf>,
}
