//! `PUT` and `DELETE /api/categories/{id}/image`

use auth_token::permissions::ManageCatalogue;
use auth_token::{Acting, Staff};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Result, etag};
use primitives::CategoryId;
use serde_json::{Value, json};
use sqlx::types::Json as Stored;
use sqlx::{PgConnection, Postgres, Transaction};
use utoipa::ToSchema;

use super::{Category, not_found};
use crate::app::{AppState, Context};
use crate::http::images::upload::{self, Subject};
use crate::http::precondition::Expected;
use crate::store::categories::{self, Category as Found};
use crate::workflows::categories::publish_changed;
use crate::workflows::pictures;

/// A picture as a form sends it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub(crate) struct CategoryImage {
    /// JPEG, PNG, WebP or GIF (its first frame); at most 10 MiB, 25 megapixels and 8000 pixels a side.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, for who cannot see it.
    #[schema(max_length = 300)]
    alt: Option<String>,
}

/// Gives a category a picture, in the place of the one it has. It is drawn anew in up to four sizes, as pictures of products are.
#[utoipa::path(
    put, path = "/api/categories/{id}/image", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path)),
    request_body(content = CategoryImage, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = Category),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 413, description = "`payload_too_large`", body = Problem),
        (status = 415, description = "`unsupported_media_type`: not a form, or neither JPEG, PNG, WebP nor GIF", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`: too many uploads at once, or the store is away", body = Problem),
    )
)]
pub(crate) async fn set_category_image(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    Expected(expected): Expected,
    request: Request,
) -> Result<Response> {
    let cx = &state.context;
    let mut db = cx.pool.acquire().await?;
    categories::find(&mut db, Some(id), "")
        .await?
        .ok_or_else(not_found)?;
    drop(db);
    let upload = upload::receive(&state.media, Subject::Category, request).await?;
    let staged = pictures::stage(cx, &state.media, upload.drawn)
        .await
        .map_err(Error::unavailable)?;

    let mut tx = cx.pool.begin().await?;
    let found = categories::lock(&mut tx, id).await?.ok_or_else(not_found)?;
    expected.check(found.version)?;
    let (image, version) =
        pictures::set_of_category(&mut tx, cx, &found, &staged, &upload.alt).await?;
    let changed = Found {
        image: Some(Stored(image)),
        version,
        ..found.clone()
    };
    told(
        &mut tx,
        cx,
        &staff.acting(),
        "category.set_image",
        (&found, &changed),
    )
    .await?;
    answer(&state, tx, changed).await
}

/// Takes a category's picture away. One that has none stays as it is.
#[utoipa::path(
    delete, path = "/api/categories/{id}/image", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path)),
    responses(
        (status = 200, body = Category),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
    )
)]
pub(crate) async fn delete_category_image(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    Expected(expected): Expected,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let found = categories::lock(&mut tx, id).await?.ok_or_else(not_found)?;
    expected.check(found.version)?;
    if found.image.is_none() {
        return answer(&state, tx, found).await;
    }
    pictures::leave(&mut tx, cx, &found).await?;
    let version = categories::set_image(&mut tx, id, None, &cx.clock).await?;
    let changed = Found {
        image: None,
        version,
        ..found.clone()
    };
    told(
        &mut tx,
        cx,
        &staff.acting(),
        "category.delete_image",
        (&found, &changed),
    )
    .await?;
    answer(&state, tx, changed).await
}

/// Tells the caches and the audit trail.
async fn told(
    tx: &mut PgConnection,
    cx: &Context,
    staff: &Acting,
    action: &str,
    (before, after): (&Found, &Found),
) -> sqlx::Result<()> {
    publish_changed(tx, cx, after, false).await?;
    let image = |category: &Found| match &category.image {
        Some(image) => json!({ "image_id": image.id, "alt": image.alt }),
        None => Value::Null,
    };
    let target = format!("category:{}", after.id);
    let act = staff.did(action, target, image(before), image(after));
    cx.publisher.publish(tx, &act).await.map(drop)
}

async fn answer(
    state: &AppState,
    tx: Transaction<'static, Postgres>,
    category: Found,
) -> Result<Response> {
    tx.commit().await?;
    // The files of a picture that was there before.
    state.context.leftovers.notify_one();
    let category = Category::new(category, &state.media);
    let tag = etag::of_version(category.version);
    Ok(etag::respond(&HeaderMap::new(), &tag, category))
}
