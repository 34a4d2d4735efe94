use axum::extract::State;
use axum::response::Redirect;
use primitives::{Currency, Money, OrderId, ShipmentId};
use serde::Deserialize;
use serde_json::json;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::pages::act::{Act, act};
use crate::read::{self, snapshot};

#[derive(Deserialize)]
pub(super) struct Ship {
    key: String,
    carrier: String,
    tracking_number: String,
}

/// Ships all that is left.
pub(super) async fn ship(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Ship>,
) -> Result<Redirect> {
    let body =
        json!({ "carrier": form.carrier.trim(), "tracking_number": form.tracking_number.trim() });
    let path = format!("/internal/orders/{id}/shipments");
    let ship = Act {
        action: "order.ship",
        target: format!("order:{id}"),
        service: &app.order,
        path,
        key: Some(&form.key),
        body,
        page: &page(id),
    };
    act(&app, &session, ship).await?;
    Ok(back(id, "ship"))
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
    let path = format!("/internal/shipments/{}/deliver", form.shipment_id);
    let deliver = Act {
        action: "order.deliver",
        target: format!("order:{id}"),
        service: &app.order,
        path,
        key: Some(&form.key),
        body: json!({ "shipment_id": form.shipment_id }),
        page: &page(id),
    };
    act(&app, &session, deliver).await?;
    Ok(back(id, "deliver"))
}

#[derive(Deserialize)]
pub(super) struct Cancel {
    key: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn cancel(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Cancel>,
) -> Result<Redirect> {
    let body = json!({ "reason": optional(&form.reason) });
    let path = format!("/internal/orders/{id}/cancel");
    let cancel = Act {
        action: "order.cancel",
        target: format!("order:{id}"),
        service: &app.order,
        path,
        key: Some(&form.key),
        body,
        page: &page(id),
    };
    act(&app, &session, cancel).await?;
    Ok(back(id, "cancel"))
}

#[derive(Deserialize)]
pub(super) struct Refund {
    key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn refund(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Refund>,
) -> Result<Redirect> {
    let mut db = snapshot(&app.order_db).await?;
    let order = read::orders::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let payment = read::orders::payment(&mut db, &order)
        .await?
        .ok_or_else(PageError::not_found)?;
    drop(db);
    let amount = match optional(&form.amount) {
        Some(text) => Some(
            parse_amount(text, payment.amount.currency()).ok_or_else(|| {
                PageError::invalid("The amount must be a number such as 12.50.").back_to(&page(id))
            })?,
        ),
        None => None,
    };
    let body = json!({ "amount": amount, "reason": optional(&form.reason) });
    let path = format!("/internal/payments/{}/refund", payment.id);
    let refund = Act {
        action: "order.refund",
        target: format!("order:{id}"),
        service: &app.order,
        path,
        key: Some(&form.key),
        body,
        page: &page(id),
    };
    act(&app, &session, refund).await?;
    Ok(back(id, "refund"))
}

fn page(id: OrderId) -> String {
    format!("/admin/orders/{id}")
}

fn back(id: OrderId, done: &str) -> Redirect {
    Redirect::to(&format!("{}?done={done}", page(id)))
}

fn optional(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// `12.50`, `12,5` or `12` in whole minor units; never through a float.
fn parse_amount(text: &str, currency: Currency) -> Option<Money> {
    let digits = usize::try_from(currency.exponent()).ok()?;
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > digits || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}")
        .parse()
        .ok()
        .map(|amount| Money::new(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let cents = |text| parse_amount(text, Currency::EUR).map(Money::amount);
        assert_eq!(
            (cents("12.50"), cents("12,5"), cents("12"), cents("0.01")),
            (Some(1250), Some(1250), Some(1200), Some(1))
        );
        for bad in [
            "",
            ".",
            "1.234",
            "-1",
            "1e3",
            "12.5.0",
            "twelve",
            "99999999999999999999",
        ] {
            assert_eq!(cents(bad), None, "{bad}");
        }
        assert_eq!(
            parse_amount("500", "JPY".parse().unwrap()).map(Money::amount),
            Some(500)
        );
    }
}
