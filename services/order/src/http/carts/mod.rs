//! `/api/cart`.

pub(crate) mod add;
pub(crate) mod apply_coupon;
pub(crate) mod change_item;
pub(crate) mod checkout;
pub(crate) mod clear;
pub(crate) mod get;
pub(crate) mod remove_coupon;
pub(crate) mod remove_item;

use axum::http::HeaderMap;
use http_kit::Json;
use primitives::{CartId, CartItemId, Currency, Money, ProductId, VariantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::cart_token_header;
use crate::workflows::cart::{CartContents, CartLine};

/// A basket, priced now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(crate) struct CartView {
    /// Null as long as nothing was put into it.
    id: Option<CartId>,
    items: Vec<CartItemView>,
    /// The coupon's code.
    coupon: Option<String>,
    /// Why the coupon takes nothing off at the moment, such as `coupon_subtotal_too_low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon_problem: Option<&'static str>,
    /// Sum of the lines.
    subtotal: Money,
    discount: Money,
    /// With the standard method.
    shipping: Money,
    /// For the shop's own country; the address of the order decides in the end.
    tax: Money,
    total: Money,
    #[schema(value_type = String)]
    currency: Currency,
    /// Counts changes.
    version: i32,
}

/// A line of a cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartItem)]
pub(crate) struct CartItemView {
    id: CartItemId,
    product_id: ProductId,
    variant_id: VariantId,
    sku: String,
    title: String,
    /// What tells the variant from its siblings.
    options: std::collections::BTreeMap<String, String>,
    quantity: i32,
    unit_price: Money,
    line_total: Money,
    /// Units that can be had now; 0 if it is not sold any more.
    available: i32,
}

impl CartView {
    fn new(contents: CartContents) -> (HeaderMap, Json<Self>) {
        let CartContents {
            cart,
            lines,
            priced,
            currency,
            coupon_problem,
            token,
        } = contents;
        let money = |amount| Money::new(amount, currency);
        let item = |line: CartLine| {
            let CartLine {
                item,
                variant,
                total,
            } = line;
            let (sku, title, options, unit_price, available) = match variant {
                Some(v) => (v.sku.to_string(), v.title, v.options, v.price, v.available),
                None => (
                    String::new(),
                    "No longer available".to_owned(),
                    Default::default(),
                    money(0),
                    0,
                ),
            };
            CartItemView {
                id: item.id,
                product_id: item.product_id,
                variant_id: item.variant_id,
                sku,
                title,
                options,
                quantity: item.quantity,
                unit_price,
                line_total: money(total),
                available,
            }
        };
        let view = Self {
            id: cart.as_ref().map(|cart| cart.id),
            items: lines.into_iter().map(item).collect(),
            version: cart.as_ref().map_or(0, |cart| cart.version),
            coupon: cart.and_then(|cart| cart.coupon),
            coupon_problem: coupon_problem.map(|problem| problem.code()),
            subtotal: money(priced.subtotal),
            discount: money(priced.discount),
            shipping: money(priced.shipping),
            tax: money(priced.tax),
            total: money(priced.total),
            currency,
        };
        (cart_token_header(token.as_deref()), Json(view))
    }
}

/// What every operation on the cart answers.
type CartAnswer = http_kit::Result<(HeaderMap, Json<CartView>)>;
