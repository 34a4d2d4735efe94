//! What sending costs, and where to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::Place;
use crate::domain::order::{UnknownName, names};

/// A way of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) tariff: Tariff,
    /// Nothing from this sum of lines (discounts off) on.
    pub(crate) free_from: Option<i64>,
    pub(crate) tax: ShippingTax,
    /// Where it sends to; everywhere if empty.
    pub(crate) places: Vec<Place>,
    /// Where it does not, all the same.
    pub(crate) except: Vec<Place>,
}

/// What the costs depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TariffKind {
    /// Always the same.
    Flat,
    /// Steps of grams.
    ByWeight,
    /// Steps of what the lines cost, discounts off.
    BySubtotal,
}

names!(TariffKind { Flat = "flat", ByWeight = "by_weight", BySubtotal = "by_subtotal" });

/// What sending costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tariff {
    Flat(i64),
    ByWeight(Vec<Step>),
    BySubtotal(Vec<Step>),
}

/// The price up to a weight or sum, itself included; the last one may have no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) up_to: Option<i64>,
    pub(crate) price: i64,
}

/// How the costs of sending are taxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShippingTax {
    /// Not.
    None,
    /// As the goods are, in proportion to what they cost.
    Goods,
    /// As goods of a class.
    Class(String),
}

/// What the tax class says of shipping that is taxed as the goods are.
const AS_GOODS: &str = "goods";

impl ShippingTax {
    /// As it is written: a class, or `goods`.
    pub(crate) fn of_class(class: &str) -> Self {
        match class {
            AS_GOODS => Self::Goods,
            class => Self::Class(class.to_owned()),
        }
    }

    /// As it is written; nothing if it is not taxed.
    pub(crate) fn as_class(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Goods => Some(AS_GOODS),
            Self::Class(class) => Some(class),
        }
    }
}

impl Tariff {
    pub(crate) fn kind(&self) -> TariffKind {
        match self {
            Self::Flat(_) => TariffKind::Flat,
            Self::ByWeight(_) => TariffKind::ByWeight,
            Self::BySubtotal(_) => TariffKind::BySubtotal,
        }
    }
}

/// Why a method cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOffered {
    #[error("is not offered there")]
    Place,
    #[error("does not carry that much")]
    TooHeavy,
    #[error("is not offered for orders of this value")]
    Value,
    #[error("is switched off")]
    Off,
    #[error("is priced in another currency")]
    Currency,
}

impl NotOffered {
    /// The stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Place => "not_offered_there",
            Self::TooHeavy => "too_heavy",
            Self::Value => "not_for_this_value",
            Self::Off => "not_active",
            Self::Currency => "other_currency",
        }
    }
}

impl Method {
    /// Whether it sends there.
    pub(crate) fn sends_to(&self, place: &Place) -> bool {
        (self.places.is_empty() || self.places.iter().any(|own| own.covers(place)))
            && !self.except.iter().any(|own| own.covers(place))
    }

    /// What sending goods of this value and weight there costs.
    pub(crate) fn costs(&self, to: &Place, goods: i64, grams: i64) -> Result<i64, NotOffered> {
        if !self.sends_to(to) {
            return Err(NotOffered::Place);
        }
        let price = match &self.tariff {
            Tariff::Flat(price) => *price,
            Tariff::ByWeight(steps) => step(steps, grams).ok_or(NotOffered::TooHeavy)?,
            Tariff::BySubtotal(steps) => step(steps, goods).ok_or(NotOffered::Value)?,
        };
        let free = self.free_from.is_some_and(|from| goods >= from);
        Ok(if free {
            0
        } else {
            price.clamp(0, super::LIMIT)
        })
    }
}

fn step(steps: &[Step], measure: i64) -> Option<i64> {
    steps
        .iter()
        .find(|step| step.up_to.is_none_or(|up_to| measure <= up_to))
        .map(|step| step.price)
}
