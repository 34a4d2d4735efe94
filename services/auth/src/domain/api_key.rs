use auth_token::{API_KEY_PREFIX, Scope, Scopes};
use primitives::{Random, SessionId, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};

use super::text::Line;
use super::token;

/// The most keys that a user may have at a time.
pub(crate) const MOST: i64 = 25;

/// What its owner calls a key.
pub(crate) type KeyName = Line<100>;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters after `mk_` that are shown with the key's name.
const SHOWN: usize = 8;
/// Characters that nobody sees again: 196 random bits.
const SECRET: usize = 33;
/// Characters of the checksum: enough for 32 bits.
const CHECKSUM: usize = 6;

/// An API key's text: `mk_`, eight characters that are shown, 33 that are secret, and six of a checksum, so that a typing error
/// or a made-up key costs no look into the database, and scanners for leaked secrets know one for sure.
pub(crate) struct KeyText(SecretString);

impl KeyText {
    pub(crate) fn new(random: &Random) -> Self {
        let mut text = API_KEY_PREFIX.to_owned();
        for _ in 0..SHOWN + SECRET {
            text.push(character(random));
        }
        text.push_str(&checksum(&text));
        Self(text.into())
    }

    /// The key, if this looks like one and is free of typing errors.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(API_KEY_PREFIX)?;
        let whole = rest.len() == SHOWN + SECRET + CHECKSUM
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
        (whole && sum == checksum(body)).then(|| Self(text.to_owned().into()))
    }

    /// All of it, to be shown once.
    pub(crate) fn text(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is shown of it ever after.
    pub(crate) fn prefix(&self) -> &str {
        let end = API_KEY_PREFIX.len() + SHOWN;
        self.text().get(..end).unwrap_or_default()
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        token::hash(self.text())
    }
}

/// Each of the 62 as likely as the others.
fn character(random: &Random) -> char {
    loop {
        let [byte] = random.bytes::<1>();
        if byte < 248
            && let Some(character) = ALPHABET.get(usize::from(byte % 62))
        {
            return char::from(*character);
        }
    }
}

/// CRC-32 (as in zip files and GitHub's tokens) of the rest, in base 62.
fn checksum(text: &str) -> String {
    let crc = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let carry = crc & 1 == 1;
            (crc >> 1) ^ if carry { 0xedb8_8320 } else { 0 }
        })
    });
    let mut rest = !crc;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(rest % 62).unwrap_or_default();
        *digit = ALPHABET.get(value).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// A key, as far as it is known after its owner saw it.
pub(crate) struct ApiKey {
    /// Tokens that the key is exchanged for have it as their session.
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// What it allows; words that this release does not know allow nothing.
    pub(crate) fn scopes(&self) -> Scopes {
        self.scopes
            .iter()
            .filter_map(|word| word.parse::<Scope>().ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_recognised_and_tells_only_its_beginning() {
        let key = KeyText::new(&Random::system());
        assert_eq!(key.text().len(), 50);
        assert!(key.text().starts_with(key.prefix()) && key.prefix().len() == 11);
        assert_eq!(KeyText::parse(key.text()).unwrap().hash(), key.hash());
        assert_ne!(KeyText::new(&Random::system()).text(), key.text());
    }

    #[test]
    fn the_checksum_is_the_one_of_zip_files() {
        // The check value of CRC-32: 0xCBF43926, here in base 62.
        let digits = checksum("123456789");
        let value = digits.bytes().fold(0_u64, |value, digit| {
            let place = ALPHABET.iter().position(|known| *known == digit).unwrap();
            value * 62 + u64::try_from(place).unwrap()
        });
        assert_eq!(value, 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn other_text_is_no_key(text in "\\PC{0,60}", tail in "[0-9A-Za-z]{47}") {
            prop_assert!(KeyText::parse(&text).is_none());
            // The checksum fits by chance once in 2³² times.
            for text in [format!("mk_{text}"), format!("mk_{tail}")] {
                prop_assert!(KeyText::parse(&text).is_none());
            }
        }

        #[test]
        fn a_typing_error_is_noticed(place in 3_usize..50, other in "[0-9A-Za-z]") {
            let key = KeyText::new(&Random::system());
            let mut typed = key.text().to_owned();
            typed.replace_range(place..=place, &other);
            prop_assert_eq!(KeyText::parse(&typed).is_some(), typed == key.text());
        }
    }
}
