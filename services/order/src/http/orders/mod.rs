//! `/api/orders`.

pub(crate) mod cancel;
pub(crate) mod claim;
pub(crate) mod edit;
pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod note;
pub(crate) mod place;
pub(crate) mod tags;
pub(crate) mod whole;

use std::collections::BTreeMap;

use primitives::{
    EmailAddress, Money, OrderId, OrderItemId, PaymentId, ProductId, Timestamp, VariantId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::address::Address;
use crate::domain::order::{FulfillmentStatus, PaymentStatus, Status};
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;

/// An order. Also what is saved as the answer to an Idempotency-Key: it may gain optional members, never lose one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView {
    pub(crate) id: OrderId,
    /// For people.
    pub(crate) number: String,
    pub(crate) status: Status,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) fulfillment_status: FulfillmentStatus,
    pub(crate) items: Vec<OrderItemView>,
    /// Sum of the lines.
    pub(crate) subtotal: Money,
    pub(crate) discount: Money,
    pub(crate) shipping: Money,
    /// Added to the amounts above; nothing where they include it.
    pub(crate) tax: Money,
    /// subtotal - discount + shipping + tax
    pub(crate) total: Money,
    /// Whether prices include tax.
    #[serde(default)]
    pub(crate) prices_include_tax: bool,
    /// The tax in `total`, where prices include it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) included_tax: Option<Money>,
    pub(crate) coupon: Option<String>,
    pub(crate) shipping_method: String,
    pub(crate) shipping_address: Address,
    pub(crate) billing_address: Address,
    pub(crate) email: EmailAddress,
    pub(crate) note: Option<String>,
    pub(crate) payment_id: PaymentId,
    pub(crate) placed_at: Timestamp,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) cancelled_at: Option<Timestamp>,
    pub(crate) cancel_reason: Option<String>,
    /// Counts changes; the ETag.
    pub(crate) version: i32,
}

/// A line of an order, with its shares of discount and tax.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderItem)]
pub(crate) struct OrderItemView {
    pub(crate) id: OrderItemId,
    pub(crate) product_id: ProductId,
    pub(crate) variant_id: VariantId,
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) quantity: i32,
    /// Units that have left.
    pub(crate) shipped: i32,
    /// Units that came back.
    #[serde(default)]
    pub(crate) returned: i32,
    pub(crate) unit_price: Money,
    pub(crate) discount: Money,
    pub(crate) tax: Money,
    /// unit_price * quantity - discount + tax
    pub(crate) total: Money,
    /// The tax in `total`, where prices include it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) included_tax: Option<Money>,
}

impl OrderView {
    /// The order with its lines, which are already those of this order.
    pub(crate) fn new(order: &Order, items: &[OrderItem]) -> Self {
        let included = |tax| order.prices_include_tax.then(|| order.money(tax));
        let item = |item: &OrderItem| OrderItemView {
            id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            sku: item.sku.to_string(),
            title: item.title.clone(),
            options: item.options.0.clone(),
            quantity: item.quantity,
            shipped: item.shipped,
            returned: item.returned,
            unit_price: order.money(item.unit_price),
            discount: order.money(item.discount),
            tax: order.money(item.tax),
            total: order.money(item.total),
            included_tax: included(item.included_tax),
        };
        Self {
            id: order.id,
            number: order.number(),
            status: order.status,
            payment_status: order.payment_status,
            fulfillment_status: order.fulfillment_status,
            items: items.iter().map(item).collect(),
            subtotal: order.money(order.subtotal),
            discount: order.money(order.discount),
            shipping: order.money(order.shipping),
            tax: order.money(order.tax),
            total: order.money(order.total),
            prices_include_tax: order.prices_include_tax,
            included_tax: included(order.included_tax),
            coupon: order.coupon.clone(),
            shipping_method: order.shipping_method.clone(),
            shipping_address: order.shipping_address.clone(),
            billing_address: order.billing_address.clone(),
            email: order.email.clone(),
            note: order.note.clone(),
            payment_id: order.payment_id,
            placed_at: order.placed_at,
            confirmed_at: order.confirmed_at,
            cancelled_at: order.cancelled_at,
            cancel_reason: order.cancel_reason.clone(),
            version: order.version,
        }
    }
}
