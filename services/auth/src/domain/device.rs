use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};

/// What a program calls itself, most telling first: nearly all claim to be Mozilla, Chrome and Safari too.
const PROGRAMS: [(&str, &str); 21] = [
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("PostmanRuntime/", "Postman"),
    ("python-requests/", "Python"),
    ("okhttp/", "an Android app"),
    ("CFNetwork/", "an Apple app"),
];

/// What it runs on, in the same order: Android is a Linux, and an iPhone is like Mac OS X.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// What people call the device that sends this user agent, such as "Firefox on Linux". Without versions, so that an update is
/// no new device. Anybody can claim anything: it is for people to recognise, never to decide by.
pub(crate) fn device_name(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent.map(str::trim).filter(|agent| !agent.is_empty()) else {
        return "Unknown device".to_owned();
    };
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(part, _)| agent.contains(part));
        found.map(|(_, name)| *name)
    };
    match (named(&PROGRAMS), named(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        // Programs call themselves `name/version (remarks)`.
        (None, None) => {
            let name = agent.split(['/', ' ', '(', ';']).next().unwrap_or_default();
            let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            match name.is_empty() {
                true => "Unknown device".to_owned(),
                false => name,
            }
        }
    }
}

/// By what a device is known again: its name and roughly its network. A provider hands out many addresses, so half of an
/// IPv4 address and the first 32 bits of IPv6 count. Of the user, too, so that rows of two users tell nothing of each other.
pub(crate) fn fingerprint(user: primitives::UserId, name: &str, ip: Option<IpAddr>) -> Vec<u8> {
    let network = ip.map(|ip| match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::from(Ipv4Addr::from_bits(ip.to_bits() >> 16 << 16)),
        IpAddr::V6(ip) => IpAddr::from(Ipv6Addr::from_bits(ip.to_bits() >> 96 << 96)),
    });
    let network = network.map(|ip| ip.to_string()).unwrap_or_default();
    Sha256::digest(format!("{user}\n{name}\n{network}")).to_vec()
}

#[cfg(test)]
mod tests {
    use primitives::{Clock, Random, UserId};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn devices_have_names_that_people_know() {
        let names = [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
                "Firefox on Mac",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on Mac",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("curl/8.14.1", "curl"),
            ("okhttp/4.12.0", "an Android app"),
            ("Shop/3.1 CFNetwork/1568 Darwin/24.0.0", "an Apple app"),
            ("mercato-cli/1.0 (build 7)", "mercato-cli"),
            ("Mozilla/5.0", "Mozilla"),
            ("  ", "Unknown device"),
            ("/1.0", "Unknown device"),
        ];
        for (agent, name) in names {
            assert_eq!(device_name(Some(agent)), name, "{agent}");
        }
        assert_eq!(device_name(None), "Unknown device");
    }

    #[test]
    fn a_new_version_or_a_neighbouring_address_is_no_new_device() {
        let user = UserId::new(Clock::system().now(), &Random::system());
        let print = |name: &str, ip: &str| fingerprint(user, name, Some(ip.parse().unwrap()));
        let home = print("curl", "192.0.2.7");
        assert_eq!(home, print("curl", "192.0.77.1"));
        assert_eq!(home, print("curl", "::ffff:192.0.2.7"));
        assert_ne!(home, print("curl", "192.1.2.7"));
        assert_ne!(home, print("Wget", "192.0.2.7"));
        assert_eq!(
            print("curl", "2001:db8:1::1"),
            print("curl", "2001:db8:2::1")
        );
        assert_ne!(
            print("curl", "2001:db8:1::1"),
            print("curl", "2001:db9:1::1")
        );
        let other = UserId::new(Clock::system().now(), &Random::system());
        assert_ne!(home, fingerprint(other, "curl", "192.0.2.7".parse().ok()));
    }

    proptest! {
        #[test]
        fn every_user_agent_has_a_short_name(agent in ".{0,256}") {
            let name = device_name(Some(&agent));
            prop_assert!(!name.is_empty() && name.chars().count() <= 40);
            prop_assert!(!name.chars().any(char::is_control));
        }
    }
}
