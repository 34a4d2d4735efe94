//! How the other services are, as they say themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use serde::Deserialize;

use crate::board::{Health, State};

/// Whoever takes longer is not known to be well.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks services how they are.
pub(crate) struct Probe {
    http: reqwest::Client,
    /// Each with the address of its internal API.
    services: Vec<(&'static str, String)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    checks: BTreeMap<String, bool>,
}

impl Probe {
    pub(crate) fn new(services: &[(&'static str, &str)]) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let services = services
            .iter()
            .map(|(name, url)| (*name, format!("{}/health/ready", url.trim_end_matches('/'))))
            .collect();
        Ok(Self { http, services })
    }

    /// All at once.
    pub(crate) async fn all(&self) -> Vec<Health> {
        join_all(self.services.iter().map(|(service, url)| async move {
            let (state, broken) = self.one(url).await;
            Health {
                service,
                state,
                broken,
            }
        }))
        .await
    }

    async fn one(&self, url: &str) -> (State, Vec<String>) {
        let answer = match self.http.get(url).send().await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => return (State::Unknown, Vec::new()),
            Err(_) => return (State::Away, Vec::new()),
        };
        if answer.status().is_success() {
            return (State::Ready, Vec::new());
        }
        let checks = answer.json::<Answer>().await.unwrap_or_default().checks;
        let broken = checks.into_iter().filter(|(_, works)| !works);
        (State::Unready, broken.map(|(name, _)| name).collect())
    }
}
