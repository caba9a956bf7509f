//! What a person configures of the shadow policy. Knows no configuration file.

use std::path::PathBuf;

/// Which file is the shadow policy, and which events it judges.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its file.
    pub path: PathBuf,
    /// Share of the events that are sampled; above 0, at most 1.
    pub sample: f64,
    /// Length of the queue.
    pub queue: usize,
    /// Whether the report shows values.
    pub show_values: bool,
}
