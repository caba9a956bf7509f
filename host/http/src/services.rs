//! The API for services: publish, validate or migrate an event.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_engine::Violation;
use tidegate_model::{
    attributes::Attributes,
    clock,
    delivery::{Delivery, Source},
    envelope::{Escaping, Flaw, Headers, Unwrapped, unwrap},
};
use tidegate_pipeline::{NotAcknowledged, Pipeline};
use tidegate_policies::revisions::Revision;
use uuid::Uuid;

use crate::{answer::answer, app::App, body::Admitted, problem::Problem, query::Query};

/// The header by which a service says that two requests are one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Bytes of the longest value of it.
const LONGEST_KEY: usize = 255;
/// What a header with an attribute of a CloudEvent begins with.
const ATTRIBUTE: &str = "ce-";
/// The namespace of ids that follow from such a key: the UUID (version 5) of `tidegate:request` in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x6df9_68db_c2b3_5562_8876_b4b9_9347_ee2d);

/// `POST /v1/events`: completes an event and processes it like any delivery. 200 when its outputs are stored.
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request: Admitted,
) -> Result<Response, Problem> {
    let Admitted { permit, body } = request;
    let request = Request::of(&headers, &body)?;
    let unwrapped = unwrap(body, false, &attributes(&headers));
    // The gate makes the id of an event that has none.
    let unwrapped = match unwrapped.flaw {
        Some(Flaw::Missing("id")) => Unwrapped {
            flaw: None,
            ..unwrapped
        },
        _ => opened(unwrapped)?,
    };
    let now = clock::now();
    let revision = current(&app)?;
    let composed = revision
        .policy
        .compose(&unwrapped.event, &unwrapped.attributes.canonical(), &request.id, &now)
        .await
        .map_err(|fault| Problem::unavailable(&fault))??;
    let sent = unwrapped.delivery(request_source(), now);
    // Only now: a request that is refused can be corrected under the same key.
    if let Some(name) = request.name
        && !is_first(&app, &name, &sent).await?
    {
        let detail =
            format!("the {IDEMPOTENCY_KEY} was used for another request; use each for one request and its repeats");
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the key was used",
            detail,
        ));
    }
    let delivery = Delivery {
        request: Some(sent.content_digest()),
        event: composed.event.map_or_else(|| sent.event.clone(), Bytes::from),
        attributes: sent.attributes.clone().changed(&composed.attributes),
        ..sent
    };
    let process = async move |pipeline: Arc<Pipeline>| pipeline.deliver(&delivery).await;
    answer(app.complete(permit, process).await)
}

/// The attributes of a CloudEvent in binary mode, as CloudEvents over HTTP have them. An envelope in the body has its own.
fn attributes(headers: &HeaderMap) -> Headers {
    let named = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Headers {
        content_type: content_type.map(str::to_owned),
        ..Headers::with_prefix(named, ATTRIBUTE, Escaping::Percent)
    }
}

/// The event of a request, unless its envelope cannot be read.
fn opened(unwrapped: Unwrapped) -> Result<Unwrapped, Problem> {
    match &unwrapped.flaw {
        Some(flaw) => Err(Problem::invalid(vec![flaw.violation()])),
        None => Ok(unwrapped),
    }
}

/// Where the event of a request comes from. Each request is another source: two events that say the same are two where nothing is
/// claimed.
fn request_source() -> Source {
    Source {
        offset: Some(Uuid::now_v7().to_string()),
        ..Source::topic("v1/events")
    }
}

/// Whether a request is the first with its key, or a repeat of the first.
async fn is_first(app: &App, name: &str, sent: &Delivery) -> Result<bool, Problem> {
    let claims = &app.pipeline.claims;
    let is_first = claims.is_same_request(name, &sent.identity()).await;
    is_first.map_err(|error| Problem::unavailable(&error))
}

/// What a request says of itself.
struct Request {
    /// The id for an event that has none: another one for each request, unless the service says that two are one.
    id: String,
    /// The name under which it is one, if it has a key.
    name: Option<String>,
}

impl Request {
    fn of(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY).map(axum::http::HeaderValue::as_bytes) else {
            return Ok(Self {
                id: Uuid::now_v7().to_string(),
                name: None,
            });
        };
        if key.is_empty() || key.len() > LONGEST_KEY {
            let detail = format!(
                "the header {IDEMPOTENCY_KEY} has 1 to {LONGEST_KEY} bytes, and has {}",
                key.len()
            );
            let title = "the request is not valid";
            return Err(Problem::new(StatusCode::BAD_REQUEST, title, detail));
        }
        let length = (key.len() as u64).to_le_bytes();
        let name = |body: &[u8]| Uuid::new_v5(&NAMESPACE, &[&length[..], key, body].concat()).to_string();
        Ok(Self {
            id: name(body),
            name: Some(name(b"")),
        })
    }
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "the names of the answer")]
struct Valid {
    valid: bool,
    event_id: String,
    event_type: String,
    event_version: String,
    key: Option<String>,
    claim: Option<String>,
}

/// `POST /v1/validate`: whether the body is a valid event. Nothing is published.
pub(super) async fn validate(State(app): State<Arc<App>>, headers: HeaderMap, request: Admitted) -> Response {
    let answer = valid(&app, &headers, request.body).await.map(Json);
    request.permit.answer(answer).await
}

async fn valid(app: &App, headers: &HeaderMap, body: Bytes) -> Result<Valid, Problem> {
    let revision = current(app)?;
    let Unwrapped { event, attributes, .. } = opened(unwrap(body, false, &attributes(headers)))?;
    let accepted = revision
        .policy
        .validate(&event, &attributes.canonical())
        .await
        .map_err(|fault| Problem::unavailable(&fault))??;
    Ok(Valid {
        valid: true,
        event_id: accepted.event_id,
        event_type: accepted.event_type,
        event_version: accepted.event_version,
        key: accepted.key,
        claim: accepted.claim,
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
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
}

/// `POST /v1/migrate?to=1.1`: the body in another version. Nothing is published.
pub(super) async fn migrate(
    State(app): State<Arc<App>>,
    Query(query): Query<MigrateQuery>,
    headers: HeaderMap,
    request: Admitted,
) -> Response {
    let answer = migrated(&app, &query.to, &headers, request.body).await.map(Json);
    request.permit.answer(answer).await
}

async fn migrated(app: &App, to: &str, headers: &HeaderMap, body: Bytes) -> Result<Migrated, Problem> {
    let revision = current(app)?;
    let Unwrapped { event, attributes, .. } = opened(unwrap(body, false, &attributes(headers)))?;
    let migrated = revision
        .policy
        .migrate(&event, &attributes.canonical(), to)
        .await
        .map_err(|fault| Problem::unavailable(&fault))?
        .map_err(|failure| Problem::invalid(failure.violations))?;
    let event = match migrated.event {
        Some(changed) => changed,
        None => String::from_utf8_lossy(&event).into_owned(),
    };
    let event = RawValue::from_string(event).map_err(|_| Problem::invalid(vec![not_json()]))?;
    Ok(Migrated {
        from_version: migrated.from_version,
        to_version: migrated.to_version,
        path: migrated.path,
        attributes: attributes.changed(&migrated.attributes),
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
        rule: None,
        version: None,
    }
}
