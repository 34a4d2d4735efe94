//! Products with all that a file can say of them, for import and export.

use std::collections::BTreeMap;

use primitives::{CategoryId, Currency, ProductId, Sku, Timestamp, UserId, VariantId};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::attributes::{AttributeValue, Kind, Rule};
use crate::domain::import::known::{Known, KnownVariant};
use crate::domain::import::places::Place;
use crate::domain::status::{Life, Schedule, Status};
use crate::domain::text::TaxClass;

/// Which products are exported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) seller: Option<UserId>,
    /// Any but archived ones unless told.
    pub(crate) status: Option<Status>,
    /// With all categories below it.
    pub(crate) category: Option<CategoryId>,
}

#[derive(Deserialize)]
struct VariantRow {
    id: VariantId,
    sku: Sku,
    price: i64,
    compare_at_price: Option<i64>,
    stock: i32,
    barcode: Option<String>,
    weight_grams: Option<i32>,
    length_mm: Option<i32>,
    width_mm: Option<i32>,
    height_mm: Option<i32>,
    options: BTreeMap<String, String>,
}

struct Found {
    id: ProductId,
    version: i32,
    seller_id: UserId,
    slug: String,
    title: String,
    description: String,
    status: Status,
    approved: bool,
    publish_at: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
    category_id: Option<CategoryId>,
    category_slug: Option<String>,
    tax_class: TaxClass,
    seo_title: Option<String>,
    seo_description: Option<String>,
    currency: String,
    option_names: Vec<String>,
    attributes: Json<BTreeMap<String, AttributeValue>>,
    images: Vec<String>,
    variants: Json<Vec<VariantRow>>,
}

impl TryFrom<Found> for Known {
    type Error = sqlx::Error;

    fn try_from(found: Found) -> sqlx::Result<Self> {
        let currency: Currency = found
            .currency
            .parse()
            .map_err(|error: primitives::TextError| sqlx::Error::Decode(error.into()))?;
        let variants = found.variants.0.into_iter().map(|row| KnownVariant {
            id: row.id,
            sku: row.sku,
            price: row.price,
            compare_at_price: row.compare_at_price,
            stock: row.stock,
            barcode: row.barcode,
            weight_grams: row.weight_grams,
            millimetres: match (row.length_mm, row.width_mm, row.height_mm) {
                (Some(length), Some(width), Some(height)) => Some([length, width, height]),
                _ => None,
            },
            options: row.options,
        });
        Ok(Self {
            id: found.id,
            version: found.version,
            seller_id: found.seller_id,
            slug: found.slug,
            title: found.title,
            description: found.description,
            life: Life {
                status: found.status,
                approved: found.approved,
                schedule: Schedule {
                    publish_at: found.publish_at,
                    unpublish_at: found.unpublish_at,
                },
            },
            category: found.category_id.zip(found.category_slug),
            tax_class: found.tax_class,
            seo_title: found.seo_title,
            seo_description: found.seo_description,
            currency,
            option_names: found.option_names,
            attributes: found.attributes.0,
            images: found.images,
            variants: variants.collect(),
        })
    }
}

/// Lets a transaction see one moment to its end.
pub(crate) async fn read_one_moment(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(db)
        .await?;
    Ok(())
}

/// Products by id, in the order of their ids.
pub(crate) async fn by_ids(db: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Known>> {
    let rows = sqlx::query_as!(
        Found,
        r#"SELECT p.id AS "id: ProductId", p.version, p.seller_id AS "seller_id: UserId", p.slug, p.title, p.description, p.status AS "status: Status",
                  (p.approved_at IS NOT NULL OR p.status = 'active') AS "approved!", p.publish_at AS "publish_at: Timestamp",
                  p.unpublish_at AS "unpublish_at: Timestamp", p.category_id AS "category_id: CategoryId",
                  (SELECT c.slug FROM categories c WHERE c.id = p.category_id) AS category_slug, p.tax_class AS "tax_class: TaxClass",
                  p.seo_title, p.seo_description, p.currency, p.option_names, p.attributes AS "attributes: Json<BTreeMap<String, AttributeValue>>",
                  ARRAY(SELECT i.file_name FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id) AS "images!",
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'sku', v.sku, 'price', v.price, 'compare_at_price', v.compare_at_price,
                            'stock', coalesce(s.on_hand, 0), 'barcode', v.barcode, 'weight_grams', v.weight_grams, 'length_mm', v.length_mm,
                            'width_mm', v.width_mm, 'height_mm', v.height_mm, 'options', v.options) ORDER BY v.position, v.id), '[]')
                     FROM product_variants v LEFT JOIN stock_levels s ON s.variant_id = v.id AND s.location_id = (
                            SELECT l.id FROM stock_locations l WHERE l.deactivated_at IS NULL ORDER BY l.position, l.id LIMIT 1)
                    WHERE v.product_id = p.id AND v.archived_at IS NULL) AS "variants!: Json<Vec<VariantRow>>"
             FROM products p WHERE p.id = ANY($1) AND p.status <> 'archived' ORDER BY p.id"#,
        ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Known::try_from).collect()
}

