//! The life of an order as one pure function: `decide(state, event) → decision`.
//!
//! What always holds, whatever the order or repetition of events: an order is confirmed only when its money is ours, held for us, or nothing
//! is to be paid; money that arrives for an order that is gone goes back; refunds never exceed what was paid; what is cancelled never comes
//! back to life.

#[cfg(test)]
mod model;
mod rules;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use rules::decide;
pub(crate) use steps::{Step, allowed};

use serde::{Deserialize, Serialize};

/// How far the order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Confirmed,
    Completed,
    Cancelled,
}

/// How far its money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    Unpaid,
    Authorized,
    Paid,
    PartiallyRefunded,
    Refunded,
    Failed,
}

/// How far its goods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FulfillmentStatus {
    Unfulfilled,
    PartiallyShipped,
    Shipped,
    Delivered,
    Returned,
}

/// Names a variant as the database and the API write it.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $type {
            /// The name in the database and the API.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownName;
            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name { $($name => Ok(Self::$variant),)* _ => Err(UnknownName(name.to_owned())) }
            }
        }
    };
}
pub(crate) use names;

/// A name that no variant has.
#[derive(Debug, thiserror::Error)]
#[error("unknown status {0:?}")]
pub(crate) struct UnknownName(pub(crate) String);

names!(Status { Pending = "pending", Confirmed = "confirmed", Completed = "completed", Cancelled = "cancelled" });
names!(PaymentStatus {
    Unpaid = "unpaid",
    Authorized = "authorized",
    Paid = "paid",
    PartiallyRefunded = "partially_refunded",
    Refunded = "refunded",
    Failed = "failed",
});
names!(FulfillmentStatus {
    Unfulfilled = "unfulfilled",
    PartiallyShipped = "partially_shipped",
    Shipped = "shipped",
    Delivered = "delivered",
    Returned = "returned",
});

/// All that the rules look at. Amounts are minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) status: Status,
    pub(crate) payment: PaymentStatus,
    pub(crate) fulfillment: FulfillmentStatus,
    /// What the order costs.
    pub(crate) total: i64,
    /// What the provider holds for us and has not taken.
    pub(crate) authorized: i64,
    /// What was asked to be taken of it, and is not yet.
    pub(crate) capturing: i64,
    /// What the provider took: the customer was charged.
    pub(crate) paid: i64,
    /// What has gone back.
    pub(crate) refunded: i64,
    /// What is on its way back.
    pub(crate) refunding: i64,
    /// Whether the customer's bank questions the charge: until it has decided, nothing can be refunded.
    pub(crate) disputed: bool,
    /// What the customer's bank took back for good.
    pub(crate) charged_back: i64,
}

impl State {
    /// A new order.
    pub(crate) const fn placed(total: i64) -> Self {
        Self {
            status: Status::Pending,
            payment: PaymentStatus::Unpaid,
            fulfillment: FulfillmentStatus::Unfulfilled,
            total,
            authorized: 0,
            capturing: 0,
            paid: 0,
            refunded: 0,
            refunding: 0,
            disputed: false,
            charged_back: 0,
        }
    }

    /// What could still be refunded.
    pub(crate) const fn refundable(self) -> i64 {
        let left = self.paid - self.refunded - self.refunding - self.charged_back;
        if self.disputed || left < 0 { 0 } else { left }
    }
}

/// Why an order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CancelReason {
    Customer,
    Staff,
    Unpaid,
    OutOfStock,
    /// The provider no longer holds the money.
    AuthorizationLost,
}

names!(CancelReason {
    Customer = "customer",
    Staff = "staff",
    Unpaid = "unpaid",
    OutOfStock = "out_of_stock",
    AuthorizationLost = "authorization_lost",
});

