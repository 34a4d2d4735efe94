//! The life of an order as one pure function: `decide(state, event) → decision`.
//!
//! What always holds, whatever the order or repetition of events: an order is confirmed only when it is paid or free;
//! money that arrives for an order that is gone goes back; refunds never exceed what was paid; what is cancelled never
//! comes back to life.

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
    /// What the customer was charged.
    pub(crate) paid: i64,
    /// What has gone back.
    pub(crate) refunded: i64,
    /// What is on its way back.
    pub(crate) refunding: i64,
}

impl State {
    /// A new order.
    pub(crate) const fn placed() -> Self {
        Self {
            status: Status::Pending,
            payment: PaymentStatus::Unpaid,
            fulfillment: FulfillmentStatus::Unfulfilled,
            paid: 0,
            refunded: 0,
            refunding: 0,
        }
    }

    /// What could still be refunded.
    pub(crate) const fn refundable(self) -> i64 {
        self.paid - self.refunded - self.refunding
    }
}

/// Why an order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CancelReason {
    Customer,
    Staff,
    Unpaid,
    OutOfStock,
}

names!(CancelReason { Customer = "customer", Staff = "staff", Unpaid = "unpaid", OutOfStock = "out_of_stock" });

/// What happened, or what somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// Nothing is to be paid.
    Free,
    /// The provider holds the money for us.
    Authorized,
    /// The provider took the money.
    Paid { amount: i64 },
    /// The provider declined; the customer may try again.
    Declined { reason: String },
    /// Somebody wants out.
    Cancel(CancelReason),
    /// Nobody paid in time.
    Expired,
    /// The warehouse cannot serve what was paid for.
    StockRejected,
    /// A parcel left; `complete` when all units are now on their way.
    Ship { complete: bool },
    /// A parcel arrived; `complete` when all units have.
    Deliver { complete: bool },
    /// Staff give money back.
    Refund { amount: i64 },
    /// The provider gave it back.
    Refunded { amount: i64 },
    /// The provider could not give it back.
    RefundFailed { amount: i64 },
}

/// What must be written together with the new state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    /// Tell the others that money came in (`payment.processed`).
    PublishPaymentProcessed,
    /// Tell the others that a payment was declined (`payment.failed`).
    PublishPaymentFailed { reason: String },
    /// Take the stock, thank the customer (`order.confirmed` and its mail).
    PublishConfirmed,
    /// Free the stock, tell the customer (`order.cancelled` and its mail).
    PublishCancelled { reason: CancelReason },
    /// Tell the customer that money came back (`order.refunded`, `payment.refunded` and the mail).
    PublishRefunded { amount: i64, fully: bool },
    /// Tell the customer that all arrived (`order.delivered` and its mail).
    PublishDelivered,
    /// Stop the payment at the provider, so that it cannot succeed any more.
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
    #[error("the refund is more than what is left of the payment")]
    RefundExceedsPayment,
}

impl Refusal {
    /// The stable code of the API's problem.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotCancellable => "order_not_cancellable",
            Self::NotShippable => "order_not_shippable",
            Self::NotDeliverable => "order_not_deliverable",
            Self::RefundExceedsPayment => "refund_exceeds_payment",
        }
    }
}

/// All the rules. News that changes nothing (a repetition, a late message) is an unchanged state without effects; only
/// wishes can be refused.
pub(crate) fn decide(state: State, event: &Event) -> Result<Decision, Refusal> {
    let mut next = state;
    let effects = match event {
        Event::Free => confirm(&mut next, 0, vec![]),
        Event::Authorized => {
            if state.status == Status::Pending
                && matches!(state.payment, PaymentStatus::Unpaid | PaymentStatus::Failed)
            {
                next.payment = PaymentStatus::Authorized;
            }
            vec![]
        }
        Event::Paid { amount } => paid(&mut next, *amount),
        Event::Declined { reason } => {
            let open = matches!(
                state.payment,
                PaymentStatus::Unpaid | PaymentStatus::Authorized | PaymentStatus::Failed
            );
            if state.status == Status::Pending && open {
                next.payment = PaymentStatus::Failed;
                vec![Effect::PublishPaymentFailed {
                    reason: reason.clone(),
                }]
            } else {
                vec![]
            }
        }
        Event::Cancel(reason) => match (state.status, state.fulfillment) {
            (Status::Cancelled, _) => vec![],
            (Status::Pending, _) | (Status::Confirmed, FulfillmentStatus::Unfulfilled) => {
                cancel(&mut next, *reason)
            }
            _ => return Err(Refusal::NotCancellable),
        },
        Event::Expired if state.status == Status::Pending => {
            cancel(&mut next, CancelReason::Unpaid)
        }
        Event::StockRejected if may_still_be_cancelled(state) => {
            cancel(&mut next, CancelReason::OutOfStock)
        }
        Event::Expired | Event::StockRejected => vec![],
        Event::Ship { complete } => ship(&mut next, *complete)?,
        Event::Deliver { complete } => deliver(&mut next, *complete)?,
        Event::Refund { amount } => {
            if *amount <= 0 || *amount > state.refundable() {
                return Err(Refusal::RefundExceedsPayment);
            }
            start_refund(&mut next, *amount, "requested_by_customer")
        }
        Event::Refunded { amount } => refunded(&mut next, *amount),
        Event::RefundFailed { amount } => {
            next.refunding = (state.refunding - amount).max(0);
            vec![]
        }
    };
    Ok(Decision {
        state: next,
        effects,
    })
}

