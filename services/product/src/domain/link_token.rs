//! Tokens in links: for shared wish lists, and for ending mails. Only their hashes are stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use primitives::{Random, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// A token that nobody guesses.
pub(crate) fn random(random: &Random) -> String {
    URL_SAFE_NO_PAD.encode(random.bytes::<32>())
}

/// What is stored of a token: enough to recognise it, not to use it. It has 256 bits that nobody knows, so a plain hash is enough, and
/// looking it up by its hash leaks nothing by timing.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// Makes the tokens that end mails: the same for each mail to a user, so that the oldest one still works. The stored hash decides: links
/// sent before the secret changed keep working.
#[derive(Clone)]
pub(crate) struct UnsubscribeTokens(Hmac<Sha256>);

impl UnsubscribeTokens {
    pub(crate) fn new(secret: &SecretString) -> anyhow::Result<Self> {
        let key = Sha256::digest(
            [
                b"mercato wishlist unsubscribe\0",
                secret.expose_secret().as_bytes(),
            ]
            .concat(),
        );
        Ok(Self(Hmac::<Sha256>::new_from_slice(&key)?))
    }

    /// The token of a user.
    pub(crate) fn of(&self, user: UserId) -> String {
        let mut mac = self.0.clone();
        mac.update(user.uuid().as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_user_and_secret() {
        let [one, other] = ["one", "other"]
            .map(|secret| UnsubscribeTokens::new(&SecretString::from(secret)).unwrap());
        let [anna, bert] = [7, 8].map(|id| UserId::from(uuid::Uuid::from_u128(id)));
        assert_eq!(one.of(anna), one.clone().of(anna));
        assert_ne!(one.of(anna), one.of(bert));
        assert_ne!(one.of(anna), other.of(anna));
        assert_eq!(one.of(anna).len(), 43);
        assert_ne!(random(&Random::seeded(1)), random(&Random::seeded(2)));
    }
}
