//! What staff do with events that could not be processed. Each act is written into the audit log before it is done, and what came of it after.
//! Payloads stay out of the log, which keeps all for ever: they hold people's addresses.

use std::time::Duration;

use messaging::dead_letters::{BrokerError, DeadLetter, DeadLetters, Fate, Tally};
use serde_json::json;

use super::audit::{self, entry};
use crate::app::AppState;
use crate::domain::dead_letters::{Letter, mark};
use crate::error::{PageError, Result};
use crate::session::Session;
use crate::store::audit::{ASKED, DONE};

/// So many letters of a queue are within reach at a time.
pub(crate) const REACH: u32 = 1000;
/// A page should rather say that the broker does not answer than wait for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// However many there are.
const WORK: Duration = Duration::from_secs(20);

/// Connects to the broker.
pub(crate) async fn open(app: &AppState) -> Result<DeadLetters> {
    let opened = tokio::time::timeout(PATIENCE, DeadLetters::open(&app.amqp_url)).await;
    let why = match opened {
        Ok(Ok(letters)) => return Ok(letters),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(why, "the broker does not answer");
    Err(away())
}

fn away() -> PageError {
    PageError::away(
        "The broker does not answer. Dead letters stay where they are; try again in a moment.",
    )
}

/// Goes through a queue, alone in this process.
async fn walk(
    app: &AppState,
    letters: &DeadLetters,
    queue: &str,
    most: u32,
    decide: impl FnMut(&DeadLetter) -> (Fate, bool) + Send,
) -> Tally {
    let _alone = app.dead_letters.lock().await;
    letters.go_through(queue, most, WORK, decide).await
}

/// The oldest letters of a queue.
pub(crate) async fn oldest(
    app: &AppState,
    letters: &DeadLetters,
    queue: &str,
    most: u32,
) -> Result<Vec<Letter>> {
    let mut found = Vec::new();
    let tally = walk(app, letters, queue, most, |letter| {
        found.push(Letter::read(letter));
        (Fate::Keep, false)
    })
    .await;
    match tally.error {
        Some(error) => {
            tracing::warn!(%error, queue, "dead letters cannot be read");
            Err(away())
        }
        None => Ok(found),
    }
}

/// One of them, with all that is in it.
pub(crate) async fn find(
    app: &AppState,
    letters: &DeadLetters,
    queue: &str,
    wanted: &str,
) -> Result<(Letter, DeadLetter)> {
    let mut found = None;
    let tally = walk(app, letters, queue, REACH, |letter| {
        let is_it = mark(letter) == wanted;
        if is_it {
            found = Some(letter.clone());
        }
        (Fate::Keep, is_it)
    })
    .await;
    match (found, tally.error) {
        (Some(letter), _) => Ok((Letter::read(&letter), letter)),
        (None, Some(error)) => {
            tracing::warn!(%error, queue, "a dead letter cannot be read");
            Err(away())
        }
        (None, None) => Err(gone()),
    }
}

/// Somebody else was faster, or has it in their hands.
fn gone() -> PageError {
    PageError::gone(
        "This event does not lie here any more: somebody put it back or dropped it, or looks at it this very moment. Go back and look again.",
    )
}

/// Puts a letter back into its queue.
pub(crate) async fn requeue(
    app: &AppState,
    session: &Session,
    queue: &str,
    wanted: &str,
) -> Result<()> {
    one(app, session, queue, wanted, Fate::Requeue, None).await
}

/// Drops a letter for good.
pub(crate) async fn drop(
    app: &AppState,
    session: &Session,
    queue: &str,
    wanted: &str,
    reason: &str,
) -> Result<()> {
    session.check_fresh(app.clock.now())?;
    one(app, session, queue, wanted, Fate::Drop, Some(reason)).await
}

async fn one(
    app: &AppState,
    session: &Session,
    queue: &str,
    wanted: &str,
    fate: Fate,
    reason: Option<&str>,
) -> Result<()> {
    let letters = open(app).await?;
    let (letter, _) = find(app, &letters, queue, wanted).await?;
    let mut details = json!({ "queue": queue, "type": letter.kind, "subject": letter.subject, "died_of": letter.reason });
    if let Some(reason) = reason {
        details["reason"] = reason.into();
    }
    let action = match fate {
        Fate::Drop => "dead_letter.drop",
        _ => "dead_letter.requeue",
    };
    let target = format!("event:{}", letter.event_id);
    let asked = entry(app, session.actor(), action, &target, ASKED, details);
    audit::write(app, &asked).await?;
    let mut left = true;
    let tally = walk(app, &letters, queue, REACH, |letter| {
        // Once: the very same may lie there twice.
        if left && mark(letter) == wanted {
            left = false;
            (fate, true)
        } else {
            (Fate::Keep, false)
        }
    })
    .await;
    letters.close().await;
    let outcome = match &tally {
        Tally { error: Some(_), .. } => "unavailable",
        Tally { refused: 1.., .. } => "refused",
        Tally {
            requeued: 0,
            dropped: 0,
            ..
        } => "not_found",
        _ => DONE,
    };
    let came = entry(app, asked.actor, action, &target, outcome, asked.details);
    audit::write_outcome(app, &came).await;
    match (outcome, tally.error) {
        (DONE, _) => Ok(()),
        ("refused", _) => Err(refused()),
        ("not_found", _) => Err(gone()),
        (_, error) => Err(uncertain(error)),
    }
}

/// What went back into its queue.
pub(crate) enum WentBack {
    Nothing,
    /// All that lay there.
    All,
    /// As many as are within [`REACH`]: there are more.
    Part,
}

/// Puts all letters back that lie in a queue now, as far as they are within reach. What dies again meanwhile stays.
pub(crate) async fn requeue_all(
    app: &AppState,
    session: &Session,
    queue: &str,
) -> Result<WentBack> {
    let letters = open(app).await?;
    // Before they are counted: what others of this process have in their hands would not be.
    let _alone = app.dead_letters.lock().await;
    let count = letters.counts(&[queue.to_owned()]).await;
    let count = count.map_err(|error| uncertain(Some(error)))?;
    let count = count.first().copied().flatten().unwrap_or(0);
    if count == 0 {
        return Ok(WentBack::Nothing);
    }
    let most = count.min(REACH);
    let target = format!("queue:{queue}");
    let action = "dead_letter.requeue_all";
    let details = json!({ "queue": queue, "events": most });
    let asked = entry(app, session.actor(), action, &target, ASKED, details);
    audit::write(app, &asked).await?;
    let all = |_: &DeadLetter| (Fate::Requeue, false);
    let tally = letters.go_through(queue, most, WORK, all).await;
    letters.close().await;
    let outcome = match &tally {
        Tally { error: Some(_), .. } => "unavailable",
        Tally { refused: 1.., .. } => "refused",
        _ => DONE,
    };
    let details = json!({ "queue": queue, "requeued": tally.requeued, "refused": tally.refused });
    let came = entry(app, asked.actor, action, &target, outcome, details);
    audit::write_outcome(app, &came).await;
    match tally {
        Tally {
            error: Some(error), ..
        } => Err(uncertain(Some(error))),
        Tally { refused: 1.., .. } => Err(refused()),
        Tally { requeued: 0, .. } => Ok(WentBack::Nothing),
        Tally {
            requeued: REACH.., ..
        } if count > REACH => Ok(WentBack::Part),
        _ => Ok(WentBack::All),
    }
}

fn refused() -> PageError {
    PageError::invalid(
        "The broker did not take what should go back: the queue is not there or full. What it did not take stays here.",
    )
}

fn uncertain(error: Option<BrokerError>) -> PageError {
    let why = error.map(|error| error.to_string()).unwrap_or_default();
    tracing::warn!(
        why,
        "the broker went away while dead letters were in our hands"
    );
    PageError::away(
        "The broker went away meanwhile. Nothing is lost; look at what still lies here before you try again. An event that went back twice is applied once.",
    )
}
