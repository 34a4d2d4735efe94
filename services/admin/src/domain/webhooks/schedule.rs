//! When a delivery is tried again: ten tries over a little more than three days.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// What lies between the tries, at least.
const PAUSES: [u64; 9] = [
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// An endpoint through which nothing got for so long, when a delivery has used up its tries, is switched off.
pub(crate) const GIVEN_UP_AFTER: Duration = Duration::from_secs(72 * HOUR);

/// No receiver may ask for a longer pause.
const LONGEST: Duration = Duration::from_secs(24 * HOUR);

/// The pause after so many failed tries, up to a fifth longer by chance, so that those who failed together do not come back together. None when
/// there were enough. What the receiver asked for by `Retry-After` is heeded.
pub(crate) fn pause(tries: i32, asked: Option<Duration>, chance: u8) -> Option<Duration> {
    let index = usize::try_from(tries).ok()?.checked_sub(1)?;
    let seconds = *PAUSES.get(index)?;
    let pause = Duration::from_millis(seconds * 1000 + seconds * 200 * u64::from(chance) / 255);
    Some(asked.map_or(pause, |asked| pause.max(asked.min(LONGEST))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tries_go_on_for_about_three_days() {
        let total =
            |chance| -> Duration { (1..).map_while(|tries| pause(tries, None, chance)).sum() };
        assert!(total(0) > GIVEN_UP_AFTER, "{:?}", total(0));
        assert!(total(255) < Duration::from_secs(4 * 24 * HOUR));
        assert_eq!(
            (pause(9, None, 0).is_some(), pause(10, None, 0)),
            (true, None)
        );
        assert_eq!(pause(0, None, 0), None);
    }

    proptest! {
        #[test]
        fn pauses_grow_and_heed_what_was_asked(tries in 1..9, chance: u8, other: u8, asked in 0_u64..200_000) {
            let pause_of = |tries, chance| pause(tries, None, chance).unwrap();
            prop_assert!(pause_of(tries, chance) < pause_of(tries + 1, other));
            let asked = Duration::from_secs(asked);
            let heeded = pause(tries, Some(asked), chance).unwrap();
            prop_assert!(heeded >= asked.min(LONGEST) && heeded >= pause_of(tries, 0));
        }
    }
}
