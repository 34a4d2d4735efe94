//! Requests to addresses that somebody else named: only to where they may go, only to what was checked, and never for long.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use primitives::{EventId, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use tokio::time::Instant;

use crate::domain::webhooks::address::may_reach;
use crate::domain::webhooks::target::{self, Rules};

/// So much of an answer is kept, and no more is read.
const ANSWER: usize = 1024;

/// Sends what the shop tells third parties.
pub(crate) struct Sender {
    http: reqwest::Client,
    pub(crate) rules: Rules,
}

/// What is sent.
pub(crate) struct Sending<'a> {
    pub(crate) url: &'a str,
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    pub(crate) signature: &'a str,
    pub(crate) body: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    /// The first bytes.
    pub(crate) text: String,
    /// Why there is no answer.
    pub(crate) error: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) latency: Duration,
}

impl Sender {
    pub(crate) fn new(rules: Rules, timeout: Duration) -> anyhow::Result<Self> {
        runtime::install_tls_provider();
        let resolver = Arc::new(Guarded {
            rules: rules.clone(),
        });
        let http = reqwest::Client::builder()
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeout.min(Duration::from_secs(5)))
            .timeout(timeout)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("Mercato-Webhooks/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { http, rules })
    }

    pub(crate) async fn send(&self, sending: Sending<'_>) -> Answer {
        let began = Instant::now();
        let answer = self.exchange(sending).await;
        let latency = began.elapsed();
        match answer {
            Ok((status, text, retry_after)) => Answer {
                status: Some(status),
                text,
                error: None,
                retry_after,
                latency,
            },
            Err(error) => Answer {
                status: None,
                text: String::new(),
                error: Some(error),
                retry_after: None,
                latency,
            },
        }
    }

    async fn exchange(
        &self,
        sending: Sending<'_>,
    ) -> Result<(u16, String, Option<Duration>), String> {
        // The rules may be stricter than when the endpoint was made; and an address without a name is never looked up.
        let url = target::parse(sending.url, &self.rules)?;
        let mut response = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", sending.id.to_string())
            .header("webhook-timestamp", sending.at.unix().to_string())
            .header("webhook-signature", sending.signature)
            .body(sending.body)
            .send()
            .await
            .map_err(|error| in_words(&error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let mut bytes = Vec::new();
        // An answer that breaks off has been given all the same.
        while bytes.len() < ANSWER
            && let Ok(Some(chunk)) = response.chunk().await
        {
            bytes.extend_from_slice(&chunk);
        }
        bytes.truncate(ANSWER);
        let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
        Ok((status, text, retry_after))
    }
}

/// The innermost cause says it best. None of it names the address, which stands beside it.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "No answer in time.".to_owned();
    }
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "The request failed.".to_owned(), ToString::to_string)
}

/// Looks names up and gives away only what may be reached: the connection is made to what was checked, so that a name cannot mean something else
/// a moment later.
struct Guarded {
    rules: Rules,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.rules.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let checked: Addrs = Box::new(check(found.collect(), &rules)?.into_iter());
            Ok(checked)
        })
    }
}

/// One bad address spoils the name: whoever mixes them means no good.
fn check(found: Vec<SocketAddr>, rules: &Rules) -> Result<Vec<SocketAddr>, Refused> {
    if found.is_empty() {
        return Err(Refused("The name has no address."));
    }
    if found
        .iter()
        .all(|address| may_reach(address.ip(), &rules.networks))
    {
        Ok(found)
    } else {
        Err(Refused("The name leads to an address that is not public."))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_private_address_spoils_the_name() {
        let rules = Rules {
            http: false,
            ports: vec![],
            networks: vec![],
        };
        let checked = |addresses: &[&str]| {
            let found = addresses.iter().map(|text| text.parse().unwrap());
            check(found.collect(), &rules).is_ok()
        };
        assert!(checked(&["1.1.1.1:0", "[2606:4700:4700::1111]:0"]));
        assert!(!checked(&["1.1.1.1:0", "127.0.0.1:0"]));
        assert!(!checked(&["[::ffff:10.0.0.1]:0"]));
        assert!(!checked(&[]));
    }
}
