use serde::Deserialize;
use url::{Origin, Url};

/// The origins that a browser may be sent back to with the result of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct ReturnOrigins(Vec<Origin>);

impl ReturnOrigins {
    /// The shop's own, and a comma-separated list of others; or the ones that are no origins.
    pub(crate) fn new(public_url: &Url, others: &str) -> Result<Self, Vec<String>> {
        let (mut origins, mut complaints) = (vec![public_url.origin()], Vec::new());
        for text in others
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            match Url::parse(text) {
                Ok(url)
                    if super::provider::is_protected(&url)
                        && url.origin().ascii_serialization() == text =>
                {
                    origins.push(url.origin());
                }
                _ => complaints.push(format!(
                    "OIDC_RETURN_ORIGINS: {text:?} is no origin such as https://shop.example"
                )),
            }
        }
        if complaints.is_empty() {
            Ok(Self(origins))
        } else {
            Err(complaints)
        }
    }

    /// Where to go back to, if that is allowed. Compared as parsed, because browsers and string comparisons differ.
    pub(crate) fn accept(&self, given: &ReturnTo) -> Option<Url> {
        let url = Url::parse(&given.0).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        (plain && self.0.contains(&url.origin())).then_some(url)
    }
}

/// A URL of at most 2000 characters, not yet known to be allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ReturnTo(String);

impl TryFrom<String> for ReturnTo {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = text.len() <= 2000
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if good && Url::parse(&text).is_ok() {
            Ok(Self(text))
        } else {
            Err("must be a URL")
        }
    }
}

/// The same URL with more in its query.
pub(crate) fn with_query(mut url: Url, pairs: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins() -> ReturnOrigins {
        let shop = Url::parse("https://shop.example/base").unwrap();
        ReturnOrigins::new(&shop, "https://app.example:8443, http://localhost:5173").unwrap()
    }

    fn accepted(text: &str) -> bool {
        ReturnTo::try_from(text.to_owned())
            .ok()
            .and_then(|given| origins().accept(&given))
            .is_some()
    }

    #[test]
    fn only_known_origins_are_returned_to() {
        for good in [
            "https://shop.example/",
            "https://shop.example:443/a?b=c#d",
            "https://SHOP.example/x",
            "https://app.example:8443/x",
            "http://localhost:5173/",
        ] {
            assert!(accepted(good), "{good}");
        }
        for bad in [
            "",
            "/account",
            "//evil.example",
            "http://shop.example/",
            "https://shop.example.evil.example/",
            "https://shop.example@evil.example/",
            "https://user@shop.example/",
            "https://evil.example/https://shop.example/",
            "https://evil.example\\@shop.example/",
            "https:\\\\evil.example",
            "https://shop.example:8443/",
            "javascript:alert(1)//https://shop.example",
            "data:text/html,x",
            "https://shop.example/\r\nSet-Cookie: a=b",
        ] {
            assert!(!accepted(bad), "{bad}");
        }
        let shop = Url::parse("https://shop.example").unwrap();
        for bad in [
            "https://a.example/path",
            "http://a.example",
            "*",
            "a.example",
        ] {
            assert_eq!(
                ReturnOrigins::new(&shop, bad).unwrap_err().len(),
                1,
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_a_known_host(text in "(https?:)?[/\\\\]{0,3}([a-z.@:%]{0,8})(shop\\.example|evil\\.example)[a-z.@:/?#%\\\\]{0,10}") {
            if let Some(url) = ReturnTo::try_from(text).ok().and_then(|given| origins().accept(&given)) {
                prop_assert_eq!(url.host_str(), Some("shop.example"));
                prop_assert_eq!(url.scheme(), "https");
            }
        }
    }
}
