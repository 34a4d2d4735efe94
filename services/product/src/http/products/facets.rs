//! How many products match, of each kind.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use primitives::{CategoryId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::search::facets::{Counts, Narrowed, ranges};
use crate::store::search::facets::{Names, Value};

/// The most entries of one facet.
const MOST: usize = 100;
/// The most values of an attribute.
const MOST_VALUES: usize = 50;
/// The most values that are looked up at all.
const MOST_CODES: usize = 1000;
/// With more numbers than this, an attribute is shown in ranges.
const NUMBERS: usize = 8;
/// The most ranges of an attribute.
const RANGES: usize = 6;

/// How many products match in each group. All filters apply but the facet's own, so that it shows what else there is; each
/// number is what one would find by choosing it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// That match all filters.
    total: u32,
    categories: Vec<CategoryFacet>,
    prices: Vec<PriceFacet>,
    ratings: Vec<RatingFacet>,
    sellers: Vec<SellerFacet>,
    attributes: Vec<AttributeFacet>,
    /// That can be had now.
    in_stock: u32,
}

/// Products that lie in a category itself.
#[derive(Debug, Serialize, ToSchema)]
struct CategoryFacet {
    id: CategoryId,
    slug: String,
    name: String,
    count: u32,
}

/// Products with a variant that costs from `from` to `to`, minor units, both included: `min_price` and `max_price`.
#[derive(Debug, Serialize, ToSchema)]
struct PriceFacet {
    from: i64,
    to: i64,
    count: u32,
}

/// Products with at least so many stars: `rating`.
#[derive(Debug, Serialize, ToSchema)]
struct RatingFacet {
    at_least: u8,
    count: u32,
}

/// Products of a seller.
#[derive(Debug, Serialize, ToSchema)]
struct SellerFacet {
    id: UserId,
    count: u32,
}

/// The values of an attribute or option: `attr.<key>`.
#[derive(Debug, Serialize, ToSchema)]
struct AttributeFacet {
    key: String,
    /// As its category calls it; else the key.
    label: String,
    /// `text`, `number`, `boolean` or `choice`.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// The most frequent first; `attr.<key>=<value>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<ValueFacet>>,
    /// Of many numbers, instead of `values`; `attr.<key>=<from>..<to>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ranges: Option<Vec<RangeFacet>>,
}

/// Products with a value.
#[derive(Debug, Serialize, ToSchema)]
struct ValueFacet {
    value: String,
    count: u32,
}

/// Products with a number from `from` to `to`, both included.
#[derive(Debug, Serialize, ToSchema)]
struct RangeFacet {
    from: f64,
    to: f64,
    count: u32,
}

/// What has to be named: the most frequent codes and categories.
pub(super) fn to_name(counts: &Counts) -> (Vec<i64>, Vec<Uuid>) {
    let mut codes: BTreeMap<i64, u32> = BTreeMap::new();
    for tally in counts.beside.iter().chain([&counts.codes]) {
        for (code, count) in tally {
            *codes.entry(*code).or_default() += count;
        }
    }
    let categories = counts.categories.iter().map(|(id, count)| (*id, *count));
    (
        most_frequent(codes.into_iter(), MOST_CODES),
        most_frequent(categories, MOST),
    )
}

fn most_frequent<K: Ord>(counts: impl Iterator<Item = (K, u32)>, most: usize) -> Vec<K> {
    let mut list: Vec<(Reverse<u32>, K)> =
        counts.map(|(key, count)| (Reverse(count), key)).collect();
    list.sort_unstable();
    list.truncate(most);
    list.into_iter().map(|(_, key)| key).collect()
}