/// The ids of products in the order of their addresses, after one of them; with their addresses.
pub(crate) async fn page(
    db: &mut PgConnection,
    filter: Filter,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.slug FROM products p
            WHERE p.slug > $1 AND p.status <> 'archived' AND ($2::uuid IS NULL OR p.seller_id = $2) AND ($3::text IS NULL OR p.status = $3)
              AND ($4::uuid IS NULL OR p.category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = $4))
            ORDER BY p.slug LIMIT $5"#,
        after,
        filter.seller.map(UserId::uuid),
        filter.status.map(Status::as_str),
        filter.category.map(CategoryId::uuid),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.slug)).collect())
}

/// The keys of all attributes that products have, and the most options that one has.
pub(crate) async fn layout(
    db: &mut PgConnection,
    filter: Filter,
) -> sqlx::Result<(Vec<String>, i32)> {
    let row = sqlx::query!(
        r#"WITH exported AS (
             SELECT p.attributes, p.option_names FROM products p
              WHERE p.status <> 'archived' AND ($1::uuid IS NULL OR p.seller_id = $1) AND ($2::text IS NULL OR p.status = $2)
                AND ($3::uuid IS NULL OR p.category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = $3))
           )
           SELECT ARRAY(SELECT DISTINCT key COLLATE "C" FROM exported, jsonb_object_keys(attributes) AS key ORDER BY 1) AS "keys!",
                  (SELECT coalesce(max(cardinality(option_names)), 0) FROM exported) AS "options!""#,
        filter.seller.map(UserId::uuid),
        filter.status.map(Status::as_str),
        filter.category.map(CategoryId::uuid),
    )
    .fetch_one(db)
    .await?;
    Ok((row.keys, row.options))
}

/// Which product has which SKU of a seller.
pub(crate) async fn by_skus(
    db: &mut PgConnection,
    sellers: &[Uuid],
    skus: &[String],
) -> sqlx::Result<BTreeMap<(UserId, String), ProductId>> {
    let rows = sqlx::query!(
        r#"SELECT v.seller_id AS "seller_id: UserId", v.sku, v.product_id AS "product_id: ProductId"
             FROM unnest($1::uuid[], $2::text[]) AS wanted (seller_id, sku)
             JOIN product_variants v ON v.seller_id = wanted.seller_id AND v.sku = wanted.sku AND v.archived_at IS NULL"#,
        sellers,
        skus,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.seller_id, row.sku), row.product_id))
        .collect())
}

/// All categories by what they are called.
pub(crate) async fn places(db: &mut PgConnection) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(Place, r#"SELECT id AS "id: CategoryId", parent_id AS "parent_id: CategoryId", slug, name FROM categories"#)
        .fetch_all(db)
        .await
}

/// What each category, with those above it, asks of its products' attributes.
pub(crate) async fn rules(db: &mut PgConnection) -> sqlx::Result<BTreeMap<CategoryId, Vec<Rule>>> {
    let rows = sqlx::query!(
        r#"SELECT c.descendant_id AS "category_id: CategoryId", a.key, a.kind AS "kind: Kind", a.choices, a.required
             FROM category_closure c JOIN category_attributes a ON a.category_id = c.ancestor_id ORDER BY a.key"#
    )
    .fetch_all(db)
    .await?;
    let mut rules = BTreeMap::<CategoryId, Vec<Rule>>::new();
    for row in rows {
        let rule = Rule {
            key: row.key,
            kind: row.kind,
            choices: row.choices,
            required: row.required,
        };
        rules.entry(row.category_id).or_default().push(rule);
    }
    Ok(rules)
}
