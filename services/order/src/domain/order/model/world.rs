use std::collections::BTreeSet;

use super::Saga;
use super::hold::{Hold, OrderFate, Settlement, settle};
use crate::domain::order::{
    Decision, Effect, Event, FulfillmentStatus, PaymentStatus, Refusal, State, Status,
};
use crate::domain::payment::{PaymentState, Report, news};
use crate::domain::refund::{self, RefundState};

/// What the order costs: two units of money, so that a part is less than the whole.
pub(super) const TOTAL: i64 = 2;
/// How many units of the goods there are.
const STOCK: i8 = 1;

pub(super) type Decide = fn(State, &Event) -> Result<Decision, Refusal>;

/// Everything that is written down somewhere, and what the order service has in its head.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    // The order service's head.
    pub(super) checking_out: bool,
    pub(super) paying: Paying,
    // The order service's database.
    pub(super) order: Option<Order>,
    pub(super) payment: Payment,
    pub(super) refunds: Vec<Refund>,
    pub(super) capturing: i64,
    pub(super) cancelling: bool,
    pub(super) dispute: Dispute,
    // Outboxes and broker: what was ever said arrives at some time, as often as it likes.
    pub(super) said: BTreeSet<Topic>,
    // Product.
    pub(super) hold: Option<Hold>,
    pub(super) free: i8,
    pub(super) held: i8,
    pub(super) sold: i8,
    pub(super) rival_has: i8,
    // Stripe.
    pub(super) stripe: Stripe,
    // The customer.
    pub(super) may_pay: bool,
    // What is watched.
    pub(super) confirmed: u8,
    pub(super) cancelled: u8,
    pub(super) came_back: bool,
    pub(super) disagreed: bool,
}

