//! What a handler may answer besides success.

/// Why an event was not applied, and what is to become of it.
#[derive(Debug)]
pub enum HandlerError {
    /// It may work later: the event is delivered again after a growing delay, and goes dead after the last try.
    Retry(anyhow::Error),
    /// It will never work: the event goes to the dead-letter queue at once, with this reason.
    Reject(String),
}

impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Retry(error.into())
    }
}

impl From<anyhow::Error> for HandlerError {
    fn from(error: anyhow::Error) -> Self {
        Self::Retry(error)
    }
}

/// What kind of trouble an error is, which decides where the event waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The database is away: nothing is wrong with the event, so it counts as no try.
    DatabaseAway,
    /// A lost race (serialization failure, deadlock): again at once.
    Conflict,
    /// Anything else.
    Other,
}

pub(crate) fn classify(error: &anyhow::Error) -> Trouble {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .map_or(Trouble::Other, classify_sqlx)
}

pub(crate) fn classify_sqlx(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => Trouble::DatabaseAway,
        sqlx::Error::Database(e) => match e.code().as_deref() {
            Some("40001" | "40P01" | "55P03") => Trouble::Conflict,
            // Connection exceptions, operator intervention (shutdown, terminated, starting up), too many connections, read only after a failover.
            Some(code)
                if code.starts_with("08")
                    || code.starts_with("57P")
                    || code == "53300"
                    || code == "25006" =>
            {
                Trouble::DatabaseAway
            }
            _ => Trouble::Other,
        },
        _ => Trouble::Other,
    }
}
