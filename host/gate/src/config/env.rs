//! Every environment variable of the gate, by name. Commands read some of them themselves.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use tidegate_model::secret::Secret;

use super::problem::Problem;

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
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        // A name that is not UTF-8 is not one of the gate's.
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(std::env::vars_os().filter_map(named).collect())
    }

    /// What is wrong with the gate's variables themselves. A value is not repeated: it may be a secret.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let of_dapr = [DAPR_HTTP_ENDPOINT, DAPR_HTTP_PORT].into_iter();
        let names = of_dapr.chain(self.overrides().map(|(_, _, name)| name));
        let is_text = |name: &str| self.0.get(name).is_none_or(|value| value.to_str().is_some());
        let not_text = names.filter(|name| !is_text(name));
        let not_text = not_text.map(|name| Problem::new(name, "the variable is not valid UTF-8"));
        let tokens = [DAPR_API_TOKEN, APP_API_TOKEN].into_iter();
        let not_tokens =
            tokens.filter_map(|name| Some(Problem::new(name, Secret::parse(self.0.get(name)?).err()?.to_string())));
        not_text.chain(not_tokens).collect()
    }

    /// Keys to override, with value and variable: `(["dapr", "pubsub"], "orders", "TIDEGATE_DAPR__PUBSUB")`. The value is
    /// empty where it is not text.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (Vec<String>, &str, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            if READ_ELSEWHERE.contains(&name.as_str()) {
                return None;
            }
            let key = name.strip_prefix(PREFIX)?;
            // Kubernetes sets these in every pod for a Service called `tidegate`.
            if key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_") {
                return None;
            }
            let path = key.split("__").map(str::to_lowercase).collect();
            Some((path, value.to_str().unwrap_or_default(), name.as_str()))
        })
    }

    /// The address of the sidecar, from the variables that Dapr sets.
    pub(super) fn dapr_endpoint(&self) -> Option<String> {
        let endpoint = self.text(DAPR_HTTP_ENDPOINT).map(str::to_owned);
        endpoint.or_else(|| Some(format!("http://127.0.0.1:{}", self.text(DAPR_HTTP_PORT)?)))
    }

    /// The token to send to the sidecar.
    pub(super) fn dapr_api_token(&self) -> Option<Secret> {
        self.secret(DAPR_API_TOKEN)
    }

    /// The token that the sidecar and services must send.
    pub(super) fn app_api_token(&self) -> Option<Secret> {
        self.secret(APP_API_TOKEN)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str()
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        Secret::parse(self.0.get(name)?).ok()?
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
