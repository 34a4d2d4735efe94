//! How long something takes or lasts, in words.

use std::time::Duration;

/// A time in the unit that says most with few digits: `12 s`, `5 min`, `30 h`, `2 days`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5400 => format!("{} min", seconds / 60),
        5400..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let told = |seconds| span(Duration::from_secs(seconds));
        for (seconds, words) in [
            (0, "0 s"),
            (89, "89 s"),
            (90, "1 min"),
            (5399, "89 min"),
            (5400, "1 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(told(seconds), words);
        }
    }
}
