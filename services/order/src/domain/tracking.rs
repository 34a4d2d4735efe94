//! Where carriers show their parcels.

use serde::{Deserialize, Deserializer};

/// Carriers by the names that people write, and their pages; `{}` is the number.
const CARRIERS: [(&[&str], &str); 12] = [
    (
        &["dhl", "dhl paket", "deutsche post"],
        "https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={}",
    ),
    (
        &["dhl express"],
        "https://www.dhl.com/global-en/home/tracking/tracking-express.html?tracking-id={}",
    ),
    (&["ups"], "https://www.ups.com/track?tracknum={}"),
    (&["fedex"], "https://www.fedex.com/fedextrack/?trknbr={}"),
    (
        &["usps"],
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    ),
    (&["dpd"], "https://tracking.dpd.de/status/en_US/parcel/{}"),
    (&["gls"], "https://gls-group.com/track/{}"),
    (
        &["hermes"],
        "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{}",
    ),
    (
        &["royal mail"],
        "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    ),
    (
        &["la poste", "colissimo", "chronopost"],
        "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    ),
    (
        &["post.at", "österreichische post"],
        "https://www.post.at/sv/sendungsdetails?snr={}",
    ),
    (
        &["inpost"],
        "https://inpost.pl/sledzenie-przesylek?number={}",
    ),
];

/// A number as it is kept and looked for: carriers print it in groups. Some tell small letters from capitals.
pub(crate) fn number(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The page of a parcel, if we know its carrier's and the number cannot mean anything else in an address.
pub(crate) fn url(carrier: &str, number: &str) -> Option<String> {
    let carrier = carrier.trim().to_lowercase();
    let (_, page) = CARRIERS
        .iter()
        .find(|(names, _)| names.contains(&carrier.as_str()))?;
    let plain = !number.is_empty()
        && number
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| page.replace("{}", number))
}

/// A link that staff give: `https`, so that no mail of the shop leads to anything else.
#[derive(Debug, Clone)]
pub(crate) struct TrackingUrl(String);

impl TrackingUrl {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for TrackingUrl {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let url: Option<reqwest::Url> = text.parse().ok();
        url.filter(|url| text.len() <= 500 && url.scheme() == "https" && url.has_host())
            .map(|url| Self(url.into()))
            .ok_or("must be an https:// address of at most 500 characters")
    }
}

impl<'de> Deserialize<'de> for TrackingUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_carriers_have_a_page() {
        let page = url(" DHL ", &number("JD01 4600\u{a0}")).unwrap();
        assert!(page.ends_with("piececode=JD014600"), "{page}");
        assert_eq!(url("Aunt Erna", "1"), None);
        assert_eq!(url("UPS", "1&x=<script>"), None);
    }

    #[test]
    fn links_lead_to_https_only() {
        let parse = |text: &str| TrackingUrl::try_from(text.to_owned());
        assert!(parse("https://carrier.example/T?x=1").is_ok());
        for bad in [
            "http://carrier.example/T",
            "javascript:alert(1)",
            "https://",
            "x",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
