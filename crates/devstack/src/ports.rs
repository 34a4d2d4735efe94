//! Ports on loopback that nobody uses.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context as _, Result};

/// Ports handed out by this process and perhaps not bound yet.
static TAKEN: LazyLock<Mutex<BTreeSet<u16>>> = LazyLock::new(Mutex::default);

/// The preferred port, or the next free one above it.
pub fn next_free(preferred: u16) -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let port = (preferred..preferred.saturating_add(500))
        .find(|port| !taken.contains(port) && is_free(*port))
        .with_context(|| {
            format!(
                "no free port between {preferred} and {}",
                preferred.saturating_add(500)
            )
        })?;
    taken.insert(port);
    Ok(port)
}

/// Any free port, below the range from which the kernel takes the ports of outgoing connections.
pub fn any() -> Result<u16> {
    let start = u16::from_le_bytes(crate::random::bytes()?);
    next_free(18_000 + start % 13_000)
}

/// Whether this port can be bound now, on loopback and on all addresses.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_skipped_and_no_port_is_given_twice() {
        let first = any().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        let second = next_free(first).unwrap();
        assert!(second > first);
        drop(listener);
        assert_ne!(next_free(first).unwrap(), first);
    }
}
