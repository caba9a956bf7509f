//! A gate whose policy is replaced while it runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tidegate_harness::wait;
pub(crate) use tidegate_tests::revisions::digest;
use tidegate_tests::{SqliteGate, guest};

pub(crate) struct Rig {
    pub(crate) gate: SqliteGate,
    pub(crate) path: PathBuf,
    pub(crate) dir: TempDir,
}

impl Rig {
    /// A gate with this policy; `env` overrides its configuration.
    pub(crate) async fn start(name: &str, policy: &[u8], env: &[(&str, &str)]) -> Self {
        let (dir, path) = directory();
        fs::write(&path, policy).expect("writable");
        let gate = SqliteGate::start_with(name, "", &with_policy(&path, env)).await;
        Self { gate, path, dir }
    }

    /// A gate whose policy is missing or bad.
    pub(crate) async fn start_unready(name: &str, policy: Option<&[u8]>, env: &[(&str, &str)]) -> Self {
        Self::start_alive(name, policy, "", env).await
    }

    /// The same with more lines of configuration.
    pub(crate) async fn start_alive(name: &str, policy: Option<&[u8]>, config: &str, env: &[(&str, &str)]) -> Self {
        let (dir, path) = directory();
        if let Some(policy) = policy {
            fs::write(&path, policy).expect("writable");
        }
        let gate = SqliteGate::start_alive(name, config, &with_policy(&path, env)).await;
        Self { gate, path, dir }
    }

    /// A gate whose policy is the folder `name` of a directory.
    pub(crate) async fn start_on_folder(dir: TempDir, name: &str, config: &str) -> Self {
        let path = dir.path().join(name);
        let gate = SqliteGate::start_alive(name, config, &with_policy(&path, &[])).await;
        Self { gate, path, dir }
    }

    /// Renames another file over the policy, as a careful tool does.
    pub(crate) fn put(&self, policy: &[u8]) {
        let new = self.dir.path().join(".policy.tmp");
        fs::write(&new, policy).expect("writable");
        fs::rename(new, &self.path).expect("renamed");
    }

    /// Where a sidecar delivers events.
    pub(crate) fn deliver(&self) -> String {
        self.gate.url("/deliver/task-events")
    }

    /// Starts the gate again, and waits until it is ready, or only alive when it was started so.
    pub(crate) async fn restart(&self) {
        let started = self.gate.process().restart().await;
        started.unwrap_or_else(|error| panic!("it does not start again: {error:#}"));
    }

    /// What `GET /admin/revisions` answers.
    pub(crate) async fn revisions(&self) -> Value {
        let answer = reqwest::get(self.gate.admin_url("/admin/revisions")).await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    /// Waits until this policy decides and no load is in progress.
    pub(crate) async fn until_current(&self, policy: &[u8]) -> Value {
        let digest = digest(policy);
        let found = async || {
            let found = self.revisions().await;
            (found["current"] == digest && found["reload"]["state"] != "loading").then_some(found)
        };
        match wait::until("the policy to take over", wait::PATIENCE, found).await {
            Ok(found) => found,
            Err(error) => panic!("{digest}: {error}: {:#}", self.revisions().await),
        }
    }

    /// Fails unless this policy decides now.
    pub(crate) async fn assert_current(&self, policy: &[u8]) {
        let found = self.revisions().await;
        assert_eq!(found["current"], digest(policy), "{found:#}");
    }

    /// How many policies the gate has loaded, and how many files it has refused.
    pub(crate) async fn loads(&self) -> (u64, u64) {
        let count = async |result: &str| {
            let name = format!("tidegate_policy_loads_total{{result={result:?}}}");
            self.gate.counted(&name).await
        };
        (count("loaded").await, count("refused").await)
    }

    /// Waits until the file is refused, and returns the reason.
    pub(crate) async fn until_refused(&self) -> String {
        self.until_refused_that(|_| true).await
    }

    /// The same for a file that holds these bytes.
    pub(crate) async fn until_refused_for(&self, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        self.until_refused_that(|reload| reload["digest"] == digest).await
    }

    async fn until_refused_that(&self, is_meant: impl Fn(&Value) -> bool) -> String {
        let refused = async || {
            let found = self.revisions().await;
            let reload = &found["reload"];
            let why = reload["why"].as_str()?;
            is_meant(reload).then(|| why.to_owned())
        };
        match wait::until("a refusal", wait::PATIENCE, refused).await {
            Ok(why) => why,
            Err(error) => panic!("{error}: {:#}", self.revisions().await),
        }
    }

    /// Waits until the file was read again and found unchanged more than `times` times.
    pub(crate) async fn until_read_again(&self, times: usize) {
        let again = async || {
            let log = self.gate.log();
            let found = log.matches("the policy's file changes nothing").count();
            (found > times).then_some(())
        };
        wait::until("the file to be read again", wait::PATIENCE, again)
            .await
            .expect("it is");
    }

    /// A POST to the admin listener.
    pub(crate) async fn post(&self, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Client::new().post(self.gate.admin_url(path)).body(body.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }
}

fn directory() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("policy.wasm");
    (dir, path)
}

fn with_policy<'a>(path: &'a Path, env: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("TIDEGATE_POLICY", path.to_str().expect("a path that is text"))];
    all.extend(env);
    all
}

/// A small policy, which is compiled quickly.
pub(crate) fn policy() -> Vec<u8> {
    fs::read(guest("calm")).expect("readable")
}

/// The same policy with another digest: a custom section is added.
pub(crate) fn variant(name: &str) -> Vec<u8> {
    let mut bytes = policy();
    let section = [&[u8::try_from(name.len()).expect("a short name")], name.as_bytes()].concat();
    bytes.extend([0, u8::try_from(section.len()).expect("a short section")]);
    bytes.extend(section);
    bytes
}