impl Facets {
    pub(super) fn new(counts: &Counts, narrowed: &Narrowed, names: Names) -> Self {
        let mut categories: Vec<CategoryFacet> = names
            .categories
            .into_iter()
            .map(|category| CategoryFacet {
                count: counts
                    .categories
                    .get(&category.id.uuid())
                    .copied()
                    .unwrap_or(0),
                id: category.id,
                slug: category.slug,
                name: category.name,
            })
            .collect();
        categories.sort_by(|a, b| (b.count, &a.name).cmp(&(a.count, &b.name)));
        let sellers = counts.sellers.iter().map(|(id, count)| (*id, *count));
        Self {
            total: counts.total,
            categories,
            prices: counts
                .price_bands()
                .into_iter()
                .map(|band| PriceFacet {
                    from: band.from,
                    to: band.to,
                    count: band.count,
                })
                .collect(),
            ratings: (1..=4_u8)
                .rev()
                .map(|at_least| RatingFacet {
                    at_least,
                    count: counts.at_least(at_least.into()),
                })
                .collect(),
            sellers: most_frequent(sellers, MOST)
                .into_iter()
                .map(|id| SellerFacet {
                    id: UserId::from(id),
                    count: counts.sellers.get(&id).copied().unwrap_or(0),
                })
                .collect(),
            attributes: attributes(counts, narrowed, names.values),
            in_stock: counts.in_stock,
        }
    }
}

fn attributes(counts: &Counts, narrowed: &Narrowed, values: Vec<Value>) -> Vec<AttributeFacet> {
    let mut by_key: BTreeMap<String, Vec<(Value, u32)>> = BTreeMap::new();
    for value in values {
        // What a category defines and does not call filterable is no facet.
        if value
            .definition
            .as_ref()
            .is_some_and(|definition| !definition.filterable)
        {
            continue;
        }
        let key = value.attribute.to_lowercase();
        let beside = narrowed
            .attributes
            .iter()
            .position(|(attribute, _)| *attribute == key)
            .and_then(|at| counts.beside.get(at))
            .and_then(|tally| tally.get(&value.code));
        let count =
            counts.codes.get(&value.code).copied().unwrap_or(0) + beside.copied().unwrap_or(0);
        if count > 0 {
            by_key.entry(key).or_default().push((value, count));
        }
    }
    let mut facets: Vec<(i32, AttributeFacet)> = by_key
        .into_iter()
        .filter_map(|(key, values)| attribute(key, values))
        .collect();
    facets.sort_by(|a, b| (a.0, &a.1.key).cmp(&(b.0, &b.1.key)));
    facets.truncate(MOST_VALUES);
    facets.into_iter().map(|(_, facet)| facet).collect()
}

/// A facet and where it stands; undefined attributes come last.
fn attribute(key: String, mut values: Vec<(Value, u32)>) -> Option<(i32, AttributeFacet)> {
    let first = values.first()?.0.clone();
    let numbers: Vec<(f64, u32)> = values
        .iter()
        .filter_map(|(value, count)| Some((value.number?, *count)))
        .collect();
    let all_numbers = numbers.len() == values.len();
    let defined = first.definition;
    let kind = match &defined {
        Some(definition) => definition.kind.clone(),
        None if all_numbers => "number".to_owned(),
        None => "text".to_owned(),
    };
    let in_ranges = kind == "number" && numbers.len() > NUMBERS;
    values.sort_by(|a, b| (b.1, &a.0.value).cmp(&(a.1, &b.0.value)));
    values.truncate(MOST_VALUES);
    let facet = AttributeFacet {
        label: match &defined {
            Some(definition) => definition.label.clone(),
            None => first.attribute,
        },
        key,
        kind,
        unit: defined
            .as_ref()
            .and_then(|definition| definition.unit.clone()),
        values: (!in_ranges).then(|| {
            values
                .into_iter()
                .map(|(value, count)| ValueFacet {
                    value: value.value,
                    count,
                })
                .collect()
        }),
        ranges: in_ranges.then(|| {
            ranges(numbers, RANGES)
                .into_iter()
                .map(|(from, to, count)| RangeFacet { from, to, count })
                .collect()
        }),
    };
    let position = defined.map_or(i32::MAX, |definition| definition.position);
    Some((position, facet))
}
