use axum::extract::State;
use http_kit::{Error, Json, Path, Problem};
use primitives::ReturnId;

use super::ReturnView;
use crate::app::AppState;
use crate::store;
use crate::workflows;
use crate::workflows::access::{self, Caller};

/// Keep it after all
#[utoipa::path(post, path = "/api/returns/{id}/withdraw", operation_id = "withdrawReturn", tag = "returns", params(("id" = ReturnId, Path)),
    responses((status = 200, body = ReturnView), (status = 409, body = Problem, description = "return_step_not_allowed"),
        (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<ReturnId>,
) -> http_kit::Result<Json<ReturnView>> {
    let unknown = || Error::not_found("return");
    let mut conn = app.pool.acquire().await?;
    let known = store::returns::find(&mut conn, id)
        .await?
        .ok_or_else(unknown)?;
    access::readable(&mut conn, &caller, known.order_id)
        .await
        .map_err(|_| unknown())?;
    let (_, actor) = access::changeable(&mut conn, &caller, known.order_id).await?;
    drop(conn);
    workflows::returns::withdraw(&app, id, actor).await?;
    ReturnView::answer(&app, id, actor).await
}