/// What happened, or what somebody wants. Only wishes can be refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// Nothing is to be paid.
    Free,
    /// The provider holds the money for us.
    Authorized { amount: i64 },
    /// The provider took money: `amount` in all until now.
    Paid { amount: i64 },
    /// The provider declined; the customer may try again.
    Declined { reason: String },
    /// The provider no longer holds the money: it expired, or was let go.
    AuthorizationLost,
    /// A wish: staff take the money that is held, or a part of it; the provider lets go of the rest.
    Capture { amount: i64 },
    /// A wish: staff let go of the money that is held.
    Void,
    /// A wish: somebody wants out.
    Cancel(CancelReason),
    /// Nobody paid in time.
    Expired,
    /// The warehouse cannot serve what was paid for.
    StockRejected,
    /// A wish: a parcel leaves; `complete` when all units are now on their way.
    Ship { complete: bool },
    /// A wish: a parcel arrived; `complete` when all units have.
    Deliver { complete: bool },
    /// A wish: staff give money back.
    Refund { amount: i64 },
    /// The provider gave it back.
    Refunded { amount: i64 },
    /// The provider could not give it back.
    RefundFailed { amount: i64 },
    /// The provider gave it back, and the customer's bank sent it to us again.
    RefundReversed { amount: i64 },
    /// A wish: goods came back; `complete` when all units of the order have.
    Returned { complete: bool },
    /// The customer's bank questions the charge.
    DisputeOpened { amount: i64 },
    /// The customer's bank has decided. `amount` is what it took from us if we lost.
    DisputeClosed { won: bool, amount: i64 },
}

/// What must be written together with the new state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    /// Tell the others that the money is held.
    PublishAuthorized { amount: i64 },
    /// Tell the others that money came in (`payment.processed`): `amount` in all until now.
    PublishPaymentProcessed { amount: i64 },
    /// Tell the others that a payment was declined (`payment.failed`).
    PublishPaymentFailed { reason: String },
    /// Take the stock, thank the customer (`order.confirmed` and its mail).
    PublishConfirmed,
    /// Free the stock, tell the customer (`order.cancelled` and its mail).
    PublishCancelled { reason: CancelReason },
    /// Tell the customer that money came back (`order.refunded`, `payment.refunded` and the mail).
    PublishRefunded { amount: i64, fully: bool },
    /// Tell that money came again that had gone back. It goes nowhere by itself: the same way would fail again.
    PublishRefundReversed { amount: i64 },
    /// Tell the customer that all arrived (`order.delivered` and its mail).
    PublishDelivered,
    /// Tell of goods that came back. Which ones, whoever brings the event says.
    PublishReturned { complete: bool },
    /// Tell of a dispute.
    PublishDisputed { amount: i64 },
    /// Tell how a dispute ended.
    PublishDisputeClosed { won: bool, amount: i64 },
    /// Take money that the provider holds.
    CapturePayment { amount: i64 },
    /// Stop the payment at the provider, so that it cannot succeed any more; money that is held is let go.
    CancelPayment,
    /// Give money back through the provider.
    StartRefund { amount: i64, reason: &'static str },
}

/// The new state and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) state: State,
    pub(crate) effects: Vec<Effect>,
}

/// Why somebody cannot have what they want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the order can no longer be cancelled")]
    NotCancellable,
    #[error("the order is not ready to be shipped")]
    NotShippable,
    #[error("the order has nothing on its way")]
    NotDeliverable,
    #[error("nothing of the order has been shipped that could come back")]
    NotReturnable,
    #[error("the refund is more than what is left of the payment")]
    RefundExceedsPayment,
    #[error("the payment is disputed, and cannot be refunded before its bank has decided")]
    Disputed,
    #[error("no money is held that could be captured")]
    NotCapturable,
    #[error("the capture is more than the money that is held")]
    CaptureExceedsAuthorization,
    #[error("no money is held that could be let go")]
    NotVoidable,
}

impl Refusal {
    /// The stable code of the API's problem.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotCancellable => "order_not_cancellable",
            Self::NotShippable => "order_not_shippable",
            Self::NotDeliverable => "order_not_deliverable",
            Self::NotReturnable => "order_not_returnable",
            Self::RefundExceedsPayment => "refund_exceeds_payment",
            Self::Disputed => "payment_disputed",
            Self::NotCapturable => "payment_not_capturable",
            Self::CaptureExceedsAuthorization => "capture_exceeds_authorization",
            Self::NotVoidable => "payment_not_voidable",
        }
    }
}
