//! How long somebody waits who failed too often, and how often something may be asked for.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// Growing delays instead of a lock: whoever guesses is slowed down to nothing, whoever mistypes hardly notices, and nobody
/// can shut somebody else's account for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delays {
    /// So many failures cost nothing.
    pub(crate) free: u32,
    /// The delay after the first failure that is not free; it doubles with each further one.
    pub(crate) first: Duration,
    /// No delay is longer.
    pub(crate) most: Duration,
    /// One failure is forgiven each time this has passed.
    pub(crate) forgiven: Duration,
    /// How many attempts beyond the free ones may be under way at once.
    pub(crate) burst: u32,
}

impl Delays {
    /// For the attempts on one account: of those under way at once no more can fail than are free.
    pub(crate) const fn per_account(free: u32) -> Self {
        Self {
            free,
            first: Duration::from_secs(1),
            most: Duration::from_secs(15 * 60),
            forgiven: Duration::from_secs(3600),
            burst: 0,
        }
    }

    /// For the attempts from one address, behind which a whole office may sign in at once.
    pub(crate) const fn per_address(free: u32) -> Self {
        Self {
            forgiven: Duration::from_secs(5 * 60),
            burst: 150,
            ..Self::per_account(free)
        }
    }

    /// The delays after the failures that are not free, up to the longest.
    pub(crate) fn steps(&self) -> Vec<Duration> {
        let steps = (1..).map(|beyond| self.delay(self.free + beyond));
        let growing: Vec<Duration> = steps.take_while(|delay| *delay < self.most).collect();
        growing.into_iter().chain([self.most]).collect()
    }

    /// How long nobody may try again after so many failures.
    pub(crate) fn delay(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None | Some(0) => Duration::ZERO,
            // 2^20 seconds are longer than any delay.
            Some(beyond) => self
                .first
                .saturating_mul(1 << (beyond - 1).min(20))
                .min(self.most),
        }
    }
}

/// So many in a period, at once or spread over it; then one whenever its share of the period has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) count: u32,
    pub(crate) period: Duration,
}

impl Quota {
    pub(crate) const fn per_hour(count: u32) -> Self {
        Self {
            count,
            period: Duration::from_secs(3600),
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that one IPv6 customer has at least.
pub(crate) fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCOUNT: Delays = Delays::per_account(5);

    #[test]
    fn five_failures_are_free_then_delays_double_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| ACCOUNT.delay(failures).as_secs();
        let steps: Vec<u64> = (0..=17).map(seconds).collect();
        let expected = [
            0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900,
        ];
        assert_eq!(steps, expected);
        assert_eq!(ACCOUNT.delay(u32::MAX), ACCOUNT.most);
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_less(free in 0u32..100, failures in any::<u32>()) {
            let delays = Delays::per_account(free);
            let (now, next) = (delays.delay(failures), delays.delay(failures.saturating_add(1)));
            prop_assert!(now <= next && next <= delays.most);
            prop_assert_eq!(now.is_zero(), failures <= free);
        }

        #[test]
        fn one_network_is_one_client(bits in any::<u128>(), host in any::<u64>()) {
            let address = Ipv6Addr::from_bits(bits);
            prop_assume!(address.to_ipv4_mapped().is_none());
            let neighbour = Ipv6Addr::from_bits(bits & !u128::from(u64::MAX) | u128::from(host));
            prop_assume!(neighbour.to_ipv4_mapped().is_none());
            prop_assert_eq!(client_network(address.into()), client_network(neighbour.into()));
            let other = Ipv6Addr::from_bits(bits ^ (1 << 64));
            prop_assume!(other.to_ipv4_mapped().is_none());
            prop_assert_ne!(client_network(address.into()), client_network(other.into()));
        }
    }

    #[test]
    fn an_ipv4_address_is_the_same_client_in_either_spelling() {
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(
            client_network(mapped),
            "192.0.2.7".parse::<IpAddr>().unwrap()
        );
    }
}
