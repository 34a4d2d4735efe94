//! `PUT /api/products/{id}/images`

use std::collections::BTreeSet;

use auth_token::{Acting, Seller};
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result, one_field};
use primitives::{ImageId, ProductId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::view::Image;
use crate::app::AppState;
use crate::http::access;
use crate::store::images;
use crate::workflows::products;

/// All pictures of the product, in the order in which a shop shows them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageOrder {
    ids: Vec<ImageId>,
}

/// All pictures of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageList {
    data: Vec<Image>,
}

/// Puts a product's pictures into another order. The first stands for the product in lists.
#[utoipa::path(
    put, path = "/api/products/{id}/images", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = ImageOrder,
    responses(
        (status = 200, body = ImageList),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "`validation_failed`: not each of the product's pictures once", body = Problem),
    )
)]
pub(crate) async fn reorder_images(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Json(body): Json<ImageOrder>,
) -> Result<Json<ImageList>> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    let mut list = images::list(&mut tx, id).await?;
    let known: Vec<ImageId> = list.iter().map(|image| image.id).collect();
    let each_once = body.ids.len() == known.len()
        && BTreeSet::from_iter(&body.ids) == BTreeSet::from_iter(&known);
    if !each_once {
        return Err(one_field(
            "ids",
            "incomplete",
            "must name each of the product's pictures once",
        ));
    }
    if body.ids != known {
        images::order(&mut tx, id, &body.ids).await?;
        products::touch(&mut tx, cx, &locked).await?;
        let staff = Acting::of(&seller);
        let change = (json!({ "images": known }), json!({ "images": body.ids }));
        let action = "product.reorder_images";
        products::audit(&mut tx, cx, staff.as_ref(), action, id, change).await?;
        tx.commit().await?;
        list.sort_by_key(|image| body.ids.iter().position(|id| *id == image.id));
    }
    let data = list
        .into_iter()
        .map(|image| Image::new(image, &state.media))
        .collect();
    Ok(Json(ImageList { data }))
}
