use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::http::returns::ReturnView;
use crate::http::returns::create::CreateReturn;
use crate::workflows::returns::{self, Repeat};
use crate::workflows::transition::Actor;

/// Ask for a customer to send things back
#[utoipa::path(post, path = "/internal/orders/{id}/returns", params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateReturn, responses((status = 201, body = ReturnView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    request: IdempotentJson<CreateReturn>,
) -> http_kit::Result<(StatusCode, Json<ReturnView>)> {
    let staff = service.acting::<ManageOrders>()?;
    let actor = Actor::Staff(&staff);
    let repeat = Repeat {
        caller: format!("user:{}", staff.user_id()),
        key: request.key,
        hash: request.hash,
    };
    let known = returns::request(&app, id, request.body.into(), actor, repeat).await?;
    let mut conn = app.pool.acquire().await?;
    let view = ReturnView::load(&mut conn, known, actor).await?;
    Ok((StatusCode::CREATED, Json(view)))
}
