//! Products.

use std::collections::BTreeMap;

use contracts::internal::variants::Availability;
use primitives::{CategoryId, Clock, ImageId, ProductId, Sku, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::attributes::AttributeValue;
use crate::domain::picture::Size;
use crate::domain::price::Offered;
use crate::domain::product::Offer;
use crate::domain::status::{Life, Schedule, Status};
use crate::domain::terms::{Limit, Preorder, Terms};
use crate::domain::text::TaxClass;

/// Which product is meant: `{id or slug}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    Id(ProductId),
    Slug(String),
}

/// A product as it is stored, with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) id: ProductId,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) seller_id: UserId,
    pub(crate) category: Option<Json<CategoryRef>>,
    pub(crate) currency: String,
    pub(crate) price_min: i64,
    pub(crate) price_max: i64,
    pub(crate) rating_sum: i64,
    pub(crate) rating_count: i32,
    pub(crate) images: Json<Vec<Image>>,
    pub(crate) option_names: Vec<String>,
    pub(crate) variants: Json<Vec<Variant>>,
    /// When it was read.
    pub(crate) seen_at: Timestamp,
    pub(crate) attributes: Json<BTreeMap<String, AttributeValue>>,
    pub(crate) tax_class: TaxClass,
    pub(crate) seo_title: Option<String>,
    pub(crate) seo_description: Option<String>,
    pub(crate) approved_at: Option<Timestamp>,
    pub(crate) publish_at: Option<Timestamp>,
    pub(crate) unpublish_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i32,
}

/// The category of a product.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CategoryRef {
    pub(crate) id: CategoryId,
    pub(crate) slug: String,
    pub(crate) name: String,
}

/// A picture of a product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) id: ImageId,
    pub(crate) file_name: String,
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// Largest first; empty for a picture from before there were sizes.
    #[serde(default)]
    pub(crate) sizes: Vec<Size>,
    #[serde(default)]
    pub(crate) placeholder: Option<String>,
    /// The variants that it shows; none: all.
    #[serde(default)]
    pub(crate) variant_ids: Vec<VariantId>,
}

/// A variant of a product with the units that can be had.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Variant {
    pub(crate) id: VariantId,
    pub(crate) sku: Sku,
    pub(crate) price: i64,
    pub(crate) compare_at_price: Option<i64>,
    /// At which prices it was offered, oldest first; empty unless there is a price to compare with.
    pub(crate) offered: Vec<Offered>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) available: i32,
    pub(crate) owed: i32,
    pub(crate) backorder: bool,
    pub(crate) backorder_limit: Option<i32>,
    pub(crate) available_on: Option<Timestamp>,
    pub(crate) preorder_limit: Option<i32>,
    pub(crate) barcode: Option<String>,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) length_mm: Option<i32>,
    pub(crate) width_mm: Option<i32>,
    pub(crate) height_mm: Option<i32>,
}

impl Variant {
    /// Whether and how it could be bought at a moment, and when goods were expected.
    pub(crate) fn availability(&self, now: Timestamp) -> (Availability, Option<Timestamp>) {
        let terms = Terms {
            threshold: 0,
            backorder: self.backorder.then_some(Limit(self.backorder_limit)),
            preorder: self.available_on.map(|available_on| Preorder {
                available_on,
                limit: Limit(self.preorder_limit),
            }),
        };
        terms.availability(self.available, self.owed, now)
    }
}

