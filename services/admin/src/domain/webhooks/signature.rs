//! The signatures of Standard Webhooks 1.0, symmetric: `v1,` and the HMAC-SHA256 of id, time and body.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::{EventId, Random, Timestamp};
use ring::hmac;

const PREFIX: &str = "whsec_";

/// What an endpoint and the shop both know. Shown once; never in a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn generate(random: &Random) -> Self {
        Self(random.bytes::<32>().to_vec())
    }

    /// As it is shown and kept.
    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn sign(&self, id: &str, at: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut context = hmac::Context::with_key(&key);
        for part in [id, ".", &at.to_string(), ".", body] {
            context.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept is not a secret of ours.
#[derive(Debug, thiserror::Error)]
#[error("not a webhook secret")]
pub(crate) struct NotASecret;

impl FromStr for Secret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
        STANDARD.decode(encoded).map(Self).map_err(|_| NotASecret)
    }
}

/// The header `webhook-signature`: one signature for each secret that is good just now, so that a receiver may change to the new one
/// whenever it likes.
pub(crate) fn header(secrets: &[Secret], id: EventId, at: Timestamp, body: &str) -> String {
    let (id, at) = (id.to_string(), at.unix());
    let signatures: Vec<_> = secrets
        .iter()
        .map(|secret| secret.sign(&id, at, body))
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the published libraries (standardwebhooks.com).
    #[test]
    fn signatures_are_those_of_the_published_scheme() {
        let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_survives_its_text_and_hides_in_logs() {
        let secret = Secret::generate(&Random::seeded(1));
        let text = secret.reveal();
        assert_eq!(text.parse::<Secret>().unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "Secret");
        for bad in ["", "whsec_", "abc", "whsec_?"] {
            assert!(bad.parse::<Secret>().is_err() || bad == "whsec_", "{bad}");
        }
    }

    #[test]
    fn each_good_secret_signs() {
        let random = Random::seeded(2);
        let secrets = [Secret::generate(&random), Secret::generate(&random)];
        let at = Timestamp::from_unix(1_800_000_000);
        let header = header(&secrets, EventId::new(at, &random), at, "{}");
        let signatures: Vec<_> = header.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_ne!(signatures[0], signatures[1]);
        assert!(signatures.iter().all(|one| one.starts_with("v1,")));
    }
}
