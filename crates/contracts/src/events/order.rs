use primitives::{
    EmailAddress, Money, OrderId, OrderItemId, PaymentId, ProductId, ReturnId, ShipmentId, Sku,
    UserId, VariantId,
};
use serde::{Deserialize, Serialize};

/// A line of an order as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line.
    pub order_item_id: OrderItemId,
    /// The product.
    pub product_id: ProductId,
    /// The variant.
    pub variant_id: VariantId,
    /// Its SKU at the time of the order.
    pub sku: Sku,
    /// Its title at the time of the order.
    pub title: String,
    /// Units.
    pub quantity: i32,
    /// What the customer pays for the line, discount off and tax in.
    pub total: Money,
}

/// Units of a line that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLine {
    /// The line.
    pub order_item_id: OrderItemId,
    /// The product.
    pub product_id: ProductId,
    /// The variant.
    pub variant_id: VariantId,
    /// Units.
    pub quantity: i32,
    /// In which state: `new`, `opened`, `used` or `damaged`.
    pub condition: String,
    /// Whether they are for sale again.
    pub restock: bool,
}

super::events! {
    /// An order was placed and awaits payment.
    OrderCreated = "order.created" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// Who ordered; absent for a guest.
        user_id: Option<UserId>,
        /// Where mails about it go.
        email: EmailAddress,
        /// What was ordered.
        lines: Vec<OrderLine>,
        /// What is to be paid.
        total: Money,
    }
    /// An order is paid (or free): stock is taken and it may be shipped.
    OrderConfirmed = "order.confirmed" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// Who ordered; absent for a guest.
        user_id: Option<UserId>,
        /// Where mails about it go.
        email: EmailAddress,
        /// What was ordered.
        lines: Vec<OrderLine>,
        /// What was paid.
        total: Money,
        /// The payment; absent for a free order.
        payment_id: Option<PaymentId>,
    }
    /// A guest's order went to the account of who proved to have its address.
    OrderClaimed = "order.claimed" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// Whose it is from now on.
        user_id: UserId,
    }
    /// Something of an order was changed that is no step of its life.
    OrderUpdated = "order.updated" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// What, such as `shipping_address`.
        changed: Vec<String>,
    }
    /// A parcel left.
    OrderShipped = "order.shipped" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// The parcel.
        shipment_id: ShipmentId,
        /// Who carries it.
        carrier: String,
        /// The carrier's number.
        tracking_number: String,
    }
    /// All parcels arrived.
    OrderDelivered = "order.delivered" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
    }
    /// The order will not happen; what it held is free.
    OrderCancelled = "order.cancelled" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// Why, in a word: `customer`, `staff`, `unpaid`, `payment_failed` or `out_of_stock`.
        reason: String,
        /// Whether what was sold is for sale again; yes, unless it says no.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restock: Option<bool>,
    }
    /// Goods came back.
    OrderReturned = "order.returned" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// The return. What it brought is told once, however often this is.
        return_id: ReturnId,
        /// What came.
        lines: Vec<ReturnedLine>,
        /// Whether all units of the order have come back now.
        complete: bool,
    }
    /// Money went back to the customer.
    OrderRefunded = "order.refunded" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// The number for people.
        number: String,
        /// How much this time.
        amount: Money,
        /// Whether all that was paid has now gone back.
        fully: bool,
    }
}
