//! Identifiers in Stripe's manner: a prefix and 24 letters and digits.

use rand::Rng as _;

/// A new identifier such as `pi_3QZ…`.
#[must_use]
pub fn new(prefix: &str) -> String {
    let random: String = rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(24)
        .map(char::from)
        .collect();
    format!("{prefix}_{random}")
}
