//! What the panel knows of the system around it: looked at in the background every few seconds, so that no page waits for a service that does not answer.

use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use primitives::{Currency, Timestamp};

use crate::clients::broker::{Depths, Standing};
use crate::store::analytics_pages::Ranked;

/// What was seen longer ago says nothing any more.
pub(crate) const FRESH: Duration = Duration::from_secs(30);

/// How a service says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    /// It answers, and says that it cannot work.
    Unready,
    /// Nobody answers there.
    Away,
    /// No answer in time, or not looked at yet.
    Unknown,
}

impl State {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unready => "not ready",
            Self::Away => "not reachable",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) const fn tone(self) -> &'static str {
        match self {
            Self::Ready => "good",
            Self::Unready | Self::Away => "bad",
            Self::Unknown => "",
        }
    }
}

/// A service, and what of it does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) service: &'static str,
    pub(crate) state: State,
    pub(crate) broken: Vec<String>,
}

/// Events that a service has not told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outbox {
    pub(crate) service: &'static str,
    pub(crate) since: Option<Timestamp>,
    /// At most [`crate::read::events::COUNTED`].
    pub(crate) waiting: i64,
}

/// The last comparison with the payment provider.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Reconciliation {
    pub(crate) status: String,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) healed: i32,
    pub(crate) raised: i32,
}

/// All of the system at one moment.
#[derive(Debug, Default)]
pub(crate) struct System {
    pub(crate) at: Option<Timestamp>,
    pub(crate) services: Vec<Health>,
    pub(crate) outboxes: Vec<Outbox>,
    /// Nothing if the broker does not answer.
    pub(crate) broker: Option<Standing>,
    pub(crate) reconciliation: Option<Reconciliation>,
}

impl System {
    /// Whether it was seen just now.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.at.is_some_and(|at| now.since(at) <= FRESH)
    }

    /// How many messages lie at the broker; nothing if it does not answer.
    pub(crate) fn depths(&self) -> Option<Depths> {
        self.broker.as_ref().map(Standing::depths)
    }

    /// Whether somebody would read something else.
    fn differs(&self, other: &Self) -> bool {
        self.services != other.services
            || self.depths() != other.depths()
            || self.reconciliation != other.reconciliation
    }
}

/// A row of a ranking, with its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) row: Ranked,
}

/// What sells best, what sells less, and what took something off, of some days.
#[derive(Debug, Clone)]
pub(crate) struct Ranks {
    pub(crate) currency: Currency,
    pub(crate) days: u16,
    pub(crate) top: Vec<Named>,
    pub(crate) falling: Vec<Named>,
    pub(crate) offers: Vec<Named>,
}

#[derive(Default)]
struct Seen {
    system: Arc<System>,
    ranks: Arc<Vec<Ranks>>,
    /// Grows with what one would see.
    edition: u64,
}

/// What was seen last, in this process.
#[derive(Default)]
pub(crate) struct Board(RwLock<Seen>);

impl Board {
    pub(crate) fn system(&self) -> Arc<System> {
        Arc::clone(&self.read(|seen| Arc::clone(&seen.system)))
    }

    /// Nothing until they are made.
    pub(crate) fn ranks(&self, currency: Currency, days: u16) -> Option<Ranks> {
        let all = self.read(|seen| Arc::clone(&seen.ranks));
        let found = all
            .iter()
            .find(|ranks| ranks.currency == currency && ranks.days == days);
        found.cloned()
    }

    pub(crate) fn edition(&self) -> u64 {
        self.read(|seen| seen.edition)
    }

    pub(crate) fn put_system(&self, system: System) {
        self.write(|seen| {
            seen.edition += u64::from(system.differs(&seen.system));
            seen.system = Arc::new(system);
        });
    }

    pub(crate) fn put_ranks(&self, ranks: Vec<Ranks>) {
        self.write(|seen| {
            seen.edition += 1;
            seen.ranks = Arc::new(ranks);
        });
    }

    fn read<T>(&self, f: impl FnOnce(&Seen) -> T) -> T {
        f(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, f: impl FnOnce(&mut Seen)) {
        f(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Pages that bring themselves up to date, by the word in which the database tells of news on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PanelPage {
    /// The first one.
    Home,
}

impl FromStr for PanelPage {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "home" => Ok(Self::Home),
            _ => Err(()),
        }
    }
}
