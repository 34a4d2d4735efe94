use auth_token::{ExchangeRequest, ExchangeResponse, Service, TokenError};
use axum::extract::State;
use http_kit::{Error, Json, Problem, Result};

use crate::app::AppState;
use crate::workflows::exchange;

/// One of our access tokens for an API key, or for a token of an issuer that is trusted
#[utoipa::path(post, path = "/internal/tokens/exchange", request_body = ExchangeRequest, responses(
    (status = 200, body = ExchangeResponse),
    (status = 422, body = Problem, description = "`foreign_token_invalid`, `foreign_token_expired` or `foreign_token_revoked`"),
    (status = 503, body = Problem, description = "Whether it is good cannot be told now"),
))]
pub(crate) async fn exchange_token(
    State(state): State<AppState>,
    _: Service,
    Json(request): Json<ExchangeRequest>,
) -> Result<Json<ExchangeResponse>> {
    let exchanged = exchange::exchange(&state, &request.token).await;
    let access_token = exchanged.map_err(|error| match error {
        TokenError::Invalid | TokenError::Expired | TokenError::Revoked => {
            Error::unprocessable(error.code(), error.to_string())
        }
        TokenError::KeysUnavailable | TokenError::ExchangeUnavailable => Error::unavailable(error),
    })?;
    Ok(Json(ExchangeResponse { access_token }))
}
