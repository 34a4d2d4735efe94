use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use http_kit::Error;

use crate::TokenError;

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
            TokenError::KeysUnavailable => Self::unavailable(error),
        }
    }
}
