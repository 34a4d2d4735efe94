use proptest::prelude::*;

use super::*;

const TOTAL: i64 = 5_000;

const PAID: Event = Event::Paid { amount: TOTAL };
const AUTHORIZED: Event = Event::Authorized { amount: TOTAL };
const CANCEL: Event = Event::Cancel(CancelReason::Customer);
const SHIP: Event = Event::Ship { complete: true };
const DELIVER: Event = Event::Deliver { complete: true };

fn after(events: &[Event]) -> State {
    events.iter().fold(State::placed(TOTAL), |state, event| {
        decide(state, event).map_or(state, |d| d.state)
    })
}

fn effects(state: State, event: &Event) -> Vec<Effect> {
    decide(state, event).unwrap().effects
}

fn declined() -> Event {
    Event::Declined {
        reason: "card_declined".to_owned(),
    }
}

#[test]
fn a_paid_order_is_confirmed_once() {
    let first = decide(State::placed(TOTAL), &PAID).unwrap();
    assert_eq!(first.state.status, Status::Confirmed);
    assert_eq!(
        first.effects,
        [
            Effect::PublishPaymentProcessed { amount: TOTAL },
            Effect::PublishConfirmed
        ]
    );
    let again = decide(first.state, &PAID).unwrap();
    assert_eq!((again.state, again.effects), (first.state, vec![]));
}

#[test]
fn only_an_order_that_costs_nothing_is_confirmed_without_money() {
    assert_eq!(
        effects(State::placed(0), &Event::Free),
        [Effect::PublishConfirmed]
    );
    assert_eq!(effects(State::placed(TOTAL), &Event::Free), []);
}

#[test]
fn less_than_the_price_confirms_nothing_and_goes_back() {
    let part = after(&[Event::Paid { amount: TOTAL - 1 }]);
    assert_eq!(
        (part.status, part.payment),
        (Status::Pending, PaymentStatus::Unpaid)
    );
    let expired = decide(part, &Event::Expired).unwrap();
    assert_eq!(expired.state.refunding, TOTAL - 1);
    assert_eq!(decide(part, &PAID).unwrap().state.status, Status::Confirmed);
}

#[test]
fn a_declined_payment_leaves_the_order_open_for_another_try() {
    let open = after(&[declined()]);
    assert_eq!(
        (open.status, open.payment),
        (Status::Pending, PaymentStatus::Failed)
    );
    assert_eq!(after(&[declined(), PAID]).status, Status::Confirmed);
}

#[test]
fn a_decline_that_arrives_after_the_money_changes_nothing() {
    for money in [PAID, AUTHORIZED] {
        assert_eq!(effects(after(&[money]), &declined()), []);
    }
}

#[test]
fn money_for_a_cancelled_order_goes_back() {
    let gone = after(&[Event::Expired]);
    assert_eq!(gone.status, Status::Cancelled);
    assert_eq!(
        effects(gone, &PAID),
        [
            Effect::PublishPaymentProcessed { amount: TOTAL },
            Effect::StartRefund {
                amount: TOTAL,
                reason: "duplicate"
            }
        ]
    );
    assert_eq!(effects(gone, &AUTHORIZED), [Effect::CancelPayment]);
}

#[test]
fn cancelling_before_payment_stops_the_payment_and_after_it_refunds() {
    assert!(effects(State::placed(TOTAL), &CANCEL).contains(&Effect::CancelPayment));
    assert!(matches!(
        effects(after(&[PAID]), &CANCEL).as_slice(),
        [
            Effect::PublishCancelled { .. },
            Effect::StartRefund { amount: TOTAL, .. }
        ]
    ));
    assert_eq!(
        decide(after(&[PAID, SHIP]), &CANCEL),
        Err(Refusal::NotCancellable)
    );
}

#[test]
fn what_the_warehouse_cannot_serve_is_refunded() {
    let rejected = decide(after(&[PAID]), &Event::StockRejected).unwrap();
    assert_eq!(rejected.state.status, Status::Cancelled);
    assert_eq!(rejected.state.refunding, TOTAL);
}

#[test]
fn an_order_is_complete_when_paid_and_delivered() {
    let done = after(&[PAID, SHIP, DELIVER]);
    assert_eq!(
        (done.status, done.fulfillment),
        (Status::Completed, FulfillmentStatus::Delivered)
    );
    let owed = after(&[AUTHORIZED, SHIP, DELIVER]);
    assert_eq!(
        (owed.status, owed.fulfillment),
        (Status::Confirmed, FulfillmentStatus::Delivered)
    );
    assert_eq!(decide(owed, &PAID).unwrap().state.status, Status::Completed);
}

