use super::Saga;
use super::hold::{Hold, OrderFate};
use super::world::{Dispute, Order, Paying, Refund, TOTAL, Topic, World};
use crate::domain::order::{CancelReason, Event, FulfillmentStatus, State, Status};
use crate::domain::payment::{Capture, PaymentState};
use crate::domain::refund::RefundState;

/// One step of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The order service dies and starts again.
    Crash,
    /// Checkout holds the stock, and then writes the order.
    Reserve,
    Place,
    /// A request to pay: the order still waits for it; the payment is at Stripe; its name is written down and the customer may pay.
    PayIsAllowed,
    PayIsCreated,
    PayIsRemembered,
    /// The customer's card is good, or not.
    Confirm {
        good: bool,
    },
    /// Somebody wants something of an order.
    Wish(Event),
    /// Nobody paid in time, as the order service sees it.
    Expire,
    /// Jobs of the order service.
    StopAtStripe,
    StopUnstarted,
    StopIsDone,
    CaptureAtStripe,
    RefundAtStripe(usize),
    /// Stripe tells, or told long ago, of a payment, a refund, a dispute.
    HearOfPayment((u8, i64)),
    HearOfRefund {
        index: usize,
        said: RefundState,
    },
    HearOfDispute,
    HearOfOpenDispute,
    /// Stripe and the banks.
    AuthorizationExpires,
    RefundEnds {
        index: usize,
        good: bool,
    },
    /// The customer's bank sends back what had arrived.
    RefundComesBack(usize),
    DisputeOpens,
    DisputeEnds {
        won: bool,
    },
    /// Product: the hold's time is up; somebody else buys the last unit.
    HoldExpires,
    RivalBuys,
    /// The broker delivers an event, not for the first time perhaps.
    Deliver(Topic),
}

/// All that could happen next.
pub(super) fn possible(saga: &Saga, world: &World, actions: &mut Vec<Action>) {
    use Action::*;
    let stripe = &world.stripe;
    if world.checking_out || world.paying != Paying::No {
        actions.push(Crash);
    }
    match &world.order {
        None if world.checking_out => actions.push(Place),
        None => actions.push(Reserve),
        Some(order) => actions.extend(of_order(saga, world, *order)),
    }
    if world.may_pay
        && (stripe.is(PaymentState::RequiresPayment) || stripe.is(PaymentState::Failed))
    {
        actions.push(Confirm { good: true });
        if stripe.declines == 0 {
            actions.push(Confirm { good: false });
        }
    }
    if stripe.is(PaymentState::Authorized) {
        actions.push(AuthorizationExpires);
    }
    if world.payment.referenced {
        actions.extend(stripe.told.iter().copied().map(HearOfPayment));
    }
    // One failure is enough to see what comes of it.
    let lost = |refund: &Refund| refund.at_stripe.is_some_and(RefundState::came_to_nothing);
    let all_arrive = !world.refunds.iter().any(lost);
    for (index, refund) in world.refunds.iter().enumerate() {
        let hear = |said| HearOfRefund { index, said };
        match refund.at_stripe {
            None => actions.push(RefundAtStripe(index)),
            Some(RefundState::Pending) => {
                actions.push(RefundEnds { index, good: true });
                if all_arrive {
                    actions.push(RefundEnds { index, good: false });
                }
            }
            Some(RefundState::Succeeded) => {
                actions.push(hear(RefundState::Succeeded));
                if saga.bounces && all_arrive {
                    actions.push(RefundComesBack(index));
                }
            }
            Some(RefundState::Failed) => actions.push(hear(RefundState::Failed)),
            // That it had succeeded may be heard after that it failed.
            Some(RefundState::Reversed) => {
                actions.extend([RefundState::Succeeded, RefundState::Failed].map(hear));
            }
        }
    }
    if saga.disputes {
        match stripe.dispute {
            Dispute::None if stripe.captured > stripe.refunded => actions.push(DisputeOpens),
            Dispute::None => {}
            Dispute::Open => actions.extend([
                HearOfOpenDispute,
                DisputeEnds { won: true },
                DisputeEnds { won: false },
            ]),
            Dispute::Won | Dispute::Lost => actions.extend([HearOfOpenDispute, HearOfDispute]),
        }
    }
    if world.hold == Some(Hold::Held) {
        actions.push(HoldExpires);
    }
    if saga.rival && world.free > 0 {
        actions.push(RivalBuys);
    }
    actions.extend(world.said.iter().copied().map(Deliver));
}

