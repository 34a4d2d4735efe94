//! The address of an endpoint, as far as it can be judged without asking anybody.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{Network, may_reach};

/// What an operator allows.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Plain HTTP, for development.
    pub(crate) http: bool,
    pub(crate) ports: Vec<u16>,
    /// Besides the public internet.
    pub(crate) networks: Vec<Network>,
}

const LONGEST: usize = 2000;

/// Reads an endpoint's address; the error is a sentence for people.
pub(crate) fn parse(text: &str, rules: &Rules) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err(format!("The address is longer than {LONGEST} characters."));
    }
    let url = Url::parse(text)
        .map_err(|_| "The address must be like https://example.com/webhooks.".to_owned())?;
    match url.scheme() {
        "https" => {}
        "http" if rules.http => {}
        _ => return Err("The address must begin with https://.".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("The address must not contain a user name or a password.".to_owned());
    }
    if url.fragment().is_some() {
        return Err("The address must not contain a #fragment.".to_owned());
    }
    let port = url.port_or_known_default().unwrap_or_default();
    if !rules.ports.is_empty() && !rules.ports.contains(&port) {
        let ports: Vec<_> = rules.ports.iter().map(u16::to_string).collect();
        return Err(format!("The port must be one of {}.", ports.join(", ")));
    }
    match url.host() {
        Some(Host::Domain(_)) => Ok(url),
        Some(Host::Ipv4(ip)) if may_reach(IpAddr::V4(ip), &rules.networks) => Ok(url),
        Some(Host::Ipv6(ip)) if may_reach(IpAddr::V6(ip), &rules.networks) => Ok(url),
        Some(_) => Err("The address is not one of the public internet.".to_owned()),
        None => Err("The address has no host.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_by_the_rules() {
        let strict = Rules {
            http: false,
            ports: vec![443, 8443],
            networks: vec![],
        };
        let good = [
            "https://example.com/hooks?shop=1",
            "https://example.com:8443/",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]/",
            "https://localhost/", // by its address it is refused when it is looked up
        ];
        for text in good {
            assert!(parse(text, &strict).is_ok(), "{text}");
        }
        let bad = [
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://example.com/#here",
            "https://example.com:22/",
            "https://example.com:80/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://１２７.0.0.1/",
        ];
        for text in bad {
            assert!(parse(text, &strict).is_err(), "{text}");
        }
        assert!(
            parse(
                &format!("https://example.com/{}", "x".repeat(2000)),
                &strict
            )
            .is_err()
        );
        let lax = Rules {
            http: true,
            ports: vec![],
            networks: vec!["127.0.0.0/8".parse().unwrap()],
        };
        assert!(parse("http://127.0.0.1:3000/", &lax).is_ok());
        assert!(parse("http://10.0.0.1/", &lax).is_err());
    }
}
