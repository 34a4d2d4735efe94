//! One line for each step, with its seconds.

use std::time::Instant;

use anyhow::Result;

use crate::interrupt;

/// Runs a step and prints how long it took.
pub(crate) fn step<T>(what: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    interrupt::check()?;
    let started = Instant::now();
    let result = run();
    match &result {
        Ok(_) => done(what, started),
        Err(_) => say!("{:>7.1} s  {what}: failed", started.elapsed().as_secs_f64()),
    }
    result
}

/// Prints that a step that began earlier is done.
pub(crate) fn done(what: &str, started: Instant) {
    say!("{:>7.1} s  {what}", started.elapsed().as_secs_f64());
}

/// Prints something that is not a step.
pub(crate) fn note(text: &str) {
    say!("           {text}");
}
