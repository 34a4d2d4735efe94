use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::domain::tag::Tag;
use crate::http::orders::tags::OrderTags;
use crate::workflows::annotate;
use crate::workflows::transition::Actor;

/// Tag an order, to find it again
#[utoipa::path(put, path = "/internal/orders/{id}/tags/{tag}", params(("id" = OrderId, Path), ("tag" = String, Path)),
    responses((status = 200, body = OrderTags)))]
pub(crate) async fn add(
    State(app): State<AppState>,
    service: Service,
    Path((id, tag)): Path<(OrderId, Tag)>,
) -> http_kit::Result<Json<OrderTags>> {
    let staff = service.acting::<ManageOrders>()?;
    let tags = annotate::set_tag(&app, id, &tag, true, Actor::Staff(&staff)).await?;
    Ok(Json(OrderTags { tags }))
}

/// Take a tag off an order
#[utoipa::path(delete, path = "/internal/orders/{id}/tags/{tag}", params(("id" = OrderId, Path), ("tag" = String, Path)),
    responses((status = 200, body = OrderTags)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    service: Service,
    Path((id, tag)): Path<(OrderId, Tag)>,
) -> http_kit::Result<Json<OrderTags>> {
    let staff = service.acting::<ManageOrders>()?;
    let tags = annotate::set_tag(&app, id, &tag, false, Actor::Staff(&staff)).await?;
    Ok(Json(OrderTags { tags }))
}
