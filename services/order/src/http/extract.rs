//! Who calls, with the tokens that guests carry in headers.

use auth_token::{Acting, MaybeUser};
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use http_kit::Error;

use crate::app::AppState;
use crate::workflows::access::Caller;
use crate::workflows::cart::Shopper;

/// The header in which a guest gets and sends the cart's token.
pub(crate) const CART_TOKEN: HeaderName = HeaderName::from_static("x-cart-token");

/// The header in which a guest sends an order's token.
pub(crate) const ORDER_TOKEN: HeaderName = HeaderName::from_static("x-order-token");

/// A token from a header, if it can be one of ours: all others open nothing.
fn token(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let token = headers.get(name)?.to_str().ok()?;
    (token.len() == 43
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
    .then(|| token.to_owned())
}

impl FromRequestParts<AppState> for Shopper {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Error> {
        let MaybeUser(principal) = MaybeUser::from_request_parts(parts, app).await?;
        Ok(Self {
            principal,
            cart_token: token(&parts.headers, &CART_TOKEN),
        })
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Error> {
        let MaybeUser(principal) = MaybeUser::from_request_parts(parts, app).await?;
        Ok(Self {
            staff: principal.as_ref().and_then(Acting::of),
            principal,
            order_token: token(&parts.headers, &ORDER_TOKEN),
        })
    }
}

/// The header that gives a guest the cart's token.
pub(crate) fn cart_token_header(token: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(value) = token.and_then(|token| HeaderValue::from_str(token).ok()) {
        headers.insert(CART_TOKEN, value);
    }
    headers
}
