//! auth's exchange of foreign tokens, as other services see it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use auth_token::{ExchangeRequest, ExchangeResponse, TokenError};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

/// Knows some foreign tokens, and refuses all others. Clones know the same.
#[derive(Clone, Default)]
pub struct Exchange(Arc<Mutex<HashMap<String, String>>>);

impl Exchange {
    /// From now on the token is good for this access token.
    pub fn knows(&self, token: &str, access_token: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(token.to_owned(), access_token);
    }

    /// The routes of auth's internal listener that it stands in for.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/internal/tokens/exchange", post(exchange))
            .with_state(self.clone())
    }
}

async fn exchange(
    State(Exchange(known)): State<Exchange>,
    Json(request): Json<ExchangeRequest>,
) -> Response {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get(&request.token).cloned() {
        Some(access_token) => Json(ExchangeResponse { access_token }).into_response(),
        None => {
            let problem = json!({"code": TokenError::Invalid.code()});
            (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response()
        }
    }
}
