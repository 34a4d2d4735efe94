//! The servers that tests use.

use std::path::Path;

/// A variable of the environment, or of the nearest `.env` above this crate.
///
/// # Panics
/// If it is set nowhere.
#[must_use]
pub fn var(name: &str) -> String {
    optional(name).unwrap_or_else(|| {
        panic!("{name} is not set: run `cargo xtask test`, or put it into the root .env")
    })
}

/// As [`var`], but none if it is set nowhere.
#[must_use]
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().or_else(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env");
        let text = std::fs::read_to_string(file).ok()?;
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim().to_owned())
    })
}
