//! `POST /api/categories`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem, Result};
use primitives::CategoryId;
use serde_json::{Value, json};

use super::{Category, CategoryBody, place_error, slug_taken};
use crate::app::AppState;
use crate::domain::category;
use crate::store::categories;
use crate::workflows::categories as workflow;

/// Adds a category to the tree.
#[utoipa::path(
    post, path = "/api/categories", tag = "categories", security(("bearer" = [])),
    request_body = CategoryBody,
    responses(
        (status = 201, body = Category),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, description = "`slug_taken`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn create_category(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Json(body): Json<CategoryBody>,
) -> Result<(StatusCode, Json<Category>)> {
    let cx = &state.context;
    let slug = body.slug()?;
    let mut tx = cx.pool.begin().await?;
    let tree = categories::lock_tree(&mut tx).await?;
    category::check_place(&tree, None, body.parent_id).map_err(place_error)?;
    let new = categories::Category {
        id: CategoryId::new(cx.clock.now(), &cx.random),
        parent_id: body.parent_id,
        slug,
        name: body.name.into(),
        description: body.description.map(String::from).unwrap_or_default(),
        position: body.position.unwrap_or(0),
        version: 1,
        image: None,
    };
    if !categories::insert(&mut tx, &new, &cx.clock).await? {
        return Err(slug_taken());
    }
    workflow::publish_changed(&mut tx, cx, &new, false).await?;
    let category = Category::new(new, &state.media);
    let act = staff.acting().did(
        "category.create",
        category.target(),
        Value::Null,
        json!(category),
    );
    cx.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(category)))
}
