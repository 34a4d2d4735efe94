//! How many of the matches are of each kind: finding what is to be counted, and what the codes stand for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

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

/// What a code stands for.
#[derive(Debug, Clone)]
struct Meant {
    attribute: String,
    value: String,
    number: Option<f64>,
}

/// What codes stand for, as far as this process has asked: that never changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Arc<RwLock<HashMap<i64, Meant>>>);

impl Known {
    /// Beyond so many, it begins anew.
    const MOST: usize = 200_000;

    fn missing(&self, codes: &[i64]) -> Vec<i64> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        codes
            .iter()
            .filter(|code| !known.contains_key(code))
            .copied()
            .collect()
    }

    fn learn(&self, values: impl Iterator<Item = (i64, Meant)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() > Self::MOST {
            known.clear();
        }
        known.extend(values);
    }

    fn of(&self, codes: &[i64]) -> Vec<(i64, Meant)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        codes
            .iter()
            .filter_map(|code| Some((*code, known.get(code)?.clone())))
            .collect()
    }
}

/// A value of an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) code: i64,
    pub(crate) attribute: String,
    pub(crate) value: String,
    pub(crate) number: Option<f64>,
    /// What a category says of the attribute, if one does.
    pub(crate) definition: Option<Definition>,
}

/// What a category says of an attribute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Definition {
    key: String,
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) position: i32,
    pub(crate) filterable: bool,
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

/// Names codes and categories, in one statement, and another for codes that this process has not met yet.
pub(crate) async fn names(
    db: &mut PgConnection,
    known: &Known,
    codes: &[i64],
    categories: &[Uuid],
) -> sqlx::Result<Names> {
    let missing = known.missing(codes);
    if !missing.is_empty() {
        let rows = sqlx::query!(
            r#"SELECT code, attribute, value, number::float8 AS number FROM search_values WHERE code = ANY($1)"#,
            &missing
        )
        .fetch_all(&mut *db)
        .await?;
        known.learn(rows.into_iter().map(|row| {
            let meant = Meant {
                attribute: row.attribute,
                value: row.value,
                number: row.number,
            };
            (row.code, meant)
        }));
    }
    let meant = known.of(codes);
    let attributes: BTreeSet<String> = meant
        .iter()
        .map(|(_, meant)| meant.attribute.to_lowercase())
        .collect();
    let attributes: Vec<String> = attributes.into_iter().collect();
    let row = sqlx::query!(
        r#"SELECT
             (SELECT coalesce(jsonb_agg(d), '[]') FROM (
               SELECT DISTINCT ON (key) key, label, kind, unit, position, filterable
                 FROM category_attributes WHERE key = ANY($1) ORDER BY key, filterable DESC, position) d) AS "definitions!: Json<Vec<Definition>>",
             (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'slug', slug, 'name', name)), '[]')
                FROM categories WHERE id = ANY($2)) AS "categories!: Json<Vec<Category>>""#,
        &attributes,
        categories,
    )
    .fetch_one(db)
    .await?;
    let definitions: HashMap<String, Definition> = row
        .definitions
        .0
        .into_iter()
        .map(|definition| (definition.key.clone(), definition))
        .collect();
    let values = meant.into_iter().map(|(code, meant)| Value {
        code,
        definition: definitions.get(&meant.attribute.to_lowercase()).cloned(),
        attribute: meant.attribute,
        value: meant.value,
        number: meant.number,
    });
    Ok(Names {
        values: values.collect(),
        categories: row.categories.0,
    })
}
