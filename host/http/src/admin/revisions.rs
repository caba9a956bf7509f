//! The revisions of this process, and the state of the next load.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tidegate_policies::{
    reload,
    revisions::{Counts, Listed, LoadedBy, Retired, RevisionState},
};

use crate::app::App;

#[derive(Serialize)]
struct Revisions {
    /// The policy's file.
    path: String,
    reload: reload::Status,
    /// Digest of the only policy that may run.
    pin: Option<String>,
    /// Digest of the revision that decides.
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
    by: LoadedBy,
    /// Milliseconds of each step.
    took_ms: Took,
    cached: bool,
    other_build: bool,
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
            by: record.loaded_by,
            took_ms: Took {
                settle: millis(record.timings.settle),
                read: millis(record.timings.read),
                snapshot: record.snapshot.map(millis),
                compile: record.compile.map(millis),
                load: millis(record.timings.load),
                self_test: millis(record.timings.self_test),
            },
            cached: record.cached,
            other_build: record.other_build,
            event_types: record.event_types.clone(),
            channels: record.channels.clone(),
            counts: record.tally.counts(),
            retired: listed.retired.clone(),
        }
    }
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
