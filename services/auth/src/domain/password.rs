use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error};

const SHORTEST: usize = 8;
const LONGEST: usize = 256;

/// How many characters are judged: what is strong so far is strong, and judging takes long for long ones.
const JUDGED: usize = 64;

/// A password that somebody chooses now.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword(SecretString);

impl NewPassword {
    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }

    /// Why it is easy to guess, for somebody who knows these words about its owner; none if it is not. Never contains the
    /// password.
    pub(crate) fn weakness(&self, known: &str) -> Option<String> {
        let known = known.to_lowercase();
        let whole = known.split_whitespace();
        let mailbox = known.split(|c: char| c.is_whitespace() || c == '@');
        let parts = known.split(|c: char| !c.is_alphanumeric());
        let words = whole.chain(mailbox).chain(parts);
        let words: Vec<&str> = words.filter(|word| word.len() > 2).collect();
        let judged: String = self.0.expose_secret().chars().take(JUDGED).collect();
        let judged = SecretString::from(judged);
        let verdict = zxcvbn::zxcvbn(judged.expose_secret(), &words);
        if verdict.score() >= zxcvbn::Score::Three {
            return None;
        }
        let mut message = "is too easy to guess".to_owned();
        if let Some(feedback) = verdict.feedback() {
            let warning = feedback.warning().map(|warning| warning.to_string());
            let suggestions = feedback.suggestions().iter().map(ToString::to_string);
            for sentence in warning.into_iter().chain(suggestions) {
                message.push_str(". ");
                message.push_str(sentence.trim_end_matches('.'));
            }
        }
        Some(message)
    }
}

impl TryFrom<String> for NewPassword {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(format!("must have {SHORTEST} to {LONGEST} characters"));
        }
        Ok(Self(text.into()))
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .try_into()
            .map_err(D::Error::custom)
    }
}

/// A password to be compared: any text, of a length that is worth hashing.
#[derive(Clone, Debug)]
pub(crate) struct GivenPassword(SecretString);

impl GivenPassword {
    pub(crate) fn new(text: String) -> Self {
        Self(text.into())
    }

    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

impl<'de> Deserialize<'de> for GivenPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > 4 * LONGEST {
            return Err(D::Error::custom(format!(
                "must have at most {LONGEST} characters"
            )));
        }
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weakness(password: &str) -> Option<String> {
        let known = "anna.schmidt@example.com Anna Schmidt shop.example mercato";
        let password = NewPassword::try_from(password.to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("anna"));
        password.weakness(known)
    }

    #[test]
    fn lengths_are_bounded() {
        for bad in ["", "short", &"x1".repeat(129)] {
            assert!(NewPassword::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for good in ["äbcdefgh", &"x1".repeat(128)] {
            assert!(NewPassword::try_from(good.to_owned()).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_is_easy_to_guess_is_told_with_advice() {
        for bad in [
            "password",
            "PassWord1",
            "P4ssw0rd!",
            "aaaaaaaaaaaaaaaa",
            "qwertyuiop",
            "12345678",
            "2026-11-21",
            "anna.schmidt",
            "Anna.Schmidt@example.com",
            "annaschmidt1",
            "shop.example",
            "mercato1",
        ] {
            let weakness = weakness(bad).unwrap_or_else(|| panic!("{bad} passes"));
            assert!(weakness.starts_with("is too easy to guess. "), "{weakness}");
            // The advice itself says "password".
            assert!(bad == "password" || !weakness.contains(bad), "{weakness}");
        }
        assert_eq!(
            weakness("password").unwrap(),
            "is too easy to guess. This is a top-10 common password. Add another word or two. Uncommon words are better"
        );
        for good in [
            "correct horse battery",
            "wholly new but long",
            "tR8#vq2!Lm",
            "Übergrößenträger am Kai",
        ] {
            assert_eq!(weakness(good), None, "{good}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Judging never fails, whatever is typed, and never tells the password back.
        #[test]
        fn any_text_is_judged(text in "\\PC{8,256}", known in "\\PC{0,60}") {
            let password = NewPassword::try_from(text.clone()).unwrap();
            if let Some(weakness) = password.weakness(&known) {
                prop_assert!(weakness.starts_with("is too easy to guess"));
                prop_assert!(text.len() < 12 || !weakness.contains(&text));
            }
        }

        /// What follows a strong beginning cannot make it weak, nor cost more.
        #[test]
        fn only_the_beginning_is_judged(tail in "[a-z]{0,192}") {
            let begin: String = "tR8#vq2!Lm".chars().cycle().take(JUDGED).collect();
            let whole = NewPassword::try_from(format!("{begin}{tail}")).unwrap();
            let begin = NewPassword::try_from(begin).unwrap();
            prop_assert_eq!(whole.weakness(""), begin.weakness(""));
        }
    }
}
