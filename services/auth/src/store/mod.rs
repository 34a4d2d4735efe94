//! The only place with SQL. Functions on a connection; who calls them owns the transaction.

pub(crate) mod addresses;
pub(crate) mod api_keys;
pub(crate) mod challenges;
pub(crate) mod claims;
pub(crate) mod cleanup;
pub(crate) mod credentials;
pub(crate) mod deletions;
pub(crate) mod devices;
pub(crate) mod email_changes;
pub(crate) mod export;
pub(crate) mod identities;
pub(crate) mod mail_requests;
pub(crate) mod oidc;
pub(crate) mod one_time_tokens;
pub(crate) mod passkey_challenges;
pub(crate) mod passkeys;
pub(crate) mod recovery_codes;
pub(crate) mod refresh_tokens;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod totp;
pub(crate) mod users;
pub(crate) mod wrong_codes;
