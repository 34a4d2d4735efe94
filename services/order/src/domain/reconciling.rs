//! What it means when the payment provider and we do not say the same.
//!
//! Money moves at the provider, so we believe it where it is further than we are, and take up what it says. Where it contradicts what we have written as done,
//! neither side can be right alone, and a person has to look.

use primitives::{OrderId, PaymentId, RefundId};

use super::order::{UnknownName, names};
use super::payment::PaymentState;
use super::refund::RefundState;

/// A payment as we have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OurPayment {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) state: PaymentState,
    pub(crate) reference: Option<String>,
    pub(crate) amount: i64,
    pub(crate) captured: i64,
}

/// A payment as the provider has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TheirPayment<'a> {
    pub(crate) reference: &'a str,
    pub(crate) state: PaymentState,
    pub(crate) amount: i64,
    pub(crate) received: i64,
    /// Whether it says to be one of ours.
    pub(crate) claims_to_be_ours: bool,
}

/// A refund as we have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OurRefund {
    pub(crate) id: RefundId,
    pub(crate) order_id: OrderId,
    pub(crate) state: RefundState,
    pub(crate) reference: Option<String>,
    pub(crate) amount: i64,
}

/// What is to be done about one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Same,
    /// The provider has it, and it is none of our business.
    Stranger,
    Heal(Heal),
    Raise(Trouble),
}

/// What we mend ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heal {
    /// The provider is further: its news never came.
    PaymentBehind,
    /// We crashed before we wrote down the provider's id.
    ReferenceLost,
    /// It could still be paid, although the order is gone or has another payment.
    NotStopped,
    RefundBehind,
    /// The customer's bank sent a refund back that had succeeded.
    RefundReversed,
    /// Staff gave money back in the provider's own panel.
    RefundMadeElsewhere,
    DisputeBehind,
    /// It is not in the ledger: the version before, which had none, did it beside this one.
    NotPosted,
}

names!(Heal {
    PaymentBehind = "payment_behind",
    ReferenceLost = "reference_lost",
    NotStopped = "not_stopped",
    RefundBehind = "refund_behind",
    RefundReversed = "refund_reversed",
    RefundMadeElsewhere = "refund_made_elsewhere",
    DisputeBehind = "dispute_behind",
    NotPosted = "not_posted",
});

/// What a person has to see to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    /// The provider took money for a payment that we do not have.
    ChargeUnknown,
    /// A second payment of the same order took money.
    ChargedTwice,
    /// We say it is paid, the provider says it is not.
    ChargeMissing,
    AmountDiffers,
    /// The provider does not know a payment that we have its id of.
    PaymentMissing,
    RefundAmountDiffers,
    /// The provider gave money back in a refund that we think has failed.
    RefundDoneAfterAll,
    RefundMissing,
    /// Somebody gave more back at the provider than was left, or did so while that was not allowed.
    RefundNotAdoptable,
    /// What should have been mended could not be.
    NotHealed,
}

names!(Trouble {
    ChargeUnknown = "charge_unknown",
    ChargedTwice = "charged_twice",
    ChargeMissing = "charge_missing",
    AmountDiffers = "amount_differs",
    PaymentMissing = "payment_missing",
    RefundAmountDiffers = "refund_amount_differs",
    RefundDoneAfterAll = "refund_done_after_all",
    RefundMissing = "refund_missing",
    RefundNotAdoptable = "refund_not_adoptable",
    NotHealed = "not_healed",
});

impl Trouble {
    /// All that comparing can find, and so can find to be gone.
    pub(crate) const ALL: [Self; 10] = [
        Self::ChargeUnknown,
        Self::ChargedTwice,
        Self::ChargeMissing,
        Self::AmountDiffers,
        Self::PaymentMissing,
        Self::RefundAmountDiffers,
        Self::RefundDoneAfterAll,
        Self::RefundMissing,
        Self::RefundNotAdoptable,
        Self::NotHealed,
    ];

