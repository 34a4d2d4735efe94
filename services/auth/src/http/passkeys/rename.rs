use auth_token::Person;
use axum::extract::State;
use http_kit::{Error, Json, Path, Result};
use primitives::PasskeyId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PasskeyView;
use crate::app::AppState;
use crate::http::problems::{BadBody, Missing, SignedIn};
use crate::store::passkeys;
use crate::workflows::passkeys::PasskeyName;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenamePasskeyRequest {
    #[schema(value_type = String, example = "My phone")]
    name: PasskeyName,
}

/// Rename a passkey
#[utoipa::path(patch, path = "/api/auth/passkeys/{id}", tag = "auth", security(("bearer" = [])), params(("id" = PasskeyId, Path)),
    request_body = RenamePasskeyRequest, responses((status = 200, body = PasskeyView), SignedIn, Missing, BadBody))]
pub(crate) async fn rename_passkey(
    State(state): State<AppState>,
    user: Person,
    Path(id): Path<PasskeyId>,
    Json(request): Json<RenamePasskeyRequest>,
) -> Result<Json<PasskeyView>> {
    let mut db = state.pool.acquire().await?;
    let passkey = passkeys::rename(&mut db, user.user_id, id, request.name.as_str()).await?;
    let passkey = passkey.ok_or_else(|| Error::not_found("passkey"))?;
    Ok(Json(passkey.into()))
}
