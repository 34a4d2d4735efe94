use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::user::{Name, UserView};
use crate::http::problems::{BadBody, SignedIn};
use crate::workflows::manage;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateMeRequest {
    #[schema(value_type = String, max_length = 100)]
    name: Name,
}

/// Change my name
#[utoipa::path(put, path = "/api/users/me", tag = "users", security(("bearer" = [])), request_body = UpdateMeRequest,
    responses((status = 200, body = UserView), SignedIn, BadBody))]
pub(crate) async fn update_me(
    State(state): State<AppState>,
    user: User,
    Json(request): Json<UpdateMeRequest>,
) -> Result<Json<UserView>> {
    Ok(Json(
        manage::rename(&state, user.user_id, &request.name)
            .await?
            .into(),
    ))
}