    /// What is wrong, in a sentence for staff.
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::ChargeUnknown => "The provider took money for a payment that is not here.",
            Self::ChargedTwice => "A second payment of this order took money.",
            Self::ChargeMissing => "The order is paid here, but not at the provider.",
            Self::AmountDiffers => "The provider has another amount.",
            Self::PaymentMissing => "The provider does not know this payment.",
            Self::RefundAmountDiffers => "The provider gave another amount back.",
            Self::RefundDoneAfterAll => {
                "The provider gave the money back, although the refund failed here."
            }
            Self::RefundMissing => "The provider does not know this refund.",
            Self::RefundNotAdoptable => {
                "Money was given back at the provider that could not be given back here."
            }
            Self::NotHealed => "The provider is further, and its news could not be applied.",
        }
    }
}

/// Whether money could still move, or has.
const fn is_live(state: PaymentState) -> bool {
    matches!(
        state,
        PaymentState::RequiresPayment
            | PaymentState::Processing
            | PaymentState::Authorized
            | PaymentState::Failed
    )
}

/// Compares a payment of the provider's with the one it is of ours.
pub(crate) fn payment(ours: Option<&OurPayment>, theirs: TheirPayment<'_>) -> Judgement {
    let took = theirs.state.is_charged() || theirs.state == PaymentState::Authorized;
    let Some(ours) = ours else {
        return if theirs.claims_to_be_ours && took {
            Judgement::Raise(Trouble::ChargeUnknown)
        } else {
            Judgement::Stranger
        };
    };
    match ours.reference.as_deref() {
        None => return Judgement::Heal(Heal::ReferenceLost),
        Some(known) if known != theirs.reference => {
            return if took {
                Judgement::Raise(Trouble::ChargedTwice)
            } else if is_live(theirs.state) {
                Judgement::Heal(Heal::NotStopped)
            } else {
                Judgement::Same
            };
        }
        Some(_) => {}
    }
    if ours.state.after(theirs.state) != ours.state {
        Judgement::Heal(Heal::PaymentBehind)
    } else if ours.state == PaymentState::Cancelled && is_live(theirs.state) {
        Judgement::Heal(Heal::NotStopped)
    } else if ours.state.is_charged() && !theirs.state.is_charged() {
        Judgement::Raise(Trouble::ChargeMissing)
    } else if ours.amount != theirs.amount
        || (ours.state.is_charged() && ours.captured != theirs.received)
    {
        Judgement::Raise(Trouble::AmountDiffers)
    } else {
        Judgement::Same
    }
}

