//! Of all who want the same at once, one loads it, and the others wait. Who loads does so in its own task; if it goes away, the next
//! takes over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::MutexGuard;

type Open = Arc<Mutex<HashMap<String, Arc<State>>>>;

/// What is being loaded.
#[derive(Debug, Default)]
pub(super) struct Flights(Open);

#[derive(Debug, Default)]
struct State {
    /// How many want it; changed only while the table is locked.
    wanted: AtomicUsize,
    loading: tokio::sync::Mutex<()>,
    /// Whoever waited for it hears so at once, instead of trying one after the other.
    failed: AtomicBool,
    /// There is nothing to share: everybody for himself.
    scattered: AtomicBool,
}

/// A place among those who want the same.
#[derive(Debug)]
pub(super) struct Flight {
    state: Arc<State>,
    key: String,
    open: Open,
}

/// It is this one's turn to load, alone.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    state: &'a State,
    _alone: Option<MutexGuard<'a, ()>>,
}

impl Flights {
    pub(super) fn join(&self, key: &str) -> Flight {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match open.get(key) {
            Some(state) => Arc::clone(state),
            None => {
                let state = Arc::<State>::default();
                open.insert(key.to_owned(), Arc::clone(&state));
                state
            }
        };
        state.wanted.fetch_add(1, Ordering::Relaxed);
        Flight {
            state,
            key: key.to_owned(),
            open: Arc::clone(&self.0),
        }
    }
}

impl Flight {
    /// Waits for its turn. None if who loaded meanwhile has failed.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        let waits = self.state.loading.try_lock().is_err();
        let mut alone = Some(self.state.loading.lock().await);
        if waits && self.state.failed.load(Ordering::Relaxed) {
            return None;
        }
        if self.state.scattered.load(Ordering::Relaxed) {
            alone = None;
        }
        Some(Turn {
            state: &self.state,
            _alone: alone,
        })
    }
}

impl Turn<'_> {
    pub(super) fn failed(&self) {
        self.state.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn scatter(&self) {
        self.state.scattered.store(true, Ordering::Relaxed);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.state.wanted.fetch_sub(1, Ordering::Relaxed) == 1;
        let ended = last || self.state.failed.load(Ordering::Relaxed);
        if ended
            && open
                .get(&self.key)
                .is_some_and(|own| Arc::ptr_eq(own, &self.state))
        {
            open.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waited_for_a_failure_hears_of_it_and_the_next_tries_again() {
        let flights = Flights::default();
        {
            let (first, second) = (flights.join("a"), flights.join("a"));
            let turn = first.turn().await.unwrap();
            let mut waiting = Box::pin(second.turn());
            assert!(futures::poll!(&mut waiting).is_pending());
            turn.failed();
            drop(turn);
            assert!(waiting.await.is_none());
        }
        assert!(flights.join("a").turn().await.is_some());
        assert!(flights.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_turn_to_the_next() {
        let flights = Flights::default();
        {
            let (first, second) = (flights.join("a"), flights.join("a"));
            let turn = first.turn().await;
            drop(turn);
            drop(first);
            assert!(second.turn().await.is_some());
        }
        assert!(flights.0.lock().unwrap().is_empty());
    }
}
