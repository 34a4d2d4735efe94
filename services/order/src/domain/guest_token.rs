//! The token that opens one order without an account.
//!
//! It is derived from the order's id with a secret of the service, so that the answer to a repeated request and the links in later mails can
//! be made again although only its hash is stored. The stored hash decides: links sent before the secret changed keep working.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use primitives::OrderId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Makes and checks the tokens of guests' orders.
#[derive(Clone)]
pub(crate) struct GuestTokens(Hmac<Sha256>);

impl GuestTokens {
    pub(crate) fn new(secret: &SecretString) -> Self {
        // HMAC takes keys of any length; the digest keeps this infallible in the types as well.
        let key = Sha256::digest(
            [
                b"mercato guest order token\0",
                secret.expose_secret().as_bytes(),
            ]
            .concat(),
        );
        let key: [u8; 32] = key.into();
        Self(<Hmac<Sha256> as hmac::digest::KeyInit>::new(
            &key.into_block(),
        ))
    }

    /// The token of an order.
    pub(crate) fn of(&self, order: OrderId) -> String {
        let mut mac = self.0.clone();
        mac.update(order.uuid().as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

trait IntoBlock {
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>>;
}

impl IntoBlock for [u8; 32] {
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>> {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(&self);
        block
    }
}

/// What is stored of a bearer token: enough to recognise it, not to use it. The tokens have 256 random bits, so a plain hash is enough, and
/// looking it up by its hash leaks nothing by timing.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_order_and_secret() {
        let order: OrderId = uuid::Uuid::from_u128(7).into();
        let tokens = GuestTokens::new(&SecretString::from("secret"));
        assert_eq!(
            tokens.of(order),
            GuestTokens::new(&SecretString::from("secret")).of(order)
        );
        assert_ne!(
            tokens.of(order),
            GuestTokens::new(&SecretString::from("other")).of(order)
        );
        assert_ne!(tokens.of(order), tokens.of(uuid::Uuid::from_u128(8).into()));
        assert_eq!(tokens.of(order).len(), 43);
    }
}
