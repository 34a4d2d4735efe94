//! A form as somebody filled it in. Fields have the names that they have in order's API (`percent`, `tiers[0].amount`), so that what
//! order finds wrong is shown where it stands, and nothing here needs to know what may be wrong.

use askama::Template;
use primitives::{Currency, Money, Timestamp};
use serde_json::Value;

use crate::input::amount;

/// Names and values, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    pairs: Vec<(String, String)>,
    pub(super) wrong: Vec<Wrong>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) message: String,
}

impl Sheet {
    pub(super) fn sent(pairs: Vec<(String, String)>) -> Self {
        Self {
            pairs,
            wrong: Vec::new(),
        }
    }

    /// Adds a value; an empty one is none.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl ToString) {
        let value = value.to_string();
        if !value.is_empty() {
            self.pairs.push((name.into(), value));
        }
    }

    pub(super) fn set_money(&mut self, name: impl Into<String>, amount: i64, currency: Currency) {
        let text = Money::new(amount, currency).to_string();
        self.set(name, text.split(' ').next().unwrap_or_default());
    }

    /// In UTC, as a field for date and time takes it.
    pub(super) fn set_time(&mut self, name: &str, at: Option<Timestamp>) {
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        let at = at.trim_end_matches('Z');
        let whole = at.len() == 19 && at.ends_with(":00");
        self.set(name, at.get(..16).filter(|_| whole).unwrap_or(at));
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.pairs.retain(|(known, _)| known != name);
    }

    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// All values of a field that may be there several times, each once.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for (known, value) in &self.pairs {
            if known == name && !value.trim().is_empty() && !all.contains(&value.trim()) {
                all.push(value.trim());
            }
        }
        all
    }

    pub(super) fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.wrong.push(Wrong {
            field: field.into(),
            message: message.into(),
        });
    }

    /// What order found wrong.
    pub(super) fn refused(&mut self, problem: &Value) {
        for error in problem["errors"].as_array().into_iter().flatten() {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            self.refuse(text("field"), text("message"));
        }
        if self.wrong.is_empty() {
            let detail = problem["detail"].as_str();
            self.refuse("", detail.unwrap_or("That cannot be done."));
        }
    }

    pub(super) fn problem(&self, name: &str) -> Option<&str> {
        let of_list = |field: &str| {
            field
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
        };
        let found = self
            .wrong
            .iter()
            .find(|wrong| wrong.field == name || of_list(&wrong.field));
        found.map(|wrong| wrong.message.as_str())
    }

    /// How many rows of a table are filled in, once what is empty between them is gone.
    pub(super) fn rows(&mut self, table: &str) -> usize {
        let row_of = |name: &str| -> Option<(usize, String)> {
            let (row, column) = name
                .strip_prefix(table)?
                .strip_prefix('[')?
                .split_once("].")?;
            Some((row.parse().ok()?, column.to_owned()))
        };
        let mut rows: Vec<usize> = self
            .pairs
            .iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .filter_map(|(name, _)| Some(row_of(name)?.0))
            .collect();
        rows.sort_unstable();
        rows.dedup();
        self.pairs.retain_mut(|(name, _)| match row_of(name) {
            None => true,
            Some((row, column)) => rows.binary_search(&row).is_ok_and(|place| {
                *name = format!("{table}[{place}].{column}");
                true
            }),
        });
        rows.len()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        Some(self.value(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.value(name)
            .split([',', ' ', '\n', '\r', ';'])
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(name, "must be a whole number");
        }
        number
    }

    pub(super) fn money(&mut self, name: &str, currency: Currency) -> Option<Money> {
        let text = self.text(name)?;
        let money = amount(text, currency);
        if money.is_none() {
            self.refuse(name, "must be an amount such as 12.50");
        }
        money
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let seconds = if text.len() == 16 { ":00" } else { "" };
        let time = serde_json::from_value(format!("{text}{seconds}Z").into()).ok();
        if time.is_none() {
            self.refuse(name, "must be a date and a time such as 2026-11-21T14:05");
        }
        time
    }
}

/// A field with its label, and what is wrong with it.
#[derive(Template)]
#[template(path = "pricing/input.html")]
pub(super) struct Input<'s> {
    name: String,
    label: &'s str,
    value: &'s str,
    problem: Option<&'s str>,
    hint: &'s str,
    kind: &'s str,
    unit: &'s str,
    required: bool,
    /// In a table, whose head is its label.
    cell: bool,
}

impl<'s> Input<'s> {
    pub(super) fn hint(self, hint: &'s str) -> Self {
        Self { hint, ..self }
    }

    /// What stands behind it, such as `%`.
    pub(super) fn unit(self, unit: &'s str) -> Self {
        Self { unit, ..self }
    }

    pub(super) fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// `number`, `time` (UTC) or `decimal`; text unless said.
    pub(super) fn kind(self, kind: &'s str) -> Self {
        Self { kind, ..self }
    }
}

impl Sheet {
    pub(super) fn field<'s>(&'s self, name: &str, label: &'s str) -> Input<'s> {
        Input {
            name: name.to_owned(),
            label,
            value: self.value(name),
            problem: self.problem(name),
            hint: "",
            kind: "",
            unit: "",
            required: false,
            cell: false,
        }
    }

    pub(super) fn cell<'s>(
        &'s self,
        table: &str,
        row: &usize,
        column: &str,
        label: &'s str,
    ) -> Input<'s> {
        let input = self.field(&format!("{table}[{row}].{column}"), label);
        Input {
            cell: true,
            ..input
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(pairs: &[(&str, &str)]) -> Sheet {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Sheet::sent(pairs.iter().map(own).collect())
    }

    #[test]
    fn empty_rows_are_left_out_and_the_others_counted_anew() {
        let mut sent = sheet(&[
            ("tiers[0].from_quantity", " "),
            ("tiers[2].from_quantity", "5"),
            ("tiers[2].percent", "10"),
            ("tiers[7].percent", "20"),
            ("tiers[x].percent", "20"),
            ("name", "Sale"),
        ]);
        assert_eq!(sent.rows("tiers"), 2);
        assert_eq!(
            (
                sent.value("tiers[0].from_quantity"),
                sent.value("tiers[0].percent"),
                sent.value("tiers[1].percent"),
                sent.value("name")
            ),
            ("5", "10", "20", "Sale")
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_at_its_field() {
        let mut sent = sheet(&[("a", "x"), ("b", "1.234"), ("c", "soon"), ("d", "")]);
        let nothing = (
            sent.number("a"),
            sent.money("b", Currency::EUR),
            sent.time("c"),
            sent.number("d"),
        );
        assert_eq!(nothing, (None, None, None, None));
        let fields: Vec<&str> = sent
            .wrong
            .iter()
            .map(|wrong| wrong.field.as_str())
            .collect();
        assert_eq!(fields, ["a", "b", "c"]);
    }

    #[test]
    fn times_come_back_as_they_were() {
        for text in ["2026-11-21T14:05:00Z", "2026-11-21T14:05:30Z"] {
            let at: Timestamp = serde_json::from_value(text.into()).unwrap();
            let mut sheet = Sheet::default();
            sheet.set_time("at", Some(at));
            assert_eq!(sheet.time("at"), Some(at), "{}", sheet.value("at"));
        }
        let mut sheet = sheet(&[("at", "2026-11-21T14:05")]);
        assert!(sheet.time("at").is_some());
    }
}
