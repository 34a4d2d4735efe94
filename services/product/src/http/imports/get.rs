//! `GET /api/products/imports/{id}`

use auth_token::Seller;
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::ImportId;

use super::view::View;
use crate::app::AppState;
use crate::store::imports;

/// So many refused products are shown with their errors.
const SHOWN: i64 = 20;

/// Tells how far an import is.
#[utoipa::path(
    get, path = "/api/products/imports/{id}", tag = "import and export", security(("bearer" = [])),
    params(("id" = ImportId, Path)),
    responses(
        (status = 200, body = View),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn get_import(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Path(id): Path<ImportId>,
) -> Result<Json<View>> {
    let mut db = state.context.pool.acquire().await?;
    let import = super::find(&mut db, id, &principal).await?;
    let mut view = View::new(import, &state.context.clock);
    view.errors = Some(imports::first_errors(&mut db, id, SHOWN).await?);
    Ok(Json(view))
}
