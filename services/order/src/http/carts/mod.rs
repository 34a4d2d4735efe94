//! `/api/cart`.

pub(crate) mod acknowledge;
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
use super::pricing::{AdjustmentView, TaxView};
use crate::domain::coupon::NotApplicable;
use crate::domain::notice::Notice;
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
    /// What is not as the customer saw or wanted it.
    notices: Vec<NoticeView>,
    /// Sum of the lines.
    subtotal: Money,
    discount: Money,
    /// With `shipping_method`.
    shipping: Money,
    /// Added, for the shop's own country; the address of the order decides in the end.
    tax: Money,
    total: Money,
    /// Whether prices include tax; then `tax` is nothing.
    prices_include_tax: bool,
    /// The tax in `total`, where prices include it.
    #[serde(skip_serializing_if = "Option::is_none")]
    included_tax: Option<Money>,
    /// All taxes by name and rate.
    taxes: Vec<TaxView>,
    /// What is taken off, by promotion and coupon, of the goods and of the shipping costs.
    adjustments: Vec<AdjustmentView>,
    /// What `shipping` is for: the first way of sending that can be had. Null if none can.
    shipping_method: Option<String>,
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

/// Something to know before ordering.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartNotice)]
pub(crate) struct NoticeView {
    /// `price_changed`, `out_of_stock`, `insufficient_stock`, `no_longer_sold`, `quantity_reduced` or `coupon_problem`.
    code: &'static str,
    /// Which line; null if it is about the whole cart.
    item_id: Option<CartItemId>,
    /// A sentence for people.
    message: String,
    /// The unit's price as the customer saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_before: Option<Money>,
    /// The unit's price now.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    /// Units that can be had now.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<i32>,
    /// Why the coupon takes nothing off.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl NoticeView {
    fn about_line(item: CartItemId, notice: Notice) -> Self {
        let (price_before, price) = match notice {
            Notice::PriceChanged { before, after } => (Some(before), Some(after)),
            _ => (None, None),
        };
        let available = match notice {
            Notice::OutOfStock => Some(0),
            Notice::InsufficientStock { available } => Some(available),
            _ => None,
        };
        Self {
            code: notice.code(),
            item_id: Some(item),
            message: notice.message(),
            price_before,
            price,
            available,
            reason: None,
        }
    }

    fn about_coupon(problem: NotApplicable) -> Self {
        Self {
            code: "coupon_problem",
            item_id: None,
            message: problem.to_string(),
            price_before: None,
            price: None,
            available: None,
            reason: Some(problem.code()),
        }
    }
}

impl CartView {
    fn new(contents: CartContents) -> (HeaderMap, Json<Self>) {
        let CartContents {
            cart,
            lines,
            priced,
            currency,
            coupon_problem,
            reduced,
            token,
        } = contents;
        let mut notices: Vec<NoticeView> = lines
            .iter()
            .flat_map(|line| {
                line.notices(&reduced)
                    .into_iter()
                    .map(move |notice| (line, notice))
            })
            .map(|(line, notice)| NoticeView::about_line(line.item.id, notice))
            .collect();
        notices.extend(coupon_problem.map(NoticeView::about_coupon));
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
            notices,
            subtotal: money(priced.subtotal),
            discount: money(priced.discount),
            shipping: money(priced.shipping),
            tax: money(priced.tax),
            total: money(priced.total),
            prices_include_tax: priced.prices_include_tax,
            included_tax: priced
                .prices_include_tax
                .then(|| money(priced.included_tax)),
            taxes: priced
                .taxes()
                .iter()
                .map(|part| TaxView::of(part, currency))
                .collect(),
            adjustments: AdjustmentView::by_source(&priced, currency),
            shipping_method: priced.method.map(|method| method.code),
            currency,
        };
        (cart_token_header(token.as_deref()), Json(view))
    }
}

/// What every operation on the cart answers.
type CartAnswer = http_kit::Result<(HeaderMap, Json<CartView>)>;
