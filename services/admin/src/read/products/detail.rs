//! One product with all that staff see of it.

use std::collections::BTreeMap;
use std::time::Duration;

use primitives::{CategoryId, ImageId, LocationId, Money, ProductId, Timestamp, UserId, VariantId};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

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

impl Head {
    /// The average of its reviews, as in `4.27`.
    pub(crate) fn stars(&self) -> String {
        format!(
            "{}.{:02}",
            self.rating_milli / 1000,
            self.rating_milli % 1000 / 10
        )
    }
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

/// A picture.
#[derive(FromRow)]
pub(crate) struct Picture {
    pub(crate) id: ImageId,
    pub(crate) file_name: String,
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

pub(crate) async fn pictures(
    conn: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Vec<Picture>> {
    sqlx::query_as("SELECT id, file_name, alt, width, height FROM product_images WHERE product_id = $1 ORDER BY position, id")
        .bind(product)
        .fetch_all(conn)
        .await
}

/// What the category, or one above it, asks of an attribute.
#[derive(FromRow)]
pub(crate) struct Definition {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) choices: Vec<String>,
    pub(crate) required: bool,
}

pub(crate) async fn definitions(
    conn: &mut PgConnection,
    category: Option<CategoryId>,
) -> sqlx::Result<Vec<Definition>> {
    sqlx::query_as(
        "SELECT a.key, a.label, a.kind, a.unit, a.choices, a.required
           FROM category_closure c JOIN category_attributes a ON a.category_id = c.ancestor_id
          WHERE c.descendant_id = $1 ORDER BY a.position, a.key",
    )
    .bind(category)
    .fetch_all(conn)
    .await
}

/// The currency of the newest product.
pub(crate) async fn usual_currency(conn: &mut PgConnection) -> sqlx::Result<String> {
    let newest: Option<String> =
        sqlx::query_scalar("SELECT currency FROM products ORDER BY id DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(newest.unwrap_or_else(|| "EUR".to_owned()))
}

/// A price at which a variant was offered.
pub(crate) struct Offered {
    pub(crate) sku: String,
    pub(crate) price: Money,
    pub(crate) compared: Option<Money>,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

/// The newest prices of all variants.
pub(crate) async fn prices(
    conn: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Vec<Offered>> {
    type Row = (
        String,
        i64,
        Option<i64>,
        String,
        Timestamp,
        Option<Timestamp>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT v.sku, h.price, h.compare_at_price, h.currency, h.valid_from, h.valid_until
           FROM product_variants v JOIN price_history h ON h.variant_id = v.id
          WHERE v.product_id = $1 ORDER BY h.valid_from DESC, h.id DESC LIMIT 30",
    )
    .bind(product)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(sku, price, compared, currency, from, until)| {
            Ok(Offered {
                sku,
                price: money(price, &currency)?,
                compared: compared
                    .map(|amount| money(amount, &currency))
                    .transpose()?,
                from,
                until,
            })
        })
        .collect()
}

/// A row of the ledger of stock.
#[derive(FromRow)]
pub(crate) struct Movement {
    pub(crate) seq: i64,
    pub(crate) sku: String,
    pub(crate) place: String,
    pub(crate) kind: String,
    pub(crate) on_hand_delta: i32,
    pub(crate) reserved_delta: i32,
    pub(crate) owed_delta: i32,
    pub(crate) order_id: Option<Uuid>,
    pub(crate) reason: Option<String>,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) created_at: Timestamp,
}

/// The newest movements of a product's stock before `before`, of one variant or of all; at one place or at all.
pub(crate) async fn movements(
    conn: &mut PgConnection,
    product: ProductId,
    (variant, place): (Option<VariantId>, Option<LocationId>),
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Movement>> {
    sqlx::query_as(
        "SELECT m.seq, v.sku, p.name AS place, m.kind, m.on_hand_delta, m.reserved_delta, m.owed_delta, m.order_id, m.reason, m.actor_id,
                m.created_at
           FROM product_variants v
          CROSS JOIN LATERAL (SELECT * FROM (SELECT seq, location_id, kind, on_hand_delta, reserved_delta, owed_delta, order_id, reason, actor_id, created_at
                                               FROM stock_movements
                                              WHERE variant_id = v.id AND ($3::bigint IS NULL OR seq < $3) AND ($5::uuid IS NULL OR location_id = $5)
                                              ORDER BY seq DESC LIMIT $4) newest) m
           JOIN stock_locations p ON p.id = m.location_id
          WHERE v.product_id = $1 AND ($2::uuid IS NULL OR v.id = $2)
          ORDER BY m.seq DESC LIMIT $4",
    )
    .bind(product)
    .bind(variant)
    .bind(before)
    .bind(limit)
    .bind(place)
    .fetch_all(conn)
    .await
}

/// What decides whether a buyer finds the product and can have it.
#[derive(FromRow)]
pub(crate) struct Shown {
    /// There is a row for the search.
    pub(crate) searchable: bool,
    /// That row says what the product says.
    pub(crate) search_is_current: bool,
    pub(crate) search_in_stock: bool,
    pub(crate) in_stock: bool,
    pub(crate) active_places: i64,
    /// Stock and ledger say the same.
    pub(crate) ledger_differs: bool,
    /// Changes that caches have not heard of yet.
    pub(crate) untold: i64,
}

pub(crate) async fn shown(conn: &mut PgConnection, product: ProductId) -> sqlx::Result<Shown> {
    sqlx::query_as(
        "SELECT s.product_id IS NOT NULL AS searchable,
                coalesce((s.category_id, s.price_min, s.price_max) IS NOT DISTINCT FROM (p.category_id, p.price_min, p.price_max), false) AS search_is_current,
                coalesce(s.in_stock, false) AS search_in_stock,
                EXISTS (SELECT FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL
                           AND (SELECT sum(l.on_hand - l.reserved - l.owed) FROM stock_levels l WHERE l.variant_id = v.id) > 0) AS in_stock,
                (SELECT count(*) FROM stock_locations WHERE deactivated_at IS NULL) AS active_places,
                EXISTS (SELECT FROM product_variants v
                         CROSS JOIN LATERAL (SELECT coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved FROM stock_levels WHERE variant_id = v.id) l
                         CROSS JOIN LATERAL (SELECT coalesce(sum(on_hand_delta), 0) AS on_hand, coalesce(sum(reserved_delta), 0) AS reserved FROM stock_movements WHERE variant_id = v.id) m
                         WHERE v.product_id = p.id AND v.archived_at IS NULL AND (l.on_hand, l.reserved) <> (m.on_hand, m.reserved)) AS ledger_differs,
                (SELECT count(*) FROM outbox WHERE aggregate = 'product:' || p.id) AS untold
           FROM products p LEFT JOIN product_search s ON s.product_id = p.id WHERE p.id = $1",
    )
    .bind(product)
    .fetch_one(conn)
    .await
}
