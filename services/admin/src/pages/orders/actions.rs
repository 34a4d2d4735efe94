//! What one click does with an order.

use axum::extract::State;
use axum::response::Redirect;
use primitives::{OrderId, PaymentId, RefundId, ShipmentId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, optional, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{self, Nothing, Path, StaffForm};
use crate::pages::act::{Act, act};
use crate::session::Session;

/// One call to order about an order.
async fn call(
    app: &AppState,
    session: &Session,
    id: OrderId,
    action: &str,
    to: String,
    key: Option<&str>,
    body: Value,
) -> Result<()> {
    let call = Act {
        action,
        target: format!("order:{id}"),
        service: &app.order,
        path: to,
        key,
        body,
        page: &path(id),
    };
    act(app, session, call).await
}

#[derive(Deserialize)]
pub(super) struct Deliver {
    key: String,
    shipment_id: ShipmentId,
}

pub(super) async fn deliver(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Deliver>,
) -> Result<Redirect> {
    let to = format!("/internal/shipments/{}/deliver", form.shipment_id);
    let body = json!({ "shipment_id": form.shipment_id });
    call(
        &app,
        &session,
        id,
        "order.deliver",
        to,
        Some(&form.key),
        body,
    )
    .await?;
    Ok(back(id, "deliver"))
}

#[derive(Deserialize)]
pub(super) struct Cancel {
    key: String,
    #[serde(default)]
    reason: String,
    /// Whether what was held is for sale again.
    restock: Option<bool>,
}

pub(super) async fn cancel(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Cancel>,
) -> Result<Redirect> {
    let mut body = json!({ "reason": optional(&form.reason) });
    if let Some(restock) = form.restock {
        body["restock"] = restock.into();
    }
    let to = format!("/internal/orders/{id}/cancel");
    call(
        &app,
        &session,
        id,
        "order.cancel",
        to,
        Some(&form.key),
        body,
    )
    .await?;
    Ok(back(id, "cancel"))
}

#[derive(Deserialize)]
pub(super) struct Capture {
    key: String,
    payment_id: PaymentId,
    /// All of it, unless given.
    #[serde(default)]
    amount: String,
}

pub(super) async fn capture(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Capture>,
) -> Result<Redirect> {
    let currency = super::find(&app, id).await?.currency.0;
    let amount = match optional(&form.amount) {
        Some(text) => Some(input::amount(text, currency).ok_or_else(|| {
            PageError::invalid("The amount must be a number such as 12.50.").back_to(&path(id))
        })?),
        None => None,
    };
    let to = format!("/internal/payments/{}/capture", form.payment_id);
    let body = json!({ "amount": amount });
    call(
        &app,
        &session,
        id,
        "order.capture",
        to,
        Some(&form.key),
        body,
    )
    .await?;
    Ok(back(id, "capture"))
}

#[derive(Deserialize)]
pub(super) struct OfPayment {
    key: String,
    payment_id: PaymentId,
}

pub(super) async fn void(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<OfPayment>,
) -> Result<Redirect> {
    let to = format!("/internal/payments/{}/void", form.payment_id);
    call(
        &app,
        &session,
        id,
        "order.void",
        to,
        Some(&form.key),
        json!({}),
    )
    .await?;
    Ok(back(id, "void"))
}

pub(super) async fn mark_paid(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<OfPayment>,
) -> Result<Redirect> {
    let to = format!("/internal/payments/{}/mark-paid", form.payment_id);
    call(
        &app,
        &session,
        id,
        "order.mark_paid",
        to,
        Some(&form.key),
        json!({}),
    )
    .await?;
    Ok(back(id, "mark_paid"))
}

#[derive(Deserialize)]
pub(super) struct Keyed {
    key: String,
}

/// The money of a refund went back by bank transfer.
pub(super) async fn mark_refund(
    State(app): State<AppState>,
    Path((id, refund)): Path<(OrderId, RefundId)>,
    StaffForm(session, form): StaffForm<Keyed>,
) -> Result<Redirect> {
    let to = format!("/internal/refunds/{refund}/mark-paid");
    call(
        &app,
        &session,
        id,
        "order.refund_paid",
        to,
        Some(&form.key),
        json!({}),
    )
    .await?;
    Ok(back(id, "mark_refund"))
}

#[derive(Deserialize)]
pub(super) struct Note {
    key: String,
    message: String,
}

pub(super) async fn note(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Note>,
) -> Result<Redirect> {
    let to = format!("/internal/orders/{id}/notes");
    let body = json!({ "message": form.message.trim() });
    call(&app, &session, id, "order.note", to, Some(&form.key), body).await?;
    Ok(back(id, "note"))
}

/// What is stuck elsewhere is tried again at once.
pub(super) async fn resume(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let to = format!("/internal/sagas/{id}/resume");
    call(&app, &session, id, "order.resume", to, None, json!({})).await?;
    Ok(back(id, "resume"))
}
