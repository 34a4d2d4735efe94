use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http_kit::{Path, Problem, Result};
use primitives::UserId;
use serde_json::json;

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::export;

/// Export a user's data, because they asked for it
///
/// The same document as `GET /api/users/me/export`. Complete or not at all.
#[utoipa::path(get, path = "/api/users/{id}/export", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)), responses(
    (status = 200, body = serde_json::Value, description = "A file to save"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "`unavailable`: a service is away"),
    StaffOnly, Missing,
))]
pub(crate) async fn export_user(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
) -> Result<Response> {
    let document = export::for_staff(&state, id).await?;
    let act = staff.acting();
    let act = act.did("user.export", format!("user:{id}"), json!({}), json!({}));
    let mut tx = state.pool.begin().await?;
    state.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"user-{id}.json\""),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, document).into_response())
}
