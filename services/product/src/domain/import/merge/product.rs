//! What belongs to the whole product, beside its texts.

use std::collections::BTreeMap;

use primitives::CategoryId;

use super::Merging;
use super::offer::said;
use crate::domain::attributes::{self, AttributeValue, Attributes, Kind};
use crate::domain::import::columns::{ATTRIBUTE, Column};
use crate::domain::import::{RowError, cells};
use crate::domain::status::Schedule;
use crate::domain::text::{Name, TaxClass, Value};

impl Merging<'_> {
    pub(super) fn tax_class(&mut self) -> TaxClass {
        let known = self
            .known
            .map_or(TaxClass::Standard, |known| known.tax_class);
        if let Some(said) = self
            .patch
            .said(&Column::TaxClass)
            .filter(|said| !said.text.is_empty())
        {
            return match said.text.as_str() {
                "standard" => TaxClass::Standard,
                "reduced" => TaxClass::Reduced,
                "zero" => TaxClass::Zero,
                _ => {
                    self.wrong(
                        said.row,
                        &Column::TaxClass,
                        "invalid",
                        "must be standard, reduced or zero",
                    );
                    known
                }
            };
        }
        let taxable = self
            .patch
            .variants
            .iter()
            .filter_map(|variant| said(variant, &Column::Taxable).map(|cell| (variant.row, cell)))
            .next();
        match taxable.map(|(row, cell)| (row, cells::truth(cell))) {
            Some((_, Ok(false))) => TaxClass::Zero,
            Some((_, Ok(true))) if known == TaxClass::Zero => TaxClass::Standard,
            Some((row, Err(message))) => {
                self.wrong(row, &Column::Taxable, "invalid", message);
                known
            }
            Some((_, Ok(true))) | None => known,
        }
    }

    pub(super) fn schedule(&mut self) -> Schedule {
        let known = self
            .known
            .map(|known| known.life.schedule)
            .unwrap_or_default();
        let mut moment = |column: &Column, known| match self.patch.said(column) {
            None => known,
            Some(said) if said.text.is_empty() => None,
            Some(said) => match cells::moment(&said.text) {
                Ok(moment) => Some(moment),
                Err(message) => {
                    self.wrong(said.row, column, "invalid", message);
                    None
                }
            },
        };
        let schedule = Schedule {
            publish_at: moment(&Column::PublishAt, known.publish_at),
            unpublish_at: moment(&Column::UnpublishAt, known.unpublish_at),
        };
        if !schedule.is_possible() {
            self.wrong(
                self.patch.row,
                &Column::UnpublishAt,
                "not_after_publish_at",
                "must be after publish_at",
            );
        }
        schedule
    }

    pub(super) fn attributes(&mut self, category: Option<CategoryId>) -> Option<Attributes> {
        let rules = category
            .and_then(|id| self.shop.rules.get(&id))
            .map_or(&[][..], Vec::as_slice);
        let known = self
            .known
            .map(|known| known.attributes.clone())
            .unwrap_or_default();
        let mut values = known.clone();
        for (column, said) in &self.patch.product {
            let Column::Attribute(key) = column else {
                continue;
            };
            values.remove(key);
            if said.text.is_empty() {
                continue;
            }
            let kind = rules
                .iter()
                .find(|rule| rule.key == *key)
                .map(|rule| rule.kind);
            match attribute(&said.text, kind, known.get(key)) {
                Ok(value) => drop(values.insert(key.clone(), value)),
                Err(message) => self.wrong(said.row, column, "invalid", message),
            }
        }
        let mut named = BTreeMap::new();
        for (key, value) in values {
            let column = Column::Attribute(key.clone());
            if let Some(name) = self.checked::<Name, _>(self.patch.row, &column, key) {
                named.insert(name, value);
            }
        }
        let attributes = match Attributes::try_from(named) {
            Ok(attributes) => attributes,
            Err(message) => {
                self.errors.push(RowError::new(
                    self.patch.row,
                    "",
                    "too_many_attributes",
                    message,
                ));
                return None;
            }
        };
        for wrong in attributes::check(rules, &attributes) {
            let key = wrong
                .field
                .strip_prefix("attributes.")
                .unwrap_or(&wrong.field);
            let row = self
                .patch
                .said(&Column::Attribute(key.to_owned()))
                .map_or(self.patch.row, |said| said.row);
            self.errors.push(RowError::new(
                row,
                format!("{ATTRIBUTE}{key}"),
                wrong.code,
                wrong.message,
            ));
        }
        Some(attributes)
    }
}

/// A cell as a value of the type that the category asks for. What no category defines is a text, unless the product has the same
/// already in another type.
fn attribute(
    text: &str,
    kind: Option<Kind>,
    known: Option<&AttributeValue>,
) -> Result<AttributeValue, String> {
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(AttributeValue::Number(known)) = known
        && matches!(kind, None | Some(Kind::Number))
        && (known.to_string() == text || (known.as_f64().is_some() && known.as_f64() == number()))
    {
        return Ok(AttributeValue::Number(known.clone()));
    }
    match (kind, known) {
        (Some(Kind::Number), _) => serde_json::from_str::<serde_json::Number>(text)
            .map(AttributeValue::Number)
            .map_err(|_| "must be a number such as 1.5".to_owned()),
        (Some(Kind::Boolean), _) => cells::truth(text).map(AttributeValue::Boolean),
        (None, Some(AttributeValue::Boolean(known))) if text == known.to_string() => {
            Ok(AttributeValue::Boolean(*known))
        }
        (Some(Kind::Text | Kind::Choice) | None, _) => Value::try_from(text.to_owned())
            .map(|text| AttributeValue::Text(text.into()))
            .map_err(str::to_owned),
    }
}
