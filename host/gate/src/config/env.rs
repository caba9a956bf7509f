//! Every environment variable of the gate, by name. Commands read some of them themselves.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use tidegate_model::secret::Secret;

/// Overrides of single keys start with this: `TIDEGATE_DAPR__PUBSUB=orders` sets `dapr.pubsub`.
const PREFIX: &str = "TIDEGATE_";

/// The configuration file. This variable and those below override no key: the command line reads them.
pub const TIDEGATE_CONFIG: &str = "TIDEGATE_CONFIG";
/// The policy for every command that needs one.
pub const TIDEGATE_POLICY: &str = "TIDEGATE_POLICY";
/// The data file of the `sqlite` backend for every command that needs one.
pub const TIDEGATE_DATA: &str = "TIDEGATE_DATA";
/// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
pub const TIDEGATE_LOG: &str = "TIDEGATE_LOG";

/// The admin listener that the `policy` commands talk to.
pub const TIDEGATE_ADMIN: &str = "TIDEGATE_ADMIN";
/// The gate that `dlq redrive` sends dead letters to.
pub const TIDEGATE_URL: &str = "TIDEGATE_URL";

const DAPR_HTTP_ENDPOINT: &str = "DAPR_HTTP_ENDPOINT";
const DAPR_HTTP_PORT: &str = "DAPR_HTTP_PORT";
const DAPR_API_TOKEN: &str = "DAPR_API_TOKEN";
/// The token that the sidecar and services must send, and that commands send to a gate.
pub const APP_API_TOKEN: &str = "APP_API_TOKEN";

/// The program under test. The processes that the tests start inherit the variable.
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
    /// The variables of this process.
    pub fn of_process() -> Self {
        // A variable that is not UTF-8 is not one of the gate's.
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        std::env::vars_os().filter_map(text).collect()
    }

    /// Keys to override, with value and variable: `(["dapr", "pubsub"], "orders", "TIDEGATE_DAPR__PUBSUB")`.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (Vec<String>, &str, &str)> {
        self.0.iter().filter_map(|(name, text)| {
            if READ_ELSEWHERE.contains(&name.as_str()) {
                return None;
            }
            let key = name.strip_prefix(PREFIX)?;
            // Kubernetes sets these in every pod for a Service called `tidegate`.
            if key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_") {
                return None;
            }
            let path = key.split("__").map(str::to_lowercase).collect();
            Some((path, text.as_str(), name.as_str()))
        })
    }

    /// The address of the sidecar, from the variables that Dapr sets.
    pub(super) fn dapr_endpoint(&self) -> Option<String> {
        let endpoint = self.0.get(DAPR_HTTP_ENDPOINT).cloned();
        endpoint.or_else(|| Some(format!("http://127.0.0.1:{}", self.0.get(DAPR_HTTP_PORT)?)))
    }

    /// The token to send to the sidecar.
    pub(super) fn dapr_api_token(&self) -> Option<Secret> {
        self.secret(DAPR_API_TOKEN)
    }

    /// The token that the sidecar and services must send.
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

/// `$XDG_CACHE_HOME/tidegate`, else `~/.cache/tidegate`.
pub fn default_cache_dir() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|base| !base.is_empty())
        .map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("tidegate"))
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(vars: I) -> Self {
        Self(vars.into_iter().collect())
    }
}
