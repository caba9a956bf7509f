//! The revisions of this process, and what the loading of the next one is at.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tidegate_policies::{
    reload,
    revision::{By, Counts, Listed, Retired, RevisionState},
};

use super::super::App;

#[derive(Serialize)]
struct Revisions {
    /// The policy's file.
    path: String,
    reload: reload::Status,
    /// The digest of the only policy that may run.
    pin: Option<String>,
    /// Digest of the one that decides.
    current: Option<String>,
    /// The newest first.
    #[serde(rename = "revisions")]
    all: Vec<Revision>,
}

#[derive(Serialize)]
struct Revision {
    name: String,
    version: String,
    digest: String,
    state: RevisionState,
    loaded_at: String,
    by: By,
    /// Where the time went, in milliseconds.
    took_ms: Took,
    cached: bool,
    event_types: BTreeMap<String, Vec<String>>,
    channels: Vec<String>,
    counts: Counts,
    retired: Option<Retired>,
}

#[derive(Serialize)]
struct Took {
    settle: f64,
    read: f64,
    snapshot: Option<f64>,
    compile: Option<f64>,
    load: f64,
    self_test: f64,
}

/// `GET /admin/revisions`.
pub(super) async fn revisions(State(app): State<Arc<App>>) -> Response {
    let current = app.pipeline.revisions.current();
    Json(Revisions {
        path: app.reload.path().display().to_string(),
        reload: app.reload.status(),
        pin: app.reload.pin().map(str::to_owned),
        current: current.map(|current| current.id().digest.clone()),
        all: app.pipeline.revisions.list().iter().map(Revision::from).collect(),
    })
    .into_response()
}

impl From<&Listed> for Revision {
    fn from(listed: &Listed) -> Self {
        let record = &listed.record;
        Self {
            name: record.name.clone(),
            version: record.version.clone(),
            digest: record.id.digest.clone(),
            state: listed.state,
            loaded_at: record.loaded_at.clone(),
            by: record.by,
            took_ms: Took {
                settle: millis(record.took.settle),
                read: millis(record.took.read),
                snapshot: record.snapshot.map(millis),
                compile: record.compile.map(millis),
                load: millis(record.took.load),
                self_test: millis(record.took.self_test),
            },
            cached: record.cached,
            event_types: record.event_types.clone(),
            channels: record.channels.clone(),
            counts: record.tally.counts(),
            retired: listed.retired.clone(),
        }
    }
}

/// To the microsecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