/// A product with its category, pictures and variants, in one statement.
pub(crate) async fn find(
    db: &mut PgConnection,
    selector: &Selector,
    now: Timestamp,
) -> sqlx::Result<Option<Product>> {
    let (id, slug) = match selector {
        Selector::Id(id) => (Some(id.uuid()), None),
        Selector::Slug(slug) => (None, Some(slug.as_str())),
    };
    sqlx::query_as!(
        Product,
        r#"SELECT p.id AS "id: ProductId", p.slug, p.title, p.description, p.status AS "status: Status", p.rejection_reason,
                  p.seller_id AS "seller_id: UserId", p.currency, p.price_min, p.price_max, p.rating_sum, p.rating_count,
                  p.option_names, p.attributes AS "attributes: Json<BTreeMap<String, AttributeValue>>", p.tax_class AS "tax_class: TaxClass", p.seo_title, p.seo_description,
                  p.approved_at AS "approved_at: Timestamp", p.publish_at AS "publish_at: Timestamp", p.unpublish_at AS "unpublish_at: Timestamp",
                  $3::timestamptz AS "seen_at!: Timestamp", p.created_at AS "created_at: Timestamp", p.updated_at AS "updated_at: Timestamp", p.version,
                  (SELECT jsonb_build_object('id', c.id, 'slug', c.slug, 'name', c.name)
                     FROM categories c WHERE c.id = p.category_id) AS "category: Json<CategoryRef>",
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'file_name', i.file_name, 'alt', i.alt, 'width', i.width, 'height', i.height,
                                                                'sizes', i.sizes, 'placeholder', i.placeholder, 'variant_ids', i.variant_ids)
                                             ORDER BY i.position, i.id), '[]')
                     FROM product_images i WHERE i.product_id = p.id) AS "images!: Json<Vec<Image>>",
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'sku', v.sku, 'price', v.price, 'options', v.options, 'available',
                                               (SELECT greatest(0, coalesce(sum(s.on_hand - s.reserved - s.owed), 0)) FROM stock_levels s WHERE s.variant_id = v.id),
                                               'owed', (SELECT coalesce(sum(s.owed), 0) FROM stock_levels s WHERE s.variant_id = v.id),
                                               'backorder', v.backorder, 'backorder_limit', v.backorder_limit,
                                               'available_on', v.available_on, 'preorder_limit', v.preorder_limit,
                                               'barcode', v.barcode, 'weight_grams', v.weight_grams, 'length_mm', v.length_mm,
                                               'width_mm', v.width_mm, 'height_mm', v.height_mm, 'compare_at_price', v.compare_at_price,
                                               'offered', CASE WHEN v.compare_at_price IS NULL THEN '[]'::jsonb ELSE
                                                 (SELECT coalesce(jsonb_agg(jsonb_build_object('price', h.price, 'compare_at_price', h.compare_at_price,
                                                                              'from', h.valid_from, 'until', h.valid_until) ORDER BY h.valid_from, h.id), '[]')
                                                    FROM (SELECT * FROM price_history h WHERE h.variant_id = v.id AND h.currency = p.currency
                                                           ORDER BY h.valid_from DESC, h.id DESC LIMIT 1000) h) END)
                                             ORDER BY v.position, v.id), '[]')
                     FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL) AS "variants!: Json<Vec<Variant>>"
             FROM products p
            WHERE p.id = $1 OR p.slug = $2"#,
        id,
        slug,
        now as _,
    )
    .fetch_optional(db)
    .await
}

/// What decides what may become of a product, locked until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    pub(crate) id: ProductId,
    pub(crate) seller_id: UserId,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) status: Status,
    pub(crate) approved: bool,
    pub(crate) publish_at: Option<Timestamp>,
    pub(crate) unpublish_at: Option<Timestamp>,
    pub(crate) version: i32,
}

impl Locked {
    /// Where it is in its life.
    pub(crate) fn life(&self) -> Life {
        Life {
            status: self.status,
            approved: self.approved,
            schedule: Schedule {
                publish_at: self.publish_at,
                unpublish_at: self.unpublish_at,
            },
        }
    }
}

/// Locks a product.
pub(crate) async fn lock(db: &mut PgConnection, id: ProductId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: ProductId", seller_id AS "seller_id: UserId", slug, title, status AS "status: Status",
                  (approved_at IS NOT NULL OR status = 'active') AS "approved!", publish_at AS "publish_at: Timestamp",
                  unpublish_at AS "unpublish_at: Timestamp", version
             FROM products WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Locks a product that the clock wants to publish or to take out of the shop, unless somebody else has it in hand.
pub(crate) async fn lock_due(
    db: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: ProductId", seller_id AS "seller_id: UserId", slug, title, status AS "status: Status",
                  (approved_at IS NOT NULL OR status = 'active') AS "approved!", publish_at AS "publish_at: Timestamp",
                  unpublish_at AS "unpublish_at: Timestamp", version
             FROM products
            WHERE (status = 'draft' AND approved_at IS NOT NULL AND publish_at <= $1 AND (unpublish_at > $1) IS NOT FALSE)
               OR (status = 'active' AND unpublish_at <= $1)
            LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"#,
        now as _
    )
    .fetch_optional(db)
    .await
}

/// When the clock will want something next.
pub(crate) async fn next_due(db: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar!(
        r#"SELECT least((SELECT min(publish_at) FROM products
                          WHERE status = 'draft' AND approved_at IS NOT NULL AND (unpublish_at > publish_at) IS NOT FALSE
                            AND (unpublish_at > now()) IS NOT FALSE),
                        (SELECT min(unpublish_at) FROM products WHERE status = 'active')) AS "at: Timestamp""#
    )
    .fetch_one(db)
    .await
}

/// What decides whether a product may be seen.
pub(crate) async fn visibility(
    db: &mut PgConnection,
    id: ProductId,
) -> sqlx::Result<Option<(UserId, Status)>> {
    let row = sqlx::query!(r#"SELECT seller_id AS "seller_id: UserId", status AS "status: Status" FROM products WHERE id = $1"#, id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.seller_id, row.status)))
}

/// What a seller says of a product, checked.
#[derive(Debug, Clone)]
pub(crate) struct Content<'a> {
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) tax_class: Option<&'a str>,
    pub(crate) attributes: serde_json::Value,
    pub(crate) seo_title: Option<&'a str>,
    pub(crate) seo_description: Option<&'a str>,
    pub(crate) schedule: Schedule,
    pub(crate) offer: &'a Offer,
}

/// A product to be added.
#[derive(Debug, Clone)]
pub(crate) struct New<'a> {
    pub(crate) id: ProductId,
    pub(crate) seller_id: UserId,
    pub(crate) slug: &'a str,
    pub(crate) life: Life,
    pub(crate) content: Content<'a>,
}

