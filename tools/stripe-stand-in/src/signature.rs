//! The `Stripe-Signature` header of a webhook.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Signs the raw `payload` with `secret` at `timestamp`: `t=…,v1=…`.
#[must_use]
pub fn header(payload: &[u8], secret: &str, timestamp: i64) -> String {
    // HMAC takes a key of any length, so there is no error to handle.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload);
    format!(
        "t={timestamp},v1={}",
        hex::encode(mac.finalize().into_bytes())
    )
}
