//! Lists of products for those who see more than the public: sellers' own drafts, what waits for staff. The public list is
//! `store/search`. The query is put together at run time, so that the planner sees only the conditions that were asked for;
//! every value is bound.

use std::collections::BTreeMap;

use primitives::{ProductId, Timestamp, UserId};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::products::{CategoryRef, Image};
use crate::domain::attributes::AttributeValue;
use crate::domain::price::Offered;
use crate::domain::search::attribute_filter::AttributeFilter;
use crate::domain::status::Status;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) text: Option<String>,
    /// Id or slug; the categories below it are included.
    pub(crate) category: Option<String>,
    pub(crate) min_price: Option<i64>,
    pub(crate) max_price: Option<i64>,
    pub(crate) in_stock: bool,
    /// At least so many stars.
    pub(crate) rating: Option<i64>,
    pub(crate) seller: Option<UserId>,
    /// Only for the public list.
    pub(crate) attributes: Vec<AttributeFilter>,
    /// None: any but archived.
    pub(crate) status: Option<Status>,
}

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Relevance,
    Newest,
    CheapestFirst,
    DearestFirst,
    Rating,
    Popular,
}

impl Sort {
    /// The key that rows are sorted by before their id, and whether the biggest comes first.
    fn key(self) -> (&'static str, bool) {
        match self {
            Self::Relevance => ("relevance", true),
            Self::Newest => ("0::bigint", true),
            Self::CheapestFirst => ("p.price_min", false),
            Self::DearestFirst => ("p.price_min", true),
            Self::Rating => ("p.rating_milli", true),
            Self::Popular => ("p.sold_count", true),
        }
    }
}

/// The place of a row in a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) key: i64,
    pub(crate) id: ProductId,
}

/// A product in a list.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Item {
    pub(crate) sort_key: i64,
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
    pub(crate) reduction: Option<Json<Reduction>>,
    pub(crate) rating_sum: i64,
    pub(crate) rating_count: i32,
    pub(crate) images: Json<Vec<Image>>,
    pub(crate) in_stock: bool,
    pub(crate) attributes: Json<BTreeMap<String, AttributeValue>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i32,
}

/// What is announced of the cheapest variant's price.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reduction {
    pub(crate) compare_at_price: i64,
    /// Oldest first.
    pub(crate) offered: Vec<Offered>,
}

const IN_STOCK: &str = "EXISTS (SELECT FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL \
     AND (SELECT sum(s.on_hand - s.reserved - s.owed) FROM stock_levels s WHERE s.variant_id = v.id) > 0)";

/// What an [`Item`] is read from, of `products p`.
pub(crate) const COLUMNS: &str = "p.id, p.slug, p.title, p.description, p.status, p.rejection_reason, p.seller_id, p.currency, p.price_min, p.price_max, \
     p.rating_sum, p.rating_count, p.attributes, p.created_at, p.updated_at, p.version, \
     (SELECT jsonb_build_object('compare_at_price', v.compare_at_price, 'offered', \
               (SELECT coalesce(jsonb_agg(jsonb_build_object('price', h.price, 'compare_at_price', h.compare_at_price, \
                                                             'from', h.valid_from, 'until', h.valid_until) ORDER BY h.valid_from, h.id), '[]') \
                  FROM (SELECT * FROM price_history h WHERE h.variant_id = v.id AND h.currency = p.currency \
                         ORDER BY h.valid_from DESC, h.id DESC LIMIT 1000) h)) \
        FROM (SELECT * FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL ORDER BY v.price, v.position, v.id LIMIT 1) v \
       WHERE v.compare_at_price > v.price) AS reduction, \
     (SELECT jsonb_build_object('id', c.id, 'slug', c.slug, 'name', c.name) FROM categories c WHERE c.id = p.category_id) AS category, \
     (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'file_name', i.file_name, 'alt', i.alt, 'width', i.width, 'height', i.height, \
                                                 'sizes', i.sizes, 'placeholder', i.placeholder) \
                                ORDER BY i.position, i.id), '[]') FROM product_images i WHERE i.product_id = p.id) AS images";