/// Adds a product without its variants, under a slug that it has claimed. Constraint `products_category_id_fkey` may refuse it.
pub(crate) async fn insert(
    db: &mut PgConnection,
    new: &New<'_>,
    clock: &Clock,
) -> sqlx::Result<()> {
    let (content, now) = (&new.content, clock.now());
    let (price_min, price_max) = content.offer.price_range();
    sqlx::query!(
        r#"INSERT INTO products (id, seller_id, category_id, slug, title, description, status, tax_class, option_names, attributes,
                                 currency, price_min, price_max, skus, created_at, updated_at, published_at, approved_at,
                                 seo_title, seo_description, publish_at, unpublish_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, 'standard'), $9, $10, $11, $12, $13, $14, $15, $15,
                   CASE WHEN $7 = 'active' THEN $15::timestamptz END, CASE WHEN $16 THEN $15::timestamptz END, $17, $18, $19, $20)"#,
        new.id.uuid(),
        new.seller_id.uuid(),
        content.category_id.map(CategoryId::uuid),
        new.slug,
        content.title,
        content.description,
        new.life.status.as_str(),
        content.tax_class,
        &content.offer.option_names,
        content.attributes,
        content.offer.currency.code(),
        price_min,
        price_max,
        content.offer.skus(),
        now as _,
        new.life.approved,
        content.seo_title,
        content.seo_description,
        content.schedule.publish_at as _,
        content.schedule.unpublish_at as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what a seller says of a product, under a slug that it has claimed; answers the new version.
pub(crate) async fn update(
    db: &mut PgConnection,
    id: ProductId,
    slug: &str,
    content: &Content<'_>,
    clock: &Clock,
) -> sqlx::Result<i32> {
    let (price_min, price_max) = content.offer.price_range();
    sqlx::query_scalar!(
        r#"UPDATE products
              SET category_id = $2, title = $3, description = $4, tax_class = coalesce($5, tax_class), option_names = $6, attributes = $7,
                  currency = $8, price_min = $9, price_max = $10, skus = $11, updated_at = $12, slug = $13, seo_title = $14,
                  seo_description = $15, publish_at = $16, unpublish_at = $17, version = version + 1
            WHERE id = $1 RETURNING version"#,
        id.uuid(),
        content.category_id.map(CategoryId::uuid),
        content.title,
        content.description,
        content.tax_class,
        &content.offer.option_names,
        content.attributes,
        content.offer.currency.code(),
        price_min,
        price_max,
        content.offer.skus(),
        clock.now() as _,
        slug,
        content.seo_title,
        content.seo_description,
        content.schedule.publish_at as _,
        content.schedule.unpublish_at as _,
    )
    .fetch_one(db)
    .await
}

/// Writes where a product is in its life; answers the new version. An archived product leaves its category, so that the
/// category can go.
pub(crate) async fn set_life(
    db: &mut PgConnection,
    id: ProductId,
    life: Life,
    reason: Option<&str>,
    clock: &Clock,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"UPDATE products
              SET status = $2, rejection_reason = $3, updated_at = $4, version = version + 1,
                  category_id = CASE WHEN $2 = 'archived' THEN NULL ELSE category_id END,
                  published_at = CASE WHEN $2 = 'active' THEN coalesce(published_at, $4) ELSE published_at END,
                  approved_at = CASE WHEN $5 THEN coalesce(approved_at, $4) END
            WHERE id = $1 RETURNING version"#,
        id.uuid(),
        life.status.as_str(),
        reason,
        clock.now() as _,
        life.approved,
    )
    .fetch_one(db)
    .await
}

/// Notes that something that belongs to the product changed; answers the new version.
pub(crate) async fn touch(
    db: &mut PgConnection,
    id: ProductId,
    clock: &Clock,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "UPDATE products SET updated_at = $2, version = version + 1 WHERE id = $1 RETURNING version",
        id.uuid(),
        clock.now() as _
    )
    .fetch_one(db)
    .await
}

/// Locks some of the products in categories, in the order in which everybody locks them.
pub(crate) async fn lock_in_categories(
    db: &mut PgConnection,
    categories: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: ProductId", seller_id AS "seller_id: UserId", slug, title, status AS "status: Status",
                  (approved_at IS NOT NULL OR status = 'active') AS "approved!", publish_at AS "publish_at: Timestamp",
                  unpublish_at AS "unpublish_at: Timestamp", version
             FROM products WHERE category_id = ANY($1) ORDER BY id LIMIT $2 FOR NO KEY UPDATE"#,
        categories,
        limit
    )
    .fetch_all(db)
    .await
}

/// Puts locked products into another category, or into none.
pub(crate) async fn set_category(
    db: &mut PgConnection,
    products: &[ProductId],
    category: Option<CategoryId>,
    clock: &Clock,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = products.iter().map(|id| id.uuid()).collect();
    let done = sqlx::query!(
        "UPDATE products SET category_id = $2, updated_at = $3, version = version + 1 WHERE id = ANY($1)",
        &ids,
        category.map(CategoryId::uuid),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), products.len())
}
