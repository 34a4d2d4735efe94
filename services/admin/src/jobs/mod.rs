//! What is done without anybody asking for it. Each job finds its work in the database, in any number of replicas.

pub(crate) mod analytics;
pub(crate) mod board;
pub(crate) mod inbox;
pub(crate) mod webhooks;

use sqlx::postgres::PgListener;

/// Waits until somebody tells of work; false if nobody can.
async fn hear(listener: &mut Option<PgListener>) -> bool {
    match listener {
        Some(listener) => matches!(listener.try_recv().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
