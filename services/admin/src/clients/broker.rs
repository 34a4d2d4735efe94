//! RabbitMQ's management API.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Asks the broker about its queues.
pub(crate) struct Broker {
    http: reqwest::Client,
    url: SecretString,
}

#[derive(Deserialize)]
struct Queue {
    name: String,
    #[serde(default)]
    messages: i64,
}

impl Broker {
    pub(crate) fn new(url: &SecretString) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(1))
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            url: url.clone(),
        })
    }

    /// How many messages lie in dead-letter queues; `None` when the broker does not answer, which must not stop a page.
    pub(crate) async fn dead_letters(&self) -> Option<i64> {
        let url = format!(
            "{}/api/queues?columns=name,messages",
            self.url.expose_secret().trim_end_matches('/')
        );
        let answer = async {
            self.http
                .get(url)
                .send()
                .await?
                .error_for_status()?
                .json::<Vec<Queue>>()
                .await
        }
        .await;
        match answer {
            Ok(queues) => Some(
                queues
                    .iter()
                    .filter(|queue| queue.name.ends_with(".dead"))
                    .map(|queue| queue.messages)
                    .sum(),
            ),
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the broker's management API does not answer");
                None
            }
        }
    }
}
