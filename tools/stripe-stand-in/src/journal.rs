//! The state on disk: a line of JSON for each object that changed, the last one holding.
//!
//! Writing what changed costs the same however much there is already; a start rewrites the file without what was
//! overtaken. A line that cannot be read, such as one that a crash tore, is left out.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;

use crate::idempotency::Saved;
use crate::model::balance::BalanceTransaction;
use crate::model::charge::Charge;
use crate::model::customer::Customer;
use crate::model::dispute::Dispute;
use crate::model::event::Event;
use crate::model::intent::Intent;
use crate::model::payment_method::SavedCard;
use crate::model::refund::Refund;
use crate::model::session::Session;
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Intent(Intent),
    Charge(Charge),
    Refund(Refund),
    Customer(Customer),
    SavedCard(SavedCard),
    Session(Session),
    Dispute(Dispute),
    Balance(BalanceTransaction),
    Event(Event),
    Key(String, Saved),
    Forget,
}

/// The same, of what is only looked at.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Intent(&'a Intent),
    Charge(&'a Charge),
    Refund(&'a Refund),
    Customer(&'a Customer),
    SavedCard(&'a SavedCard),
    Session(&'a Session),
    Dispute(&'a Dispute),
    Balance(&'a BalanceTransaction),
    Event(&'a Event),
    Key(&'a str, &'a Saved),
    Forget,
}

/// A journal file that is open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: tokio::fs::File,
}

impl Journal {
    /// Reads the state that `path` holds, if it exists, and rewrites it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub async fn open(path: &Path) -> std::io::Result<(Self, World)> {
        let text = match tokio::fs::read_to_string(path).await {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut world = World::default();
        for (number, line) in text.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(entry) => apply(&mut world, entry),
                Err(error) => {
                    tracing::warn!(line = number + 1, %error, "a line of the state is left out");
                }
            }
        }
        world.touch_all();
        let draft = path.with_extension("draft");
        tokio::fs::write(&draft, changes(&mut world)).await?;
        tokio::fs::rename(&draft, path).await?;
        let file = tokio::fs::OpenOptions::new()
            .append(true)
            .open(path)
            .await?;
        let path = path.to_owned();
        Ok((Self { path, file }, world))
    }

    /// Appends what [`changes`] gave.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn append(&mut self, changes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(changes).await?;
        self.file.flush().await
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What changed in the world since the last call, as lines.
#[must_use]
pub fn changes(world: &mut World) -> Vec<u8> {
    let mut text = Vec::new();
    let mut line = |line: Line<'_>| {
        // Nothing of ours fails to become JSON, and writing into memory does not fail.
        if serde_json::to_writer(&mut text, &line).is_ok() {
            text.push(b'\n');
        }
    };
    if std::mem::take(&mut world.forgotten) {
        line(Line::Forget);
    }
    world
        .intents
        .take_changed()
        .for_each(|row| line(Line::Intent(row)));
    world
        .charges
        .take_changed()
        .for_each(|row| line(Line::Charge(row)));
    world
        .refunds
        .take_changed()
        .for_each(|row| line(Line::Refund(row)));
    world
        .customers
        .take_changed()
        .for_each(|row| line(Line::Customer(row)));
    world
        .saved_cards
        .take_changed()
        .for_each(|row| line(Line::SavedCard(row)));
    world
        .sessions
        .take_changed()
        .for_each(|row| line(Line::Session(row)));
    world
        .disputes
        .take_changed()
        .for_each(|row| line(Line::Dispute(row)));
    world
        .balance
        .take_changed()
        .for_each(|row| line(Line::Balance(row)));
    world
        .events
        .take_changed()
        .for_each(|row| line(Line::Event(row)));
    world
        .keys
        .take_changed()
        .for_each(|(key, saved)| line(Line::Key(key, saved)));
    text
}

fn apply(world: &mut World, entry: Entry) {
    match entry {
        Entry::Intent(row) => world.intents.put(row),
        Entry::Charge(row) => world.charges.put(row),
        Entry::Refund(row) => world.refunds.put(row),
        Entry::Customer(row) => world.customers.put(row),
        Entry::SavedCard(row) => world.saved_cards.put(row),
        Entry::Session(row) => world.sessions.put(row),
        Entry::Dispute(row) => world.disputes.put(row),
        Entry::Balance(row) => world.balance.put(row),
        Entry::Event(row) => world.events.put(row),
        Entry::Key(key, saved) => world.keys.restore(key, saved),
        Entry::Forget => *world = World::default(),
    }
}
