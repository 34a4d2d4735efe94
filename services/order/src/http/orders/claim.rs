use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Problem, one_field};
use primitives::{OrderId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::workflows::claim;

/// More than anybody looks through at once.
const MOST: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimOrders {
    user_id: UserId,
    /// Only these; all of them otherwise. Orders that have an owner, or another address, are left as they are.
    order_ids: Option<Vec<OrderId>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimedOrders {
    /// The numbers of the orders that were given.
    claimed: Vec<String>,
}

/// Give guests' orders to the account with their e-mail address
///
/// It happens by itself when an address is verified; this is for orders that its owner placed later without signing in. The account must
/// have verified the address (409 `email_not_verified`) and be open (409 `account_closed`). Again: changes nothing.
#[utoipa::path(post, path = "/api/orders/claims", operation_id = "claimOrders", tag = "orders",
    request_body = ClaimOrders,
    responses((status = 200, body = ClaimedOrders), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Json(body): Json<ClaimOrders>,
) -> http_kit::Result<Json<ClaimedOrders>> {
    let only = body.order_ids.as_deref();
    if only.is_some_and(|ids| ids.len() > MOST) {
        return Err(one_field("order_ids", "invalid", "must be at most 500"));
    }
    let claimed = claim::claim_by_staff(&app, &staff.acting(), body.user_id, only).await?;
    Ok(Json(ClaimedOrders { claimed }))
}
