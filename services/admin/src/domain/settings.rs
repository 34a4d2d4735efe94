//! What staff may set: from the fields of a form to values, with everything that is wrong told at once.

use contracts::events::{Maintenance, ShopSettings};
use serde::Deserialize;

/// The fields as they were typed. Empty means: as the environment says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    pub(crate) shop_name: String,
    pub(crate) seller_name: String,
    pub(crate) seller_address: String,
    pub(crate) seller_footer: String,
    pub(crate) mail_name: String,
    pub(crate) mail_address: String,
    pub(crate) currency: String,
    pub(crate) low_stock_threshold: String,
    pub(crate) late_after_hours: String,
    pub(crate) overdue_after_hours: String,
    #[serde(deserialize_with = "ticked")]
    pub(crate) maintenance: bool,
    pub(crate) maintenance_message: String,
    pub(crate) maintenance_minutes: String,
}

/// What is wrong with a field, by its name.
pub(crate) type Problems = Vec<(&'static str, String)>;

/// What customers read, unless staff write something better.
pub(crate) const MESSAGE: &str =
    "The shop is closed for maintenance. Please come back in a moment.";
/// After how many minutes they should come back, unless staff say.
pub(crate) const MINUTES: u32 = 10;

impl Fields {
    /// As they stand in the form.
    pub(crate) fn of(settings: &ShopSettings) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let lines = |value: &Option<String>| value.as_deref().map(lines_of).unwrap_or_default();
        let number = |value: Option<u32>| value.map(|it| it.to_string()).unwrap_or_default();
        let closed = settings.maintenance.as_ref();
        Self {
            shop_name: text(&settings.shop_name),
            seller_name: text(&settings.seller_name),
            seller_address: lines(&settings.seller_address),
            seller_footer: lines(&settings.seller_footer),
            mail_name: text(&settings.mail_name),
            mail_address: settings
                .mail_address
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            currency: settings
                .currency
                .map(|it| it.to_string())
                .unwrap_or_default(),
            low_stock_threshold: number(settings.low_stock_threshold),
            late_after_hours: number(settings.late_after_hours),
            overdue_after_hours: number(settings.overdue_after_hours),
            maintenance: closed.is_some(),
            maintenance_message: closed.map_or(MESSAGE.to_owned(), |it| it.message.clone()),
            maintenance_minutes: closed
                .map_or(MINUTES, |it| it.retry_after_seconds.div_ceil(60))
                .to_string(),
        }
    }

    /// The values, or what is wrong with each field.
    pub(crate) fn values(&self) -> Result<ShopSettings, Problems> {
        let mut problems = Problems::new();
        let mut text = |name, value: &str, most: usize| match value.trim() {
            "" => None,
            it if it.chars().count() > most => {
                problems.push((name, format!("At most {most} letters.")));
                None
            }
            it if it.chars().any(char::is_control) => {
                problems.push((name, "One line, without control characters.".to_owned()));
                None
            }
            it => Some(it.to_owned()),
        };
        let shop_name = text("shop_name", &self.shop_name, 60);
        let seller_name = text("seller_name", &self.seller_name, 100);
        let seller_address = text("seller_address", &joined(&self.seller_address), 500);
        let seller_footer = text("seller_footer", &joined(&self.seller_footer), 500);
        let mail_name = text("mail_name", &self.mail_name, 60);
        let message = text(
            "maintenance_message",
            &joined_by(&self.maintenance_message, " "),
            300,
        );
        let mut number = |name, value: &str, least: u32, most: u32| match value.trim() {
            "" => None,
            it => match it.parse::<u32>() {
                Ok(number) if (least..=most).contains(&number) => Some(number),
                _ => {
                    problems.push((name, format!("A whole number from {least} to {most}.")));
                    None
                }
            },
        };
        let low_stock_threshold =
            number("low_stock_threshold", &self.low_stock_threshold, 0, 100_000);
        let late_after_hours = number("late_after_hours", &self.late_after_hours, 1, 8760);
        let overdue_after_hours = number("overdue_after_hours", &self.overdue_after_hours, 1, 8760);
        let minutes = number("maintenance_minutes", &self.maintenance_minutes, 1, 1440);
        let mail_address = parsed(
            &self.mail_address,
            "mail_address",
            "An e-mail address, such as shop@example.com.",
            &mut problems,
        );
        let currency = parsed(
            &self.currency.to_uppercase(),
            "currency",
            "Three letters, such as EUR.",
            &mut problems,
        );
        if self.maintenance && self.maintenance_message.trim().is_empty() {
            problems.push((
                "maintenance_message",
                "Tell customers why, and when to come back.".to_owned(),
            ));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(ShopSettings {
            shop_name,
            seller_name,
            seller_address,
            seller_footer,
            mail_address,
            mail_name,
            currency,
            low_stock_threshold,
            late_after_hours,
            overdue_after_hours,
            maintenance: message
                .filter(|_| self.maintenance)
                .map(|message| Maintenance {
                    message,
                    retry_after_seconds: minutes.unwrap_or(MINUTES) * 60,
                }),
        })
    }
}

/// A box that is ticked sends its value, another nothing.
fn ticked<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer).map(|value| value == "true")
}

