//! One product with all that staff see of it.

use std::collections::BTreeMap;
use std::time::Duration;

use primitives::{CategoryId, LocationId, Money, ProductId, Timestamp, UserId, VariantId};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use super::list::DAYS;
use crate::read::money;

/// The product itself.
#[derive(FromRow)]
pub(crate) struct Head {
    pub(crate) id: ProductId,
    pub(crate) seller_id: UserId,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) category: Option<String>,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) tax_class: String,
    pub(crate) option_names: Vec<String>,
    pub(crate) attributes: Json<BTreeMap<String, Value>>,
    pub(crate) currency: String,
    pub(crate) seo_title: Option<String>,
    pub(crate) seo_description: Option<String>,
    pub(crate) approved_at: Option<Timestamp>,
    pub(crate) publish_at: Option<Timestamp>,
    pub(crate) unpublish_at: Option<Timestamp>,
    pub(crate) rating_milli: i64,
    pub(crate) rating_count: i32,
    pub(crate) sold_count: i64,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

pub(crate) async fn head(conn: &mut PgConnection, id: ProductId) -> sqlx::Result<Option<Head>> {
    sqlx::query_as(
        "SELECT p.id, p.seller_id, p.category_id, c.name AS category, p.slug, p.title, p.description, p.status, p.rejection_reason,
                p.tax_class, p.option_names, p.attributes, p.currency, p.seo_title, p.seo_description, p.approved_at, p.publish_at,
                p.unpublish_at, p.rating_milli, p.rating_count, p.sold_count, p.version, p.created_at, p.updated_at
           FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// A variant with its stock at all places together.
pub(crate) struct VariantRow {
    pub(crate) id: VariantId,
    pub(crate) sku: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) price: Money,
    pub(crate) compared: Option<Money>,
    pub(crate) barcode: Option<String>,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) threshold: i32,
    pub(crate) backorder: bool,
    pub(crate) backorder_limit: Option<i32>,
    pub(crate) available_on: Option<Timestamp>,
    pub(crate) preorder_limit: Option<i32>,
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
    pub(crate) owed: i64,
    pub(crate) sold: i64,
}

impl VariantRow {
    pub(crate) fn available(&self) -> i64 {
        (self.on_hand - self.held - self.owed).max(0)
    }

    pub(crate) fn is_low(&self) -> bool {
        self.available() <= i64::from(self.threshold)
    }

    pub(crate) fn cover(&self) -> Option<i64> {
        super::list::days_of_cover(self.available(), self.sold)
    }

    /// `M / red`; its SKU without options.
    pub(crate) fn label(&self) -> String {
        if self.options.is_empty() {
            return self.sku.clone();
        }
        let values: Vec<&str> = self.options.values().map(String::as_str).collect();
        values.join(" / ")
    }

    /// The price as a field takes it.
    pub(crate) fn amount(&self) -> String {
        plain(self.price)
    }

    pub(crate) fn compared_amount(&self) -> String {
        self.compared.map(plain).unwrap_or_default()
    }

    pub(crate) fn option(&self, name: &str) -> &str {
        self.options.get(name).map_or("", String::as_str)
    }
}

/// An amount without its currency, as in `12.50`.
pub(crate) fn plain(money: Money) -> String {
    let text = money.to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[derive(FromRow)]
struct Variant {
    id: VariantId,
    sku: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    compare_at_price: Option<i64>,
    barcode: Option<String>,
    weight_grams: Option<i32>,
    low_stock_threshold: i32,
    backorder: bool,
    backorder_limit: Option<i32>,
    available_on: Option<Timestamp>,
    preorder_limit: Option<i32>,
    on_hand: i64,
    reserved: i64,
    owed: i64,
    sold: i64,
}

/// The variants that are sold, in the order in which they are shown.
pub(crate) async fn variants(
    conn: &mut PgConnection,
    head: &Head,
    now: Timestamp,
) -> sqlx::Result<Vec<VariantRow>> {
    let rows: Vec<Variant> = sqlx::query_as(
        "SELECT v.id, v.sku, v.options, v.price, v.compare_at_price, v.barcode, v.weight_grams, v.low_stock_threshold, v.backorder,
                v.backorder_limit, v.available_on, v.preorder_limit, l.on_hand, l.reserved, l.owed,
                (SELECT coalesce(sum(owed_delta - on_hand_delta), 0)::bigint FROM stock_movements
                  WHERE variant_id = v.id AND kind IN ('sell', 'restock') AND created_at >= $2) AS sold
           FROM product_variants v
          CROSS JOIN LATERAL (SELECT coalesce(sum(on_hand), 0)::bigint AS on_hand, coalesce(sum(reserved), 0)::bigint AS reserved,
                                     coalesce(sum(owed), 0)::bigint AS owed FROM stock_levels WHERE variant_id = v.id) l
          WHERE v.product_id = $1 AND v.archived_at IS NULL ORDER BY v.position, v.id",
    )
    .bind(head.id)
    .bind(now - Duration::from_secs(u64::from(DAYS) * 24 * 3600))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(VariantRow {
                id: row.id,
                sku: row.sku,
                options: row.options.0,
                price: money(row.price, &head.currency)?,
                compared: row
                    .compare_at_price
                    .map(|amount| money(amount, &head.currency))
                    .transpose()?,
                barcode: row.barcode,
                weight_grams: row.weight_grams,
                threshold: row.low_stock_threshold,
                backorder: row.backorder,
                backorder_limit: row.backorder_limit,
                available_on: row.available_on,
                preorder_limit: row.preorder_limit,
                on_hand: row.on_hand,
                held: row.reserved,
                owed: row.owed,
                sold: row.sold,
            })
        })
        .collect()
}

/// What lies of a variant at a place.
#[derive(FromRow)]
pub(crate) struct PlaceLevel {
    pub(crate) variant_id: VariantId,
    pub(crate) sku: String,
    pub(crate) location_id: LocationId,
    pub(crate) place: String,
    pub(crate) active: bool,
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
}

/// At each active place, and wherever else something lies.
pub(crate) async fn places(
    conn: &mut PgConnection,
    product: ProductId,
    variant: Option<VariantId>,
) -> sqlx::Result<Vec<PlaceLevel>> {
    sqlx::query_as(
        "SELECT v.id AS variant_id, v.sku, p.id AS location_id, p.name AS place, p.deactivated_at IS NULL AS active,
                coalesce(l.on_hand, 0) AS on_hand, coalesce(l.reserved, 0) AS reserved
           FROM product_variants v
          CROSS JOIN stock_locations p
           LEFT JOIN stock_levels l ON l.variant_id = v.id AND l.location_id = p.id
          WHERE v.product_id = $1 AND v.archived_at IS NULL AND ($2::uuid IS NULL OR v.id = $2)
            AND (p.deactivated_at IS NULL OR l.on_hand > 0)
          ORDER BY v.position, v.id, p.position, p.id",
    )
    .bind(product)
    .bind(variant)
    .fetch_all(conn)
    .await
}