/// Compares a refund of the provider's with the one it is of ours. `of_ours`: whether the payment that it is of is ours.
pub(crate) fn refund(
    ours: Option<&OurRefund>,
    theirs: RefundState,
    amount: i64,
    of_ours: bool,
) -> Judgement {
    let Some(ours) = ours else {
        return match theirs {
            _ if !of_ours => Judgement::Stranger,
            _ if theirs.came_to_nothing() => Judgement::Same,
            _ => Judgement::Heal(Heal::RefundMadeElsewhere),
        };
    };
    let nameless = ours.state == RefundState::Pending && ours.reference.is_none();
    if ours.amount != amount {
        Judgement::Raise(Trouble::RefundAmountDiffers)
    } else if ours.state.came_to_nothing() && !theirs.came_to_nothing() {
        Judgement::Raise(Trouble::RefundDoneAfterAll)
    } else {
        match ours.state.after(theirs) {
            next if next == ours.state && !nameless => Judgement::Same,
            RefundState::Reversed => Judgement::Heal(Heal::RefundReversed),
            _ => Judgement::Heal(Heal::RefundBehind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PaymentState::*;
    use uuid::Uuid;

    const STATES: [PaymentState; 8] = [
        RequiresPayment,
        Processing,
        Authorized,
        Succeeded,
        Failed,
        Cancelled,
        PartiallyRefunded,
        Refunded,
    ];

    fn ours(state: PaymentState, reference: Option<&str>) -> OurPayment {
        OurPayment {
            id: Uuid::from_u128(1).into(),
            order_id: Uuid::from_u128(2).into(),
            state,
            reference: reference.map(str::to_owned),
            amount: 100,
            captured: if state.is_charged() { 100 } else { 0 },
        }
    }

    fn theirs(state: PaymentState) -> TheirPayment<'static> {
        TheirPayment {
            reference: "pi_1",
            state,
            amount: 100,
            received: if state.is_charged() { 100 } else { 0 },
            claims_to_be_ours: true,
        }
    }

    #[test]
    fn what_the_provider_took_is_never_overlooked() {
        for state in STATES {
            let known = ours(state, Some("pi_1"));
            let judgement = payment(Some(&known), theirs(Succeeded));
            let expected = if state.is_charged() {
                Judgement::Same
            } else {
                Judgement::Heal(Heal::PaymentBehind)
            };
            assert_eq!(judgement, expected, "{state:?}");
            let other = ours(state, Some("pi_2"));
            assert_eq!(
                payment(Some(&other), theirs(Succeeded)),
                Judgement::Raise(Trouble::ChargedTwice)
            );
        }
        assert_eq!(
            payment(None, theirs(Succeeded)),
            Judgement::Raise(Trouble::ChargeUnknown)
        );
        assert_eq!(payment(None, theirs(Failed)), Judgement::Stranger);
    }

    #[test]
    fn what_we_say_to_have_must_be_there() {
        for state in STATES.into_iter().filter(|state| !state.is_charged()) {
            assert_eq!(
                payment(Some(&ours(Succeeded, Some("pi_1"))), theirs(state)),
                Judgement::Raise(Trouble::ChargeMissing),
                "{state:?}"
            );
        }
        let less = TheirPayment {
            received: 99,
            ..theirs(Succeeded)
        };
        assert_eq!(
            payment(Some(&ours(Refunded, Some("pi_1"))), less),
            Judgement::Raise(Trouble::AmountDiffers)
        );
    }

    #[test]
    fn what_cannot_be_wanted_any_more_is_stopped() {
        for live in [RequiresPayment, Processing, Authorized, Failed] {
            assert_eq!(
                payment(Some(&ours(Cancelled, Some("pi_1"))), theirs(live)),
                Judgement::Heal(Heal::NotStopped)
            );
        }
        assert_eq!(
            payment(
                Some(&ours(RequiresPayment, Some("pi_2"))),
                theirs(Cancelled)
            ),
            Judgement::Same
        );
        assert_eq!(
            payment(Some(&ours(RequiresPayment, None)), theirs(RequiresPayment)),
            Judgement::Heal(Heal::ReferenceLost)
        );
    }

    #[test]
    fn refunds_move_on_and_never_back() {
        let ours = |state, reference: Option<&str>| OurRefund {
            id: Uuid::from_u128(1).into(),
            order_id: Uuid::from_u128(2).into(),
            state,
            reference: reference.map(str::to_owned),
            amount: 100,
        };
        let judge = |state, theirs| refund(Some(&ours(state, Some("re_1"))), theirs, 100, true);
        for state in [
            RefundState::Pending,
            RefundState::Succeeded,
            RefundState::Failed,
        ] {
            assert_eq!(judge(state, state), Judgement::Same);
            assert_eq!(refund(None, state, 100, false), Judgement::Stranger);
        }
        assert_eq!(
            judge(RefundState::Pending, RefundState::Failed),
            Judgement::Heal(Heal::RefundBehind)
        );
        assert_eq!(
            judge(RefundState::Succeeded, RefundState::Failed),
            Judgement::Heal(Heal::RefundReversed)
        );
        assert_eq!(
            judge(RefundState::Reversed, RefundState::Failed),
            Judgement::Same
        );
        assert_eq!(
            judge(RefundState::Reversed, RefundState::Succeeded),
            Judgement::Raise(Trouble::RefundDoneAfterAll)
        );
        assert_eq!(
            judge(RefundState::Failed, RefundState::Succeeded),
            Judgement::Raise(Trouble::RefundDoneAfterAll)
        );
        assert_eq!(
            refund(
                Some(&ours(RefundState::Pending, None)),
                RefundState::Pending,
                100,
                true
            ),
            Judgement::Heal(Heal::RefundBehind)
        );
        assert_eq!(
            refund(None, RefundState::Succeeded, 100, true),
            Judgement::Heal(Heal::RefundMadeElsewhere)
        );
        assert_eq!(
            refund(
                Some(&ours(RefundState::Pending, None)),
                RefundState::Pending,
                99,
                true
            ),
            Judgement::Raise(Trouble::RefundAmountDiffers)
        );
    }
}