/// How far a request to pay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Paying {
    No,
    Allowed,
    Created,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Order {
    pub(super) status: Status,
    pub(super) payment: PaymentStatus,
    pub(super) fulfillment: FulfillmentStatus,
    pub(super) disputed: bool,
    pub(super) charged_back: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Payment {
    pub(super) state: PaymentState,
    /// Whether we know Stripe's name of it.
    pub(super) referenced: bool,
    pub(super) authorized: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Refund {
    pub(super) amount: i64,
    pub(super) state: RefundState,
    /// At Stripe, once it was asked. One that came back has failed there, and was said to have succeeded before.
    pub(super) at_stripe: Option<RefundState>,
}

impl Refund {
    /// What Stripe says of it now.
    pub(super) fn said(self) -> Option<RefundState> {
        self.at_stripe.map(|state| match state {
            RefundState::Reversed => RefundState::Failed,
            state => state,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dispute {
    None,
    Open,
    Won,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Topic {
    Confirmed,
    Cancelled,
    Rejected,
}

/// Stripe's side, and all states it ever told us of or could have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stripe {
    pub(super) intent: Option<PaymentState>,
    pub(super) captured: i64,
    /// What refunds took or are about to take of it.
    pub(super) refunded: i64,
    pub(super) was_held: bool,
    pub(super) declines: u8,
    pub(super) disputed: i64,
    pub(super) dispute: Dispute,
    pub(super) told: BTreeSet<(u8, i64)>,
}

pub(super) const STATES: [PaymentState; 5] = [
    PaymentState::RequiresPayment,
    PaymentState::Failed,
    PaymentState::Authorized,
    PaymentState::Succeeded,
    PaymentState::Cancelled,
];

impl Stripe {
    pub(super) fn is(&self, state: PaymentState) -> bool {
        self.intent == Some(state)
    }

    pub(super) fn becomes(&mut self, state: PaymentState) {
        self.intent = Some(state);
        self.was_held |= state == PaymentState::Authorized;
        let told = self.now();
        self.told.extend(told);
    }

    /// What a webhook or an answer would say now.
    pub(super) fn now(&self) -> Option<(u8, i64)> {
        let index = STATES.iter().position(|state| self.is(*state))?;
        Some((u8::try_from(index).ok()?, self.captured))
    }

    /// What cannot come back any more is the bank's; what is asked for counts at once.
    pub(super) fn given_back(&self) -> i64 {
        let lost = if self.dispute == Dispute::Lost {
            self.disputed
        } else {
            0
        };
        lost + self.refunded
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            checking_out: false,
            paying: Paying::No,
            order: None,
            payment: Payment {
                state: PaymentState::RequiresPayment,
                referenced: false,
                authorized: 0,
                captured: 0,
                refunded: 0,
                failed: false,
            },
            refunds: vec![],
            capturing: 0,
            cancelling: false,
            dispute: Dispute::None,
            said: BTreeSet::new(),
            hold: None,
            free: STOCK,
            held: 0,
            sold: 0,
            rival_has: 0,
            stripe: Stripe {
                intent: None,
                captured: 0,
                refunded: 0,
                was_held: false,
                declines: 0,
                disputed: 0,
                dispute: Dispute::None,
                told: BTreeSet::new(),
            },
            may_pay: false,
            confirmed: 0,
            cancelled: 0,
            came_back: false,
            disagreed: false,
        }
    }

    pub(super) fn is(&self, status: Status) -> bool {
        self.order.is_some_and(|order| order.status == status)
    }

    /// As `store::transitions::state` reads it from the rows.
    pub(super) fn state(&self) -> Option<State> {
        let order = self.order?;
        let held = self.payment.state == PaymentState::Authorized;
        let pending = self
            .refunds
            .iter()
            .filter(|refund| refund.state == RefundState::Pending);
        Some(State {
            status: order.status,
            payment: order.payment,
            fulfillment: order.fulfillment,
            total: TOTAL,
            authorized: if held { self.payment.authorized } else { 0 },
            capturing: if held { self.capturing } else { 0 },
            paid: self.payment.captured,
            refunded: self.payment.refunded,
            refunding: pending.map(|refund| refund.amount).sum(),
            disputed: order.disputed,
            charged_back: order.charged_back,
        })
    }

    /// As `workflows::transition` does it; `rows` is what the caller writes after it, in the same transaction.
    pub(super) fn transition(
        &mut self,
        decide: Decide,
        event: &Event,
        rows: impl FnOnce(&mut Self),
    ) -> bool {
        let Some(before) = self.state() else {
            return false;
        };
        let Ok(decision) = decide(before, event) else {
            return false;
        };
        let next = decision.state;
        self.came_back |= before.status == Status::Cancelled && next.status != Status::Cancelled;
        self.order = Some(Order {
            status: next.status,
            payment: next.payment,
            fulfillment: next.fulfillment,
            disputed: next.disputed,
            charged_back: next.charged_back,
        });
        for effect in decision.effects {
            match effect {
                Effect::StartRefund { amount, .. } => self.refunds.push(Refund {
                    amount,
                    state: RefundState::Pending,
                    at_stripe: None,
                }),
                Effect::CapturePayment { amount } => self.capturing = amount,
                Effect::CancelPayment => self.cancelling = true,
                Effect::PublishConfirmed => {
                    self.confirmed += 1;
                    self.said.insert(Topic::Confirmed);
                }
                Effect::PublishCancelled { .. } => {
                    self.cancelled += 1;
                    self.said.insert(Topic::Cancelled);
                }
                Effect::PublishAuthorized { .. }
                | Effect::PublishPaymentProcessed { .. }
                | Effect::PublishPaymentFailed { .. }
                | Effect::PublishRefunded { .. }
                | Effect::PublishRefundReversed { .. }
                | Effect::PublishDelivered
                | Effect::PublishReturned { .. }
                | Effect::PublishDisputed { .. }
                | Effect::PublishDisputeClosed { .. } => {}
            }
        }
        rows(self);
        self.disagreed |= self.state() != Some(next);
        true
    }

    /// As `workflows::finalise::payment` does it.
    pub(super) fn hear_of_payment(&mut self, decide: Decide, (state, captured): (u8, i64)) {
        let known = Report {
            state: self.payment.state,
            authorized: self.payment.authorized,
            captured: self.payment.captured,
            failure: self.payment.failed.then_some("card_declined"),
        };
        let state = STATES[usize::from(state)];
        let reported = Report {
            state,
            authorized: if state == PaymentState::Authorized {
                TOTAL
            } else {
                0
            },
            captured,
            failure: (state == PaymentState::Failed).then_some("card_declined"),
        };
        let Some(news) = news(known, reported) else {
            return;
        };
        let write = |world: &mut Self| {
            let payment = &mut world.payment;
            payment.state = news.state;
            payment.authorized = payment.authorized.max(reported.authorized);
            payment.captured = payment.captured.max(reported.captured);
            payment.failed = reported.failure.is_some() && !news.state.is_charged();
        };
        match &news.event {
            Some(event) => {
                self.transition(decide, event, write);
            }
            None => write(self),
        }
    }

    /// As `workflows::finalise::refund` does it.
    pub(super) fn hear_of_refund(&mut self, decide: Decide, index: usize, said: RefundState) {
        let Refund {
            amount,
            state: known,
            ..
        } = self.refunds[index];
        let Some((state, event)) = refund::news(known, said, amount) else {
            return;
        };
        self.transition(decide, &event, |world| {
            world.refunds[index].state = state;
            let payment = &mut world.payment;
            payment.refunded += match state {
                RefundState::Succeeded => amount,
                RefundState::Reversed => -amount,
                RefundState::Pending | RefundState::Failed => return,
            };
            payment.state = if payment.refunded >= payment.captured {
                PaymentState::Refunded
            } else if payment.refunded > 0 {
                PaymentState::PartiallyRefunded
            } else {
                PaymentState::Succeeded
            };
        });
    }

    /// As `workflows::finalise::dispute` does it: an end that comes before its beginning is both.
    pub(super) fn hear_of_dispute(&mut self, decide: Decide, dispute: Dispute) {
        let amount = self.stripe.disputed;
        if self.dispute == Dispute::None {
            self.transition(decide, &Event::DisputeOpened { amount }, |world| {
                world.dispute = Dispute::Open
            });
        }
        if self.dispute == Dispute::Open && dispute != Dispute::Open {
            let won = dispute == Dispute::Won;
            self.transition(decide, &Event::DisputeClosed { won, amount }, |world| {
                world.dispute = dispute
            });
        }
    }

    /// As product does it.
    pub(super) fn settle(&mut self, fate: OrderFate) {
        match settle(self.hold, fate) {
            Settlement::Nothing => {}
            Settlement::SellHeld => {
                self.held -= 1;
                self.sold += 1;
                self.hold = Some(Hold::Committed);
            }
            Settlement::SellUnheld if self.free > 0 => {
                self.free -= 1;
                self.sold += 1;
                self.hold = Some(Hold::Committed);
            }
            Settlement::SellUnheld => {
                self.hold = Some(Hold::Rejected);
                self.said.insert(Topic::Rejected);
            }
            Settlement::Release(after) => {
                self.held -= 1;
                self.free += 1;
                self.hold = Some(after);
            }
            Settlement::Restock => {
                self.sold -= 1;
                self.free += 1;
                self.hold = Some(Hold::Released);
            }
            // The goods are gone: in the ledger they stay sold.
            Settlement::WriteOff => self.hold = Some(Hold::Released),
            Settlement::SellAndWriteOff => {
                self.held -= 1;
                self.sold += 1;
                self.hold = Some(Hold::Released);
            }
            Settlement::Close => self.hold = Some(Hold::Released),
        }
    }

    pub(super) fn stock_holds(&self) -> bool {
        self.free >= 0
            && self.held >= 0
            && self.sold >= 0
            && self.free + self.held + self.sold + self.rival_has == STOCK
    }

    pub(super) fn books_are_true(&self) -> bool {
        let ever = [RefundState::Succeeded, RefundState::Reversed];
        self.payment.captured <= self.stripe.captured
            && self.payment.refunded <= self.refunds_at_stripe(&ever)
    }

    /// Whether a refund came back, and its money went another time.
    pub(super) fn went_back_after_all(&self) -> bool {
        let any = |state| self.refunds.iter().any(|refund| refund.state == state);
        any(RefundState::Reversed) && self.payment.refunded == self.payment.captured
    }

    fn refunds_at_stripe(&self, states: &[RefundState]) -> i64 {
        self.refunds
            .iter()
            .filter(|refund| {
                refund
                    .at_stripe
                    .is_some_and(|state| states.contains(&state))
            })
            .map(|refund| refund.amount)
            .sum()
    }

    /// What went back, or is on its way, by the service's own books.
    pub(super) fn asked_back(&self) -> i64 {
        let alive = |refund: &&Refund| !refund.state.came_to_nothing();
        self.refunds
            .iter()
            .filter(alive)
            .map(|refund| refund.amount)
            .sum()
    }

    pub(super) fn confirmed_with_money(&self) -> bool {
        self.confirmed == 0 || self.stripe.was_held || self.stripe.captured >= TOTAL
    }

    /// The world once everybody runs again, whatever was forgotten meanwhile: all that was said arrives, every job runs, and nobody wants anything new.
    pub(super) fn healed(&self, saga: &Saga) -> Self {
        let mut world = self.clone();
        loop {
            let before = world.clone();
            super::act::recover(saga, &mut world);
            if world == before {
                return world;
            }
        }
    }

    /// How it must be when nothing is under way any more.
    pub(super) fn all_is_well(&self) -> bool {
        let Some(order) = self.order else {
            // A checkout that came to nothing leaves nothing behind.
            return self.held == 0 && self.sold == 0;
        };
        let a_refund_failed = self
            .refunds
            .iter()
            .any(|refund| refund.state.came_to_nothing());
        let all_back =
            self.stripe.given_back() == self.stripe.captured || a_refund_failed || order.disputed;
        let nothing_held = !self.stripe.is(PaymentState::Authorized);
        let done = !self.cancelling
            && self
                .refunds
                .iter()
                .all(|refund| refund.state != RefundState::Pending);
        let heard = !self.payment.referenced || self.payment.captured == self.stripe.captured;
        let heard =
            heard && self.payment.refunded == self.refunds_at_stripe(&[RefundState::Succeeded]);
        done && heard
            && match order.status {
                Status::Pending => self.stripe.captured == 0 && nothing_held && self.sold == 0,
                // What was sent before the warehouse could say no is gone.
                Status::Confirmed | Status::Completed => {
                    self.sold == 1 || order.fulfillment != FulfillmentStatus::Unfulfilled
                }
                Status::Cancelled => all_back && nothing_held && self.held == 0 && self.sold == 0,
            }
    }
}
