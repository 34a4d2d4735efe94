//! Slugs: the readable part of an address.

use primitives::Random;

const MAX: usize = 80;

/// What follows `/api/products/` for other reasons, so that no product can be named so.
pub(crate) const RESERVED: [&str; 5] = ["export", "import", "imports", "recommended", "suggest"];

/// A slug of a title: lower-case ASCII letters and digits with single hyphens between. Never empty, never the form of a UUID
/// (`GET /api/products/{id or slug}` tells them apart by form).
pub(crate) fn of(title: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for part in title.chars().flat_map(char::to_lowercase) {
        match latin(part) {
            Some(text) => slug.push_str(text),
            None if part.is_ascii_alphanumeric() => slug.push(part),
            None if !slug.is_empty() && !slug.ends_with('-') && !matches!(part, '\'' | '’') => {
                slug.push('-')
            }
            None => {}
        }
        if slug.len() >= MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    match slug {
        "" => fallback.to_owned(),
        _ if RESERVED.contains(&slug) => format!("{fallback}-{slug}"),
        _ if slug.parse::<uuid::Uuid>().is_ok() => format!("{fallback}-{slug}"),
        _ => slug.to_owned(),
    }
}

/// The slug with a random ending, for when the plain one is taken.
pub(crate) fn another(slug: &str, random: &Random) -> String {
    let bytes: [u8; 4] = random.bytes();
    format!("{slug}-{:08x}", u32::from_be_bytes(bytes))
}

/// Whether a client's own slug is well-formed.
pub(crate) fn is_valid(slug: &str) -> bool {
    (1..=MAX + 16).contains(&slug.len())
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !slug.contains("--")
        && !RESERVED.contains(&slug)
        && slug.parse::<uuid::Uuid>().is_err()
}

fn latin(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' | 'ă' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_become_readable() {
        assert_eq!(
            of("  Müller's Café — Crème Brûlée (2er) ", "product"),
            "muellers-cafe-creme-brulee-2er"
        );
        assert_eq!(of("日本", "product"), "product");
        assert_eq!(
            of("0190163d-8694-739b-aea5-966c26f8ad91", "product"),
            "product-0190163d-8694-739b-aea5-966c26f8ad91"
        );
    }

    #[test]
    fn no_product_is_named_like_a_route() {
        assert_eq!(of("Export!", "product"), "product-export");
        assert!(!is_valid("suggest"));
    }

    proptest! {
        #[test]
        fn any_title_makes_a_valid_slug(title in ".{0,300}", seed in any::<u64>()) {
            let slug = of(&title, "product");
            prop_assert!(is_valid(&slug), "{slug}");
            prop_assert!(is_valid(&another(&slug, &Random::seeded(seed))));
        }
    }
}
