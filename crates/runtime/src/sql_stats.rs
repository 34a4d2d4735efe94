//! How many SQL statements a piece of work makes, and how long they take.
//!
//! sqlx tells of each statement in an event of the target `sqlx::query`; [`layer`] adds it to the counter of the current
//! [`scope`]. Statements made in a spawned task are not the scope's.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// What a piece of work asked of the database. `BEGIN`, `COMMIT` and `ROLLBACK` are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqlStats {
    /// Number of statements.
    pub statements: u64,
    /// Time spent on them.
    pub elapsed: Duration,
}

tokio::task_local! {
    static CURRENT: Cell<SqlStats>;
}

/// Runs `work` and counts its statements.
pub async fn scope<F: Future>(work: F) -> (F::Output, SqlStats) {
    CURRENT
        .scope(Cell::default(), async {
            let output = work.await;
            (output, CURRENT.with(Cell::get))
        })
        .await
}

/// What the current scope has counted so far; zero outside a scope.
pub fn current() -> SqlStats {
    CURRENT.try_with(Cell::get).unwrap_or_default()
}

/// Adds what was counted elsewhere for the current scope's sake, such as in a task that works for several requests.
pub fn credit(stats: SqlStats) {
    let _ = CURRENT.try_with(|current| {
        let so_far = current.get();
        current.set(SqlStats {
            statements: so_far.statements + stats.statements,
            elapsed: so_far.elapsed + stats.elapsed,
        });
    });
}

/// The part of the tracing subscriber that counts.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    Counter.with_filter(Targets::new().with_target("sqlx::query", LevelFilter::DEBUG))
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut elapsed = Elapsed(0.0);
        event.record(&mut elapsed);
        let seconds = Duration::try_from_secs_f64(elapsed.0).unwrap_or_default();
        metrics::histogram!("sql_statement_seconds").record(seconds);
        // Outside a scope nobody asks.
        let _ = CURRENT.try_with(|current| {
            let so_far = current.get();
            current.set(SqlStats {
                statements: so_far.statements + 1,
                elapsed: so_far.elapsed + seconds,
            });
        });
    }
}

struct Elapsed(f64);

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[tokio::test]
    async fn only_statements_of_the_scope_are_counted() {
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer()));
        let statement = || tracing::debug!(target: "sqlx::query", elapsed_secs = 0.5, "select");
        statement();
        let ((), stats) = scope(async {
            statement();
            tracing::debug!(target: "other", elapsed_secs = 0.5, "no");
            tokio::task::yield_now().await;
            statement();
        })
        .await;
        assert_eq!(
            stats,
            SqlStats {
                statements: 2,
                elapsed: Duration::from_secs(1)
            }
        );
        assert_eq!(current(), SqlStats::default());
    }
}
