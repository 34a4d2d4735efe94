//! Codes that people type: of an authenticator app, or one of those for emergencies.

use primitives::Random;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error};

use super::token;

/// Crockford's base 32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 24 symbols of 5 bits: enough that a plain hash keeps them safe (OWASP ASVS 5, 6.5.2 asks for 112 bits).
const SYMBOLS: usize = 24;
const GROUP: usize = 4;
/// Longer than any code with all the spaces that somebody may put in.
const LONGEST: usize = 100;

/// A code for emergencies, in one spelling.
#[derive(Clone, Debug)]
pub(crate) struct RecoveryCode(SecretString);

impl RecoveryCode {
    /// How many a user gets.
    pub(crate) const COUNT: usize = 10;

    pub(crate) fn new(random: &Random) -> Self {
        // 256 is a multiple of 32, so that no symbol is likelier than another.
        let symbols = random.bytes::<SYMBOLS>().map(symbol);
        Self(symbols.iter().collect::<String>().into())
    }

    /// In groups, as it is shown once.
    pub(crate) fn text(&self) -> String {
        let symbols: Vec<char> = self.0.expose_secret().chars().collect();
        let groups: Vec<String> = symbols
            .chunks(GROUP)
            .map(|group| group.iter().collect())
            .collect();
        groups.join("-")
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> Vec<u8> {
        token::hash(self.0.expose_secret())
    }
}

fn symbol(byte: u8) -> char {
    ALPHABET
        .get(usize::from(byte % 32))
        .copied()
        .map_or('0', char::from)
}

/// What somebody typed as a code.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// Six digits.
    App(u32),
    /// For emergencies.
    Recovery(RecoveryCode),
    /// Cannot be right; it is refused like a wrong code.
    Nonsense,
}

impl Code {
    /// Spaces and hyphens do not count, nor does the case.
    pub(crate) fn parse(text: &str) -> Self {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map_or(Self::Nonsense, Self::App);
        }
        let symbols: Option<String> = text.chars().map(canonical).collect();
        match symbols.filter(|symbols| symbols.len() == SYMBOLS) {
            Some(symbols) => Self::Recovery(RecoveryCode(symbols.into())),
            None => Self::Nonsense,
        }
    }
}

/// The symbol that was meant: people read 0 as o, and 1 as i or l.
fn canonical(c: char) -> Option<char> {
    let c = match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    (c.is_ascii() && ALPHABET.contains(&u8::try_from(c).ok()?)).then_some(c)
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > LONGEST {
            return Err(D::Error::custom(format!(
                "must have at most {LONGEST} characters"
            )));
        }
        Ok(Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recovery_hash(text: &str) -> Option<Vec<u8>> {
        match Code::parse(text) {
            Code::Recovery(code) => Some(code.hash()),
            Code::App(_) | Code::Nonsense => None,
        }
    }

    #[test]
    fn a_code_is_shown_in_groups_and_hides_in_logs() {
        let code = RecoveryCode::new(&Random::seeded(1));
        assert_eq!(code.text().len(), SYMBOLS + SYMBOLS / GROUP - 1);
        assert!(code.text().split('-').all(|group| group.len() == GROUP));
        assert!(!format!("{code:?}").contains(code.0.expose_secret()));
    }

    proptest! {
        #[test]
        fn recovery_codes_are_read_as_people_write_them(seed: u64, upper: bool, spaces: bool, alike: bool) {
            let code = RecoveryCode::new(&Random::seeded(seed));
            let mut text = code.text();
            if spaces {
                text = format!(" {} ", text.replace('-', "  "));
            }
            if alike {
                text = text.replace('0', "o").replace('1', "l");
            }
            if upper {
                text = text.to_uppercase();
            }
            prop_assert_eq!(recovery_hash(&text), Some(code.hash()));
        }

        #[test]
        fn six_digits_are_an_apps_code(number in 0_u32..1_000_000, cut in 0_usize..=6) {
            let mut text = format!("{number:06}");
            text.insert(cut, ' ');
            prop_assert!(matches!(Code::parse(&text), Code::App(read) if read == number));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            match Code::parse(&text) {
                Code::App(number) => prop_assert!(number < 1_000_000),
                Code::Recovery(code) => prop_assert_eq!(recovery_hash(&code.text()), Some(code.hash())),
                Code::Nonsense => {}
            }
        }
    }
}