fn parsed<T: std::str::FromStr>(
    text: &str,
    name: &'static str,
    help: &str,
    problems: &mut Problems,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let value = text.parse().ok();
    if value.is_none() {
        problems.push((name, help.to_owned()));
    }
    value
}

/// Lines of a text field, as settings have them.
fn joined(text: &str) -> String {
    joined_by(text, ";")
}

fn joined_by(text: &str, between: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(between)
}

/// The other way round.
fn lines_of(text: &str) -> String {
    let lines: Vec<&str> = text.split(';').map(str::trim).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let fields = Fields {
            shop_name: "x".repeat(61),
            seller_name: "a\u{7}".to_owned(),
            mail_address: "nobody".to_owned(),
            currency: "EURO".to_owned(),
            low_stock_threshold: "-1".to_owned(),
            late_after_hours: "0".to_owned(),
            overdue_after_hours: "1.5".to_owned(),
            maintenance: true,
            maintenance_minutes: "9999".to_owned(),
            ..Fields::default()
        };
        let mut names: Vec<_> = fields
            .values()
            .unwrap_err()
            .into_iter()
            .map(|it| it.0)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "currency",
                "late_after_hours",
                "low_stock_threshold",
                "mail_address",
                "maintenance_message",
                "maintenance_minutes",
                "overdue_after_hours",
                "seller_name",
                "shop_name"
            ]
        );
    }

    #[test]
    fn an_empty_form_sets_nothing() {
        assert_eq!(Fields::default().values(), Ok(ShopSettings::default()));
        assert_eq!(
            Fields::of(&ShopSettings::default()).values(),
            Ok(ShopSettings::default())
        );
    }

    proptest! {
        #[test]
        fn what_is_set_stands_in_the_form_as_it_was_typed(
            name in "[A-Za-zé&<]{1,20}( [a-z]{1,9})?", lines in prop::collection::vec("[a-z]{1,9}", 1..4), low in 0..100_000u32, hours in 1..8760u32, minutes in 1..1440u32, closed: bool,
        ) {
            let fields = Fields {
                shop_name: name.clone(),
                seller_address: lines.join("\r\n"),
                mail_address: "shop@example.com".to_owned(),
                currency: "usd".to_owned(),
                low_stock_threshold: low.to_string(),
                late_after_hours: hours.to_string(),
                maintenance: closed,
                maintenance_message: "Back\nsoon".to_owned(),
                maintenance_minutes: minutes.to_string(),
                ..Fields::default()
            };
            let values = fields.values();
            prop_assert!(values.is_ok());
            let values = values.unwrap_or_default();
            prop_assert_eq!(values.seller_address.clone(), Some(lines.join(";")));
            prop_assert_eq!(values.maintenance.is_some(), closed);
            let again = Fields::of(&values);
            prop_assert_eq!(&again.shop_name, &name);
            prop_assert_eq!(again.values(), Ok(values));
        }
    }
}
