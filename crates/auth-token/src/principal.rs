use primitives::{EmailAddress, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{Actor, UserClaims};

/// What kind of user somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Sells their own products.
    Seller,
    /// Staff: helps customers.
    Support,
    /// Staff: may do everything.
    Admin,
}

impl Role {
    /// The name in tokens, the API and databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Seller => "seller",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Whether somebody works for the shop.
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Support | Self::Admin)
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        match name {
            "customer" => Ok(Self::Customer),
            "seller" => Ok(Self::Seller),
            "support" => Ok(Self::Support),
            "admin" => Ok(Self::Admin),
            _ => Err(UnknownRole),
        }
    }
}

/// A role that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be customer, seller, support or admin")]
pub struct UnknownRole;

/// A signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user_id: UserId,
    /// Signed in how.
    pub session_id: SessionId,
    /// As what.
    pub role: Role,
    /// Address.
    pub email: EmailAddress,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Display name.
    pub name: String,
}

impl Principal {
    /// As an internal call names the person it is made for.
    pub fn actor(&self) -> Actor {
        Actor { user_id: self.user_id, role: self.role, email: self.email.clone() }
    }
}

impl From<UserClaims> for Principal {
    fn from(claims: UserClaims) -> Self {
        Self {
            user_id: claims.sub,
            session_id: claims.sid,
            role: claims.role,
            email: claims.email,
            email_verified: claims.email_verified,
            name: claims.name,
        }
    }
}
