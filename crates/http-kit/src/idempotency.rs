//! `Idempotency-Key`: the extractor and the body hash. Saving the answer is the service's own transaction.

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use http::Method;
use http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::json;

const HEADER: &str = "idempotency-key";

/// The client's key for a request that must take effect once. As `Option<IdempotencyKey>` it may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn find(parts: &Parts) -> Result<Option<Self>> {
        let Some(value) = parts.headers.get(HEADER) else {
            return Ok(None);
        };
        match value.to_str() {
            Ok(key)
                if (1..=255).contains(&key.len())
                    && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Ok(Some(Self(key.to_owned())))
            }
            _ => Err(Error::bad_request(
                "invalid_idempotency_key",
                "Idempotency-Key must be 1 to 255 visible ASCII characters.",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Self::find(parts)?.ok_or_else(|| {
            Error::bad_request(
                "idempotency_key_required",
                "Send an Idempotency-Key header, so that a repeated request takes effect once.",
            )
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>> {
        Self::find(parts)
    }
}

/// A strict JSON body together with what is needed to recognise a repeated request.
#[derive(Debug, Clone)]
pub struct IdempotentJson<T> {
    /// The key, if the client sent one.
    pub key: Option<IdempotencyKey>,
    /// [`body_hash`] of this request.
    pub hash: [u8; 32],
    /// The parsed body.
    pub body: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for IdempotentJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        json::check_content_type(request.headers())?;
        let (parts, body) = request.into_parts();
        let key = IdempotencyKey::find(&parts)?;
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let bytes = json::read(Request::from_parts(parts, body), state).await?;
        Ok(Self {
            key,
            hash: body_hash(&method, &path, &bytes),
            body: json::from_slice(&bytes)?,
        })
    }
}

/// What makes two requests with the same key the same request.
#[must_use]
pub fn body_hash(method: &Method, path: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(method.as_str());
    hash.update([0]);
    hash.update(path);
    hash.update([0]);
    hash.update(body);
    hash.finalize().into()
}
