use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Path, Problem};
use primitives::{OrderId, OrderItemId, Quantity, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnView;
use crate::app::AppState;
use crate::domain::returns::ReturnReason;
use crate::workflows::access::{self, Caller};
use crate::workflows::returns::{self, Repeat, Wish};

/// What to send back, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateReturn {
    /// Each line once.
    #[schema(min_items = 1)]
    items: Vec<ReturnPart>,
    #[schema(value_type = Option<String>)]
    comment: Option<Text<1000>>,
}

/// Units of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnPart {
    order_item_id: OrderItemId,
    quantity: Quantity,
    reason: ReturnReason,
}

impl From<CreateReturn> for Wish {
    fn from(body: CreateReturn) -> Self {
        let items = body.items.into_iter();
        Self {
            items: items
                .map(|part| (part.order_item_id, part.quantity, part.reason))
                .collect(),
            comment: body.comment.map(|comment| comment.to_string()),
        }
    }
}

/// Ask to send things back
#[utoipa::path(post, path = "/api/orders/{id}/returns", operation_id = "createReturn", tag = "returns", request_body = CreateReturn,
    params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    responses((status = 201, body = ReturnView), (status = 409, body = Problem, description = "order_not_returnable, return_window_closed"),
        (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    request: IdempotentJson<CreateReturn>,
) -> http_kit::Result<(StatusCode, Json<ReturnView>)> {
    let mut conn = app.pool.acquire().await?;
    let (_, actor) = access::changeable(&mut conn, &caller, id).await?;
    drop(conn);
    let repeat = Repeat {
        caller: match &caller.principal {
            Some(principal) => format!("user:{}", principal.user_id),
            None => format!("order:{id}"),
        },
        key: request.key,
        hash: request.hash,
    };
    let known = returns::request(&app, id, request.body.into(), actor, repeat).await?;
    let mut conn = app.pool.acquire().await?;
    let view = ReturnView::load(&mut conn, known, actor).await?;
    Ok((StatusCode::CREATED, Json(view)))
}
