//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// Repeats `probe` until it gives a value, for at most ten seconds.
///
/// # Panics
/// With `what` and the time waited, if it never does.
pub async fn eventually<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(Duration::from_secs(10), what, probe).await
}

/// As [`eventually`] with another deadline.
///
/// # Panics
/// With `what` and the time waited, if it never does.
pub async fn eventually_within<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(
            started.elapsed() < deadline,
            "did not happen within {deadline:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
