//! How many of the matches are of each kind: finding what is to be counted, and what the codes stand for.

use primitives::CategoryId;
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::understand::Meaning;
use super::{Condition, filters, push_where, text};
use crate::domain::search::facets::{self, Counts, Narrowed};

/// So many products are counted at most; of more, those that come first.
pub(crate) const MOST_COUNTED: i64 = 200_000;

/// Counts the products that match the words and all filters, or all but one. One statement.
pub(crate) async fn count(
    db: &mut PgConnection,
    meaning: Option<&Meaning>,
    narrowed: &Narrowed,
) -> sqlx::Result<Counts> {
    let mut sql = QueryBuilder::<Postgres>::new("");
    put_together(&mut sql, meaning, narrowed);
    let facts: Option<Vec<u8>> = sql
        .build_query_scalar()
        .persistent(false)
        .fetch_one(db)
        .await?;
    Ok(facets::count(&facts.unwrap_or_default(), narrowed))
}

pub(super) fn put_together(
    sql: &mut QueryBuilder<Postgres>,
    meaning: Option<&Meaning>,
    narrowed: &Narrowed,
) {
    sql.push("SELECT string_agg(facts, '') FROM (SELECT s.facts FROM product_search s");
    let words: Vec<Condition<'_>> = text(meaning).into_iter().collect();
    push_where(sql, &words);
    let filters = filters(narrowed);
    // With one filter, all but it is everything.
    if filters.len() > 1 {
        sql.push(if words.is_empty() {
            " WHERE ("
        } else {
            " AND ("
        });
        for left_out in 0..filters.len() {
            sql.push(if left_out == 0 { "(true" } else { " OR (true" });
            for (number, filter) in filters.iter().enumerate() {
                if number != left_out {
                    sql.push(" AND ");
                    filter.push(sql);
                }
            }
            sql.push(")");
        }
        sql.push(")");
    }
    sql.push(" LIMIT ").push_bind(MOST_COUNTED).push(") s");
}

/// A value of an attribute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Value {
    pub(crate) code: i64,
    pub(crate) attribute: String,
    pub(crate) value: String,
    pub(crate) number: Option<f64>,
    /// What a category says of the attribute, if one does.
    pub(crate) label: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) position: Option<i32>,
    pub(crate) filterable: Option<bool>,
}

/// A category's name.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category {
    pub(crate) id: CategoryId,
    pub(crate) slug: String,
    pub(crate) name: String,
}

/// What codes and ids stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) values: Vec<Value>,
    pub(crate) categories: Vec<Category>,
}

/// Names codes and categories, in one statement.
pub(crate) async fn names(
    db: &mut PgConnection,
    codes: &[i64],
    categories: &[Uuid],
) -> sqlx::Result<Names> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT coalesce(jsonb_agg(v), '[]') FROM (
               SELECT DISTINCT ON (v.code) v.code, v.attribute, v.value, v.number, d.label, d.kind, d.unit, d.position, d.filterable
                 FROM search_values v
                 LEFT JOIN (SELECT DISTINCT ON (key) key, label, kind, unit, position, filterable
                              FROM category_attributes ORDER BY key, filterable DESC, position) d ON d.key = lower(v.attribute)
                WHERE v.code = ANY($1) ORDER BY v.code) v) AS "values!: Json<Vec<Value>>",
             (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'slug', slug, 'name', name)), '[]')
                FROM categories WHERE id = ANY($2)) AS "categories!: Json<Vec<Category>>""#,
        codes,
        categories,
    )
    .fetch_one(db)
    .await?;
    Ok(Names {
        values: row.values.0,
        categories: row.categories.0,
    })
}
