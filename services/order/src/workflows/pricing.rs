//! What a basket costs, on the shop's terms: from variants, a place and a coupon to a price.

use contracts::internal::variants::VariantSnapshot;
use http_kit::{Error, Result};
use primitives::{Currency, Quantity};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::coupon::Coupon;
use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::Method;
use crate::domain::pricing::{self, Basket, Line, Priced, PricingError};
use crate::store;
use crate::store::terms::Terms;

/// Where a basket goes before there is an address: the shop's own country.
pub(crate) fn home(app: &AppState) -> Place {
    Place::new(app.country.clone(), None)
}

/// The terms of a place now, with a coupon by its code. One statement.
pub(crate) async fn terms(
    app: &AppState,
    conn: &mut PgConnection,
    place: &Place,
    currency: Currency,
    coupon: Option<&str>,
) -> Result<Terms> {
    Ok(store::terms::find(conn, place, currency, coupon, app.clock.now()).await?)
}

/// Units of a variant as the rules see them.
pub(crate) fn line(variant: &VariantSnapshot, quantity: Quantity) -> Line {
    Line {
        product_id: variant.product_id,
        category_ids: variant.category_ids.clone(),
        unit_price: variant.price,
        quantity,
        tax_class: variant.tax_class.clone(),
        weight_grams: variant.weight_grams.unwrap_or(0).into(),
    }
}

/// What lines cost that are sent to `place`.
pub(crate) fn price(
    app: &AppState,
    terms: &Terms,
    currency: Currency,
    place: &Place,
    lines: &[Line],
    coupon: Option<&Coupon>,
    methods: &[Method],
) -> Result<Priced> {
    pricing::price(Basket {
        now: app.clock.now(),
        currency,
        prices_include_tax: app.prices_include_tax,
        lines,
        promotions: &terms.promotions,
        coupon,
        destination: place,
        taxes: &terms.taxes,
        shipping: methods,
    })
    .map_err(too_expensive)
}

/// A basket that has no price.
pub(crate) fn too_expensive(error: PricingError) -> Error {
    Error::conflict(
        "cart_too_expensive",
        format!("The cart cannot be priced: {error}."),
    )
}
