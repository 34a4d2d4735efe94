//! Wishes as clients see them.

use std::collections::BTreeMap;

use http_kit::{Error, Result};
use primitives::{Money, ProductId, Timestamp, VariantId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::products::view::ProductSummary;
use crate::store::listing;
use crate::store::wishlist::Wish;

/// Something that somebody wishes for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WishlistItem {
    product: ProductSummary,
    /// The variant that is wished for; null for whichever is cheapest.
    #[schema(nullable)]
    variant_id: Option<VariantId>,
    added_at: Timestamp,
    /// What it cost then.
    #[schema(nullable)]
    price_when_added: Option<Money>,
    /// What it costs now; null if the variant is sold no more.
    #[schema(nullable)]
    price_now: Option<Money>,
    /// Whether it can be had now.
    in_stock: bool,
}

/// Something on a list that somebody shares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedItem {
    product: ProductSummary,
    /// The variant that is wished for; null for whichever is cheapest.
    #[schema(nullable)]
    variant_id: Option<VariantId>,
    /// What it costs now; null if the variant is sold no more.
    #[schema(nullable)]
    price_now: Option<Money>,
    /// Whether it can be had now.
    in_stock: bool,
}

impl WishlistItem {
    fn new(wish: Wish, product: ProductSummary) -> Result<Self> {
        Ok(Self {
            product,
            variant_id: wish.variant_id,
            added_at: wish.created_at,
            price_when_added: money(wish.added_price, wish.added_currency)?,
            price_now: money(wish.price, wish.currency)?,
            in_stock: wish.in_stock,
        })
    }
}

impl SharedItem {
    fn new(wish: Wish, product: ProductSummary) -> Result<Self> {
        Ok(Self {
            product,
            variant_id: wish.variant_id,
            price_now: money(wish.price, wish.currency)?,
            in_stock: wish.in_stock,
        })
    }
}

/// Wishes with their products, in one statement for all of them.
pub(super) async fn items(
    db: &mut PgConnection,
    state: &AppState,
    wishes: Vec<Wish>,
) -> Result<Vec<WishlistItem>> {
    with_products(db, state, wishes, WishlistItem::new).await
}

/// As [`items`], for others than their owner.
pub(super) async fn shared_items(
    db: &mut PgConnection,
    state: &AppState,
    wishes: Vec<Wish>,
) -> Result<Vec<SharedItem>> {
    with_products(db, state, wishes, SharedItem::new).await
}

async fn with_products<T>(
    db: &mut PgConnection,
    state: &AppState,
    wishes: Vec<Wish>,
    make: impl Fn(Wish, ProductSummary) -> Result<T>,
) -> Result<Vec<T>> {
    let ids: Vec<ProductId> = wishes.iter().map(|wish| wish.product_id).collect();
    let mut products = BTreeMap::new();
    for item in listing::by_ids(db, &ids).await? {
        products.insert(item.id, ProductSummary::new(item, &state.media)?);
    }
    // What ceased to be public a moment ago is left out.
    let pairs = wishes
        .into_iter()
        .filter_map(|wish| Some((products.remove(&wish.product_id)?, wish)));
    pairs.map(|(product, wish)| make(wish, product)).collect()
}

fn money(amount: Option<i64>, currency: Option<String>) -> Result<Option<Money>> {
    let (Some(amount), Some(currency)) = (amount, currency) else {
        return Ok(None);
    };
    let currency = currency
        .parse()
        .map_err(|error: primitives::TextError| Error::internal(error))?;
    Ok(Some(Money::new(amount, currency)))
}