#[test]
fn held_money_confirms_an_order_and_a_part_of_it_can_be_taken() {
    let held = after(&[AUTHORIZED]);
    assert_eq!(
        (held.status, held.payment),
        (Status::Confirmed, PaymentStatus::Authorized)
    );
    assert_eq!(
        decide(held, &Event::Capture { amount: TOTAL + 1 }),
        Err(Refusal::CaptureExceedsAuthorization)
    );
    let taking = decide(held, &Event::Capture { amount: 3_000 }).unwrap();
    assert_eq!(taking.effects, [Effect::CapturePayment { amount: 3_000 }]);
    assert_eq!(
        decide(taking.state, &Event::Capture { amount: 3_000 }),
        Err(Refusal::NotCapturable)
    );
    let taken = decide(taking.state, &Event::Paid { amount: 3_000 })
        .unwrap()
        .state;
    assert_eq!((taken.payment, taken.authorized), (PaymentStatus::Paid, 0));
    assert_eq!(
        decide(taken, &Event::Refund { amount: 3_001 }),
        Err(Refusal::RefundExceedsPayment)
    );
}

#[test]
fn held_money_is_let_go_with_its_order() {
    let held = after(&[AUTHORIZED]);
    for wish in [CANCEL, Event::Void] {
        let gone = decide(held, &wish).unwrap();
        assert_eq!(gone.state.status, Status::Cancelled);
        assert!(gone.effects.contains(&Effect::CancelPayment));
        let end = decide(gone.state, &Event::AuthorizationLost).unwrap();
        assert_eq!(
            (end.state.payment, end.effects),
            (PaymentStatus::Unpaid, vec![])
        );
    }
    assert_eq!(
        decide(after(&[PAID]), &Event::Void),
        Err(Refusal::NotVoidable)
    );
}

#[test]
fn an_order_whose_money_is_lost_is_cancelled_unless_something_was_sent() {
    let lost = after(&[AUTHORIZED, Event::AuthorizationLost]);
    assert_eq!(
        (lost.status, lost.payment),
        (Status::Cancelled, PaymentStatus::Failed)
    );
    let sent = after(&[
        AUTHORIZED,
        Event::Ship { complete: false },
        Event::AuthorizationLost,
    ]);
    assert_eq!(
        (sent.status, sent.payment),
        (Status::Confirmed, PaymentStatus::Failed)
    );
    assert_eq!(decide(sent, &SHIP), Err(Refusal::NotShippable));
    assert_eq!(
        decide(sent, &PAID).unwrap().state.payment,
        PaymentStatus::Paid
    );
}

#[test]
fn a_disputed_payment_is_not_refunded_before_the_bank_has_decided() {
    let disputed = after(&[PAID, Event::DisputeOpened { amount: TOTAL }]);
    assert_eq!(
        decide(disputed, &Event::Refund { amount: 1 }),
        Err(Refusal::Disputed)
    );
    let cancelled = decide(disputed, &CANCEL).unwrap().state;
    assert_eq!(
        (cancelled.status, cancelled.refunding),
        (Status::Cancelled, 0)
    );
    let closed = |won| Event::DisputeClosed { won, amount: TOTAL };
    assert_eq!(
        decide(cancelled, &closed(true)).unwrap().state.refunding,
        TOTAL
    );
    let lost = decide(cancelled, &closed(false)).unwrap().state;
    assert_eq!((lost.payment, lost.refunding), (PaymentStatus::Refunded, 0));
    assert_eq!(lost.status, Status::Cancelled);
}

#[test]
fn what_a_bank_sent_back_is_the_shops_again_and_can_be_given_back() {
    let refunded = |amount| Event::Refunded { amount };
    let back = after(&[PAID, Event::Refund { amount: TOTAL }, refunded(TOTAL)]);
    assert_eq!(back.payment, PaymentStatus::Refunded);
    for (amount, payment) in [
        (TOTAL, PaymentStatus::Paid),
        (1, PaymentStatus::PartiallyRefunded),
    ] {
        let again = decide(back, &Event::RefundReversed { amount }).unwrap();
        assert_eq!(again.effects, [Effect::PublishRefundReversed { amount }]);
        assert_eq!(again.state.payment, payment);
        assert_eq!(again.state.refundable(), amount);
        assert!(decide(again.state, &Event::Refund { amount }).is_ok());
    }
    // Of an order that is gone too: nothing is tried again by itself.
    let gone = after(&[PAID, CANCEL, refunded(TOTAL)]);
    let again = decide(gone, &Event::RefundReversed { amount: TOTAL }).unwrap();
    assert_eq!(
        (again.state.status, again.state.refunding),
        (Status::Cancelled, 0)
    );
}

#[test]
fn what_came_back_ends_an_order() {
    assert_eq!(
        decide(after(&[PAID]), &Event::Returned { complete: true }),
        Err(Refusal::NotReturnable)
    );
    let part = after(&[PAID, SHIP, Event::Returned { complete: false }]);
    assert_eq!(part.fulfillment, FulfillmentStatus::Shipped);
    let all = decide(part, &Event::Returned { complete: true }).unwrap();
    assert_eq!(all.effects, [Effect::PublishReturned { complete: true }]);
    assert_eq!(
        (all.state.status, all.state.fulfillment),
        (Status::Completed, FulfillmentStatus::Returned)
    );
}

