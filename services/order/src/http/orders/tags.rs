use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::OrderId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::tag::Tag;
use crate::workflows::annotate;
use crate::workflows::transition::Actor;

/// An order's tags, sorted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderTags {
    pub(crate) tags: Vec<String>,
}

/// Tag an order, to find it again (staff)
#[utoipa::path(put, path = "/api/orders/{id}/tags/{tag}", operation_id = "tagOrder", tag = "orders",
    params(("id" = OrderId, Path), ("tag" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")),
    responses((status = 200, body = OrderTags), (status = 409, body = Problem, description = "too_many_tags"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn add(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path((id, tag)): Path<(OrderId, Tag)>,
) -> http_kit::Result<Json<OrderTags>> {
    let staff = staff.acting();
    let tags = annotate::set_tag(&app, id, &tag, true, Actor::Staff(&staff)).await?;
    Ok(Json(OrderTags { tags }))
}

/// Take a tag off an order (staff)
#[utoipa::path(delete, path = "/api/orders/{id}/tags/{tag}", operation_id = "untagOrder", tag = "orders",
    params(("id" = OrderId, Path), ("tag" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")),
    responses((status = 200, body = OrderTags), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path((id, tag)): Path<(OrderId, Tag)>,
) -> http_kit::Result<Json<OrderTags>> {
    let staff = staff.acting();
    let tags = annotate::set_tag(&app, id, &tag, false, Actor::Staff(&staff)).await?;
    Ok(Json(OrderTags { tags }))
}
