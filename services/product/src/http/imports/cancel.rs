//! `POST /api/products/imports/{id}/cancel`

use auth_token::{Acting, Seller};
use axum::extract::State;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::ImportId;
use serde_json::json;

use super::view::View;
use crate::app::AppState;
use crate::store::imports::{self as store, Status};

/// Stops an import. What was applied stays; repeating it changes nothing.
#[utoipa::path(
    post, path = "/api/products/imports/{id}/cancel", tag = "import and export", security(("bearer" = [])),
    params(("id" = ImportId, Path)),
    responses(
        (status = 200, body = View),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`import_finished`", body = Problem),
    )
)]
pub(crate) async fn cancel_import(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Path(id): Path<ImportId>,
) -> Result<Json<View>> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let before = super::find(&mut tx, id, &principal).await?;
    if store::cancel(&mut tx, id, &cx.clock).await?
        && let Some(staff) = Acting::of(&principal)
    {
        let act = staff.did(
            "product.import_cancel",
            format!("import:{id}"),
            json!({ "status": before.status }),
            json!({ "status": Status::Cancelled }),
        );
        cx.publisher.publish(&mut tx, &act).await?;
    }
    let import = super::find(&mut tx, id, &principal).await?;
    tx.commit().await?;
    if import.status != Status::Cancelled {
        return Err(Error::conflict(
            "import_finished",
            "It has finished already.",
        ));
    }
    Ok(Json(View::new(import, &cx.clock)))
}
