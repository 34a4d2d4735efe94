//! `/api/products/{id}/stock`: what lies where, how it came there, and on which terms it is sold.

pub(crate) mod levels;
pub(crate) mod movements;
pub(crate) mod terms;

use std::collections::BTreeMap;

use contracts::internal::variants::Availability;
use primitives::{LocationId, Sku, Timestamp, VariantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::terms::{Limit, Preorder as PreorderTerms, Terms};
use crate::domain::text::Units;
use crate::store::locations::Location;
use crate::store::stock::Item;

/// A variant's stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VariantStock {
    variant_id: VariantId,
    sku: Sku,
    options: BTreeMap<String, String>,
    /// Units that lie anywhere.
    on_hand: i32,
    /// Those of them that are held for orders.
    reserved: i32,
    /// Units sold that are not there yet, to be served first.
    owed: i32,
    /// Units that can be had now.
    available: i32,
    availability: Availability,
    #[schema(nullable)]
    available_on: Option<Timestamp>,
    low_stock_threshold: i32,
    /// Whether so little is left.
    low: bool,
    #[schema(nullable)]
    backorder: Option<Backorder>,
    #[schema(nullable)]
    preorder: Option<Preorder>,
    /// At each place, in the order in which the places serve.
    locations: Vec<LocationStock>,
}

/// What lies at a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LocationStock {
    location_id: LocationId,
    code: String,
    name: String,
    active: bool,
    on_hand: i32,
    reserved: i32,
    available: i32,
}

/// Sold when nothing is left, delivered when goods come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backorder {
    /// The most units that may be owed; any number without it.
    #[schema(value_type = Option<i32>, minimum = 1)]
    limit: Option<Units>,
}

/// Sold before the day on which it is there.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preorder {
    /// From then on it is sold as anything else.
    available_on: Timestamp,
    /// The most units that may be owed; any number without it.
    #[schema(value_type = Option<i32>, minimum = 1)]
    limit: Option<Units>,
}

fn limit(units: Option<Units>) -> Limit {
    Limit(units.map(Units::get))
}

fn units(limit: Limit) -> Option<Units> {
    limit.0.and_then(|units| i64::from(units).try_into().ok())
}

impl VariantStock {
    fn new(item: Item, places: &[Location]) -> Self {
        let (stock, variant) = (item.stock, item.snapshot);
        let sum = |of: fn(&LocationStock) -> i32, locations: &[LocationStock]| {
            locations.iter().map(of).sum()
        };
        let locations: Vec<LocationStock> = places
            .iter()
            .map(|place| {
                let level = stock.level(place.id);
                LocationStock {
                    location_id: place.id,
                    code: place.code.clone(),
                    name: place.name.clone(),
                    active: place.active,
                    on_hand: level.on_hand,
                    reserved: level.reserved,
                    available: level.free(),
                }
            })
            .collect();
        Self {
            variant_id: variant.variant_id,
            sku: variant.sku,
            options: variant.options,
            on_hand: sum(|place| place.on_hand, &locations),
            reserved: sum(|place| place.reserved, &locations),
            owed: stock.owed(),
            available: stock.available(),
            availability: variant.availability,
            available_on: variant.available_on,
            low_stock_threshold: stock.terms.threshold,
            low: stock.is_low(),
            backorder: stock
                .terms
                .backorder
                .map(|most| Backorder { limit: units(most) }),
            preorder: stock.terms.preorder.map(|preorder| Preorder {
                available_on: preorder.available_on,
                limit: units(preorder.limit),
            }),
            locations,
        }
    }
}

fn terms_of(threshold: Units, backorder: Option<Backorder>, preorder: Option<Preorder>) -> Terms {
    Terms {
        threshold: threshold.get(),
        backorder: backorder.map(|backorder| limit(backorder.limit)),
        preorder: preorder.map(|preorder| PreorderTerms {
            available_on: preorder.available_on,
            limit: limit(preorder.limit),
        }),
    }
}
