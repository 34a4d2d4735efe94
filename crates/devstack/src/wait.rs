//! Waiting for a server without guessing how long it takes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::Process;

/// Asks `ready` every 50 ms until it says yes. Fails when the process ends or the time is over, with the last lines of its log.
pub fn until_ready(
    process: &mut Process,
    limit: Duration,
    mut ready: impl FnMut() -> bool,
) -> Result<()> {
    let started = Instant::now();
    loop {
        if let Some(status) = process.exited()? {
            bail!(
                "{} ended while it started ({status})\n{}",
                process.name(),
                process.last_lines(15)
            );
        }
        if ready() {
            return Ok(());
        }
        if started.elapsed() > limit {
            bail!(
                "{} was not ready after {} s\n{}",
                process.name(),
                limit.as_secs(),
                process.last_lines(15)
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
