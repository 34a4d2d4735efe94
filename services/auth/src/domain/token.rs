use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use primitives::Random;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// How long an access token is good.
pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(600);
/// How long a session lives without being used.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a session lives at most, however often it is used: then its user has to sign in again.
pub(crate) const SESSION_LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a link to verify an address is good.
pub(crate) const VERIFY_LIFETIME: Duration = Duration::from_secs(3 * 24 * 3600);
/// How long a link to reset a password is good; the mail says so too.
pub(crate) const RESET_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How long staff stay signed in to the panel, however busy they are.
pub(crate) const PANEL_LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// How long a sign-in waits for its second factor.
pub(crate) const CHALLENGE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How long the links of a change of address are good: whoever asked reads two mailboxes.
pub(crate) const EMAIL_CHANGE_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A token that means nothing by itself: 256 random bits, of which only a hash is kept. A fast hash is enough, because there is
/// nothing to guess.
#[derive(Debug)]
pub(crate) struct OpaqueToken(SecretString);

impl OpaqueToken {
    pub(crate) fn new(random: &Random) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random.bytes::<32>()).into())
    }

    pub(crate) fn text(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(self.text())
    }
}

/// The hash under which a token that was given would be kept.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
