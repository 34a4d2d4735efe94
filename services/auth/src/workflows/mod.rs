//! Operations of several steps. Each owns its transaction and calls nothing remote inside it.

pub(crate) mod api_keys;
pub(crate) mod bootstrap;
pub(crate) mod deletion;
pub(crate) mod devices;
pub(crate) mod email_change;
pub(crate) mod enrolment;
pub(crate) mod exchange;
pub(crate) mod export;
pub(crate) mod federation;
pub(crate) mod foreign;
pub(crate) mod identities;
pub(crate) mod mail_requests;
pub(crate) mod manage;
pub(crate) mod panel;
pub(crate) mod passkey_sign_in;
pub(crate) mod passkeys;
pub(crate) mod recovery;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod second_factor;
pub(crate) mod sign_in;
pub(crate) mod step_up;
