//! Codes that change every 30 seconds (RFC 6238): SHA-1, six digits, as every authenticator app has it.

use primitives::{EmailAddress, Random, Timestamp};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};

const DIGITS: u32 = 1_000_000;
const STEP_SECONDS: i64 = 30;
/// How many steps a phone's clock may be off, each way.
const TOLERANCE: i64 = 1;
/// As long as a SHA-1 hash, which RFC 4226 recommends.
const LENGTH: usize = 20;

/// What an authenticator app shares with us.
pub(crate) struct Secret(SecretSlice<u8>);

impl Secret {
    pub(crate) fn new(random: &Random) -> Self {
        Self(random.bytes::<LENGTH>().to_vec().into())
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// As people type it into an app that has no camera.
    pub(crate) fn text(&self) -> String {
        base32(self.bytes())
    }

    /// What the QR code says (the key URI format of Google Authenticator, which all apps read).
    pub(crate) fn uri(&self, shop: &str, email: &EmailAddress) -> String {
        let shop = escaped(shop);
        format!(
            "otpauth://totp/{shop}:{}?secret={}&issuer={shop}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
            escaped(email.as_str()),
            self.text(),
        )
    }

    /// The step that a code belongs to, if it is one around now. Looks at all of them, so that the time tells nothing.
    pub(crate) fn step_of(&self, code: u32, now: Timestamp) -> Option<i64> {
        let current = now.unix().div_euclid(STEP_SECONDS);
        (current - TOLERANCE..=current + TOLERANCE).fold(None, |found, step| {
            if self.code(step) == code {
                Some(step)
            } else {
                found
            }
        })
    }

    /// RFC 4226, section 5.3.
    fn code(&self, step: i64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.bytes());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0xf);
        let word = bytes.iter().skip(offset).take(4);
        let word = word.fold(0, |word: u32, byte| word << 8 | u32::from(*byte));
        (word & 0x7fff_ffff) % DIGITS
    }
}

/// RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |index: usize| {
        let byte = bytes.get(index / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - index % 8) & 1)
    };
    (0..bytes.len() * 8)
        .step_by(5)
        .map(|start| (start..start + 5).fold(0, |value, index| value << 1 | bit(index)))
        .filter_map(|value| ALPHABET.get(value).copied().map(char::from))
        .collect()
}

/// Percent-encoded; spaces as %20, because some apps show a plus.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec());
        for (at, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let now = Timestamp::from_unix(at);
            assert_eq!(secret.step_of(code, now), Some(at / 30), "{at}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let secret = Secret::new(&Random::seeded(7));
        let now = Timestamp::from_unix(1_000_000_020);
        let step = now.unix() / 30;
        let code = secret.code(step);
        for (later, good) in [
            (-31, false),
            (-30, true),
            (0, true),
            (59, true),
            (60, false),
        ] {
            let at = Timestamp::from_unix(now.unix() + later);
            assert_eq!(secret.step_of(code, at), good.then_some(step), "{later}");
        }
        assert_eq!(secret.step_of(code, now + Duration::from_secs(3600)), None);
    }

    #[test]
    fn the_secret_is_spelled_as_apps_read_it() {
        // RFC 4648, section 10.
        for (bytes, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec());
        assert_eq!(
            secret.uri("My shop", &"anna+x@example.com".parse().unwrap()),
            "otpauth://totp/My%20shop:anna%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20shop&algorithm=SHA1&digits=6&period=30"
        );
    }
}
