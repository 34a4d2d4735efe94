//! `GET /api/products/{id}/stock`

use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::ProductId;
use serde::Serialize;
use utoipa::ToSchema;

use super::VariantStock;
use crate::app::AppState;
use crate::http::access;
use crate::store::{locations, stock};

/// The stock of a product's variants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductStock {
    /// Sorted by variant id.
    data: Vec<VariantStock>,
}

/// What lies where of a product. For its seller and for staff.
#[utoipa::path(
    get, path = "/api/products/{id}/stock", tag = "inventory", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    responses(
        (status = 200, body = ProductStock),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn get_stock(
    State(state): State<AppState>,
    User(viewer): User,
    Path(id): Path<ProductId>,
) -> Result<Json<ProductStock>> {
    let cx = &state.context;
    let mut db = cx.pool.acquire().await?;
    access::check_stock(&mut db, id, &viewer).await?;
    let places = locations::all(&mut db).await?;
    let items = stock::read(&mut db, &[], &[id.uuid()], cx.clock.now()).await?;
    let data = items
        .into_values()
        .map(|item| VariantStock::new(item, &places));
    Ok(Json(ProductStock {
        data: data.collect(),
    }))
}
