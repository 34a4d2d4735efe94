use primitives::EmailAddress;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error};

const SHORTEST: usize = 8;
const LONGEST: usize = 256;

/// What everybody tries first.
const COMMON: [&str; 20] = [
    "password",
    "password1",
    "passw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "qwertyui",
    "qwertyuiop",
    "11111111",
    "00000000",
    "iloveyou",
    "letmein1",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "abc12345",
    "superman",
    "trustno1",
    "changeme",
];

/// A password that somebody chooses now.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword(SecretString);

impl NewPassword {
    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }

    /// Whether it is the address, which is the second thing everybody tries.
    pub(crate) fn is_like(&self, email: &EmailAddress) -> bool {
        let (password, email) = (self.0.expose_secret().to_lowercase(), email.as_str());
        password == email || email.split('@').next() == Some(password.as_str())
    }
}

impl TryFrom<String> for NewPassword {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(format!("must have {SHORTEST} to {LONGEST} characters"));
        }
        let first = text.chars().next();
        if COMMON.contains(&text.to_lowercase().as_str()) || text.chars().all(|c| Some(c) == first)
        {
            return Err("is too easy to guess".to_owned());
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
    use super::*;

    #[test]
    fn easy_passwords_are_refused() {
        for bad in [
            "short",
            "password",
            "PassWord",
            "aaaaaaaaaa",
            &"x1".repeat(200),
        ] {
            assert!(NewPassword::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        let good = NewPassword::try_from("anna.schmidt".to_owned()).unwrap();
        assert!(good.is_like(&"anna.schmidt@example.com".parse().unwrap()));
        assert!(!good.is_like(&"bert@example.com".parse().unwrap()));
        assert!(!format!("{good:?}").contains("anna"));
    }
}
