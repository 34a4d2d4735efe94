use auth_token::User;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Result, etag};

use crate::app::AppState;
use crate::domain::user::UserView;
use crate::http::problems::SignedIn;
use crate::store::users;

/// Show me
#[utoipa::path(get, path = "/api/users/me", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = UserView), (status = 304, description = "As `If-None-Match` has it"), SignedIn))]
pub(crate) async fn show_me(
    State(state): State<AppState>,
    user: User,
    headers: HeaderMap,
) -> Result<Response> {
    let user = users::find(&mut *state.pool.acquire().await?, user.user_id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    Ok(etag::respond_hashed(&headers, UserView::from(user)))
}