/// One page of products that are not public, or not only, in one statement.
pub(crate) async fn page(
    db: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Item>> {
    let (key, descending) = match sort {
        Sort::Relevance if filter.text.is_none() => Sort::Newest.key(),
        sort => sort.key(),
    };
    let mut sql = QueryBuilder::<Postgres>::new("SELECT p.sort_key, ");
    sql.push(IN_STOCK)
        .push(" AS in_stock, ")
        .push(COLUMNS)
        .push(" FROM (SELECT p.*, ");
    sql.push(key).push(" AS sort_key FROM products p ");
    if let (Some(text), Sort::Relevance) = (&filter.text, sort) {
        // Whole millionths, so that a cursor can name the exact place.
        sql.push(
            "CROSS JOIN LATERAL (SELECT ((ts_rank_cd(p.search, websearch_to_tsquery('english', ",
        )
        .push_bind(text)
        .push(")) + word_similarity(")
        .push_bind(text)
        .push(", p.title)) * 1000000)::bigint AS relevance) r ");
    }
    conditions(&mut sql, filter);
    if let Some(place) = after {
        let beyond = if descending { "<" } else { ">" };
        sql.push(" AND (")
            .push(key)
            .push(", p.id) ")
            .push(beyond)
            .push(" (")
            .push_bind(place.key)
            .push(", ")
            .push_bind(place.id.uuid())
            .push(")");
    }
    let direction = if descending { " DESC" } else { "" };
    sql.push(" ORDER BY ");
    if sort != Sort::Newest && key != Sort::Newest.key().0 {
        sql.push(key).push(direction).push(", ");
    }
    sql.push("p.id")
        .push(direction)
        .push(" LIMIT ")
        .push_bind(limit)
        .push(") p ORDER BY p.sort_key")
        .push(direction)
        .push(", p.id")
        .push(direction);
    sql.build_query_as::<Item>().fetch_all(db).await
}

/// Those of some products that are public, in the order in which they are named.
pub(crate) async fn by_ids(db: &mut PgConnection, ids: &[ProductId]) -> sqlx::Result<Vec<Item>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut sql = QueryBuilder::<Postgres>::new("SELECT w.sort_key, s.in_stock, ");
    sql.push(COLUMNS).push(" FROM unnest(").push_bind(ids).push(
        ") WITH ORDINALITY AS w (id, sort_key) JOIN product_search s ON s.product_id = w.id \
         JOIN products p ON p.id = s.product_id AND p.status = 'active' ORDER BY w.sort_key",
    );
    sql.build_query_as::<Item>().fetch_all(db).await
}

fn conditions(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    match filter.status {
        Some(status) => sql.push("WHERE p.status = ").push_bind(status.as_str()),
        None => sql.push("WHERE p.status <> 'archived'"),
    };
    if let Some(text) = &filter.text {
        sql.push(" AND (p.search @@ websearch_to_tsquery('english', ")
            .push_bind(text)
            .push(") OR p.search @@ websearch_to_tsquery('simple', ")
            .push_bind(text)
            .push("))");
    }
    if let Some(category) = &filter.category {
        sql.push(" AND p.category_id IN (SELECT d.descendant_id FROM category_closure d JOIN categories a ON a.id = d.ancestor_id WHERE a.");
        match category.parse::<Uuid>() {
            Ok(id) => sql.push("id = ").push_bind(id),
            Err(_) => sql.push("slug = ").push_bind(category),
        };
        sql.push(")");
    }
    if let Some(min) = filter.min_price {
        sql.push(" AND p.price_max >= ").push_bind(min);
    }
    if let Some(max) = filter.max_price {
        sql.push(" AND p.price_min <= ").push_bind(max);
    }
    if let Some(stars) = filter.rating {
        sql.push(" AND p.rating_milli >= ").push_bind(stars * 1000);
    }
    if let Some(seller) = filter.seller {
        sql.push(" AND p.seller_id = ").push_bind(seller.uuid());
    }
    if filter.in_stock {
        sql.push(" AND ").push(IN_STOCK);
    }
}
