use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::{Money, PaymentId, ReturnId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::payments::refund::RefundPayment;
use crate::http::returns::refund::RefundReturn;
use crate::workflows;
use crate::workflows::transition::Actor;

/// What a refund would give back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundPreview {
    amount: Money,
}

/// What a refund would give back, or why it would be refused; nothing is done
#[utoipa::path(post, path = "/internal/payments/{id}/refund/preview", params(("id" = PaymentId, Path)), request_body = Option<RefundPayment>,
    responses((status = 200, body = RefundPreview)))]
pub(crate) async fn of_payment(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
    body: Option<Json<RefundPayment>>,
) -> http_kit::Result<Json<RefundPreview>> {
    let staff = service.acting::<ManageOrders>()?;
    let wanted = body.unwrap_or_default().0.wanted()?;
    let amount = workflows::refund::preview(&app, id, &wanted, Actor::Staff(&staff)).await?;
    Ok(Json(RefundPreview { amount }))
}

/// What the refund of a return would give back, or why it would be refused; nothing is done
#[utoipa::path(post, path = "/internal/returns/{id}/refund/preview", params(("id" = ReturnId, Path)), request_body = Option<RefundReturn>,
    responses((status = 200, body = RefundPreview)))]
pub(crate) async fn of_return(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReturnId>,
    body: Option<Json<RefundReturn>>,
) -> http_kit::Result<Json<RefundPreview>> {
    let staff = service.acting::<ManageOrders>()?;
    let body = body.unwrap_or_default().0;
    let actor = Actor::Staff(&staff);
    let amount = workflows::returns::refund::preview(&app, id, body.wish()?, actor).await?;
    Ok(Json(RefundPreview { amount }))
}
