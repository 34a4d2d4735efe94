//! `POST /api/products/{id}/images`

use auth_token::{Acting, Seller};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use http_kit::{Error, IdempotencyKey, Json, Path, Problem, Result};
use primitives::ProductId;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::upload::{self, Subject};
use super::view::Image;
use crate::app::AppState;
use crate::http::access;
use crate::store::images;
use crate::workflows::once::Once;
use crate::workflows::{pictures, products};

/// A picture as a form sends it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub(crate) struct NewImage {
    /// JPEG, PNG, WebP or GIF (its first frame); at most 10 MiB, 25 megapixels and 8000 pixels a side.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, for who cannot see it.
    #[schema(max_length = 300)]
    alt: Option<String>,
    /// The variants that it shows, each in a field of this name.
    #[schema(value_type = Option<Vec<String>>)]
    variant_ids: Option<Vec<String>>,
}

/// Adds a picture after the others. Its type is told by its bytes; what is kept is drawn anew in up to four sizes, without anything
/// that the file carried beside its pixels.
#[utoipa::path(
    post, path = "/api/products/{id}/images", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body(content = NewImage, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Image),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`too_many_images`", body = Problem),
        (status = 413, description = "`payload_too_large`", body = Problem),
        (status = 415, description = "`unsupported_media_type`: not a form, or neither JPEG, PNG, WebP nor GIF", body = Problem),
        (status = 422, description = "`validation_failed`, `idempotency_key_reused`", body = Problem),
        (status = 503, description = "`unavailable`: too many uploads at once, or the store is away", body = Problem),
    )
)]
pub(crate) async fn add_image(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<(StatusCode, Json<Value>)> {
    // Before the body is read, so that a stranger cannot make us read it.
    let mut db = state.context.pool.acquire().await?;
    access::check_own(&mut db, id, &seller).await?;
    if images::count(&mut db, id).await? >= images::MAX {
        return Err(too_many());
    }
    drop(db);
    let upload = upload::receive(&state.media, Subject::Product, request).await?;
    let staged = pictures::stage(&state.context, &state.media, upload.drawn)
        .await
        .map_err(Error::unavailable)?;

    let once = Once {
        caller: seller.user_id,
        key: key.as_ref(),
        hash: &upload.hash,
    };
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    // The files that came with a repetition go by themselves.
    if let Some(answer) = once.before(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(answer)));
    }
    super::check_variants(&mut tx, id, &upload.variant_ids).await?;
    let staff = Acting::of(&seller);
    let change = (Value::Null, json!({ "alt": &*upload.alt }));
    products::audit(
        &mut tx,
        &state.context,
        staff.as_ref(),
        "product.add_image",
        id,
        change,
    )
    .await?;
    let (alt, variants) = (&upload.alt, &upload.variant_ids);
    let image = pictures::add(&mut tx, &state.context, &locked, &staged, alt, variants)
        .await?
        .ok_or_else(too_many)?;
    let answer = json!(Image::new(image, &state.media));
    once.save(&mut tx, &answer, state.context.clock.now())
        .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

fn too_many() -> Error {
    Error::conflict("too_many_images", "A product may have 20 pictures.")
}
