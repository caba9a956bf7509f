//! `POST /v1/redrive`: processes the event of a dead letter again, from its first attempt. The same dead letter twice is a
//! duplicate.

use std::sync::Arc;

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use tidegate_model::{
    clock,
    dead_letter::DeadLetter,
    delivery::{Delivery, Origin, Source},
    envelope::{Headers, unwrap},
    error::chain,
};
use tidegate_pipeline::Pipeline;

use crate::{answer::answer, app::App, body::Admitted, problem::Problem};

/// Bytes of the longest source that is copied from a dead letter.
const SOURCE_BYTES: usize = 256;

/// Accepts a dead letter, bare or in its envelope. Answers with the disposition of its event.
pub(super) async fn redrive(State(app): State<Arc<App>>, body: Body) -> Result<Response, Problem> {
    // A dead letter contains the original, perhaps in base64, and its envelope may encode that once more.
    let most = app.limits.body_bytes.saturating_mul(4);
    let Admitted { permit, body } = Admitted::read(&app, body, most).await?;
    let letter = DeadLetter::read(&body).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the body is not a dead letter",
            chain(&error),
        )
    })?;
    let (source, now) = (Source::topic("v1/redrive"), clock::now());
    let mut delivery = if letter.attributes.is_empty() {
        // Its envelope may be one that could not be read.
        unwrap(letter.original, false, &Headers::NONE).delivery(source, now)
    } else {
        Delivery {
            attributes: letter.attributes,
            ..Delivery::new(letter.original, source, now)
        }
    };
    delivery.origin = Origin::Redrive {
        dead_letter: letter.id,
        source: original_source(&letter.source),
    };
    let process = async move |pipeline: Arc<Pipeline>| pipeline.deliver(&delivery).await;
    answer(app.complete(permit, process).await)
}

/// Where the event came from first, without the notes of failures and redrives. The caller wrote it, so a text that cannot
/// be a source is replaced.
fn original_source(source: &str) -> String {
    let source = source.split(" (").next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@".contains(&byte);
    if source.len() <= SOURCE_BYTES && source.bytes().all(is_plain) {
        source.to_owned()
    } else {
        "v1/redrive".to_owned()
    }
}
