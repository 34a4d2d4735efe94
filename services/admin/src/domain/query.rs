//! What somebody may mean by what they typed into the search box.

use uuid::Uuid;

/// Fewer letters find too much, and no index of parts of words has them.
const LETTERS: usize = 3;

/// One text, as each of the things that it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// As it was typed, without what surrounds it.
    pub(crate) text: String,
    /// Of an order: digits, with or without a `#`.
    pub(crate) number: Option<i64>,
    /// Of anything of ours.
    pub(crate) id: Option<Uuid>,
    /// A whole e-mail address, or the beginning of one.
    pub(crate) email: Option<String>,
    /// One word: a SKU, a coupon, a tracking number, the provider's name of a payment.
    pub(crate) code: Option<String>,
    /// A tracking number may be typed as it is printed, in groups.
    pub(crate) tracking: Option<String>,
    /// Part of a title or of a name.
    pub(crate) words: Option<String>,
}

impl Query {
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        let bare = text.strip_prefix('#').unwrap_or(text);
        let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        let one_word = !text.is_empty() && !text.contains(char::is_whitespace);
        let letters = text.chars().count();
        let id: Option<Uuid> = text.parse().ok();
        let code = (one_word && id.is_none()).then(|| text.to_owned());
        let packed: String = text.split_whitespace().collect();
        let is_packed = packed.len() >= 8
            && packed.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && packed.bytes().any(|byte| byte.is_ascii_digit());
        Self {
            number: is_number.then(|| bare.parse().ok()).flatten(),
            email: (one_word && id.is_none() && (text.contains('@') || letters >= LETTERS))
                .then(|| text.to_lowercase()),
            tracking: (is_packed && packed != text).then(|| packed.to_uppercase()),
            words: (letters >= LETTERS && id.is_none()).then(|| text.to_owned()),
            text: text.to_owned(),
            code,
            id,
        }
    }

    /// Whether it could be a whole address.
    pub(crate) fn is_email(&self) -> bool {
        self.text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_all_that_it_could_be() {
        let number = Query::read(" #1000042 ");
        assert_eq!(
            (number.number, number.code.as_deref()),
            (Some(1_000_042), Some("#1000042"))
        );
        let id = Query::read("0190f0a0-0000-7000-8000-000000000000");
        assert!(id.id.is_some() && id.code.is_none() && id.words.is_none() && id.email.is_none());
        let email = Query::read("Anna@Example.com");
        assert_eq!(email.email.as_deref(), Some("anna@example.com"));
        assert!(email.is_email() && !Query::read("@x.y").is_email());
        let printed = Query::read("1Z 999 AA1 0123456784");
        assert_eq!(printed.tracking.as_deref(), Some("1Z999AA10123456784"));
        assert_eq!(printed.code, None);
        let words = Query::read("blue lamp");
        assert_eq!(
            (words.words.as_deref(), words.tracking, words.email),
            (Some("blue lamp"), None, None)
        );
        assert_eq!(Query::read("ab").words, None);
        assert_eq!(Query::read("pi_3Q").code.as_deref(), Some("pi_3Q"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            let query = Query::read(&text);
            prop_assert_eq!(Query::read(&query.text), query);
        }
    }
}
