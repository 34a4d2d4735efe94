use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{FieldErrors, IdempotentJson, Json, Problem, one_field};
use primitives::{AddressId, EmailAddress, Money};
use primitives::{Text, postal::AddressForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OrderView;
use crate::app::AppState;
use crate::domain::address::Address;
use crate::domain::order::{self, Step, allowed};
use crate::workflows::cart::Shopper;
use crate::workflows::checkout::{self, Checkout, Placed, Repeat};

/// Exactly one of `shipping_address` and, with an account, `shipping_address_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrder {
    shipping_address: Option<AddressForm>,
    /// A saved address of the user.
    shipping_address_id: Option<AddressId>,
    /// The shipping address unless given.
    billing_address: Option<AddressForm>,
    /// The first that can be had unless given, as the cart shows it.
    #[schema(value_type = Option<String>)]
    shipping_method: Option<Text<40>>,
    /// Where mails go. Guests must give it.
    email: Option<EmailAddress>,
    /// What the client showed: another total is refused with `total_changed`.
    expected_total: Option<Money>,
    #[schema(value_type = Option<String>)]
    note: Option<Text<1000>>,
}

/// The order, and for a guest the token that opens it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlacedOrder {
    #[serde(flatten)]
    order: OrderView,
    /// What the customer can do with it next.
    next_steps: Vec<Step>,
    /// To be sent as `X-Order-Token`: opens, pays and cancels this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_token: Option<String>,
}

/// Order what is in the cart
#[utoipa::path(post, path = "/api/orders", operation_id = "placeOrder", tag = "orders", request_body = PlaceOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    responses((status = 201, body = PlacedOrder), (status = 409, body = Problem, description = "cart_empty, insufficient_stock, total_changed, …"),
        (status = "default", body = Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    request: IdempotentJson<PlaceOrder>,
) -> http_kit::Result<(StatusCode, Json<PlacedOrder>)> {
    place(&app, &shopper, request).await
}

/// What both paths to an order do.
pub(crate) async fn place(
    app: &AppState,
    shopper: &Shopper,
    request: IdempotentJson<PlaceOrder>,
) -> http_kit::Result<(StatusCode, Json<PlacedOrder>)> {
    let repeat = Repeat {
        key: request.key,
        hash: request.hash,
    };
    let placed = match checkout::replay(app, shopper, &repeat).await? {
        Some(placed) => placed,
        None => {
            let checkout = checkout(app, shopper, request.body).await?;
            checkout::place(app, shopper, checkout, &repeat).await?
        }
    };
    let Placed { order, guest_token } = placed;
    Ok((
        StatusCode::CREATED,
        Json(PlacedOrder {
            next_steps: next_steps(&order),
            order,
            guest_token,
        }),
    ))
}

/// What its customer can do with an order that was placed just now: of its money nothing has moved.
fn next_steps(placed: &OrderView) -> Vec<Step> {
    let state = order::State {
        status: placed.status,
        payment: placed.payment_status,
        fulfillment: placed.fulfillment_status,
        ..order::State::placed(placed.total.amount())
    };
    let mut steps = allowed(state);
    steps.retain(|step| step.is_customers());
    steps
}

/// Checks what single fields cannot, and fetches the saved address.
async fn checkout(
    app: &AppState,
    shopper: &Shopper,
    body: PlaceOrder,
) -> http_kit::Result<Checkout> {
    let mut errors = FieldErrors::new();
    match (
        &body.shipping_address,
        body.shipping_address_id,
        &shopper.principal,
    ) {
        (Some(_), Some(_), _) => errors.push(
            "shipping_address_id",
            "exclusive",
            "must not be given together with shipping_address",
        ),
        (None, None, _) => errors.push("shipping_address", "required", "is required"),
        (None, Some(_), None) => errors.push(
            "shipping_address_id",
            "unknown",
            "needs an account: give shipping_address",
        ),
        _ => {}
    }
    let email = body.email.or_else(|| {
        shopper
            .principal
            .as_ref()
            .map(|principal| principal.email.clone())
    });
    if email.is_none() {
        errors.push("email", "required", "is required without an account");
    }
    errors.into_result()?;
    let shipping_address = match (
        body.shipping_address,
        body.shipping_address_id,
        &shopper.principal,
    ) {
        (Some(address), _, _) => Address::from(address),
        (None, Some(id), Some(principal)) => app
            .auth
            .address(principal.user_id, id)
            .await?
            .ok_or_else(|| {
                one_field(
                    "shipping_address_id",
                    "unknown",
                    "is not one of your addresses",
                )
            })?,
        _ => return Err(one_field("shipping_address", "required", "is required")),
    };
    Ok(Checkout {
        email: email.ok_or_else(|| one_field("email", "required", "is required"))?,
        shipping_address,
        billing_address: body.billing_address.map(Address::from),
        shipping_method: body
            .shipping_method
            .map(|method| method.as_str().to_owned()),
        expected_total: body.expected_total,
        note: body.note.map(|note| note.as_str().to_owned()),
    })
}
