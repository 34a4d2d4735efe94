use primitives::{EmailAddress, SessionId, TokenId, UserId};
use serde::{Deserialize, Serialize};

use crate::Role;

/// Who issues users' tokens.
pub const ISSUER: &str = "mercato";

/// Whom users' tokens are for.
pub const AUDIENCE: &str = "mercato";

/// What a user's access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session, which survives refreshing.
    pub sid: SessionId,
    /// This token. A UUIDv7, so it also tells the millisecond of issue.
    pub jti: TokenId,
    /// The user's role when it was issued.
    pub role: Role,
    /// The user's address.
    pub email: EmailAddress,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// The user's name.
    pub name: String,
    /// Issued, in seconds since 1970.
    pub iat: i64,
    /// Expires, in seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// The millisecond of issue.
    pub(crate) fn issued_millis(&self) -> u64 {
        let (seconds, nanos) = match self.jti.uuid().get_timestamp() {
            Some(timestamp) => timestamp.to_unix(),
            None => (u64::try_from(self.iat).unwrap_or(0), 0),
        };
        seconds * 1000 + u64::from(nanos) / 1_000_000
    }
}

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user_id: UserId,
    /// By which sign-in.
    pub session_id: SessionId,
    /// As what.
    pub role: Role,
    /// Address.
    pub email: EmailAddress,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Name.
    pub name: String,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
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
