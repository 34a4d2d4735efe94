//! `DELETE /api/categories/{id}`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, OnConstraint as _, Path, Problem, Result};
use primitives::CategoryId;
use serde_json::{Value, json};

use super::Category;
use crate::app::AppState;
use crate::store::categories;

/// Removes an empty category.
#[utoipa::path(
    delete, path = "/api/categories/{id}", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`category_not_empty`", body = Problem),
    )
)]
pub(crate) async fn delete_category(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
) -> Result<StatusCode> {
    let not_empty = || {
        Error::conflict(
            "category_not_empty",
            "There are products or categories in it.",
        )
    };
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let found = categories::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("category"))?;
    let deleted = categories::delete(&mut tx, id)
        .await
        .on_constraint("categories_parent_id_fkey", not_empty)
        .on_constraint("products_category_id_fkey", not_empty)?;
    if !deleted {
        return Err(Error::not_found("category"));
    }
    let before = Category::from(found);
    let act = staff.acting().did(
        "category.delete",
        before.target(),
        json!(before),
        Value::Null,
    );
    cx.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
