//! Who may write to whom, and what an answer does to a conversation.
//!
//! Nobody writes to a stranger. Users write to the shop, or to the seller of a product about that product: one that is public, or that they
//! bought. Sellers and the shop's staff only answer. Staff may look at all conversations, also at those with sellers, and write there as the shop.

use std::fmt;
use std::str::FromStr;

use auth_token::Role;
use primitives::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom a conversation is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The shop's staff.
    Support,
    /// The seller of a product.
    Seller,
}

/// From whom an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// From the shop, or the seller.
    Open,
    /// From who began it.
    Waiting,
    /// From nobody.
    Closed,
}

/// As what somebody takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Who began it.
    User,
    /// The seller of the product.
    Seller,
    /// The shop.
    Staff,
}

macro_rules! words {
    ($($name:ident: $($variant:ident = $word:literal)|+;)*) => {$(
        impl $name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(UnknownWord) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;
            fn try_from(text: String) -> Result<Self, UnknownWord> {
                text.parse()
            }
        }
    )*};
}

words! {
    Kind: Support = "support" | Seller = "seller";
    Status: Open = "open" | Waiting = "waiting" | Closed = "closed";
    Side: User = "user" | Seller = "seller" | Staff = "staff";
}

/// A word of a newer release in the database.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("an unknown word")]
pub(crate) struct UnknownWord;

/// Who takes part in a conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parties {
    pub(crate) user: UserId,
    pub(crate) seller: Option<UserId>,
}

/// As what somebody may take part; nothing for those whom it does not concern, for whom it does not exist. Staff who began one themselves take part
/// as users.
pub(crate) fn side_of(parties: Parties, who: UserId, role: Role) -> Option<Side> {
    if who == parties.user {
        Some(Side::User)
    } else if parties.seller == Some(who) {
        Some(Side::Seller)
    } else {
        role.is_staff().then_some(Side::Staff)
    }
}

/// What is to be done next, after somebody wrote.
pub(crate) fn after_message(from: Side) -> Status {
    match from {
        Side::User => Status::Open,
        Side::Seller | Side::Staff => Status::Waiting,
    }
}

/// What somebody may turn a conversation into by hand: the sides may close it, and the shop may reopen it.
pub(crate) fn may_turn(side: Side, to: Status) -> bool {
    match side {
        Side::User | Side::Seller => to == Status::Closed,
        Side::Staff => true,
    }
}

#[cfg(test)]
mod tests {
    use primitives::{Random, Timestamp};

    use super::*;

    #[test]
    fn strangers_take_no_part() {
        let random = Random::seeded(1);
        let id = || UserId::new(Timestamp::from_unix(0), &random);
        let (user, seller, other) = (id(), id(), id());
        let parties = Parties {
            user,
            seller: Some(seller),
        };
        assert_eq!(side_of(parties, user, Role::Customer), Some(Side::User));
        assert_eq!(side_of(parties, user, Role::Admin), Some(Side::User));
        assert_eq!(side_of(parties, seller, Role::Seller), Some(Side::Seller));
        assert_eq!(side_of(parties, other, Role::Support), Some(Side::Staff));
        for role in [Role::Customer, Role::Seller] {
            assert_eq!(side_of(parties, other, role), None);
        }
    }

    #[test]
    fn words_survive() {
        for status in [Status::Open, Status::Waiting, Status::Closed] {
            assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
            assert!(may_turn(Side::Staff, status));
            assert_eq!(may_turn(Side::User, status), status == Status::Closed);
        }
        assert!("other".parse::<Side>().is_err());
    }
}
