//! The admin panel's sign-in.

pub(crate) mod factors;
pub(crate) mod login;
pub(crate) mod reauthenticate;
pub(crate) mod recovery_codes;
pub(crate) mod second_factor;
pub(crate) mod sign_out;
pub(crate) mod totp;

use http_kit::ClientIp;

use crate::store::sessions::Device;

/// From where a member of staff signs in: the panel says whom it answers.
fn device(user_agent: Option<String>) -> Device {
    Device {
        user_agent: user_agent.map(|text| text.chars().take(256).collect()),
        ip: ClientIp::current().map(|ClientIp(ip)| ip),
    }
}
