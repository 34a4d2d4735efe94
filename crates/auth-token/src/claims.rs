use primitives::{EmailAddress, SessionId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Role;

/// The issuer of access tokens.
pub const ISSUER: &str = "mercato";
/// The audience of access tokens: all public APIs of the shop.
pub const AUDIENCE: &str = "mercato";

/// The claims of a user's access token (RFC 7519; times are seconds since 1970).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserClaims {
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// Who.
    pub sub: UserId,
    /// The session that the token belongs to.
    pub sid: SessionId,
    /// Unique for this token.
    pub jti: Uuid,
    /// The role when the token was made; a change of role revokes the user's tokens.
    pub role: Role,
    /// Address.
    pub email: EmailAddress,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Display name.
    pub name: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
}

/// On whose behalf a service calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// Their role.
    pub role: Role,
    /// Their address, for audit trails.
    pub email: EmailAddress,
}

/// The claims of a service's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceClaims {
    /// The caller's name.
    pub iss: String,
    /// The callee's name.
    pub aud: String,
    /// On whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
}
