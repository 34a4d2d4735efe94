//! The queues in which buyers of the same thing wait.
//!
//! Everybody who wants a unit of one variant changes one row, and PostgreSQL lets one transaction after the other do that: many
//! at once only wait for each other, each with a connection of its own. So those of this process queue here instead. While a
//! transaction runs, who comes joins the queue; when it is done, all who wait are served by the next one, with as many statements
//! as for one of them. Who finds no queue is served at once.
//!
//! The work is done in a task of the queue's own, so that no caller who goes away takes the others' answers along. A task that ends
//! badly drops whom it has not answered: they go alone. Nothing is kept here that matters: each order is idempotent by its id.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use primitives::VariantId;
use runtime::sql_stats::{self, SqlStats};
use tokio::sync::oneshot;

use super::reservations::{Answer, Request, hold_all};
use crate::app::Context;

/// All queues of this process.
#[derive(Clone)]
pub(crate) struct Queues {
    /// A variant is here while a task serves it.
    waiting: Arc<Mutex<HashMap<VariantId, VecDeque<Caller>>>>,
    at_once: usize,
}

struct Caller {
    request: Request,
    answer: oneshot::Sender<(Answer, SqlStats)>,
}

impl Queues {
    /// Queues of which at most so many are served at once; with 1 there are none.
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            waiting: Arc::default(),
            at_once,
        }
    }

    /// Waits for an answer; none if this order does not queue, or if it fell out unanswered.
    pub(crate) async fn wait(&self, cx: &Context, request: &Request) -> Option<Answer> {
        let [only] = request.demands.as_slice() else {
            return None;
        };
        if self.at_once < 2 {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        let caller = Caller {
            request: request.clone(),
            answer: sender,
        };
        if let Some(queue) = self.join(only.variant_id, caller) {
            tokio::spawn(queue.serve(cx.clone()));
        }
        let (answer, stats) = answer.await.ok()?;
        sql_stats::credit(stats);
        Some(answer)
    }

    /// Joins a variant's queue; answers it if it is new and wants to be served.
    fn join(&self, variant: VariantId, caller: Caller) -> Option<Queue> {
        let mut all = self.lock();
        if let Some(waiting) = all.get_mut(&variant) {
            waiting.push_back(caller);
            return None;
        }
        all.insert(variant, VecDeque::from([caller]));
        Some(Queue {
            queues: self.clone(),
            variant,
            over: false,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<VariantId, VecDeque<Caller>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One queue, for as long as anybody waits in it.
struct Queue {
    queues: Queues,
    variant: VariantId,
    /// The next who comes begins a new one.
    over: bool,
}

impl Queue {
    async fn serve(mut self, cx: Context) {
        while let Some(callers) = self.next() {
            let requests: Vec<Request> = callers
                .iter()
                .map(|caller| caller.request.clone())
                .collect();
            metrics::histogram!("reservations_served_at_once").record(requests.len() as f64);
            let (answers, stats) = sql_stats::scope(hold_all(&cx, &requests)).await;
            match answers {
                Ok(answers) => {
                    for (caller, answer) in callers.into_iter().zip(answers) {
                        // Who went away needs no answer.
                        let _ = caller.answer.send((answer, stats));
                    }
                }
                Err(error) => alone(callers, error, stats),
            }
        }
    }

    /// The next callers to be served at once: each order once, because its repetition waits for its answer. None ends the queue.
    fn next(&mut self) -> Option<Vec<Caller>> {
        let mut all = self.queues.lock();
        let waiting = all.get_mut(&self.variant)?;
        let (mut seen, mut next, mut later) = (BTreeSet::new(), Vec::new(), VecDeque::new());
        for caller in waiting.drain(..) {
            if caller.answer.is_closed() {
                continue;
            }
            if next.len() < self.queues.at_once && seen.insert(caller.request.order) {
                next.push(caller);
            } else {
                later.push_back(caller);
            }
        }
        *waiting = later;
        if next.is_empty() {
            all.remove(&self.variant);
            self.over = true;
            return None;
        }
        Some(next)
    }
}

/// A task that ends before its queue leaves nobody waiting.
impl Drop for Queue {
    fn drop(&mut self) {
        if !self.over {
            self.queues.lock().remove(&self.variant);
        }
    }
}

/// Those of a group that failed are dropped, which sends each to try alone; who was alone has the error.
fn alone(callers: Vec<Caller>, error: sqlx::Error, stats: SqlStats) {
    let orders = callers.len();
    match <[Caller; 1]>::try_from(callers) {
        Ok([only]) => drop(only.answer.send((Err(error.into()), stats))),
        Err(_) => {
            tracing::warn!(%error, orders, "orders could not be served at once; each tries alone")
        }
    }
}
