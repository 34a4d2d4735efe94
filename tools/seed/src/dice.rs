//! Repeatable chance: the same shop comes out every time.

use std::sync::atomic::{AtomicU64, Ordering};

/// A small generator (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    /// A generator that begins at `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A generator of its own for `what`, independent of the order in which things happen.
    pub(crate) fn of(what: &str) -> Self {
        let hash = what.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::new(hash)
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut value = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `sides`, which is at least 1.
    pub(crate) fn roll(&self, sides: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap_or_default() % sides.max(1)
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&self) -> f32 {
        f32::from(u16::try_from(self.next() >> 48).unwrap_or_default()) / f32::from(u16::MAX)
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T>(&self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.roll(choices.len()))
    }
}
