//! `attr.colour=red,blue` and `attr.weight=1..2`: what is asked of an attribute.

/// The most attributes that a list can be filtered by at once, and the most values of one.
const MAX: usize = 20;

/// What is asked of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttributeFilter {
    pub(crate) attribute: String,
    pub(crate) wanted: Wanted,
}

/// Which values will do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// One of these, whatever the case.
    Values(Vec<String>),
    /// A number between these; open where none is given.
    Range(Option<f64>, Option<f64>),
}

/// Reads the parameters whose names begin with `attr.`, the prefix taken off. Answers them, or every name that is wrong and why.
pub(crate) fn parse(
    parameters: &[(String, String)],
) -> Result<Vec<AttributeFilter>, Vec<(String, &'static str)>> {
    let (mut filters, mut wrong) = (Vec::<AttributeFilter>::new(), Vec::new());
    for (name, value) in parameters {
        let attribute = name.trim().to_lowercase();
        let repeated = filters.iter().any(|filter| filter.attribute == attribute);
        let parsed = if attribute.is_empty() || attribute.chars().count() > 64 {
            Err("must name an attribute: attr.colour=red")
        } else if repeated {
            Err("must be given once; several values are separated by commas")
        } else if filters.len() == MAX {
            Err("is one attribute too many: at most 20 are allowed")
        } else {
            wanted(value)
        };
        match parsed {
            Ok(wanted) => filters.push(AttributeFilter { attribute, wanted }),
            Err(why) => wrong.push((format!("attr.{name}"), why)),
        }
    }
    if wrong.is_empty() {
        Ok(filters)
    } else {
        Err(wrong)
    }
}

fn wanted(value: &str) -> Result<Wanted, &'static str> {
    if value.contains('\0') {
        return Err("must not contain NUL");
    }
    if let Some((from, to)) = value.split_once("..") {
        let (from, to) = (bound(from)?, bound(to)?);
        return match (from, to) {
            (None, None) => Err("must have a number before or after the dots"),
            (Some(from), Some(to)) if from > to => Err("must begin with the smaller number"),
            _ => Ok(Wanted::Range(from, to)),
        };
    }
    let mut values: Vec<String> = value
        .split(',')
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    // A value may have a comma in it, so the whole is tried as well.
    if values.len() > 1 {
        values.push(value.trim().to_owned());
    }
    match values.len() {
        0 => Err("must have a value"),
        1..=MAX => Ok(Wanted::Values(values)),
        _ => Err("must have at most 20 values"),
    }
}

fn bound(text: &str) -> Result<Option<f64>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Some)
        .ok_or("must be a range of numbers such as 1..2.5, or values")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(value: &str) -> Result<Wanted, Vec<(String, &'static str)>> {
        parse(&[("Colour".into(), value.into())]).map(|mut filters| filters.remove(0).wanted)
    }

    #[test]
    fn values_and_ranges_are_read_and_wrong_names_told() {
        let values = |list: &[&str]| Wanted::Values(list.iter().map(|v| (*v).into()).collect());
        assert_eq!(one("red").unwrap(), values(&["red"]));
        assert_eq!(
            one("red, blue").unwrap(),
            values(&["red", "blue", "red, blue"])
        );
        assert_eq!(one("1..2.5").unwrap(), Wanted::Range(Some(1.0), Some(2.5)));
        assert_eq!(one("..3").unwrap(), Wanted::Range(None, Some(3.0)));
        for bad in ["", " , ", "..", "a..b", "2..1", "1..inf", "\0"] {
            assert_eq!(one(bad).unwrap_err()[0].0, "attr.Colour", "{bad:?}");
        }
        let twice = [
            ("a".to_owned(), "1".to_owned()),
            ("A".to_owned(), "2".to_owned()),
        ];
        assert_eq!(parse(&twice).unwrap_err()[0].0, "attr.A");
    }

    proptest! {
        #[test]
        fn anything_can_be_asked(name in ".{0,80}", value in ".{0,80}") {
            let _ = parse(&[(name, value)]);
        }
    }
}
