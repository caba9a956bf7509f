//! Query parameters; what is wrong with them is said in a problem document.

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query parameters of a request.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |error| Problem::new(StatusCode::BAD_REQUEST, "the query is not right", format!("{error}"));
        let Query(query) = Query::try_from_uri(&parts.uri).map_err(wrong)?;
        Ok(Self(query))
    }
}
