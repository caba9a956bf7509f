//! Query parameters. Wrong ones are answered with a problem document.

use axum::{
    extract::{self, FromRequestParts},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query parameters of a request.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |error| Problem::new(StatusCode::BAD_REQUEST, "the query is not valid", format!("{error}"));
        let extract::Query(query) = extract::Query::try_from_uri(&parts.uri).map_err(wrong)?;
        Ok(Self(query))
    }
}
