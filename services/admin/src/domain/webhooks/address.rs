//! Which addresses a request may be sent to: those of the public internet, so that nobody makes the shop talk to its own machines, to those
//! beside it, or to a cloud's metadata.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses, such as `10.1.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    fn contains(self, ip: IpAddr) -> bool {
        let (base, ip, width) = match (self.base, ip) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                (u128::from(base.to_bits()), u128::from(ip.to_bits()), 32)
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => (base.to_bits(), ip.to_bits(), 128),
            _ => return false,
        };
        let dropped = width - u32::from(self.bits);
        base.checked_shr(dropped).unwrap_or(0) == ip.checked_shr(dropped).unwrap_or(0)
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (base, bits) = text.split_once('/').ok_or("must be like 10.1.2.0/24")?;
        let base: IpAddr = base.parse().map_err(|_| "must begin with an address")?;
        let bits: u8 = bits.parse().map_err(|_| "must end with a number of bits")?;
        if bits > if base.is_ipv4() { 32 } else { 128 } {
            return Err("has too many bits");
        }
        Ok(Self { base, bits })
    }
}

/// What is not the public internet (IANA's special-purpose registries), and Azure's host, which has a public address.
const NOT_PUBLIC: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Of what IPv6 gives to the public (2000::/3): protocols of their own, tunnels that carry an IPv4 address, examples.
const NOT_PUBLIC_6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether it is an address of the public internet.
fn is_public(ip: IpAddr) -> bool {
    let outside = |base: IpAddr, bits: u8| !Network { base, bits }.contains(ip);
    match ip {
        IpAddr::V4(_) => NOT_PUBLIC
            .iter()
            .all(|(base, bits)| outside((*base).into(), *bits)),
        IpAddr::V6(v6) => {
            v6.segments()[0] & 0xe000 == 0x2000
                && NOT_PUBLIC_6
                    .iter()
                    .all(|(base, bits)| outside((*base).into(), *bits))
        }
    }
}

/// Whether a request may go there: to the public internet, or to a network that the operator allows.
pub(crate) fn may_reach(ip: IpAddr, allowed: &[Network]) -> bool {
    // The same machine by another name.
    let ip = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    is_public(ip) || allowed.iter().any(|network| network.contains(ip))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_public_internet_is_reached() {
        let table = [
            ("93.184.215.14", true),
            ("1.1.1.1", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("2606:4700:4700::1111", true),
            ("2a00:1450:4001:80e::200e", true),
            ("::ffff:1.1.1.1", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("100.100.100.200", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("169.254.170.2", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.192", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.178.1", false),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("3fff::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ];
        for (ip, expected) in table {
            assert_eq!(may_reach(ip.parse().unwrap(), &[]), expected, "{ip}");
        }
    }

    #[test]
    fn an_operator_may_allow_a_network() {
        let allowed = ["10.1.2.0/24", "fd12::/16"].map(|text| text.parse().unwrap());
        let reach = |ip: &str| may_reach(ip.parse().unwrap(), &allowed);
        assert!(reach("10.1.2.3") && reach("::ffff:10.1.2.3") && reach("fd12::1"));
        assert!(!reach("10.1.3.1") && !reach("fd13::1") && !reach("127.0.0.1"));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/x", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }

    proptest! {
        /// The standard library's words for it are fewer, but all of them must be refused.
        #[test]
        fn nothing_private_is_reached(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let private = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast()
                || ip.is_broadcast() || ip.is_documentation() || ip.is_unspecified();
            prop_assert!(!(private && may_reach(ip.into(), &[])));
            prop_assert_eq!(may_reach(ip.into(), &[]), may_reach(ip.to_ipv6_mapped().into(), &[]));
        }
    }
}
