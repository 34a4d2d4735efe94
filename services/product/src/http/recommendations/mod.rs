//! `/api/products/{id}/recommendations` and `/api/products/recommended`

pub(crate) mod of_product;
pub(crate) mod of_user;

use std::collections::BTreeMap;

use http_kit::Result;
use primitives::ProductId;
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::IntoParams;

use super::products::view::ProductSummary;
use crate::app::AppState;
use crate::domain::recommendation::in_stock_first;
use crate::store::listing;

/// How many are answered.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecommendationsQuery {
    /// How many to answer of each kind, 1–24 (12).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 24)]
    limit: Option<Count>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
struct Count(u32);

impl TryFrom<u32> for Count {
    type Error = &'static str;

    fn try_from(count: u32) -> std::result::Result<Self, Self::Error> {
        match count {
            1..=24 => Ok(Self(count)),
            _ => Err("must be between 1 and 24"),
        }
    }
}

impl RecommendationsQuery {
    fn limit(&self) -> usize {
        self.limit.map_or(12, |count| count.0 as usize)
    }
}

/// What is public of some products, to be picked from. What was recommended and is not public any more is not there.
struct Shelf<'a> {
    state: &'a AppState,
    items: BTreeMap<ProductId, listing::Item>,
}

impl<'a> Shelf<'a> {
    /// Fetches all that may be shown, in one statement.
    async fn fetch(db: &mut PgConnection, state: &'a AppState, ids: &[ProductId]) -> Result<Self> {
        let items = listing::by_ids(db, ids).await?;
        let items = items.into_iter().map(|item| (item.id, item)).collect();
        Ok(Self { state, items })
    }

    /// Takes the first so many of a list: what can be had before what cannot, nothing twice.
    fn take(&mut self, list: &[ProductId], limit: usize) -> Result<Vec<ProductSummary>> {
        let there = list
            .iter()
            .filter_map(|id| self.items.get(id).map(|item| (*id, item.in_stock)));
        in_stock_first(there, limit)
            .into_iter()
            .filter_map(|id| self.items.remove(&id))
            .map(|item| ProductSummary::new(item, &self.state.media))
            .collect()
    }
}
