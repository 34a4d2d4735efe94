use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use http_kit::ClientIp;

use crate::store::sessions::Device;

/// What a session list shows of where somebody signed in.
impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(|text| text.chars().take(256).collect());
        let ClientIp(ip) = ClientIp::from_request_parts(parts, state).await?;
        Ok(Self {
            user_agent,
            ip: Some(ip.to_canonical()),
        })
    }
}