fn of_order(saga: &Saga, world: &World, order: Order) -> Vec<Action> {
    use Action::*;
    let mut actions = vec![
        Wish(Event::Cancel(CancelReason::Customer)),
        match world.paying {
            Paying::No => PayIsAllowed,
            Paying::Allowed => PayIsCreated,
            Paying::Created => PayIsRemembered,
        },
    ];
    if order.status == Status::Pending {
        actions.push(Expire);
    }
    if world.cancelling {
        actions.push(if world.payment.referenced {
            StopAtStripe
        } else {
            StopUnstarted
        });
        actions.push(StopIsDone);
    }
    if saga.capture == Capture::Manual {
        actions.extend(
            [
                Event::Capture { amount: 1 },
                Event::Capture { amount: TOTAL },
                Event::Void,
            ]
            .map(Wish),
        );
        actions.push(CaptureAtStripe);
    }
    if world.refunds.len() < saga.refunds {
        actions.push(Wish(Event::Refund { amount: 1 }));
    }
    if saga.parcels {
        let parcels = |complete| {
            [
                Event::Ship { complete },
                Event::Deliver { complete },
                Event::Returned { complete },
            ]
        };
        actions.extend(parcels(true).into_iter().chain(parcels(false)).map(Wish));
    }
    actions
}

/// Does it, if it can be done.
pub(super) fn act(saga: &Saga, world: &mut World, action: Action) {
    let decide = saga.decide;
    match action {
        Action::Crash => {
            world.checking_out = false;
            world.paying = Paying::No;
        }
        Action::Reserve => match world.hold {
            None if world.free > 0 => {
                world.free -= 1;
                world.held += 1;
                world.hold = Some(Hold::Held);
                world.checking_out = true;
            }
            Some(Hold::Held) => world.checking_out = true,
            _ => {}
        },
        Action::Place => {
            let placed = State::placed(TOTAL);
            world.checking_out = false;
            world.order = Some(Order {
                status: placed.status,
                payment: placed.payment,
                fulfillment: FulfillmentStatus::Unfulfilled,
                disputed: false,
                charged_back: 0,
            });
        }
        Action::PayIsAllowed => {
            if world.is(Status::Pending) && !world.payment.state.is_charged() {
                world.paying = Paying::Allowed;
            }
        }
        Action::PayIsCreated => {
            if world.stripe.intent.is_none() {
                world.stripe.becomes(PaymentState::RequiresPayment);
            }
            world.paying = Paying::Created;
        }
        Action::PayIsRemembered => {
            world.paying = Paying::No;
            world.payment.referenced = true;
            // The order may be gone meanwhile: then nobody is to pay.
            if world.is(Status::Pending) || saga.careless {
                world.may_pay = true;
            } else {
                world.cancelling = true;
            }
        }
        Action::Confirm { good: false } => {
            world.stripe.declines += 1;
            world.stripe.becomes(PaymentState::Failed);
        }
        Action::Confirm { good: true } => match saga.capture {
            Capture::Automatic => {
                world.stripe.captured = TOTAL;
                world.stripe.becomes(PaymentState::Succeeded);
            }
            Capture::Manual => world.stripe.becomes(PaymentState::Authorized),
        },
        Action::Wish(event) => {
            world.transition(decide, &event, |_| {});
        }
        Action::Expire => {
            world.transition(decide, &Event::Expired, |_| {});
        }
        Action::StopAtStripe => {
            let over = world.stripe.is(PaymentState::Succeeded)
                || world.stripe.is(PaymentState::Cancelled);
            if !over {
                world.stripe.becomes(PaymentState::Cancelled);
            }
        }
        Action::StopUnstarted => {
            if world.payment.state == PaymentState::RequiresPayment {
                world.payment.state = PaymentState::Cancelled;
            }
            world.cancelling = false;
        }
        Action::StopIsDone => {
            let over =
                world.payment.state.is_charged() || world.payment.state == PaymentState::Cancelled;
            let at_stripe = world.stripe.is(PaymentState::Succeeded)
                || world.stripe.is(PaymentState::Cancelled);
            if world.payment.referenced && over && at_stripe {
                world.cancelling = false;
            }
        }
        Action::CaptureAtStripe => {
            if world.capturing > 0 && world.stripe.is(PaymentState::Authorized) {
                world.stripe.captured = world.capturing;
                world.stripe.becomes(PaymentState::Succeeded);
            }
        }
        Action::RefundAtStripe(index) => ask_for_refund(world, index),
        Action::HearOfPayment(told) => world.hear_of_payment(decide, told),
        Action::HearOfRefund { index, said } => world.hear_of_refund(decide, index, said),
        Action::HearOfDispute => world.hear_of_dispute(decide, world.stripe.dispute),
        Action::HearOfOpenDispute => world.hear_of_dispute(decide, Dispute::Open),
        Action::AuthorizationExpires => world.stripe.becomes(PaymentState::Cancelled),
        Action::RefundEnds { index, good } => end_refund(world, index, good),
        Action::RefundComesBack(index) => {
            world.stripe.refunded -= world.refunds[index].amount;
            world.refunds[index].at_stripe = Some(RefundState::Reversed);
        }
        Action::DisputeOpens => {
            world.stripe.dispute = Dispute::Open;
            world.stripe.disputed = world.stripe.captured - world.stripe.refunded;
        }
        Action::DisputeEnds { won } => {
            world.stripe.dispute = if won { Dispute::Won } else { Dispute::Lost };
        }
        Action::HoldExpires => world.settle(OrderFate::TimedOut),
        Action::RivalBuys => {
            world.free -= 1;
            world.rival_has += 1;
        }
        Action::Deliver(Topic::Confirmed) => world.settle(OrderFate::Confirmed),
        Action::Deliver(Topic::Cancelled) => world.settle(OrderFate::Cancelled),
        Action::Deliver(Topic::Rejected) => {
            world.transition(decide, &Event::StockRejected, |_| {});
        }
    }
}

