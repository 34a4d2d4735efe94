use std::time::Duration;

use contracts::events::{Envelope, Event as _, SettingsChanged};
use messaging::watch::{self, Signal};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::Shop;

/// How soon a read that failed is tried again: the environment's values hold so long.
const AGAIN: Duration = Duration::from_secs(1);

impl Shop {
    /// Learns all changes until `shutdown`. `read` asks the owner for what holds.
    pub async fn follow<F, Fut>(self, amqp_url: SecretString, shutdown: CancellationToken, read: F)
    where
        F: Fn() -> Fut + Send,
        Fut: Future<Output = anyhow::Result<SettingsChanged>> + Send,
    {
        let (tell, told) = mpsc::unbounded_channel();
        let types = [SettingsChanged::TYPE];
        let hear = watch::run("settings", &types, amqp_url, shutdown, |signal| {
            // The other end lives as long as this.
            let _ = tell.send(signal);
        });
        tokio::select! {
            () = hear => {}
            () = self.apply(told, read) => {}
        }
    }

    async fn apply<F, Fut>(&self, mut told: mpsc::UnboundedReceiver<Signal>, read: F)
    where
        F: Fn() -> Fut + Send,
        Fut: Future<Output = anyhow::Result<SettingsChanged>> + Send,
    {
        // The broker may be away when this process starts.
        let mut due = Some(Instant::now());
        loop {
            let signal = tokio::select! {
                signal = told.recv() => signal,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    due = match read().await {
                        Ok(news) => {
                            self.learn(news);
                            None
                        }
                        Err(error) => {
                            tracing::warn!(error = format!("{error:#}"), "the shop's settings cannot be read yet");
                            Some(Instant::now() + AGAIN)
                        }
                    };
                    continue;
                }
            };
            match signal {
                None => return,
                // What was published before may have been missed.
                Some(Signal::Begins) => due = Some(Instant::now()),
                Some(Signal::Event(event)) => self.hear(*event),
                Some(Signal::Complete(_)) => {}
            }
        }
    }

    fn hear(&self, event: Envelope<Value>) {
        match serde_json::from_value(event.data) {
            Ok(news) => self.learn(news),
            Err(error) => tracing::error!(%error, "a change of the shop's settings cannot be read"),
        }
    }
}
