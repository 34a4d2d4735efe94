use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Error, Json, Path};
use primitives::OrderId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store;

/// Where a customer finds an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerLink {
    url: String,
}

/// The link to an order as mails have it; it lets a guest in, so it is for mails and not for staff's eyes
#[utoipa::path(get, path = "/internal/orders/{id}/customer-link", params(("id" = OrderId, Path)),
    responses((status = 200, body = CustomerLink), (status = 409, description = "customer_gone")))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
) -> http_kit::Result<Json<CustomerLink>> {
    service.acting::<ManageOrders>()?;
    let mut conn = app.pool.acquire().await?;
    let order = store::orders::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    if store::erasure::is_nobody(&order.email) {
        return Err(Error::conflict(
            "customer_gone",
            "The customer's account is deleted: nobody gets mails about this order.",
        ));
    }
    Ok(Json(CustomerLink {
        url: app.order_url(&order),
    }))
}
