//! An order's reservation: where it is in its life, and what its order's fate asks for.

use sqlx::Type;

/// Where an order's reservation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Hold {
    /// Units are held.
    Held,
    /// Units are sold.
    Committed,
    /// The order is cancelled: for ever.
    Released,
    /// Nobody paid in time; the order may still be paid.
    Expired,
    /// The order was paid too late and the units were gone: for ever.
    Rejected,
}

impl Hold {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// What happened to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderFate {
    /// It is paid.
    Confirmed,
    /// It will not happen.
    Cancelled,
    /// It will not happen, and what was taken for it is not for sale again.
    WrittenOff,
    /// The hold's time is up.
    TimedOut,
}

/// What is to be done with the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// Nothing: it was done before, or is too late.
    Nothing,
    /// Sell what is held.
    SellHeld,
    /// Try to sell units that are not held; reject the order if they are gone.
    SellUnheld,
    /// Let go of what is held, and end up so.
    Release(Hold),
    /// Take back what was sold.
    Restock,
    /// What was sold is gone, but the order is no longer one.
    WriteOff,
    /// Sell what is held, then as [`Settlement::WriteOff`].
    SellAndWriteOff,
    /// Only note that the order is cancelled, so that it never takes stock.
    Close,
}

/// Events are delivered more than once and in any order, so this depends on nothing but the state. `None` is an order
/// that no reservation is known of.
pub(crate) fn settle(hold: Option<Hold>, fate: OrderFate) -> Settlement {
    match (fate, hold) {
        (OrderFate::Confirmed, Some(Hold::Held)) => Settlement::SellHeld,
        (OrderFate::Confirmed, Some(Hold::Expired) | None) => Settlement::SellUnheld,
        (OrderFate::Cancelled, Some(Hold::Held)) => Settlement::Release(Hold::Released),
        (OrderFate::Cancelled, Some(Hold::Committed)) => Settlement::Restock,
        (OrderFate::WrittenOff, Some(Hold::Held)) => Settlement::SellAndWriteOff,
        (OrderFate::WrittenOff, Some(Hold::Committed)) => Settlement::WriteOff,
        (OrderFate::Cancelled | OrderFate::WrittenOff, Some(Hold::Expired) | None) => {
            Settlement::Close
        }
        (OrderFate::TimedOut, Some(Hold::Held)) => Settlement::Release(Hold::Expired),
        (OrderFate::Confirmed, Some(Hold::Committed | Hold::Released | Hold::Rejected))
        | (OrderFate::Cancelled | OrderFate::WrittenOff, Some(Hold::Released | Hold::Rejected))
        | (OrderFate::TimedOut, _) => Settlement::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settling_twice_changes_nothing_more() {
        let holds = [
            Hold::Held,
            Hold::Committed,
            Hold::Released,
            Hold::Expired,
            Hold::Rejected,
        ];
        for hold in holds {
            for fate in [
                OrderFate::Confirmed,
                OrderFate::Cancelled,
                OrderFate::WrittenOff,
                OrderFate::TimedOut,
            ] {
                let after = match settle(Some(hold), fate) {
                    Settlement::Nothing => hold,
                    Settlement::SellHeld | Settlement::SellUnheld => Hold::Committed,
                    Settlement::Release(after) => after,
                    Settlement::Restock
                    | Settlement::WriteOff
                    | Settlement::SellAndWriteOff
                    | Settlement::Close => Hold::Released,
                };
                assert_eq!(settle(Some(after), fate), Settlement::Nothing);
            }
        }
    }
}
