//! A gate whose policy can be replaced.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tidegate_harness::wait;
pub(crate) use tidegate_tests::labels::digest;
use tidegate_tests::{Embedded, guest};

pub(crate) struct Rig {
    pub(crate) gate: Embedded,
    pub(crate) path: PathBuf,
    pub(crate) dir: TempDir,
}

impl Rig {
    /// A gate that judges by these bytes; `env` overrides its configuration.
    pub(crate) async fn start(name: &str, policy: &[u8], env: &[(&str, &str)]) -> Self {
        let (dir, path) = Self::place();
        fs::write(&path, policy).expect("writable");
        let gate = Embedded::start_with(name, "", &with_policy(&path, env)).await;
        Self { gate, path, dir }
    }

    /// A gate whose policy is not there, or not good.
    pub(crate) async fn start_unready(name: &str, policy: Option<&[u8]>, env: &[(&str, &str)]) -> Self {
        Self::start_alive(name, policy, "", env).await
    }

    /// The same with more lines of its configuration.
    pub(crate) async fn start_alive(name: &str, policy: Option<&[u8]>, config: &str, env: &[(&str, &str)]) -> Self {
        let (dir, path) = Self::place();
        if let Some(policy) = policy {
            fs::write(&path, policy).expect("writable");
        }
        let gate = Embedded::start_alive(name, config, &with_policy(&path, env)).await;
        Self { gate, path, dir }
    }

    fn place() -> (TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy.wasm");
        (dir, path)
    }

    /// Puts another file in the place of the policy, as a careful tool does.
    pub(crate) fn put(&self, policy: &[u8]) {
        let aside = self.dir.path().join(".policy.tmp");
        fs::write(&aside, policy).expect("writable");
        fs::rename(aside, &self.path).expect("renamed");
    }

    /// Where the sidecar would bring events.
    pub(crate) fn deliver(&self) -> String {
        self.gate.gate.url("/deliver/task-events")
    }

    /// Starts the gate again, and waits until it takes events.
    pub(crate) async fn restart(&self) {
        let started = self.gate.gate.process().restart().await;
        started.unwrap_or_else(|error| panic!("it does not start again: {error:#}"));
    }

    /// Waits until the policy of this digest judges.
    pub(crate) async fn until_judges_by(&self, digest: &str) {
        let judges = async || {
            let found = self.revisions().await;
            (found["revisions"][0]["digest"] == digest && found["reload"]["state"] != "loading").then_some(())
        };
        if let Err(error) = wait::until("the policy to judge", wait::PATIENCE, judges).await {
            panic!("{digest}: {error}: {:#}", self.revisions().await);
        }
    }

    pub(crate) async fn revisions(&self) -> Value {
        let answer = reqwest::get(self.gate.admin_url("/admin/revisions")).await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    /// Waits for this revision to judge, and nothing else to be under way.
    pub(crate) async fn until_current(&self, number: u64) -> Value {
        let found = async || {
            let found = self.revisions().await;
            (found["current"] == number && found["reload"]["state"] != "loading").then_some(found)
        };
        match wait::until("the revision to judge", wait::PATIENCE, found).await {
            Ok(found) => found,
            Err(error) => panic!("revision {number}: {error}: {:#}", self.revisions().await),
        }
    }

    /// Waits until what the file holds is refused, and says why.
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

    /// Waits until the file was read so often and found to hold what it held before; as the gate starts it is so once.
    pub(crate) async fn until_read_again(&self, times: usize) {
        let again = async || {
            let log = self.gate.log();
            let found = log.matches("the policy's file holds what it held before").count();
            (found > times).then_some(())
        };
        wait::until("the file to be read again", wait::PATIENCE, again)
            .await
            .expect("it is");
    }

    /// Asks for something on the admin listener.
    pub(crate) async fn ask(&self, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Client::new().post(self.gate.admin_url(path)).body(body.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }
}

fn with_policy<'a>(path: &'a Path, env: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("TIDEGATE_POLICY", path.to_str().expect("a path that is text")),
        ("TIDEGATE_POLICY__RELOAD__SETTLE_MS", "50"),
    ];
    all.extend(env);
    all
}

/// A policy that compiles in no time.
pub(crate) fn policy() -> Vec<u8> {
    fs::read(guest("calm")).expect("readable")
}

/// The same policy in another file: a section is added that nobody reads.
pub(crate) fn variant(name: &str) -> Vec<u8> {
    let mut bytes = policy();
    let section = [&[u8::try_from(name.len()).expect("a short name")], name.as_bytes()].concat();
    bytes.extend([0, u8::try_from(section.len()).expect("a short section")]);
    bytes.extend(section);
    bytes
}
