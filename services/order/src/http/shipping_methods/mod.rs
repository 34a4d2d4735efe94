//! `/api/shipping-methods`: what is offered to everybody, and what staff may change.

pub(crate) mod all;
pub(crate) mod create;
pub(crate) mod get;
mod input;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod update;

use primitives::{Currency, Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::input::ShippingMethodInput;
use crate::domain::pricing::shipping::{Step, Tariff, TariffKind};
use crate::store::shipping_methods::Stored;

/// A way of sending.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShippingMethod)]
pub(crate) struct ShippingMethodView {
    code: String,
    name: String,
    kind: TariffKind,
    /// Of a flat one.
    price: Option<Money>,
    /// Of the others.
    steps: Vec<StepView>,
    /// Nothing from this sum of lines, discounts off, on.
    free_from: Option<Money>,
    /// The class whose rates it is taxed with; `goods` for those of the goods; null if it is not taxed.
    tax_class: Option<String>,
    #[schema(value_type = String)]
    currency: Currency,
    /// Where it sends to; everywhere if empty.
    places: Vec<String>,
    /// Where it does not, all the same.
    except_places: Vec<String>,
    /// The lower, the more preferred: the first that can be had is taken if none is chosen.
    position: i32,
    active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i32,
}

/// The price up to a weight or sum; the last step may have no end.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShippingStep)]
pub(crate) struct StepView {
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_grams: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_subtotal: Option<Money>,
    price: Money,
}

impl ShippingMethodView {
    /// The version, for the ETag.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }
}

impl From<Stored> for ShippingMethodView {
    fn from(stored: Stored) -> Self {
        let (currency, method) = (stored.currency, stored.method);
        let money = |amount| Money::new(amount, currency);
        let kind = method.tariff.kind();
        let step = |step: Step| StepView {
            up_to_grams: step.up_to.filter(|_| kind == TariffKind::ByWeight),
            up_to_subtotal: step
                .up_to
                .filter(|_| kind == TariffKind::BySubtotal)
                .map(money),
            price: money(step.price),
        };
        let texts = |places: &[crate::domain::pricing::place::Place]| {
            places.iter().map(ToString::to_string).collect()
        };
        let (places, except_places) = (texts(&method.places), texts(&method.except));
        let (price, steps) = match method.tariff {
            Tariff::Flat(price) => (Some(money(price)), Vec::new()),
            Tariff::ByWeight(steps) | Tariff::BySubtotal(steps) => {
                (None, steps.into_iter().map(step).collect())
            }
        };
        Self {
            code: method.code,
            name: method.name,
            kind,
            price,
            steps,
            free_from: method.free_from.map(money),
            tax_class: method.tax.as_class().map(str::to_owned),
            currency,
            places,
            except_places,
            position: stored.position,
            active: stored.active,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        }
    }
}

fn taken() -> http_kit::Error {
    http_kit::Error::conflict(
        "shipping_method_taken",
        "There is a shipping method with this code already.",
    )
}
