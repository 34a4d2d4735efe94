//! The admin panel's sign-in.

pub(crate) mod factors;
pub(crate) mod login;
pub(crate) mod reauthenticate;
pub(crate) mod recovery_codes;
pub(crate) mod second_factor;
pub(crate) mod sign_out;
pub(crate) mod totp;

use auth_token::{Service, ServiceKeys};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use http_kit::{ClientIp, Error, Result};

use crate::store::sessions::Device;

/// The admin service: no other may sign staff in, whatever key it has.
pub(crate) struct Panel(pub(crate) Service);

impl<S: Send + Sync> FromRequestParts<S> for Panel
where
    ServiceKeys: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let service = Service::from_request_parts(parts, state).await?;
        if service.caller == "admin" {
            Ok(Self(service))
        } else {
            Err(Error::forbidden(
                "forbidden",
                "This is for the admin service.",
            ))
        }
    }
}

/// From where a member of staff signs in: the panel says whom it answers.
fn device(user_agent: Option<String>) -> Device {
    Device {
        user_agent: user_agent.map(|text| text.chars().take(256).collect()),
        ip: ClientIp::current().map(|ClientIp(ip)| ip),
    }
}
