//! `POST /v1/redrive`: a dead letter comes back in, from its first attempt on. The same one twice is a repeat.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use super::{App, answer::answer, body::Admitted, problem::Problem};
use crate::{
    clock,
    dead_letter::DeadLetter,
    delivery::{Delivery, Origin, Source},
    pipeline::{Pipeline, chain},
};

/// Takes a dead letter, bare or in its envelope; answers what became of the event in it.
pub(super) async fn redrive(State(app): State<Arc<App>>, request: Admitted) -> Result<Response, Problem> {
    let Admitted { place, body } = request;
    let letter = DeadLetter::read(body).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the body is not a dead letter",
            chain(&error),
        )
    })?;
    // Where it came from first is part of what follows it; how often it was brought back is not.
    let source = letter.source.split(" (").next().unwrap_or_default();
    let mut delivery = Delivery::new(letter.original, Source::topic(source), clock::now());
    delivery.origin = Origin::Redrive { dead_letter: letter.id };
    let way = async move |pipeline: Arc<Pipeline>| pipeline.deliver(&delivery).await;
    answer(app.carry(place, way).await)
}
