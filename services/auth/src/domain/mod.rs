//! Types and rules without I/O.

pub(crate) mod address;
pub(crate) mod api_key;
pub(crate) mod code;
pub(crate) mod device;
pub(crate) mod federation;
pub(crate) mod limits;
pub(crate) mod password;
pub(crate) mod text;
pub(crate) mod token;
pub(crate) mod totp;
pub(crate) mod user;
pub(crate) mod webauthn;
