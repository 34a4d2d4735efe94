use axum::extract::State;
use http_kit::{Json, Problem, Query};
use primitives::{CountryCode, Money, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::domain::pricing::place::Place;
use crate::workflows::cart::Shopper;
use crate::workflows::{offers, pricing};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Destination {
    /// The shop's own country unless given.
    #[param(value_type = Option<String>)]
    country: Option<CountryCode>,
    /// As in addresses.
    #[param(value_type = Option<String>)]
    region: Option<Text<100>>,
}

/// What sending the cart costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShippingOffers {
    /// The preferred one first.
    data: Vec<ShippingOffer>,
}

/// One way of sending the cart.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShippingOffer {
    /// For `shipping_method` of an order.
    code: String,
    name: String,
    /// What it costs for this cart, discounts off; null if it cannot be had.
    price: Option<Money>,
    /// What the cart costs with it.
    total: Option<Money>,
    /// Whether it can be had for this cart.
    available: bool,
    /// Why it cannot, such as `too_heavy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Ways of sending to a place, priced for the cart
#[utoipa::path(get, path = "/api/shipping-methods", operation_id = "listShippingMethods", tag = "shipping methods", params(Destination),
    responses((status = 200, body = ShippingOffers), (status = "default", body = Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    Query(query): Query<Destination>,
) -> http_kit::Result<Json<ShippingOffers>> {
    let place = match query.country {
        Some(country) => Place::new(country, query.region.as_ref().map(Text::as_str)),
        None => pricing::home(&app),
    };
    let (offers, currency) = offers::of_cart(&app, &shopper, &place).await?;
    let money = |amount| Money::new(amount, currency);
    let offer = |offer: offers::Offer| ShippingOffer {
        code: offer.code,
        name: offer.name,
        available: offer.costs.is_ok(),
        price: offer.costs.ok().map(|(price, _)| money(price)),
        total: offer.costs.ok().map(|(_, total)| money(total)),
        reason: offer.costs.err().map(|reason| reason.code()),
    };
    Ok(Json(ShippingOffers {
        data: offers.into_iter().map(offer).collect(),
    }))
}
