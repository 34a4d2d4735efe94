//! Sends the mails that are due.

use std::time::Duration;

use contracts::events::Mail;
use futures::StreamExt as _;
use primitives::Clock;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::mail::{Failure, Postbox};
use crate::store::mails::{self, Claimed};

/// How many mails are taken, and sent side by side, at a time.
const BATCH: usize = 8;
/// Longer than a batch can take: each mail has [`TIMEOUT`], and then a row is updated.
const LEASE: Duration = Duration::from_secs(120);
const TIMEOUT: Duration = Duration::from_secs(20);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// New mails wake the sender; this finds those that are due again, and those whose wake-up was lost.
const POLL: Duration = Duration::from_secs(2);

/// The job that sends.
pub(crate) struct Sender {
    pub(crate) pool: PgPool,
    pub(crate) postbox: Postbox,
    pub(crate) clock: Clock,
    pub(crate) max_attempts: i32,
    pub(crate) first_wait: Duration,
}

impl Sender {
    /// Sends until `shutdown`; a batch that was begun is finished.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let new = Notify::new();
        tokio::select! {
            () = self.work(&new, &shutdown) => {}
            () = listen(&self.pool, &new) => {}
        }
    }

    async fn work(&self, new: &Notify, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.batch().await {
                Ok(BATCH) => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    error = format!("{error:#}"),
                    "cannot look for mails to send"
                ),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = new.notified() => {}
                () = tokio::time::sleep(POLL.min(self.first_wait)) => {}
            }
        }
    }

    async fn batch(&self) -> anyhow::Result<usize> {
        let claimed =
            mails::claim(&self.pool, i64::try_from(BATCH)?, self.clock.now(), LEASE).await?;
        let count = claimed.len();
        futures::stream::iter(claimed)
            .for_each_concurrent(None, async |mail| {
                let span = tracing::info_span!("send mail", id = %mail.id, template = mail.template, attempt = mail.attempts);
                runtime::trace::set_parent(&span, mail.traceparent.as_deref());
                if let Err(error) = self.one(&mail).instrument(span).await {
                    // The lease runs out, and it is tried again: with the same Message-ID, in case it had been taken.
                    tracing::error!(id = %mail.id, error = format!("{error:#}"), "cannot note what became of a mail");
                }
            })
            .await;
        Ok(count)
    }

    async fn one(&self, mail: &Claimed) -> anyhow::Result<()> {
        let template = mail.template.clone();
        let failure = match self.send(mail).await {
            Ok(()) => {
                metrics::counter!("mails_total", "template" => template, "outcome" => "sent")
                    .increment(1);
                tracing::info!("sent");
                return mails::finish(&self.pool, mail.id, None, self.clock.now()).await;
            }
            Err(failure) => failure,
        };
        let now = self.clock.now();
        match failure {
            Failure::ForNow(error) if mail.attempts < self.max_attempts => {
                metrics::counter!("mails_total", "template" => template, "outcome" => "put_off")
                    .increment(1);
                tracing::warn!(error = without_addresses(&error), "put off");
                mails::put_off(
                    &self.pool,
                    mail.id,
                    now + wait(self.first_wait, mail.attempts),
                    &error,
                )
                .await
            }
            Failure::ForNow(error) | Failure::ForEver(error) => {
                metrics::counter!("mails_total", "template" => template, "outcome" => "failed")
                    .increment(1);
                tracing::error!(error = without_addresses(&error), "failed");
                mails::finish(&self.pool, mail.id, Some(&error), now).await
            }
        }
    }

    async fn send(&self, mail: &Claimed) -> Result<(), Failure> {
        let content: Mail = serde_json::from_value(mail.content.clone())
            .map_err(|error| Failure::ForEver(format!("unreadable: {error}")))?;
        let sending = self
            .postbox
            .send(mail.id, &mail.recipient, &mail.subject, &content);
        tokio::time::timeout(TIMEOUT, sending)
            .await
            .unwrap_or_else(|_| Err(Failure::ForNow(format!("not taken within {TIMEOUT:?}"))))
    }
}

/// Passes on the database's word that there are new mails.
async fn listen(pool: &PgPool, new: &Notify) {
    loop {
        let listening = async {
            let mut listener = runtime::pg::listen(pool, mails::CHANNEL).await?;
            loop {
                listener.recv().await?;
                new.notify_one();
            }
        };
        let ended: sqlx::Result<()> = listening.await;
        if let Err(error) = ended {
            tracing::debug!(%error, "not listening for new mails; polling goes on");
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Doubles with every attempt, up to an hour.
fn wait(first: Duration, attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
    first.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// Servers like to quote the recipient, whom the log is not to know.
fn without_addresses(text: &str) -> String {
    text.split(' ')
        .map(|word| if word.contains('@') { "…" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<_> = [1, 2, 3, 10, 11, 100]
            .map(|attempts| wait(Duration::from_secs(5), attempts).as_secs())
            .into();
        assert_eq!(waits, [5, 10, 20, 2560, 3600, 3600]);
    }

    #[test]
    fn the_log_knows_no_addresses() {
        assert_eq!(
            without_addresses("550 <a@b.example> is unknown"),
            "550 … is unknown"
        );
    }
}
