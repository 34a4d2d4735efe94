use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};

use crate::TextError;

/// The years 1 to 9999: RFC 3339 has no more digits, and PostgreSQL no year 0.
const FIRST: OffsetDateTime = datetime!(0001-01-01 0:00 UTC);
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999_999 UTC);

/// A moment in UTC with PostgreSQL's precision (microseconds), of the years 1 to 9999: what lies beyond counts as their first or last.
/// RFC 3339 on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The moment so many seconds after 1970-01-01T00:00:00Z; the epoch itself when out of range.
    pub fn from_unix(seconds: i64) -> Self {
        OffsetDateTime::from_unix_timestamp(seconds)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .into()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; 0 before it.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0 - earlier.0).unwrap_or(Duration::ZERO)
    }

    /// As the `time` crate has it.
    pub fn date_time(self) -> OffsetDateTime {
        self.0
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        // Within these bounds every moment has a date in UTC.
        let at = at.clamp(FIRST, LAST).to_offset(UtcOffset::UTC);
        Self(
            at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000)
                .unwrap_or(at),
        )
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        self.0.saturating_add(signed(by)).into()
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        self.0.saturating_sub(signed(by)).into()
    }
}

fn signed(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

impl FromStr for Timestamp {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .filter(|at| (FIRST..=LAST).contains(at))
            .map(Self::from)
            .ok_or(TextError::new(
                "must be an RFC 3339 time such as 2026-01-31T12:00:00Z",
            ))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<Timestamp> {
        text.parse().ok()
    }

    #[test]
    fn only_the_years_1_to_9999_are_parsed() {
        for (text, shown) in [
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("0001-01-01T01:00:00+01:00", "0001-01-01T00:00:00Z"),
            ("9999-12-31T22:59:59-01:00", "9999-12-31T23:59:59Z"),
            (
                "9999-12-31T23:59:59.9999999Z",
                "9999-12-31T23:59:59.999999Z",
            ),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown);
        }
        for beyond in [
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-01:00",
            "-001-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "2026-01-31",
        ] {
            assert_eq!(parse(beyond), None, "{beyond}");
            let json = serde_json::from_value::<Timestamp>(beyond.into());
            assert!(json.is_err(), "{beyond}");
        }
    }

    #[test]
    fn what_lies_beyond_counts_as_the_first_or_the_last_moment() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (first, last) = (now - Duration::MAX, now + Duration::MAX);
        assert_eq!(first.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_unix(-100_000_000_000), first);
        let widest = datetime!(-9999-01-01 0:00 +23:59);
        assert_eq!(Timestamp::from(widest), first);
        let widest = datetime!(9999-12-31 23:59 -23:59);
        assert_eq!(Timestamp::from(widest), last);
    }

    proptest! {
        #[test]
        fn no_sum_or_difference_panics_and_all_can_be_read_again(
            (year, month, day) in (0u32..10_000, 1u32..=12, 1u32..=28),
            (hour, minute, second) in (0u32..24, 0u32..60, 0u32..60),
            (sign, ahead_hours, ahead_minutes) in ("[+-]", 0u32..24, 0u32..60),
            by in prop_oneof![any::<Duration>(), (0u64..400_000_000_000).prop_map(Duration::from_secs)],
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{ahead_hours:02}:{ahead_minutes:02}");
            let Some(at) = parse(&text) else {
                prop_assert!(year <= 1 || year == 9999, "{}", text);
                return Ok(());
            };
            let (earlier, later) = (at - by, at + by);
            prop_assert!(earlier <= at && at <= later);
            for at in [earlier, at, later] {
                prop_assert_eq!(parse(&at.to_string()), Some(at));
            }
        }
    }
}