fn may_still_be_cancelled(state: State) -> bool {
    match state.status {
        Status::Pending => true,
        Status::Confirmed => state.fulfillment == FulfillmentStatus::Unfulfilled,
        Status::Completed | Status::Cancelled => false,
    }
}

fn confirm(next: &mut State, amount: i64, mut effects: Vec<Effect>) -> Vec<Effect> {
    if next.status != Status::Pending {
        return vec![];
    }
    next.status = Status::Confirmed;
    next.payment = PaymentStatus::Paid;
    next.paid = amount;
    effects.push(Effect::PublishConfirmed);
    effects
}

fn paid(next: &mut State, amount: i64) -> Vec<Effect> {
    let already = matches!(
        next.payment,
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
    );
    match next.status {
        _ if already => vec![],
        Status::Pending => confirm(next, amount, vec![Effect::PublishPaymentProcessed]),
        // The order is gone, but the customer's money came all the same: it goes back.
        Status::Cancelled => {
            next.payment = PaymentStatus::Paid;
            next.paid = amount;
            let mut effects = vec![Effect::PublishPaymentProcessed];
            effects.extend(start_refund(next, amount, "duplicate"));
            effects
        }
        Status::Confirmed | Status::Completed => vec![],
    }
}

fn cancel(next: &mut State, reason: CancelReason) -> Vec<Effect> {
    next.status = Status::Cancelled;
    let mut effects = vec![Effect::PublishCancelled { reason }];
    let rest = next.refundable();
    if rest > 0 {
        effects.extend(start_refund(next, rest, "requested_by_customer"));
    } else if next.paid == 0 {
        effects.push(Effect::CancelPayment);
    }
    effects
}

fn start_refund(next: &mut State, amount: i64, reason: &'static str) -> Vec<Effect> {
    if amount == 0 {
        return vec![];
    }
    next.refunding += amount;
    vec![Effect::StartRefund { amount, reason }]
}

fn refunded(next: &mut State, amount: i64) -> Vec<Effect> {
    next.refunding = (next.refunding - amount).max(0);
    next.refunded += amount;
    let fully = next.refunded >= next.paid;
    next.payment = if fully {
        PaymentStatus::Refunded
    } else {
        PaymentStatus::PartiallyRefunded
    };
    vec![Effect::PublishRefunded { amount, fully }]
}

fn ship(next: &mut State, complete: bool) -> Result<Vec<Effect>, Refusal> {
    let open = matches!(
        next.fulfillment,
        FulfillmentStatus::Unfulfilled | FulfillmentStatus::PartiallyShipped
    );
    if next.status != Status::Confirmed || !open || next.payment == PaymentStatus::Refunded {
        return Err(Refusal::NotShippable);
    }
    next.fulfillment = if complete {
        FulfillmentStatus::Shipped
    } else {
        FulfillmentStatus::PartiallyShipped
    };
    Ok(vec![])
}

