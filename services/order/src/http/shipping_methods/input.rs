//! A shipping method as staff write it.

use http_kit::{FieldErrors, Result};
use primitives::{Currency, Money, Text, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::{Method, ShippingTax, Step, Tariff, TariffKind};
use crate::http::tax_rates::check_class;
use crate::store::shipping_methods::Stored;

/// A way of sending.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingMethodInput {
    /// What requests name it by: small letters, digits, `-` and `_`. It never changes.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9_-]{1,40}$")]
    code: Option<Text<40>>,
    #[schema(value_type = String)]
    name: Text<100>,
    /// `flat` unless given.
    kind: Option<TariffKind>,
    /// Of a flat one.
    price: Option<Money>,
    /// Of the others, ascending.
    #[schema(max_items = 50)]
    steps: Option<Vec<StepInput>>,
    /// Nothing from this sum of lines, discounts off, on.
    free_from: Option<Money>,
    /// The class whose rates it is taxed with; `goods` for those of the goods; not taxed unless given.
    #[schema(value_type = Option<String>)]
    tax_class: Option<Text<40>>,
    /// Where it sends to: countries such as `DE`, regions such as `US-CA`; everywhere unless given.
    #[schema(value_type = Option<Vec<String>>, max_items = 500)]
    places: Option<Vec<Place>>,
    /// Where it does not, all the same.
    #[schema(value_type = Option<Vec<String>>, max_items = 500)]
    except_places: Option<Vec<Place>>,
    /// The lower, the more preferred; 0 unless given.
    position: Option<i32>,
    /// True unless given.
    active: Option<bool>,
}

/// The price up to a weight or sum; the last step may have no end.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepInput {
    /// By weight.
    #[schema(minimum = 0)]
    up_to_grams: Option<i64>,
    /// By subtotal.
    up_to_subtotal: Option<Money>,
    price: Money,
}

impl ShippingMethodInput {
    /// Checks what single fields cannot. `code`: of the method that is replaced.
    pub(crate) fn into_stored(
        self,
        code: Option<&str>,
        shop_currency: Currency,
        now: Timestamp,
    ) -> Result<Stored> {
        let mut errors = FieldErrors::new();
        let code = self.code(&mut errors, code);
        let currency = self.currency(&mut errors, shop_currency);
        let tariff = self.tariff(&mut errors);
        let tax = match self.tax_class.as_ref().map(Text::as_str) {
            Some(class) => {
                check_class(&mut errors, class);
                ShippingTax::of_class(class)
            }
            None => ShippingTax::None,
        };
        for (field, places) in [
            ("places", &self.places),
            ("except_places", &self.except_places),
        ] {
            if places.as_ref().is_some_and(|places| places.len() > 500) {
                errors.push(field, "too_many", "must not be more than 500");
            }
        }
        errors.into_result()?;
        Ok(Stored {
            method: Method {
                code,
                name: self.name.to_string(),
                tariff,
                free_from: self.free_from.map(Money::amount),
                tax,
                places: self.places.unwrap_or_default(),
                except: self.except_places.unwrap_or_default(),
            },
            currency,
            position: self.position.unwrap_or(0),
            active: self.active.unwrap_or(true),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn code(&self, errors: &mut FieldErrors, existing: Option<&str>) -> String {
        let given = self.code.as_ref().map(Text::as_str);
        let good = |code: &str| {
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
            code.bytes().all(letter) && code != "all"
        };
        match (given, existing) {
            (Some(given), Some(existing)) if given != existing => {
                errors.push("code", "immutable", "never changes");
            }
            (None, None) => errors.push("code", "required", "is required"),
            (Some(given), None) if !good(given) => {
                errors.push(
                    "code",
                    "invalid",
                    "must be small letters, digits, '-' or '_', and not 'all'",
                );
            }
            _ => {}
        }
        existing.or(given).unwrap_or_default().to_owned()
    }

    /// The one currency of all amounts, none of which is negative.
    fn currency(&self, errors: &mut FieldErrors, shop: Currency) -> Currency {
        let mut amounts = vec![
            ("price".to_owned(), self.price),
            ("free_from".to_owned(), self.free_from),
        ];
        for (index, step) in self.steps.iter().flatten().enumerate() {
            amounts.push((
                format!("steps[{index}].up_to_subtotal"),
                step.up_to_subtotal,
            ));
            amounts.push((format!("steps[{index}].price"), Some(step.price)));
        }
        let named = amounts.iter().find_map(|(_, amount)| *amount);
        let currency = named.map_or(shop, Money::currency);
        for (field, amount) in amounts {
            let Some(amount) = amount else { continue };
            if amount.currency() != currency {
                errors.push(
                    field,
                    "other_currency",
                    "must be in the currency of the others",
                );
            } else if amount.amount() < 0 {
                errors.push(field, "invalid", "must not be negative");
            }
        }
        currency
    }

    fn tariff(&self, errors: &mut FieldErrors) -> Tariff {
        let kind = self.kind.unwrap_or(TariffKind::Flat);
        if kind == TariffKind::Flat {
            if self.price.is_none() {
                errors.push("price", "required", "is required");
            }
            if self.steps.is_some() {
                errors.push("steps", "exclusive", "is for prices by weight or subtotal");
            }
            return Tariff::Flat(self.price.map_or(0, Money::amount));
        }
        if self.price.is_some() {
            errors.push("price", "exclusive", "is for flat prices");
        }
        let steps = self.steps.as_deref().unwrap_or_default();
        if steps.is_empty() || steps.len() > 50 {
            let code = if steps.is_empty() {
                "required"
            } else {
                "too_many"
            };
            errors.push("steps", code, "must be 1 to 50");
        }
        let mut parsed: Vec<Step> = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let (up_to, other) = match kind {
                TariffKind::ByWeight => (step.up_to_grams, step.up_to_subtotal.is_some()),
                _ => (
                    step.up_to_subtotal.map(Money::amount),
                    step.up_to_grams.is_some(),
                ),
            };
            let at = format!("steps[{index}]");
            if step.up_to_grams.is_some_and(|grams| grams < 0) {
                let field = format!("{at}.up_to_grams");
                errors.push(field, "invalid", "must not be negative");
            }
            if other {
                errors.push(&at, "exclusive", "must say up to what as its kind does");
            }
            if up_to.is_none() && index + 1 < steps.len() {
                errors.push(&at, "invalid", "only the last step may have no end");
            }
            if let (Some(up_to), Some(before)) = (up_to, parsed.last().and_then(|step| step.up_to))
                && up_to <= before
            {
                errors.push(&at, "invalid", "must go further than the one before");
            }
            parsed.push(Step {
                up_to,
                price: step.price.amount(),
            });
        }
        match kind {
            TariffKind::ByWeight => Tariff::ByWeight(parsed),
            _ => Tariff::BySubtotal(parsed),
        }
    }
}
