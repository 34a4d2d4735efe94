//! One page of the public list.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::understand::Meaning;
use super::{filters, push_where, text};
use crate::domain::search::facets::Narrowed;
use crate::store::listing::{COLUMNS, Item, Place, Sort};

/// One page of public products, in one statement.
pub(crate) async fn page(
    db: &mut PgConnection,
    meaning: Option<&Meaning>,
    narrowed: &Narrowed,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Item>> {
    let mut sql = QueryBuilder::<Postgres>::new("");
    put_together(&mut sql, meaning, narrowed, sort, after, limit);
    sql.build_query_as::<Item>()
        .persistent(false)
        .fetch_all(db)
        .await
}

pub(super) fn put_together(
    sql: &mut QueryBuilder<Postgres>,
    meaning: Option<&Meaning>,
    narrowed: &Narrowed,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) {
    let descending = sort != Sort::CheapestFirst;
    let direction = if descending { " DESC" } else { "" };
    // Newest first is the order of the ids.
    let by_key = sort != Sort::Newest && (sort != Sort::Relevance || meaning.is_some());

    sql.push("WITH hit AS MATERIALIZED (SELECT s.product_id, s.in_stock, ");
    push_key(sql, meaning, sort);
    sql.push(" AS sort_key FROM product_search s");
    let mut conditions = filters(narrowed);
    conditions.extend(text(meaning));
    push_where(sql, &conditions);
    if let Some(place) = after {
        sql.push(if conditions.is_empty() {
            " WHERE ("
        } else {
            " AND ("
        });
        if by_key {
            push_key(sql, meaning, sort);
            sql.push(", ");
        }
        sql.push("s.product_id)")
            .push(if descending { " < (" } else { " > (" });
        if by_key {
            sql.push_bind(place.key).push(", ");
        }
        sql.push_bind(place.id.uuid()).push(")");
    }
    sql.push(" ORDER BY ");
    if by_key {
        push_key(sql, meaning, sort);
        sql.push(direction).push(", ");
    }
    sql.push("s.product_id")
        .push(direction)
        .push(" LIMIT ")
        .push_bind(limit)
        .push(") SELECT h.sort_key, h.in_stock, ")
        .push(COLUMNS);
    sql.push(" FROM hit h JOIN products p ON p.id = h.product_id ORDER BY h.sort_key")
        .push(direction)
        .push(", h.product_id")
        .push(direction);
}

/// The key that rows are sorted by before their id.
fn push_key(sql: &mut QueryBuilder<Postgres>, meaning: Option<&Meaning>, sort: Sort) {
    match (sort, meaning) {
        (Sort::Newest, _) | (Sort::Relevance, None) => {
            sql.push("0::bigint");
        }
        (Sort::CheapestFirst | Sort::DearestFirst, _) => {
            sql.push("s.price_min");
        }
        (Sort::Rating, _) => {
            sql.push("s.rating::bigint");
        }
        (Sort::Popular, _) => {
            sql.push("s.popularity::bigint");
        }
        (Sort::Relevance, Some(meaning)) => push_relevance(sql, meaning),
    }
}

/// How well a product matches, a whole number so that a cursor can name the exact place: where the words stand (up to 608), all
/// in the title (200) and little else there (up to 200), side by side (120), its sales and stars (up to 125), whether it can be
/// had (30). A SKU or barcode outdoes everything.
fn push_relevance(sql: &mut QueryBuilder<Postgres>, meaning: &Meaning) {
    sql.push("((ts_rank('{0.05, 0.1, 0.4, 1}', s.head, ")
        .push_bind(meaning.any.clone())
        .push("::tsquery) * 1000)::bigint");
    if !meaning.title.is_empty() {
        sql.push(" + CASE WHEN s.head @@ ")
            .push_bind(meaning.title.clone())
            .push("::tsquery THEN 200 + least(200, 200 * ")
            .push_bind(meaning.words)
            .push(" / greatest(s.title_words, 1)) ELSE 0 END");
    }
    if !meaning.phrase.is_empty() {
        sql.push(" + CASE WHEN s.head @@ ")
            .push_bind(meaning.phrase.clone())
            .push("::tsquery THEN 120 ELSE 0 END");
    }
    if !meaning.marks.is_empty() {
        sql.push(" + CASE WHEN s.head @@ ")
            .push_bind(meaning.marks.clone())
            .push("::tsquery THEN 5000 ELSE 0 END");
    }
    sql.push(" + s.quality / 8 + CASE WHEN s.in_stock THEN 30 ELSE 0 END)");
}
