//! `POST /v1/redrive`: a dead letter comes back in, from its first attempt on. The same one twice is a repeat.

use std::sync::Arc;

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use tidegate_model::{
    clock,
    dead_letter::DeadLetter,
    delivery::{Delivery, Origin, Source},
    error::chain,
};
use tidegate_pipeline::Pipeline;

use super::{App, answer::answer, body::Admitted, problem::Problem};

/// Longest source that is carried over.
const SOURCE: usize = 256;

/// Takes a dead letter, bare or in its envelope; answers what became of the event in it.
pub(super) async fn redrive(State(app): State<Arc<App>>, body: Body) -> Result<Response, Problem> {
    // A dead letter holds the largest original of a delivery, in base64 maybe, and its envelope that again.
    let most = app.limits.body_bytes.saturating_mul(4);
    let Admitted { permit, body } = Admitted::read(&app, body, most).await?;
    let letter = DeadLetter::read(body).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the body is not a dead letter",
            chain(&error),
        )
    })?;
    let mut delivery = Delivery::new(letter.original, Source::topic("v1/redrive"), clock::now());
    delivery.origin = Origin::Redrive {
        dead_letter: letter.id,
        source: first_source(&letter.source),
    };
    let way = async move |pipeline: Arc<Pipeline>| pipeline.deliver(&delivery).await;
    answer(app.complete(permit, way).await)
}

/// Where the event came from first, without how it was brought back. Whoever sends a dead letter writes it, so what is no
/// source is left out.
fn first_source(source: &str) -> String {
    let source = source.split(" (").next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@".contains(&byte);
    if source.len() <= SOURCE && source.bytes().all(plain) {
        source.to_owned()
    } else {
        "v1/redrive".to_owned()
    }
}
