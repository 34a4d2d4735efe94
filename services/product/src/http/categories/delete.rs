//! `DELETE /api/categories/{id}`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Query, Result};
use primitives::CategoryId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::http::precondition::Expected;
use crate::workflows::categories::{self, Children, Products};

/// What becomes of what is in the category.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteCategory {
    /// What becomes of its products; `refuse` unless told.
    #[param(inline)]
    products: Option<WithProducts>,
    /// What becomes of the categories below it; `refuse` unless told.
    #[param(inline)]
    children: Option<WithChildren>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WithProducts {
    /// Nothing is deleted while there are any.
    Refuse,
    /// They move to the category above.
    MoveToParent,
    /// They are in no category then.
    Uncategorise,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WithChildren {
    /// Nothing is deleted while there are any.
    Refuse,
    /// They move one level up.
    MoveToParent,
    /// They go too; `products` tells what becomes of what is in them.
    Delete,
}

/// Removes a category. It asks what becomes of the products and categories in it: without an answer, only an empty one goes.
#[utoipa::path(
    delete, path = "/api/categories/{id}", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path), DeleteCategory),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`category_not_empty`, with how many `products` and `children`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn delete_category(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    Query(query): Query<DeleteCategory>,
    Expected(expected): Expected,
) -> Result<StatusCode> {
    let products = match query.products {
        None | Some(WithProducts::Refuse) => Products::Refuse,
        Some(WithProducts::MoveToParent) => Products::MoveToParent,
        Some(WithProducts::Uncategorise) => Products::Uncategorise,
    };
    let children = match query.children {
        None | Some(WithChildren::Refuse) => Children::Refuse,
        Some(WithChildren::MoveToParent) => Children::MoveToParent,
        Some(WithChildren::Delete) => Children::Delete,
    };
    let (cx, staff) = (&state.context, staff.acting());
    categories::delete(cx, &staff, id, expected, products, children).await?;
    Ok(StatusCode::NO_CONTENT)
}
