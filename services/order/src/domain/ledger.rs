//! The shop's books: every movement of money takes from one account what it gives to another.

use primitives::{Money, OrderId, PaymentId};

use super::order::{UnknownName, names};

/// What a movement of money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Movement {
    /// A payment that was taken at once.
    Charge,
    /// A payment, or a part of one, that was authorised before.
    Capture,
    Refund,
    /// A refund that the bank sent back.
    RefundReversed,
    /// The customer's bank took the money back until the dispute is decided.
    Dispute,
    DisputeWon,
    DisputeLost,
    /// What the provider keeps for itself.
    Fee,
}

names!(Movement {
    Charge = "charge",
    Capture = "capture",
    Refund = "refund",
    RefundReversed = "refund_reversed",
    Dispute = "dispute",
    DisputeWon = "dispute_won",
    DisputeLost = "dispute_lost",
    Fee = "fee",
});

/// Where money is, or what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// The balance at Stripe.
    Stripe,
    /// The shop's own bank account.
    Bank,
    /// What customers paid.
    Sales,
    /// What was given back.
    Refunds,
    /// What banks hold until a dispute is decided.
    Disputes,
    /// What disputes cost that were lost.
    Chargebacks,
    /// What providers kept.
    Fees,
}

names!(Account {
    Stripe = "stripe",
    Bank = "bank",
    Sales = "sales",
    Refunds = "refunds",
    Disputes = "disputes",
    Chargebacks = "chargebacks",
    Fees = "fees",
});

impl Account {
    /// Where a provider keeps what it took.
    pub(crate) fn of_provider(provider: &str) -> Self {
        match provider {
            "stripe" => Self::Stripe,
            _ => Self::Bank,
        }
    }
}

/// One movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) movement: Movement,
    pub(crate) order_id: OrderId,
    pub(crate) payment_id: PaymentId,
    /// Where the shop has the money: [`Account::Stripe`] or [`Account::Bank`].
    pub(crate) held_at: Account,
    /// More than nothing.
    pub(crate) amount: Money,
    /// The id of what moved. The same movement with the same reference is posted once.
    pub(crate) reference: String,
}

/// A row of the ledger: debits are positive, credits negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) amount: i64,
}

impl Posting {
    /// The two sides, which sum to zero.
    pub(crate) const fn entries(&self) -> [Entry; 2] {
        let (debit, credit) = self.movement.accounts(self.held_at);
        let amount = self.amount.amount();
        [
            Entry {
                account: debit,
                amount,
            },
            Entry {
                account: credit,
                amount: -amount,
            },
        ]
    }
}

impl Movement {
    /// To where, and from where.
    const fn accounts(self, held_at: Account) -> (Account, Account) {
        match self {
            Self::Charge | Self::Capture => (held_at, Account::Sales),
            Self::Refund => (Account::Refunds, held_at),
            Self::RefundReversed => (held_at, Account::Refunds),
            Self::Dispute => (Account::Disputes, held_at),
            Self::DisputeWon => (held_at, Account::Disputes),
            Self::DisputeLost => (Account::Chargebacks, Account::Disputes),
            Self::Fee => (Account::Fees, held_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;
    use proptest::prelude::*;
    use proptest::sample::select;
    use uuid::Uuid;

    const MOVEMENTS: [Movement; 8] = [
        Movement::Charge,
        Movement::Capture,
        Movement::Refund,
        Movement::RefundReversed,
        Movement::Dispute,
        Movement::DisputeWon,
        Movement::DisputeLost,
        Movement::Fee,
    ];

    fn posting(movement: Movement, held_at: Account, amount: i64) -> Posting {
        Posting {
            movement,
            order_id: Uuid::from_u128(1).into(),
            payment_id: Uuid::from_u128(2).into(),
            held_at,
            amount: Money::new(amount, Currency::EUR),
            reference: "x".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn the_sides_of_a_movement_are_two_accounts_and_sum_to_zero(
            movement in select(&MOVEMENTS[..]), held_at in select(&[Account::Stripe, Account::Bank][..]), amount in 1..=i64::MAX,
        ) {
            let [debit, credit] = posting(movement, held_at, amount).entries();
            prop_assert_eq!(debit.amount + credit.amount, 0);
            prop_assert!(debit.amount > 0);
            prop_assert_ne!(debit.account, credit.account);
        }
    }

    #[test]
    fn what_came_and_went_again_leaves_nothing_where_it_is_held() {
        for pair in [
            [Movement::Charge, Movement::Refund],
            [Movement::Refund, Movement::RefundReversed],
            [Movement::Dispute, Movement::DisputeWon],
        ] {
            let held: i64 = pair
                .into_iter()
                .flat_map(|movement| posting(movement, Account::Stripe, 500).entries())
                .filter(|entry| entry.account == Account::Stripe)
                .map(|entry| entry.amount)
                .sum();
            assert_eq!(held, 0);
        }
    }
}