#[test]
fn the_next_steps_are_what_the_rules_grant() {
    use Step::*;
    let steps = |events: &[Event]| allowed(after(events));
    assert_eq!(steps(&[]), [Pay, Cancel, EditAddress]);
    assert_eq!(
        steps(&[AUTHORIZED]),
        [Capture, Void, Ship, Cancel, EditAddress]
    );
    assert_eq!(steps(&[PAID]), [Ship, Cancel, Refund, EditAddress]);
    assert_eq!(steps(&[PAID, SHIP]), [Deliver, Refund, Return]);
    assert_eq!(steps(&[PAID, SHIP, DELIVER]), [Refund, Return]);
    assert_eq!(steps(&[Event::Expired]), []);
}

fn any_event() -> impl Strategy<Value = Event> {
    let amount = 1..=TOTAL + 1;
    prop_oneof![
        Just(Event::Free),
        amount
            .clone()
            .prop_map(|amount| Event::Authorized { amount }),
        Just(AUTHORIZED),
        amount.clone().prop_map(|amount| Event::Paid { amount }),
        Just(PAID),
        Just(declined()),
        Just(Event::AuthorizationLost),
        amount.clone().prop_map(|amount| Event::Capture { amount }),
        Just(Event::Void),
        Just(CANCEL),
        Just(Event::Cancel(CancelReason::Staff)),
        Just(Event::Expired),
        Just(Event::StockRejected),
        any::<bool>().prop_map(|complete| Event::Ship { complete }),
        any::<bool>().prop_map(|complete| Event::Deliver { complete }),
        any::<bool>().prop_map(|complete| Event::Returned { complete }),
        amount.prop_map(|amount| Event::Refund { amount }),
        Just(Event::DisputeOpened { amount: TOTAL }),
        (any::<bool>(), 0..=TOTAL).prop_map(|(won, amount)| Event::DisputeClosed { won, amount }),
    ]
}

proptest! {
    /// Plays any sequence of events; a started refund is answered by the provider at any later point, and may come back after that.
    #[test]
    fn the_invariants_hold_for_any_sequence(steps in prop::collection::vec((any_event(), any::<bool>(), any::<bool>()), 0..40)) {
        let mut state = State::placed(TOTAL);
        let (mut pending, mut done): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
        let (mut confirmed, mut cancelled) = (0, 0);
        for (event, answer, succeeds) in steps {
            let before = state;
            let mut answer = answer;
            let mut next = Some(event);
            while let Some(event) = next.take() {
                if let Ok(decision) = decide(state, &event) {
                    state = decision.state;
                    for effect in decision.effects {
                        match effect {
                            Effect::StartRefund { amount, .. } => pending.push(amount),
                            Effect::PublishConfirmed => confirmed += 1,
                            Effect::PublishCancelled { .. } => cancelled += 1,
                            _ => {}
                        }
                    }
                }
                if std::mem::take(&mut answer) {
                    next = match (pending.pop(), succeeds) {
                        (Some(amount), true) => {
                            done.push(amount);
                            Some(Event::Refunded { amount })
                        }
                        (Some(amount), false) => Some(Event::RefundFailed { amount }),
                        (None, true) => None,
                        (None, false) => done.pop().map(|amount| Event::RefundReversed { amount }),
                    };
                }
            }
            prop_assert!(state.refunded + state.refunding <= state.paid, "{state:?}");
            prop_assert!(state.refunded >= 0 && state.refunding >= 0 && state.authorized >= 0 && state.capturing <= state.authorized);
            prop_assert!(!(before.status == Status::Cancelled && state.status != Status::Cancelled));
            prop_assert!(!(before.status == Status::Pending && state.status == Status::Confirmed) || state.authorized.max(state.paid).max(before.authorized) >= TOTAL);
            prop_assert!((state.payment == PaymentStatus::Authorized) == (state.authorized > 0), "{state:?}");
            prop_assert_eq!(state.refunding, pending.iter().sum::<i64>());
            prop_assert_eq!(state.refunded, done.iter().sum::<i64>());
            prop_assert!(confirmed <= 1 && cancelled <= 1);
            for step in allowed(state) {
                prop_assert!(step.wish().is_none_or(|wish| decide(state, &wish).is_ok()));
            }
        }
    }

    /// News is never refused, and what was heard is not heard twice.
    #[test]
    fn news_is_never_refused_and_repeats_nothing(events in prop::collection::vec(any_event(), 0..20), news in any_event()) {
        let wish = matches!(news, Event::Capture { .. } | Event::Void | Event::Cancel(_) | Event::Ship { .. } | Event::Deliver { .. } | Event::Refund { .. } | Event::Returned { .. });
        prop_assume!(!wish);
        let first = decide(after(&events), &news);
        prop_assert!(first.is_ok());
        let state = first.unwrap().state;
        if !matches!(news, Event::Declined { .. }) {
            prop_assert_eq!(decide(state, &news), Ok(Decision { state, effects: vec![] }));
        }
    }
}
