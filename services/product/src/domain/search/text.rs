//! What somebody typed into the search box: words, "phrases" and -words that must not be there.

/// The most words and phrases that are looked at.
const MAX_TERMS: usize = 12;
/// No word of any language is longer; whatever is, is noise.
const MAX_CHARS: usize = 64;

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    /// A word or SKU, in lower case.
    Word(String),
    /// Words that must stand side by side.
    Phrase(String),
    /// What must not be there.
    Not(String),
}

/// Takes a query apart. Whatever is typed has a meaning: no syntax can be wrong.
pub(crate) fn parse(query: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() && terms.len() < MAX_TERMS {
        let (negated, text) = match rest.strip_prefix('-') {
            Some(text) if text.starts_with(|c: char| c.is_alphanumeric() || c == '"') => {
                (true, text)
            }
            _ => (false, rest),
        };
        let quoted = text
            .strip_prefix('"')
            .and_then(|inner| inner.split_once('"'));
        let (term, left) = match quoted {
            Some((phrase, left)) => (phrase, left),
            None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
        };
        rest = left.trim_start();
        let term = term
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        if term.is_empty() || (quoted.is_none() && term.chars().count() > MAX_CHARS) {
            continue;
        }
        terms.push(if negated {
            Term::Not(term)
        } else if quoted.is_some() && term.contains(char::is_whitespace) {
            Term::Phrase(term)
        } else {
            Term::Word(term)
        });
    }
    terms
}

/// A word without what is not a letter or digit in it, if that makes another word: `wi-fi` is also written `wifi`.
pub(crate) fn joined(word: &str) -> Option<String> {
    let plain: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    (plain != word && !plain.is_empty()).then_some(plain)
}

/// A lexeme as it stands in the text of a `tsquery`.
pub(crate) fn quoted(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Term::*, *};

    fn word(text: &str) -> Term {
        Word(text.into())
    }

    #[test]
    fn words_phrases_and_exclusions_are_told_apart() {
        assert_eq!(
            parse(r#" Red "Running  shoes" -leather wi-fi, "one" -"two words" "#),
            [
                word("red"),
                Phrase("running  shoes".into()),
                Not("leather".into()),
                word("wi-fi"),
                word("one"),
                Not("two words".into())
            ]
        );
        assert_eq!(parse(r#""never closed"#), [word("never"), word("closed")]);
        assert_eq!(parse(r#"- -- "" '(&|!:*"#), []);
        assert_eq!(joined("wi-fi").as_deref(), Some("wifi"));
        assert_eq!(joined("wifi"), None);
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(query in ".{0,200}") {
            let terms = parse(&query);
            prop_assert!(terms.len() <= MAX_TERMS);
            for Word(text) | Phrase(text) | Not(text) in terms {
                prop_assert!(!text.is_empty());
                prop_assert!(text.starts_with(char::is_alphanumeric) || !text.chars().any(char::is_alphanumeric));
            }
        }
    }
}
