//! What the search needs done now and then: documents built anew, sales and words counted, a big shop's facts read.

use primitives::{Clock, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::search_documents;

/// So many documents are built in one transaction.
const BATCH: i64 = 100;
/// So many products' facts are read at once.
const CHUNK: i64 = 20_000;

/// Whether documents can be written in a language.
pub(crate) async fn knows_language(db: &mut PgConnection, language: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'search_' || $1) AS "known!""#,
        language
    )
    .fetch_one(db)
    .await
}

/// Notes the language of the documents; true if it is another than before, so that all of them will be built anew.
pub(crate) async fn set_language(db: &mut PgConnection, language: &str) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        r#"WITH changed AS (
             UPDATE search_settings SET language = $1
              WHERE language <> $1 AND EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'search_' || $1) RETURNING 1
           ), forgotten AS (
             DELETE FROM search_words WHERE EXISTS (SELECT FROM changed)
           )
           INSERT INTO search_rebuilds (category_id) SELECT NULL FROM changed"#,
        language
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Builds some documents anew that are waiting for it; answers how many, or none if nothing waits. Whoever does the same
/// meanwhile takes other documents.
pub(crate) async fn rebuild_some(db: &mut PgConnection) -> sqlx::Result<Option<usize>> {
    let Some(waiting) = sqlx::query!(
        "SELECT id, category_id, done_to FROM search_rebuilds ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    .fetch_optional(&mut *db)
    .await?
    else {
        return Ok(None);
    };
    let ids: Vec<ProductId> = sqlx::query_scalar!(
        r#"SELECT id AS "id: ProductId" FROM products
            WHERE status = 'active' AND id > $2
              AND ($1::uuid IS NULL OR category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = $1))
            ORDER BY id LIMIT $3 FOR NO KEY UPDATE"#,
        waiting.category_id,
        waiting.done_to,
        BATCH,
    )
    .fetch_all(&mut *db)
    .await?;
    match ids.last() {
        Some(last) => {
            search_documents::refresh(db, &ids).await?;
            sqlx::query!(
                "UPDATE search_rebuilds SET done_to = $2 WHERE id = $1",
                waiting.id,
                last.uuid()
            )
            .execute(db)
            .await?;
        }
        None => {
            sqlx::query!("DELETE FROM search_rebuilds WHERE id = $1", waiting.id)
                .execute(db)
                .await?;
        }
    }
    Ok(Some(ids.len()))
}

/// Takes over what was sold since, and how frequent each word is, if that was last done long ago. True if it was done.
pub(crate) async fn count(
    db: &mut PgConnection,
    clock: &Clock,
    every_seconds: f64,
) -> sqlx::Result<bool> {
    let now = clock.now();
    let due = sqlx::query!(
        "UPDATE search_settings SET counted_at = $1::timestamptz WHERE counted_at <= $1::timestamptz - make_interval(secs => $2)",
        now as _,
        every_seconds
    )
    .execute(&mut *db)
    .await?;
    if due.rows_affected() == 0 {
        return Ok(false);
    }
    // Locked in the order in which everybody locks them.
    sqlx::query!(
        r#"WITH due AS (
             SELECT s.product_id, least(p.sold_count, 2000000000)::integer AS popularity, search_quality(p.sold_count, p.rating_sum, p.rating_count) AS quality
               FROM product_search s JOIN products p ON p.id = s.product_id
              WHERE s.popularity <> least(p.sold_count, 2000000000)::integer
              ORDER BY s.product_id FOR NO KEY UPDATE OF s
           )
           UPDATE product_search s SET popularity = due.popularity, quality = due.quality FROM due WHERE s.product_id = due.product_id"#
    )
    .execute(&mut *db)
    .await?;
    // A word that is nowhere any more stays known, but is not suggested: somebody may be adding a product with it just now.
    sqlx::query!(
        r#"WITH found AS MATERIALIZED (SELECT word AS lexeme, ndoc FROM ts_stat('SELECT head FROM product_search'))
           UPDATE search_words w SET products = coalesce(f.ndoc, 0)
             FROM search_words k LEFT JOIN found f ON f.lexeme = k.lexeme
            WHERE w.ctid = k.ctid AND k.products > 0 AND k.products <> coalesce(f.ndoc, 0)"#
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"DELETE FROM search_words w USING search_words k
            WHERE k.word = w.word AND k.lexeme = w.lexeme AND (k.products > 0) >= (w.products > 0) AND k.ctid < w.ctid"#
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM search_values v USING search_values k WHERE k.code = v.code AND k.ctid < v.ctid")
        .execute(db)
        .await?;
    Ok(true)
}

/// The facts of all public products, if there are at least so many; in pieces, so that no statement takes long.
pub(crate) async fn facts(
    db: &mut PgConnection,
    at_least: i64,
) -> sqlx::Result<Option<Vec<Vec<u8>>>> {
    let enough = sqlx::query_scalar!(
        r#"SELECT count(*) >= $1 AS "enough!" FROM (SELECT FROM product_search LIMIT $1) s"#,
        at_least
    )
    .fetch_one(&mut *db)
    .await?;
    if !enough {
        return Ok(None);
    }
    let (mut chunks, mut last) = (Vec::new(), Some(Uuid::nil()));
    while let Some(after) = last {
        let row = sqlx::query!(
            r#"SELECT (array_agg(product_id ORDER BY product_id DESC))[1] AS last, string_agg(facts, '') AS facts
                 FROM (SELECT product_id, facts FROM product_search WHERE product_id > $1 ORDER BY product_id LIMIT $2) s"#,
            after,
            CHUNK
        )
        .fetch_one(&mut *db)
        .await?;
        last = row.last;
        chunks.extend(row.facts);
    }
    Ok(Some(chunks))
}