fn deliver(next: &mut State, complete: bool) -> Result<Vec<Effect>, Refusal> {
    match next.fulfillment {
        FulfillmentStatus::Shipped if complete => {
            next.fulfillment = FulfillmentStatus::Delivered;
            next.status = Status::Completed;
            Ok(vec![Effect::PublishDelivered])
        }
        FulfillmentStatus::PartiallyShipped
        | FulfillmentStatus::Shipped
        | FulfillmentStatus::Delivered => Ok(vec![]),
        FulfillmentStatus::Unfulfilled | FulfillmentStatus::Returned => {
            Err(Refusal::NotDeliverable)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOTAL: i64 = 5_000;

    fn after(events: &[Event]) -> State {
        events.iter().fold(State::placed(), |state, event| {
            decide(state, event).map_or(state, |d| d.state)
        })
    }

    fn effects(state: State, event: &Event) -> Vec<Effect> {
        decide(state, event).unwrap().effects
    }

    #[test]
    fn a_paid_order_is_confirmed_once() {
        let paid = Event::Paid { amount: TOTAL };
        let first = decide(State::placed(), &paid).unwrap();
        assert_eq!(first.state.status, Status::Confirmed);
        assert_eq!(
            first.effects,
            [Effect::PublishPaymentProcessed, Effect::PublishConfirmed]
        );
        let again = decide(first.state, &paid).unwrap();
        assert_eq!((again.state, again.effects), (first.state, vec![]));
    }

    #[test]
    fn a_declined_payment_leaves_the_order_open_for_another_try() {
        let declined = after(&[Event::Declined {
            reason: "card_declined".to_owned(),
        }]);
        assert_eq!(
            (declined.status, declined.payment),
            (Status::Pending, PaymentStatus::Failed)
        );
        assert_eq!(
            after(&[
                Event::Declined {
                    reason: String::new()
                },
                Event::Paid { amount: TOTAL }
            ])
            .status,
            Status::Confirmed
        );
    }

    #[test]
    fn a_decline_that_arrives_after_the_payment_changes_nothing() {
        let paid = after(&[Event::Paid { amount: TOTAL }]);
        assert_eq!(
            effects(
                paid,
                &Event::Declined {
                    reason: "late".to_owned()
                }
            ),
            []
        );
    }

    #[test]
    fn money_for_a_cancelled_order_goes_back() {
        let gone = after(&[Event::Expired]);
        assert_eq!(gone.status, Status::Cancelled);
        assert_eq!(
            effects(gone, &Event::Paid { amount: TOTAL }),
            [
                Effect::PublishPaymentProcessed,
                Effect::StartRefund {
                    amount: TOTAL,
                    reason: "duplicate"
                }
            ]
        );
    }

    #[test]
    fn cancelling_before_payment_stops_the_payment_and_after_it_refunds() {
        let cancel = Event::Cancel(CancelReason::Customer);
        assert!(effects(State::placed(), &cancel).contains(&Effect::CancelPayment));
        let paid = after(&[Event::Paid { amount: TOTAL }]);
        assert!(matches!(
            effects(paid, &cancel).as_slice(),
            [
                Effect::PublishCancelled { .. },
                Effect::StartRefund { amount: TOTAL, .. }
            ]
        ));
        let shipped = after(&[
            Event::Paid { amount: TOTAL },
            Event::Ship { complete: true },
        ]);
        assert_eq!(decide(shipped, &cancel), Err(Refusal::NotCancellable));
    }

    #[test]
    fn what_the_warehouse_cannot_serve_is_refunded() {
        let paid = after(&[Event::Paid { amount: TOTAL }]);
        let rejected = decide(paid, &Event::StockRejected).unwrap();
        assert_eq!(rejected.state.status, Status::Cancelled);
        assert_eq!(rejected.state.refunding, TOTAL);
    }

    #[test]
    fn an_order_is_complete_when_paid_and_delivered() {
        let done = after(&[
            Event::Paid { amount: TOTAL },
            Event::Ship { complete: true },
            Event::Deliver { complete: true },
        ]);
        assert_eq!(
            (done.status, done.fulfillment),
            (Status::Completed, FulfillmentStatus::Delivered)
        );
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Authorized),
            Just(Event::Paid { amount: TOTAL }),
            Just(Event::Declined {
                reason: "card_declined".to_owned()
            }),
            Just(Event::Cancel(CancelReason::Customer)),
            Just(Event::Cancel(CancelReason::Staff)),
            Just(Event::Expired),
            Just(Event::StockRejected),
            any::<bool>().prop_map(|complete| Event::Ship { complete }),
            any::<bool>().prop_map(|complete| Event::Deliver { complete }),
            (1..=TOTAL).prop_map(|amount| Event::Refund { amount }),
        ]
    }

    proptest! {
        /// Plays any sequence of events; a started refund is answered by the provider at any later point.
        #[test]
        fn the_invariants_hold_for_any_sequence(steps in prop::collection::vec((any_event(), any::<bool>(), any::<bool>()), 0..40)) {
            let mut state = State::placed();
            let mut pending: Vec<i64> = Vec::new();
            let (mut confirmed, mut cancelled) = (0, 0);
            for (event, answer, succeeds) in steps {
                let before = state;
                let mut apply = |event: &Event| if let Ok(decision) = decide(state, event) {
                    state = decision.state;
                    for effect in decision.effects {
                        match effect {
                            Effect::StartRefund { amount, .. } => pending.push(amount),
                            Effect::PublishConfirmed => confirmed += 1,
                            Effect::PublishCancelled { .. } => cancelled += 1,
                            _ => {}
                        }
                    }
                };
                apply(&event);
                if answer && let Some(amount) = pending.pop() {
                    let event = if succeeds { Event::Refunded { amount } } else { Event::RefundFailed { amount } };
                    if let Ok(decision) = decide(state, &event) { state = decision.state; }
                }
                prop_assert!(state.refunded + state.refunding <= state.paid, "{state:?}");
                prop_assert!(state.refunded >= 0 && state.refunding >= 0);
                prop_assert!(!(before.status == Status::Cancelled && state.status != Status::Cancelled));
                prop_assert!(state.status != Status::Confirmed || state.paid == TOTAL);
                prop_assert_eq!(state.refunding, pending.iter().sum::<i64>());
                prop_assert!(confirmed <= 1 && cancelled <= 1);
            }
        }
    }
}
