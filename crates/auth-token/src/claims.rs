use std::borrow::Cow;

use primitives::{EmailAddress, SessionId, Timestamp, TokenId, UserId};
use serde::{Deserialize, Serialize};

use crate::{Role, Scopes};

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
    /// When the user last proved who they are, in seconds since 1970 (OpenID Connect Core, section 2). Absent when a program
    /// acts for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How they proved it then (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Method>,
    /// The shop wants a second factor of this user, who has none yet: until then the role counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub factor_missing: bool,
    /// What a program may do in the user's name (RFC 9068, section 2.2.3). Absent for people, who may do what their role may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
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

/// A way to prove who one is, by its name in RFC 8176 where that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Method {
    /// A password.
    #[serde(rename = "pwd")]
    Password,
    /// A code of an authenticator app, or one for emergencies.
    #[serde(rename = "otp")]
    OneTimeCode,
    /// A passkey.
    #[serde(rename = "pop")]
    Passkey,
    /// Another party vouches for it.
    #[serde(rename = "fed")]
    Federated,
    /// Another party vouches for a second factor, and is trusted with that.
    #[serde(rename = "mfa")]
    MultiFactor,
}

impl Method {
    /// The word in tokens and databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
            Self::Passkey => "pop",
            Self::Federated => "fed",
            Self::MultiFactor => "mfa",
        }
    }

    /// Whether it is more than something one knows or is told: an authenticator app or a passkey, here or at who vouches for it.
    pub const fn is_second_factor(self) -> bool {
        matches!(self, Self::OneTimeCode | Self::Passkey | Self::MultiFactor)
    }

    const ALL: [Self; 5] = [
        Self::Password,
        Self::OneTimeCode,
        Self::Passkey,
        Self::Federated,
        Self::MultiFactor,
    ];
}

/// A word that is no way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be pwd, otp, pop, fed or mfa")]
pub struct UnknownMethod;

impl std::str::FromStr for Method {
    type Err = UnknownMethod;
    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(UnknownMethod)
    }
}

/// How long a proof of identity counts as fresh.
pub const FRESH: std::time::Duration = std::time::Duration::from_secs(300);

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user_id: UserId,
    /// By which sign-in; nil when a service calls in their name.
    pub session_id: SessionId,
    /// As what.
    pub role: Role,
    /// Address.
    pub email: EmailAddress,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Name.
    pub name: String,
    /// When they last proved who they are; never, when a program acts for them.
    pub authenticated_at: Option<Timestamp>,
    /// How.
    pub methods: Vec<Method>,
    /// Whether a second factor is wanted that they do not have yet.
    pub factor_missing: bool,
    /// What a program may do in their name; of a person, who may do what their role may, nothing.
    pub scopes: Option<Scopes>,
    /// The way they came, as the audit trail names it: `rest`, or the service that calls in their name.
    pub through: Cow<'static, str>,
}

/// Whether a proof of identity from then is fresh now.
pub(crate) fn is_fresh(authenticated_at: Option<Timestamp>, now: Timestamp) -> bool {
    authenticated_at.is_some_and(|at| now.since(at) <= FRESH)
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
            authenticated_at: claims.auth_time.map(Timestamp::from_unix),
            methods: claims.amr,
            factor_missing: claims.factor_missing,
            scopes: claims.scope,
            through: Cow::Borrowed("rest"),
        }
    }
}
