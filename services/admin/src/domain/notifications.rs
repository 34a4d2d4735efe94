//! What people are told of events that concern them.

use contracts::events::{
    Event as _, OrderCancelled, OrderConfirmed, OrderDelivered, OrderRefunded, OrderShipped,
    ProductApproved, ReviewModerated,
};

/// What somebody is told when they were written to.
pub(crate) const MESSAGE_RECEIVED: &str = "message.received";

/// Every type of notification, which is the event's type where there is one.
pub(crate) const KINDS: [&str; 8] = [
    OrderConfirmed::TYPE,
    OrderShipped::TYPE,
    OrderDelivered::TYPE,
    OrderCancelled::TYPE,
    OrderRefunded::TYPE,
    ProductApproved::TYPE,
    ReviewModerated::TYPE,
    MESSAGE_RECEIVED,
];

/// Why an order was cancelled, for its customer.
pub(crate) fn because(reason: &str) -> &'static str {
    match reason {
        "unpaid" => ": it was not paid in time",
        "payment_failed" => ": the payment failed",
        "out_of_stock" => ": something of it is sold out",
        _ => "",
    }
}
