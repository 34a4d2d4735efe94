//! Who asks, and under which number.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use uuid::Uuid;

/// The header that carries the client's address from nginx to services, and among them.
pub(crate) const REAL_IP: &str = "x-real-ip";

/// The header that carries a request's number between nginx, services and clients.
pub(crate) const REQUEST_ID: &str = "x-request-id";

tokio::task_local! {
    pub(crate) static CURRENT: RequestId;
    pub(crate) static CLIENT: Option<ClientIp>;
}

/// The number of a request: nginx's, or our own. It is in the answer, in problems and in every log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The number of the request that this task is answering, to be sent on to other services.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes over a sane number from the caller, or makes one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| {
                (8..=64).contains(&id.len())
                    && id
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
            .map_or_else(
                || Self(Uuid::new_v4().simple().to_string()),
                |id| Self(id.to_owned()),
            )
    }
}

pub(crate) fn current_id() -> Option<String> {
    CURRENT.try_with(|id| id.0.clone()).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::from_headers(&parts.headers)))
    }
}

/// The client's address: `X-Real-IP` as nginx sets it (and overwrites what the client sent), else the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// The client whose request this task is answering, to be sent on to other services. On an internal listener it is the client
    /// that the calling service answers, if it said so.
    #[must_use]
    pub fn current() -> Option<Self> {
        CLIENT.try_with(|client| *client).ok().flatten()
    }

    /// As nginx or the calling service says.
    pub(crate) fn forwarded(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(REAL_IP)?.to_str().ok()?;
        value.parse().ok().map(Self)
    }

    /// Who is connected.
    pub(crate) fn peer(extensions: &Extensions) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Self(peer.ip()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::forwarded(&parts.headers)
            .or_else(|| Self::peer(&parts.extensions))
            .unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}
