use std::fmt;
use std::str::FromStr;

use axum::http::Method;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing that a program may do in its owner's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Scope {
    /// See the account and its addresses.
    #[serde(rename = "account:read")]
    AccountRead,
    /// Change the name and the addresses.
    #[serde(rename = "account:write")]
    AccountWrite,
    /// See what the owner sees of the catalogue.
    #[serde(rename = "catalogue:read")]
    CatalogueRead,
    /// Change what the owner may change in the catalogue.
    #[serde(rename = "catalogue:write")]
    CatalogueWrite,
    /// See carts and orders.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// Buy, and change orders as the owner may.
    #[serde(rename = "orders:write")]
    OrdersWrite,
    /// Give money back, which people may only do after a fresh proof of who they are.
    #[serde(rename = "payments:refund")]
    PaymentsRefund,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::AccountRead,
        Self::AccountWrite,
        Self::CatalogueRead,
        Self::CatalogueWrite,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::PaymentsRefund,
    ];

    /// The word in tokens, in the API and in databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountRead => "account:read",
            Self::AccountWrite => "account:write",
            Self::CatalogueRead => "catalogue:read",
            Self::CatalogueWrite => "catalogue:write",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::PaymentsRefund => "payments:refund",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be account:read, account:write, catalogue:read, catalogue:write, orders:read, orders:write or payments:refund"
)]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

/// What a program may do: the claim `scope` of RFC 9068, words with spaces between.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether this scope was granted, by itself or by one that includes it: who may change something may see it.
    pub const fn allow(self, scope: Scope) -> bool {
        let enough = match scope {
            Scope::AccountRead => scope.bit() | Scope::AccountWrite.bit(),
            Scope::CatalogueRead => scope.bit() | Scope::CatalogueWrite.bit(),
            Scope::OrdersRead => scope.bit() | Scope::OrdersWrite.bit(),
            _ => scope.bit(),
        };
        self.0 & enough != 0
    }

    /// Those granted by name.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        let granted = move |scope: &Scope| self.0 & scope.bit() != 0;
        Scope::ALL.into_iter().filter(granted)
    }

    /// Whether nothing was granted.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// Words that this release does not know grant nothing.
impl From<&str> for Scopes {
    fn from(words: &str) -> Self {
        let known = words.split(' ').filter_map(|word| word.parse().ok());
        known.collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from(&*words))
    }
}

/// What one service looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// auth: people, their addresses.
    Account,
    /// product: what is sold.
    Catalogue,
    /// order: carts, orders, payments.
    Orders,
}

impl Area {
    /// What a program needs for a request with this method.
    pub fn needs(self, method: &Method) -> Scope {
        match (self, method.is_safe()) {
            (Self::Account, true) => Scope::AccountRead,
            (Self::Account, false) => Scope::AccountWrite,
            (Self::Catalogue, true) => Scope::CatalogueRead,
            (Self::Catalogue, false) => Scope::CatalogueWrite,
            (Self::Orders, true) => Scope::OrdersRead,
            (Self::Orders, false) => Scope::OrdersWrite,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_may_change_may_see_and_nothing_else_follows() {
        for granted in Scope::ALL {
            let scopes: Scopes = [granted].into_iter().collect();
            for asked in Scope::ALL {
                let includes = matches!(
                    (granted, asked),
                    (Scope::AccountWrite, Scope::AccountRead)
                        | (Scope::CatalogueWrite, Scope::CatalogueRead)
                        | (Scope::OrdersWrite, Scope::OrdersRead)
                );
                assert_eq!(
                    scopes.allow(asked),
                    granted == asked || includes,
                    "{granted} {asked}"
                );
            }
        }
        assert!(
            Scope::ALL
                .iter()
                .all(|scope| !Scopes::default().allow(*scope))
        );
    }

    #[test]
    fn reading_needs_less() {
        let read = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
        for method in read {
            assert_eq!(Area::Orders.needs(&method), Scope::OrdersRead);
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(Area::Catalogue.needs(&method), Scope::CatalogueWrite);
        }
        let made_up = Method::from_bytes(b"FROB").unwrap();
        assert_eq!(Area::Account.needs(&made_up), Scope::AccountWrite);
    }

    proptest! {
        #[test]
        fn scopes_survive_their_text(bits in 0_u8..128) {
            let scopes = Scopes(bits);
            prop_assert_eq!(Scopes::from(&*scopes.to_string()), scopes);
            let json = serde_json::to_string(&scopes).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scopes>(&json).unwrap(), scopes);
            prop_assert_eq!(scopes.iter().collect::<Scopes>(), scopes);
        }

        #[test]
        fn no_other_text_grants_anything(text in "[a-zA-Z:, \t\\PC]{0,60}") {
            let words: Vec<&str> = text.split(' ').collect();
            for scope in Scopes::from(&*text).iter() {
                prop_assert!(words.contains(&scope.as_str()));
            }
        }
    }
}
