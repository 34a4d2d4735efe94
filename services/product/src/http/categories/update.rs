//! `PUT /api/categories/{id}`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Json, OnConstraint as _, Path, Problem, Result, etag};
use primitives::CategoryId;
use serde_json::json;

use super::{Category, CategoryBody, place_error, slug_taken};
use crate::app::AppState;
use crate::domain::category;
use crate::http::precondition::Expected;
use crate::store::categories;
use crate::workflows::categories as workflow;

/// Says all of a category anew, and moves it with all below it. Without a slug it keeps the one it has.
#[utoipa::path(
    put, path = "/api/categories/{id}", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path)),
    request_body = CategoryBody,
    responses(
        (status = 200, body = Category),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`slug_taken`; of a move: `products_contradict`, `attribute_defined_twice`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn update_category(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    Expected(expected): Expected,
    Json(body): Json<CategoryBody>,
) -> Result<Response> {
    let slug = body.slug()?;
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let tree = categories::lock_tree(&mut tx).await?;
    let found = categories::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("category"))?;
    expected.check(found.version)?;
    category::check_place(&tree, Some(id), body.parent_id).map_err(place_error)?;
    let before = Category::new(found.clone(), &state.media);
    let changed = categories::Category {
        id,
        parent_id: body.parent_id,
        slug: if body.slug.is_some() {
            slug
        } else {
            found.slug.clone()
        },
        name: body.name.into(),
        description: body.description.map(String::from).unwrap_or_default(),
        position: body.position.unwrap_or(0),
        version: found.version + 1,
        image: found.image,
    };
    categories::update(&mut tx, &changed, &cx.clock)
        .await
        .on_constraint("categories_slug_key", slug_taken)?;
    if changed.parent_id != found.parent_id {
        workflow::check_branch(&mut tx, id).await?;
    }
    workflow::publish_changed(&mut tx, cx, &changed, false).await?;
    let category = Category::new(changed, &state.media);
    let target = category.target();
    let act = staff
        .acting()
        .did("category.update", target, json!(before), json!(category));
    cx.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(etag::respond(
        &HeaderMap::new(),
        &etag::of_version(category.version),
        category,
    ))
}
