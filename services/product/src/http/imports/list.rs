//! `GET /api/products/imports`

use auth_token::{Role, Seller};
use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Problem, Query, Result};
use primitives::ImportId;

use super::view::View;
use crate::app::AppState;
use crate::store::imports;

/// Lists one's imports, newest first; admins see all.
#[utoipa::path(
    get, path = "/api/products/imports", tag = "import and export", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = Page<View>),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn list_imports(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<View>>> {
    let of = (principal.role != Role::Admin).then_some(principal.user_id);
    let mut db = state.context.pool.acquire().await?;
    let rows = imports::list(
        &mut db,
        of,
        query.after::<ImportId>()?,
        query.limit().fetch(),
    )
    .await?;
    let page = Page::cut(rows, query.limit(), |import| import.id)?;
    Ok(Json(
        page.map(|import| View::new(import, &state.context.clock)),
    ))
}
