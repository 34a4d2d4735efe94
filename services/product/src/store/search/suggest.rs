//! What somebody who is still typing may be looking for.

use primitives::{CategoryId, ProductId};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::domain::search::text::quoted;

/// The most of each kind.
const MOST: i64 = 6;
/// A word that so many products have is looked for from the best-selling product down; a rarer one in the index of words.
const FREQUENT: i64 = 2000;

/// A word that begins as typed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Completion {
    pub(crate) word: String,
    pub(crate) lexeme: String,
    pub(crate) products: i64,
}

/// A category whose name has the words.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category {
    pub(crate) id: CategoryId,
    pub(crate) slug: String,
    pub(crate) name: String,
}

/// Words that begin as the last one does, the most frequent first, and categories with all the words, in one statement.
pub(crate) async fn complete(
    db: &mut PgConnection,
    before: &[String],
    begun: &str,
) -> sqlx::Result<(Vec<Completion>, Vec<Category>)> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT coalesce(jsonb_agg(w), '[]') FROM (
               SELECT word, lexeme, max(products) AS products FROM search_words
                WHERE products > 0 AND word LIKE replace(lower(unaccent($2::text)), '_', '\_') || '%'
                GROUP BY word, lexeme ORDER BY max(products) DESC, word LIMIT $3) w) AS "words!: Json<Vec<Completion>>",
             (SELECT coalesce(jsonb_agg(c), '[]') FROM (
               SELECT id, slug, name FROM categories
                WHERE ' ' || lower(unaccent(name)) LIKE ALL (SELECT '% ' || replace(lower(unaccent(w)), '_', '\_') || '%' FROM unnest(array_append($1::text[], $2::text)) AS w)
                ORDER BY length(name), name LIMIT $3) c) AS "categories!: Json<Vec<Category>>""#,
        before,
        begun,
        MOST,
    )
    .fetch_one(db)
    .await?;
    Ok((row.words.0, row.categories.0))
}

/// A product to jump to.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Product {
    pub(crate) id: ProductId,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) currency: String,
    pub(crate) price_min: i64,
    pub(crate) price_max: i64,
}

/// The best-selling products with all words `before`, a `tsquery` or empty, and one of the completions, in one statement.
pub(crate) async fn products(
    db: &mut PgConnection,
    before: &str,
    completions: &[Completion],
) -> sqlx::Result<Vec<Product>> {
    let ways: Vec<String> = completions.iter().map(|way| quoted(&way.lexeme)).collect();
    let mut all: Vec<String> = Vec::new();
    if !before.is_empty() {
        all.push(format!("({before})"));
    }
    if !ways.is_empty() {
        all.push(format!("({})", ways.join(" | ")));
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let frequent = before.is_empty() && completions.iter().any(|way| way.products >= FREQUENT);
    let mut sql = QueryBuilder::<Postgres>::new(
        "WITH hit AS MATERIALIZED (SELECT s.product_id, s.popularity FROM product_search s WHERE ",
    );
    sql.push(if frequent { "s.head" } else { "s.words" })
        .push(" @@ ")
        .push_bind(all.join(" & "))
        .push("::tsquery ORDER BY s.popularity DESC, s.product_id DESC LIMIT ")
        .push_bind(MOST)
        .push(
            ") SELECT p.id, p.slug, p.title, p.currency, p.price_min, p.price_max \
             FROM hit h JOIN products p ON p.id = h.product_id ORDER BY h.popularity DESC, h.product_id DESC",
        );
    sql.build_query_as().persistent(false).fetch_all(db).await
}
