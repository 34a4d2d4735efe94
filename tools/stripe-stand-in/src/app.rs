//! What the handlers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::mpsc;

use crate::faults::Faults;
use crate::journal;
use crate::settings::Settings;
use crate::webhooks::Deliveries;
use crate::world::World;

/// One request that was served, for tests that count.
#[derive(Clone, Debug, Serialize)]
pub struct Served {
    /// `req_…`
    pub id: String,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The idempotency key.
    pub idempotency_key: Option<String>,
    /// Whether a kept answer was given.
    pub replayed: bool,
    /// The status answered.
    pub status: u16,
}

/// Handle to the one stand-in of this process part.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    world: Mutex<World>,
    faults: Faults,
    deliveries: Deliveries,
    served: Mutex<Vec<Served>>,
    events: mpsc::UnboundedSender<String>,
}

impl App {
    /// A stand-in with that state; ids of new events go to `events`.
    #[must_use]
    pub fn new(settings: Settings, world: World, events: mpsc::UnboundedSender<String>) -> Self {
        Self(Arc::new(Inner {
            settings,
            world: Mutex::new(world),
            faults: Faults::default(),
            deliveries: Deliveries::default(),
            served: Mutex::default(),
            events,
        }))
    }

    /// What it was told at its start.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The faults asked for.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The webhooks sent and to be sent.
    #[must_use]
    pub fn deliveries(&self) -> &Deliveries {
        &self.0.deliveries
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the world.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world())
    }

    /// Changes the world, then hands its new events to the webhook sender.
    pub fn change<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        let (result, fresh) = {
            let mut world = self.world();
            let result = work(&mut world);
            world.request = (None, None);
            (result, std::mem::take(&mut world.fresh_events))
        };
        for event in fresh {
            // The sender ends only with the process.
            let _ = self.0.events.send(event);
        }
        result
    }

    /// What changed since the last call, as lines for the journal.
    #[must_use]
    pub fn take_changes(&self) -> Vec<u8> {
        journal::changes(&mut self.world())
    }

    /// Remembers a served request.
    pub fn note(&self, served: Served) {
        self.0
            .served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(served);
    }

    /// All served requests, oldest first.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        self.0
            .served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
