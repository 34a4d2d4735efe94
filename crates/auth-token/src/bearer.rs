use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use http_kit::Error;

use crate::{FRESH, Scope, TokenError};

/// The bearer token of a request, if it carries credentials at all.
pub(crate) fn token(parts: &Parts) -> Result<Option<&str>, Error> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| {
            Error::unauthenticated(
                "unauthenticated",
                "The Authorization header must be 'Bearer <token>'.",
            )
        })
}

/// The answer to a request without credentials.
pub(crate) fn missing() -> Error {
    Error::unauthenticated(
        "unauthenticated",
        "Sign in, and send the access token as 'Authorization: Bearer <token>'.",
    )
}

/// The answer to what needs a fresh proof of identity: RFC 9470.
pub fn stale() -> Error {
    let challenge = format!(
        "Bearer error=\"insufficient_user_authentication\", max_age={}",
        FRESH.as_secs()
    );
    let error = Error::new(
        StatusCode::UNAUTHORIZED,
        "insufficient_user_authentication",
        "This needs a fresh proof of who you are: POST /api/auth/reauthenticate, and try again.",
    );
    match HeaderValue::from_str(&challenge) {
        Ok(challenge) => error.header(WWW_AUTHENTICATE, challenge),
        Err(_) => error,
    }
}

/// The answer to a program that was not granted this: RFC 6750, section 3.1.
pub(crate) fn insufficient_scope(needed: Scope) -> Error {
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"");
    let error = Error::forbidden(
        "insufficient_scope",
        format!("This token does not allow it: it needs the scope {needed}."),
    );
    match HeaderValue::from_str(&challenge) {
        Ok(challenge) => error.header(WWW_AUTHENTICATE, challenge),
        Err(_) => error,
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => {
                Self::unauthenticated("unauthenticated", "The access token is not valid.")
            }
            TokenError::Expired => {
                Self::unauthenticated("token_expired", "The access token has expired: refresh it.")
            }
            TokenError::Revoked => Self::unauthenticated(
                "token_revoked",
                "The access token has been revoked: sign in again.",
            ),
            TokenError::KeysUnavailable | TokenError::ExchangeUnavailable => {
                Self::unavailable(error)
            }
        }
    }
}
