use primitives::{Money, OrderId, PaymentId, RefundId};

super::events! {
    /// The customer's money is ours.
    PaymentProcessed = "payment.processed" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// How much.
        amount: Money,
        /// The provider's id, such as a PaymentIntent.
        provider_ref: Option<String>,
    }
    /// The customer's money is held for the shop, and not taken yet.
    PaymentAuthorized = "payment.authorized" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    }
    /// The customer's bank questions a charge.
    PaymentDisputed = "payment.disputed" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// How much of it.
        amount: Money,
    }
    /// The customer's bank has decided.
    PaymentDisputeClosed = "payment.dispute_closed" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// How much it was about.
        amount: Money,
        /// Whether the shop keeps it.
        won: bool,
    }
    /// The provider declined; the customer may try again.
    PaymentFailed = "payment.failed" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// How much was asked for.
        amount: Money,
        /// The provider's reason, such as `card_declined`.
        reason: String,
    }
    /// Money went back.
    PaymentRefunded = "payment.refunded" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// The refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
    }
    /// Money that had gone back was sent back by the customer's bank: it is ours again, and the customer does not have it.
    PaymentRefundReversed = "payment.refund_reversed" about "payment" (payment_id) {
        /// Which payment.
        payment_id: PaymentId,
        /// Of which order.
        order_id: OrderId,
        /// The refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// The provider's word for why, such as `lost_or_stolen_card`.
        reason: Option<String>,
    }
}
