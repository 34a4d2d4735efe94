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
    /// One word: a SKU, a coupon, the provider's name of a payment.
    pub(crate) code: Option<String>,
    /// As what the number of a parcel may be kept: people type it as it is printed, in groups, or in small letters.
    pub(crate) parcels: Vec<String>,
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
            parcels: if is_packed || code.is_some() {
                spellings([text.to_owned(), packed.to_uppercase(), packed])
            } else {
                Vec::new()
            },
            words: (letters >= LETTERS && id.is_none()).then(|| text.to_owned()),
            text: text.to_owned(),
            code,
            id,
        }
    }

    /// As what the SKU of a line may be kept: it is as the product had it, mostly in capitals, and people type it in any case.
    pub(crate) fn skus(&self) -> Vec<String> {
        let code = self.code.as_ref();
        code.map_or_else(Vec::new, |code| {
            spellings([code.clone(), code.to_uppercase()])
        })
    }

    /// Whether it could be a whole address.
    pub(crate) fn is_email(&self) -> bool {
        self.text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    }
}

/// Each once.
fn spellings<const N: usize>(of: [String; N]) -> Vec<String> {
    let mut all = Vec::from(of);
    all.sort_unstable();
    all.dedup();
    all
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
        assert_eq!(
            printed.parcels,
            ["1Z 999 AA1 0123456784", "1Z999AA10123456784"]
        );
        assert_eq!((printed.code.as_deref(), printed.skus().len()), (None, 0));
        let small = Query::read("1z999");
        assert_eq!(
            (small.parcels.clone(), small.skus()),
            (
                vec!["1Z999".to_owned(), "1z999".to_owned()],
                vec!["1Z999".to_owned(), "1z999".to_owned()]
            )
        );
        let words = Query::read("blue lamp");
        assert_eq!(
            (words.words.as_deref(), words.parcels.len(), words.email),
            (Some("blue lamp"), 0, None)
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
