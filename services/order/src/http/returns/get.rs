use axum::extract::State;
use http_kit::{Error, Json, Path, Problem};
use primitives::ReturnId;

use super::ReturnView;
use crate::app::AppState;
use crate::store;
use crate::workflows::access::{self, Caller};

/// A return
#[utoipa::path(get, path = "/api/returns/{id}", operation_id = "getReturn", tag = "returns", params(("id" = ReturnId, Path)),
    responses((status = 200, body = ReturnView), (status = "default", body = Problem)),
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
    let (_, viewer) = access::readable(&mut conn, &caller, known.order_id)
        .await
        .map_err(|_| unknown())?;
    let items = store::returns::items(&mut conn, &[id]).await?;
    Ok(Json(ReturnView::new(known, &items, viewer)))
}
