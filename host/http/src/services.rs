//! The API for services: publish, validate or migrate an event.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_engine::{Draft, Violation};
use tidegate_model::{
    clock,
    delivery::{Delivery, Source},
};
use tidegate_pipeline::{NotAcknowledged, Pipeline};
use tidegate_policies::revisions::Revision;

use crate::{answer::answer, app::App, body::Admitted, problem::Problem, query::Query};

/// The body of `POST /v1/events`. `task_id` and `payload` keep their digits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEvent {
    event_type: String,
    #[serde(default)]
    event_version: Option<String>,
    task_id: Box<RawValue>,
    user_id: String,
    payload: Box<RawValue>,
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
}

/// `POST /v1/events`: composes an event and processes it like any delivery. 200 when its outputs are stored.
pub(super) async fn publish(State(app): State<Arc<App>>, request: Admitted) -> Result<Response, Problem> {
    let Admitted { permit, body } = request;
    let new: NewEvent = serde_json::from_slice(&body).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is not a new event",
            error.to_string(),
        )
    })?;
    if new.event_id.is_some() && new.timestamp.is_none() {
        let detail = "an `event_id` needs its `timestamp`, so that a retry of the request makes the same event";
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is not a new event",
            detail,
        ));
    }
    let draft = Draft {
        event_type: new.event_type,
        event_version: new.event_version,
        task_id: new.task_id.get().to_owned(),
        user_id: new.user_id,
        payload: new.payload.get().to_owned(),
        event_id: new.event_id,
        timestamp: new.timestamp,
    };
    let now = clock::now();
    let revision = current(&app)?;
    let composed = revision
        .policy
        .compose(&draft, &now)
        .await
        .map_err(|fault| Problem::unavailable(&fault))??;
    let delivery = Delivery::new(composed.event.into(), Source::topic("v1/events"), now);
    let process = async move |pipeline: Arc<Pipeline>| pipeline.deliver(&delivery).await;
    answer(app.complete(permit, process).await)
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "the names of the answer")]
struct Valid {
    valid: bool,
    event_id: String,
    event_type: String,
    event_version: String,
    key: String,
}

/// `POST /v1/validate`: whether the body is a valid event. Nothing is published.
pub(super) async fn validate(State(app): State<Arc<App>>, request: Admitted) -> Response {
    let answer = valid(&app, &request.body).await.map(Json);
    request.permit.answer(answer).await
}

async fn valid(app: &App, event: &[u8]) -> Result<Valid, Problem> {
    let revision = current(app)?;
    let accepted = revision
        .policy
        .validate(event)
        .await
        .map_err(|fault| Problem::unavailable(&fault))??;
    Ok(Valid {
        valid: true,
        event_id: accepted.event_id,
        event_type: accepted.event_type,
        event_version: accepted.event_version,
        key: accepted.key,
    })
}

#[derive(Deserialize)]
pub(super) struct MigrateQuery {
    to: String,
}

#[derive(Serialize)]
struct Migrated {
    from_version: String,
    to_version: String,
    path: Vec<String>,
    event: Box<RawValue>,
}

/// `POST /v1/migrate?to=1.1`: the body in another version. Nothing is published.
pub(super) async fn migrate(
    State(app): State<Arc<App>>,
    Query(query): Query<MigrateQuery>,
    request: Admitted,
) -> Response {
    let answer = migrated(&app, &query.to, &request.body).await.map(Json);
    request.permit.answer(answer).await
}

async fn migrated(app: &App, to: &str, event: &[u8]) -> Result<Migrated, Problem> {
    let revision = current(app)?;
    let migrated = revision
        .policy
        .migrate(event, to)
        .await
        .map_err(|fault| Problem::unavailable(&fault))?
        .map_err(|failure| Problem::invalid(failure.violations))?;
    let event = match migrated.event {
        Some(changed) => changed,
        None => String::from_utf8_lossy(event).into_owned(),
    };
    let event = RawValue::from_string(event).map_err(|_| Problem::invalid(vec![not_json()]))?;
    Ok(Migrated {
        from_version: migrated.from_version,
        to_version: migrated.to_version,
        path: migrated.path,
        event,
    })
}

fn current(app: &App) -> Result<Arc<Revision>, Problem> {
    app.pipeline
        .revisions
        .current()
        .ok_or_else(|| Problem::unavailable(&NotAcknowledged::NoPolicy))
}

fn not_json() -> Violation {
    Violation {
        code: "migration-failed".to_owned(),
        path: String::new(),
        message: "the policy returned an event that is not JSON".to_owned(),
    }
}
