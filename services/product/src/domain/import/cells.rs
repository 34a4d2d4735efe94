//! What single cells say, and how they are written.

use primitives::{Currency, Timestamp};
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

/// What a spreadsheet takes for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// A cell that no spreadsheet runs: `=1+1` becomes `'=1+1`. A cell that looks as if this had been done gets another
/// apostrophe, so that [`bare`] always finds the original.
pub(crate) fn guarded(cell: &str) -> String {
    if is_formula(cell.trim_start_matches('\'')) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Undoes [`guarded`].
pub(crate) fn bare(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// An amount such as `1999.90`, in minor units. A decimal comma is understood where it cannot be meant otherwise.
pub(crate) fn amount(cell: &str, currency: Currency) -> Result<i64, String> {
    let wrong = || {
        let example = decimal(199_900, currency);
        format!(
            "must be an amount such as {example}, without a currency sign or thousands separators"
        )
    };
    let digits = currency.exponent() as usize;
    let (whole, part) = match (cell.split_once('.'), cell.split_once(',')) {
        (Some(parts), None) => parts,
        // `1,234` may be a thousand or one and a bit.
        (None, Some(parts)) if parts.1.len() <= digits && digits == 2 => parts,
        (None, None) => (cell, ""),
        _ => return Err(wrong()),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return Err(wrong());
    }
    let part = part.trim_end_matches('0');
    if part.len() > digits {
        return Err(format!("has more than the {digits} decimals of {currency}"));
    }
    format!("{whole}{part:0<digits$}")
        .parse()
        .map_err(|_| "is too large".to_owned())
}

/// Minor units as a decimal number.
pub(crate) fn decimal(amount: i64, currency: Currency) -> String {
    let digits = currency.exponent() as usize;
    let text = format!("{amount:0>width$}", width = digits + 1);
    match text.split_at_checked(text.len() - digits) {
        Some((whole, part)) if !part.is_empty() => format!("{whole}.{part}"),
        _ => text,
    }
}

/// A whole number that is not negative; `12.0` is one too.
pub(crate) fn whole(cell: &str) -> Result<i64, String> {
    let number = match cell.split_once('.') {
        Some((number, zeros)) if zeros.bytes().all(|byte| byte == b'0') => number,
        _ => cell,
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = "must be a whole number that is not negative";
    if digits {
        number.parse().map_err(|_| "is too large".to_owned())
    } else {
        Err(wrong.to_owned())
    }
}

/// Yes or no.
pub(crate) fn truth(cell: &str) -> Result<bool, String> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A moment, or a day, which begins at midnight UTC.
pub(crate) fn moment(cell: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = cell.parse() {
        return Ok(moment);
    }
    let day = Date::parse(cell, format_description!("[year]-[month]-[day]"));
    let day = day.map_err(|_| {
        "must be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31".to_owned()
    })?;
    Ok(OffsetDateTime::new_utc(day, Time::MIDNIGHT).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn amounts_are_exact() {
        for (cell, code, minor) in [
            ("19.99", "EUR", 1999),
            ("19,9", "EUR", 1990),
            ("20", "EUR", 2000),
            ("20.", "EUR", 2000),
            ("19.9900", "EUR", 1999),
            ("500", "JPY", 500),
            ("500.00", "JPY", 500),
            ("1.234", "KWD", 1234),
        ] {
            assert_eq!(amount(cell, currency(code)), Ok(minor), "{cell} {code}");
        }
        for (cell, code) in [
            ("", "EUR"),
            (".5", "EUR"),
            ("1.999", "EUR"),
            ("1,234", "EUR"),
            ("1,234.50", "EUR"),
            ("-1", "EUR"),
            ("€1", "EUR"),
            ("1e3", "EUR"),
            ("1,5", "JPY"),
            ("99999999999999999999", "EUR"),
        ] {
            assert!(amount(cell, currency(code)).is_err(), "{cell} {code}");
        }
    }

    #[test]
    fn numbers_truths_and_moments_are_read() {
        assert_eq!((whole("12"), whole("12.0")), (Ok(12), Ok(12)));
        assert!(
            ["", "-1", "1.5", "x", "1 000"]
                .iter()
                .all(|cell| whole(cell).is_err())
        );
        assert_eq!((truth("TRUE"), truth("no")), (Ok(true), Ok(false)));
        assert_eq!(
            moment("2026-01-31").unwrap().to_string(),
            "2026-01-31T00:00:00Z"
        );
        assert_eq!(
            moment("2026-01-31T12:00:00+02:00").unwrap().to_string(),
            "2026-01-31T10:00:00Z"
        );
        assert!(moment("31.01.2026").is_err());
    }

    #[test]
    fn formulas_are_guarded() {
        for (cell, shown) in [
            ("=1+1", "'=1+1"),
            ("'=1", "''=1"),
            ("-5", "'-5"),
            ("'quoted'", "'quoted'"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), shown);
        }
    }

    proptest! {
        #[test]
        fn guards_are_undone(cell in "['=+@a\t-]{0,6}") {
            let shown = guarded(&cell);
            prop_assert!(!is_formula(&shown));
            prop_assert_eq!(bare(&shown), cell);
        }

        #[test]
        fn decimals_are_read_again(minor in 0_i64..100_000_000_000, code in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")]) {
            prop_assert_eq!(amount(&decimal(minor, currency(code)), currency(code)), Ok(minor));
        }
    }
}
