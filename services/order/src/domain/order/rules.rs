use super::{
    CancelReason, Decision, Effect, Event, FulfillmentStatus, PaymentStatus, Refusal, State, Status,
};

/// All the rules. News that changes nothing (a repetition, a late message) is an unchanged state without effects; only
/// wishes can be refused.
pub(crate) fn decide(state: State, event: &Event) -> Result<Decision, Refusal> {
    let mut next = state;
    let effects = match event {
        Event::Free => free(&mut next),
        Event::Authorized { amount } => authorized(&mut next, *amount),
        Event::Paid { amount } => paid(&mut next, *amount),
        Event::Declined { reason } => declined(&mut next, reason),
        Event::AuthorizationLost => authorization_lost(&mut next),
        Event::Capture { amount } => capture(&mut next, *amount)?,
        Event::Void => void(&mut next)?,
        Event::Cancel(reason) => match state.status {
            Status::Cancelled => vec![],
            _ if may_still_be_cancelled(state) => cancel(&mut next, *reason),
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
        Event::Returned { complete } => returned(&mut next, *complete)?,
        Event::Refund { amount } => refund(&mut next, *amount)?,
        Event::Refunded { amount } => refunded(&mut next, *amount),
        Event::RefundFailed { amount } => {
            next.refunding = (state.refunding - amount).max(0);
            vec![]
        }
        Event::RefundReversed { amount } => refund_reversed(&mut next, *amount),
        Event::DisputeOpened { amount } => dispute_opened(&mut next, *amount),
        Event::DisputeClosed { won, amount } => dispute_closed(&mut next, *won, *amount),
    };
    complete(&mut next);
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

/// An order ends when it is paid and delivered, or when all of it came back and no money waits.
fn complete(next: &mut State) {
    let settled = matches!(
        next.payment,
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
    );
    let over = match next.fulfillment {
        FulfillmentStatus::Delivered => settled,
        FulfillmentStatus::Returned => next.payment != PaymentStatus::Authorized,
        FulfillmentStatus::Unfulfilled
        | FulfillmentStatus::PartiallyShipped
        | FulfillmentStatus::Shipped => false,
    };
    if next.status == Status::Confirmed && over {
        next.status = Status::Completed;
    }
}

/// How far the money is once any of it was taken.
fn settle(next: &mut State) {
    let back = next.refunded + next.charged_back;
    next.payment = if back >= next.paid && back > 0 {
        PaymentStatus::Refunded
    } else if back > 0 {
        PaymentStatus::PartiallyRefunded
    } else {
        PaymentStatus::Paid
    };
}

fn confirm(next: &mut State, first: Option<Effect>) -> Vec<Effect> {
    next.status = Status::Confirmed;
    first
        .into_iter()
        .chain([Effect::PublishConfirmed])
        .collect()
}

fn free(next: &mut State) -> Vec<Effect> {
    if next.status != Status::Pending || next.total != 0 {
        return vec![];
    }
    next.payment = PaymentStatus::Paid;
    confirm(next, None)
}

fn authorized(next: &mut State, amount: i64) -> Vec<Effect> {
    if next.paid > 0 || next.authorized > 0 {
        return vec![];
    }
    match next.status {
        Status::Pending => {
            next.payment = PaymentStatus::Authorized;
            next.authorized = amount;
            let told = Effect::PublishAuthorized { amount };
            // Less than the price is not enough to take the goods off the shelf.
            if amount >= next.total {
                confirm(next, Some(told))
            } else {
                vec![told]
            }
        }
        // The order is gone, but the customer's money is held all the same: it is let go.
        Status::Cancelled => {
            next.payment = PaymentStatus::Authorized;
            next.authorized = amount;
            vec![Effect::CancelPayment]
        }
        Status::Confirmed | Status::Completed => vec![],
    }
}

fn paid(next: &mut State, amount: i64) -> Vec<Effect> {
    if amount <= next.paid {
        return vec![];
    }
    next.paid = amount;
    next.authorized = 0;
    next.capturing = 0;
    let told = Effect::PublishPaymentProcessed { amount };
    match next.status {
        // Staff may take less than what was held, but nobody pays less than the price.
        Status::Pending if amount < next.total => {
            next.payment = PaymentStatus::Unpaid;
            vec![told]
        }
        Status::Pending => {
            settle(next);
            confirm(next, Some(told))
        }
        // The order is gone, but the customer's money came all the same: it goes back.
        Status::Cancelled => {
            settle(next);
            let rest = next.refundable();
            let mut effects = vec![told];
            effects.extend(start_refund(next, rest, "duplicate"));
            effects
        }
        Status::Confirmed | Status::Completed => {
            settle(next);
            vec![told]
        }
    }
}

fn declined(next: &mut State, reason: &str) -> Vec<Effect> {
    let open = matches!(next.payment, PaymentStatus::Unpaid | PaymentStatus::Failed);
    if next.status != Status::Pending || !open {
        return vec![];
    }
    next.payment = PaymentStatus::Failed;
    vec![Effect::PublishPaymentFailed {
        reason: reason.to_owned(),
    }]
}

fn authorization_lost(next: &mut State) -> Vec<Effect> {
    if next.payment != PaymentStatus::Authorized {
        return vec![];
    }
    next.authorized = 0;
    next.capturing = 0;
    next.payment = PaymentStatus::Failed;
    match next.status {
        Status::Cancelled => {
            next.payment = PaymentStatus::Unpaid;
            vec![]
        }
        Status::Confirmed if may_still_be_cancelled(*next) => {
            next.status = Status::Cancelled;
            vec![Effect::PublishCancelled {
                reason: CancelReason::AuthorizationLost,
            }]
        }
        // What was sent stays sent: staff have to get the money in another way.
        Status::Pending | Status::Confirmed | Status::Completed => {
            vec![Effect::PublishPaymentFailed {
                reason: "authorization_lost".to_owned(),
            }]
        }
    }
}

fn capture(next: &mut State, amount: i64) -> Result<Vec<Effect>, Refusal> {
    let open = next.status == Status::Confirmed && next.payment == PaymentStatus::Authorized;
    if !open || next.capturing > 0 {
        return Err(Refusal::NotCapturable);
    }
    if amount <= 0 || amount > next.authorized {
        return Err(Refusal::CaptureExceedsAuthorization);
    }
    next.capturing = amount;
    Ok(vec![Effect::CapturePayment { amount }])
}

/// Without its money an order of which nothing was sent is cancelled.
fn void(next: &mut State) -> Result<Vec<Effect>, Refusal> {
    let open = matches!(next.status, Status::Pending | Status::Confirmed);
    if !open || next.payment != PaymentStatus::Authorized {
        return Err(Refusal::NotVoidable);
    }
    Ok(if may_still_be_cancelled(*next) {
        cancel(next, CancelReason::Staff)
    } else {
        vec![Effect::CancelPayment]
    })
}

fn cancel(next: &mut State, reason: CancelReason) -> Vec<Effect> {
    next.status = Status::Cancelled;
    let mut effects = vec![Effect::PublishCancelled { reason }];
    let rest = next.refundable();
    if next.paid == 0 && next.total > 0 {
        effects.push(Effect::CancelPayment);
    }
    effects.extend(start_refund(next, rest, "requested_by_customer"));
    effects
}

fn refund(next: &mut State, amount: i64) -> Result<Vec<Effect>, Refusal> {
    if next.disputed {
        return Err(Refusal::Disputed);
    }
    if amount <= 0 || amount > next.refundable() {
        return Err(Refusal::RefundExceedsPayment);
    }
    Ok(start_refund(next, amount, "requested_by_customer"))
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
    settle(next);
    let fully = next.payment == PaymentStatus::Refunded;
    vec![Effect::PublishRefunded { amount, fully }]
}

fn refund_reversed(next: &mut State, amount: i64) -> Vec<Effect> {
    next.refunded = (next.refunded - amount).max(0);
    settle(next);
    vec![Effect::PublishRefundReversed { amount }]
}

fn ship(next: &mut State, complete: bool) -> Result<Vec<Effect>, Refusal> {
    let open = matches!(
        next.fulfillment,
        FulfillmentStatus::Unfulfilled | FulfillmentStatus::PartiallyShipped
    );
    let ours = matches!(
        next.payment,
        PaymentStatus::Authorized | PaymentStatus::Paid | PaymentStatus::PartiallyRefunded
    );
    if next.status != Status::Confirmed || !open || !ours {
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

fn returned(next: &mut State, complete: bool) -> Result<Vec<Effect>, Refusal> {
    match next.fulfillment {
        FulfillmentStatus::PartiallyShipped
        | FulfillmentStatus::Shipped
        | FulfillmentStatus::Delivered => {
            if complete {
                next.fulfillment = FulfillmentStatus::Returned;
            }
            Ok(vec![Effect::PublishReturned { complete }])
        }
        FulfillmentStatus::Unfulfilled | FulfillmentStatus::Returned => Err(Refusal::NotReturnable),
    }
}

fn dispute_opened(next: &mut State, amount: i64) -> Vec<Effect> {
    if next.disputed {
        return vec![];
    }
    next.disputed = true;
    vec![Effect::PublishDisputed { amount }]
}

fn dispute_closed(next: &mut State, won: bool, amount: i64) -> Vec<Effect> {
    if !next.disputed {
        return vec![];
    }
    next.disputed = false;
    if !won {
        next.charged_back += amount;
        if next.paid > 0 {
            settle(next);
        }
    }
    let mut effects = vec![Effect::PublishDisputeClosed { won, amount }];
    // The refund of a cancelled order had to wait for the bank.
    if next.status == Status::Cancelled {
        let rest = next.refundable();
        effects.extend(start_refund(next, rest, "requested_by_customer"));
    }
    effects
}
