//! Every environment variable that the gate reads, and nothing that reads one elsewhere.

use std::{collections::BTreeMap, ffi::OsString};

use super::Secret;

/// Overrides of single keys start with this: `TIDEGATE_DAPR__PUBSUB=orders` sets `dapr.pubsub`.
const PREFIX: &str = "TIDEGATE_";

/// Variables of the same prefix that are read elsewhere: by the command line.
pub const TIDEGATE_CONFIG: &str = "TIDEGATE_CONFIG";
/// The policy for every command that needs one.
pub const TIDEGATE_POLICY: &str = "TIDEGATE_POLICY";
/// The data file of the `sqlite` backend for every command that needs one.
pub const TIDEGATE_DATA: &str = "TIDEGATE_DATA";
/// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
pub const TIDEGATE_LOG: &str = "TIDEGATE_LOG";

/// The admin listener of the gate that the commands about its policy talk to.
pub const TIDEGATE_ADMIN: &str = "TIDEGATE_ADMIN";
/// The gate that dead letters are redriven into.
pub const TIDEGATE_URL: &str = "TIDEGATE_URL";

const DAPR_HTTP_ENDPOINT: &str = "DAPR_HTTP_ENDPOINT";
const DAPR_HTTP_PORT: &str = "DAPR_HTTP_PORT";
const DAPR_API_TOKEN: &str = "DAPR_API_TOKEN";
const APP_API_TOKEN: &str = "APP_API_TOKEN";

/// The program that the project's own tests run; the programs that they start inherit it.
const TIDEGATE_BIN: &str = "TIDEGATE_BIN";

const READ_ELSEWHERE: &[&str] = &[
    TIDEGATE_CONFIG,
    TIDEGATE_POLICY,
    TIDEGATE_DATA,
    TIDEGATE_LOG,
    TIDEGATE_ADMIN,
    TIDEGATE_URL,
    TIDEGATE_BIN,
];

/// The variables as they were when the program started.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Of this process.
    pub fn of_process() -> Self {
        // What is not UTF-8 is none of ours.
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        std::env::vars_os().filter_map(text).collect()
    }

    /// Keys to override and their texts: `(["dapr", "pubsub"], "orders", "TIDEGATE_DAPR__PUBSUB")`.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (Vec<String>, &str, &str)> {
        self.0.iter().filter_map(|(name, text)| {
            if READ_ELSEWHERE.contains(&name.as_str()) {
                return None;
            }
            let key = name.strip_prefix(PREFIX)?;
            // Kubernetes describes a Service called `tidegate` to every pod in these.
            if key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_") {
                return None;
            }
            let path = key.split("__").map(str::to_lowercase).collect();
            Some((path, text.as_str(), name.as_str()))
        })
    }

    /// Where Dapr says that its sidecar listens.
    pub(super) fn dapr_endpoint(&self) -> Option<String> {
        let endpoint = self.0.get(DAPR_HTTP_ENDPOINT).cloned();
        endpoint.or_else(|| Some(format!("http://127.0.0.1:{}", self.0.get(DAPR_HTTP_PORT)?)))
    }

    /// The token to send to the sidecar.
    pub(super) fn dapr_api_token(&self) -> Option<Secret> {
        self.secret(DAPR_API_TOKEN)
    }

    /// The token to ask of the sidecar and of services.
    pub(super) fn app_api_token(&self) -> Option<Secret> {
        self.secret(APP_API_TOKEN)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.0
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
            .map(Secret::new)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(vars: I) -> Self {
        Self(vars.into_iter().collect())
    }
}
