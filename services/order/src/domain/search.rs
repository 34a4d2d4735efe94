//! What somebody types to find an order.

use primitives::{EmailAddress, Sku};

/// What a text may mean: each that it can be is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) number: Option<i64>,
    pub(crate) email: Option<EmailAddress>,
    pub(crate) sku: Option<Sku>,
}

impl Search {
    /// `#1000042` is a number too, as people write it.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        Self {
            number: text.strip_prefix('#').unwrap_or(text).parse().ok(),
            email: text.parse().ok(),
            sku: text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_what_it_can_be() {
        let number = Search::new(" 1000042 ");
        assert_eq!(number.number, Some(1_000_042));
        assert!(number.sku.is_some() && number.email.is_none());
        assert_eq!(Search::new("#7").number, Some(7));
        let email = Search::new("Anna@Example.com");
        assert_eq!(email.email.unwrap().as_str(), "anna@example.com");
        assert_eq!((email.number, email.sku), (None, None));
        assert_eq!(Search::new("two words"), Search::default());
    }
}
