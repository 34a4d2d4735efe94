use auth_token::{FreshUser, Scope};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use http_kit::{Error, FieldErrors, Json, Problem, Result};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiKeyView;
use crate::app::AppState;
use crate::domain::api_key::KeyName;
use crate::http::problems::{BadBody, SignedIn};
use crate::workflows::api_keys::{self, NewKey};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKeyRequest {
    /// What it is for.
    #[schema(value_type = String, max_length = 100, example = "Stock sync")]
    name: KeyName,
    /// What it allows; writing includes reading. Give no more than the program needs.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// From when on it is not good any more. A key without it is good until it is revoked.
    expires_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKeyView,
    /// The key itself: shown now and never again. Sent as `Authorization: Bearer mk_…`.
    #[schema(example = "mk_4fR9xTq2…")]
    secret: String,
}

/// Make an API key
///
/// For a program that acts for you in every service, by `Authorization: Bearer mk_…`. It may do what both its scopes and your
/// role allow, and never what needs you yourself: credentials, sessions, keys. `payments:refund` is for staff. A mail tells you
/// of each new key; keys go on when you change your password.
#[utoipa::path(post, path = "/api/users/me/api-keys", tag = "users", security(("bearer" = [])), request_body = CreateApiKeyRequest, responses(
    (status = 201, body = CreatedApiKey),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`forbidden` to a program, or `second_factor_required`"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`too_many_api_keys`"),
    SignedIn, BadBody,
))]
pub(crate) async fn create_api_key(
    State(state): State<AppState>,
    user: FreshUser,
    Json(request): Json<CreateApiKeyRequest>,
) -> Result<impl IntoResponse> {
    let CreateApiKeyRequest {
        name,
        scopes,
        expires_at,
    } = request;
    if user.factor_missing {
        return Err(Error::forbidden(
            "second_factor_required",
            "Set up a second factor first, then sign in with it.",
        ));
    }
    let mut errors = FieldErrors::new();
    if scopes.is_empty() {
        errors = errors.add("scopes", "invalid", "must be at least one");
    }
    if expires_at.is_some_and(|expires| expires <= state.clock.now()) {
        errors = errors.add("expires_at", "invalid", "must be in the future");
    }
    errors.into_result()?;
    let new = NewKey {
        name,
        scopes,
        expires_at,
    };
    let (key, text) = api_keys::create(&state, user.user_id, new).await?;
    let created = CreatedApiKey {
        key: key.into(),
        secret: text.text().to_owned(),
    };
    Ok((
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(created),
    ))
}
