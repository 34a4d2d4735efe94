//! Integer shares and percentages.

use primitives::share;

/// The most a basket may cost, in minor units: far above any purchase, far below where sums overflow.
pub(crate) const LIMIT: i64 = 1_000_000_000_000;

/// Splits an amount in proportion to others, which are not negative; no part exceeds its weight if the amount does not exceed their sum.
pub(super) fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
    let weights: Vec<u64> = weights.iter().map(|weight| weight.unsigned_abs()).collect();
    share(amount, &weights)
}

/// `amount * numerator / denominator`, rounded half to even. For amounts up to [`LIMIT`], so nothing overflows.
pub(super) fn half_even(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    let (quotient, remainder) = (
        product.div_euclid(i128::from(denominator)),
        product.rem_euclid(i128::from(denominator)),
    );
    let up = match (remainder * 2).cmp(&i128::from(denominator)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    i64::try_from(quotient + i128::from(up)).unwrap_or(i64::MAX)
}

/// So many per cent of an amount.
pub(super) fn percent(amount: i64, percent: u8) -> i64 {
    half_even(amount, i64::from(percent.min(100)), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!(
            [(5, 10), (15, 10), (25, 10), (26, 10)].map(|(amount, by)| half_even(amount, 1, by)),
            [0, 2, 2, 3]
        );
    }
}
