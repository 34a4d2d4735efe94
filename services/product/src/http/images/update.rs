//! `PUT /api/products/{id}/images/{image_id}`

use auth_token::{Acting, Seller};
use axum::extract::State;
use http_kit::{Error, Json, Path, Problem, Result, one_field};
use primitives::{ImageId, ProductId, VariantId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::upload::MAX_VARIANTS;
use super::view::Image;
use crate::app::AppState;
use crate::domain::text::Alt;
use crate::http::access;
use crate::store::images;
use crate::workflows::{pictures, products};

/// What a picture shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImageBody)]
pub(crate) struct Body {
    /// For who cannot see it.
    alt: Alt,
    /// The variants that it shows; none, or absent: it is of the product.
    variant_ids: Option<Vec<VariantId>>,
}

/// Says what a picture shows.
#[utoipa::path(
    put, path = "/api/products/{id}/images/{image_id}", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path), ("image_id" = ImageId, Path)),
    request_body = Body,
    responses(
        (status = 200, body = Image),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn update_image(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path((id, image)): Path<(ProductId, ImageId)>,
    Json(body): Json<Body>,
) -> Result<Json<Image>> {
    let variants = body.variant_ids.unwrap_or_default();
    if variants.len() > MAX_VARIANTS {
        return Err(one_field("variant_ids", "too_many", "must be at most 100"));
    }
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    super::check_variants(&mut tx, id, &variants).await?;
    let not_found = || Error::not_found("picture");
    let mut before = images::list(&mut tx, id).await?;
    before.retain(|known| known.id == image);
    let before = before.pop().ok_or_else(not_found)?;
    if !pictures::describe(&mut tx, cx, &locked, image, &body.alt, &variants).await? {
        return Err(not_found());
    }
    let staff = Acting::of(&seller);
    let change = (
        json!({ "image_id": image, "alt": before.alt }),
        json!({ "image_id": image, "alt": &*body.alt }),
    );
    let action = "product.update_image";
    products::audit(&mut tx, cx, staff.as_ref(), action, id, change).await?;
    tx.commit().await?;
    let after = crate::store::products::Image {
        alt: body.alt.into(),
        variant_ids: variants,
        ..before
    };
    Ok(Json(Image::new(after, &state.media)))
}
