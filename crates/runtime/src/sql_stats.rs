//! How many SQL statements a piece of work took. sqlx tells of every statement in an event of the target `sqlx::query`,
//! emitted by the task that ran it; a layer adds them up in a task-local. `BEGIN` and `COMMIT` are not statements.

use std::cell::Cell;
use std::future::Future;

use tracing::field::{Field, Visit};
use tracing_subscriber::layer::Context;

tokio::task_local! {
    static CURRENT: Cell<SqlStats>;
}

/// Statements and the time they took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SqlStats {
    /// How many statements were run.
    pub statements: u64,
    /// Seconds from sending them to their last row.
    pub seconds: f64,
}

/// Runs `future` and counts the statements that it runs itself, not those of tasks it spawns.
pub async fn scope<F: Future>(future: F) -> (F::Output, SqlStats) {
    CURRENT
        .scope(Cell::default(), async {
            let output = future.await;
            (output, CURRENT.with(Cell::get))
        })
        .await
}

/// The layer that counts; it must see events of `sqlx::query` at debug level.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqlStatsLayer;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for SqlStatsLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut elapsed = Elapsed::default();
        event.record(&mut elapsed);
        metrics::histogram!("sql_statement_duration_seconds").record(elapsed.0);
        // Outside a scope, as in background work, nobody counts.
        let _ = CURRENT.try_with(|current| {
            let SqlStats { statements, seconds } = current.get();
            current.set(SqlStats { statements: statements + 1, seconds: seconds + elapsed.0 });
        });
    }
}

#[derive(Default)]
struct Elapsed(f64);

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = value;
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