/// Stripe refuses what is more than is left, and what a bank questions.
fn ask_for_refund(world: &mut World, index: usize) {
    let Refund { amount, .. } = world.refunds[index];
    let stripe = &mut world.stripe;
    let taken = if matches!(stripe.dispute, Dispute::Lost) {
        stripe.disputed
    } else {
        0
    };
    let granted =
        stripe.dispute != Dispute::Open && amount <= stripe.captured - stripe.refunded - taken;
    world.refunds[index].at_stripe = Some(if granted {
        stripe.refunded += amount;
        RefundState::Pending
    } else {
        RefundState::Failed
    });
}

fn end_refund(world: &mut World, index: usize, good: bool) {
    world.refunds[index].at_stripe = Some(if good {
        RefundState::Succeeded
    } else {
        world.stripe.refunded -= world.refunds[index].amount;
        RefundState::Failed
    });
}

/// What every part of the system does by itself when it runs again.
pub(super) fn recover(saga: &Saga, world: &mut World) {
    act(saga, world, Action::Crash);
    if world.order.is_none() && world.hold == Some(Hold::Held) {
        act(saga, world, Action::HoldExpires);
    }
    for topic in world.said.clone() {
        act(saga, world, Action::Deliver(topic));
    }
    if world.cancelling {
        let stop = if world.payment.referenced {
            Action::StopAtStripe
        } else {
            Action::StopUnstarted
        };
        act(saga, world, stop);
        act(saga, world, Action::StopIsDone);
    }
    if world.payment.state == PaymentState::Authorized {
        act(saga, world, Action::CaptureAtStripe);
    }
    if let (Some(now), true) = (world.stripe.now(), world.payment.referenced) {
        world.hear_of_payment(saga.decide, now);
    }
    for index in 0..world.refunds.len() {
        match world.refunds[index].said() {
            None => ask_for_refund(world, index),
            Some(RefundState::Pending) => end_refund(world, index, true),
            Some(said) => world.hear_of_refund(saga.decide, index, said),
        }
    }
    if world.stripe.dispute != Dispute::None {
        act(saga, world, Action::HearOfDispute);
    }
}
