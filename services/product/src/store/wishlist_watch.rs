//! What changed of products that somebody wishes for, and whom to tell.

use std::time::Duration;

use primitives::{ProductId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that price or stock of products may have changed, in the transaction of the change. What nobody wishes for costs a look at an index.
pub(crate) async fn note(db: &mut PgConnection, products: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO wishlist_changes (product_id)
         SELECT id FROM unnest($1::uuid[]) AS p (id) WHERE EXISTS (SELECT FROM wishlist_items i WHERE i.product_id = p.id)",
        products
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the oldest notes, which nobody else then takes; the products they name, and how many notes there were.
pub(crate) async fn take(db: &mut PgConnection, limit: i64) -> sqlx::Result<(Vec<Uuid>, usize)> {
    let mut products = sqlx::query_scalar!(
        r#"DELETE FROM wishlist_changes WHERE id IN (SELECT id FROM wishlist_changes ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING product_id"#,
        limit
    )
    .fetch_all(db)
    .await?;
    let notes = products.len();
    products.sort_unstable();
    products.dedup();
    Ok((products, notes))
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compared {
    /// How many wishes were not what was seen before.
    pub(crate) changed: i64,
    /// Of how many of them there is something to tell.
    pub(crate) news: i64,
}

/// Compares the wishes for products with what was seen before, at most so many that differ: notes what there is now, and whom to tell that the
/// price fell or that it can be had again. A mail is due now, or `pause` after the last one about the same product.
pub(crate) async fn compare(
    db: &mut PgConnection,
    products: &[Uuid],
    limit: i64,
    now: Timestamp,
    pause: Duration,
) -> sqlx::Result<Compared> {
    sqlx::query_as!(
        Compared,
        r#"WITH changed AS (
             SELECT i.user_id, i.product_id, i.seen_price, i.seen_currency, i.seen_in_stock, o.price, o.currency, o.in_stock
               FROM wishlist_items i
               JOIN (SELECT * FROM wishlist_offers WHERE product_id = ANY($1)) o
                 ON o.product_id = i.product_id AND o.variant_id IS NOT DISTINCT FROM i.variant_id
              WHERE (i.seen_price, i.seen_currency, i.seen_in_stock) IS DISTINCT FROM (o.price, o.currency, o.in_stock)
              ORDER BY i.product_id, i.user_id LIMIT $2
                FOR NO KEY UPDATE OF i
           ), seen AS (
             UPDATE wishlist_items i SET seen_price = c.price, seen_currency = c.currency, seen_in_stock = c.in_stock
               FROM changed c WHERE i.user_id = c.user_id AND i.product_id = c.product_id
           ), news AS (
             SELECT *, coalesce(currency = seen_currency AND price < seen_price, false) AS fell,
                       coalesce(in_stock AND NOT seen_in_stock, false) AS restocked FROM changed
           ), told AS (
             INSERT INTO wishlist_alerts AS a (user_id, product_id, price_before, currency, restocked, due_at)
             SELECT user_id, product_id, CASE WHEN fell THEN seen_price END, CASE WHEN fell THEN seen_currency END, restocked, $3
               FROM news WHERE fell OR restocked
              ORDER BY product_id, user_id
             ON CONFLICT (user_id, product_id) DO UPDATE
                -- Of several falls the first price counts, unless it was in another currency.
                SET price_before = CASE WHEN a.currency = coalesce(excluded.currency, a.currency) THEN a.price_before ELSE excluded.price_before END,
                    currency = CASE WHEN a.currency = coalesce(excluded.currency, a.currency) THEN a.currency ELSE excluded.currency END,
                    restocked = a.restocked OR excluded.restocked,
                    due_at = greatest(excluded.due_at, a.mailed_at + make_interval(secs => $4))
             RETURNING 1
           )
           SELECT (SELECT count(*) FROM changed) AS "changed!", (SELECT count(*) FROM told) AS "news!""#,
        products,
        limit,
        now as _,
        pause.as_secs_f64(),
    )
    .fetch_one(db)
    .await
}

/// Takes what is due for so long that it can be mailed, unless somebody else has.
pub(crate) async fn claim(
    db: &mut PgConnection,
    now: Timestamp,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<(UserId, ProductId)>> {
    let rows = sqlx::query!(
        r#"UPDATE wishlist_alerts a SET claimed_until = $2
             FROM (SELECT user_id, product_id FROM wishlist_alerts
                    WHERE due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
                    ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) due
            WHERE a.user_id = due.user_id AND a.product_id = due.product_id
           RETURNING a.user_id AS "user_id: UserId", a.product_id AS "product_id: ProductId""#,
        now as _,
        (now + lease) as Timestamp,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, row.product_id))
        .collect())
}

/// What there is to tell, and all that decides whether and how.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    pub(crate) price_before: Option<i64>,
    pub(crate) before_currency: Option<String>,
    pub(crate) restocked: bool,
    pub(crate) title: String,
    pub(crate) slug: String,
    /// What is offered now; absent if nothing is, or if it is wished for no more.
    pub(crate) price: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) in_stock: bool,
}

/// Locks what is still to be told somebody of a product.
pub(crate) async fn lock(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
    now: Timestamp,
) -> sqlx::Result<Option<Alert>> {
    sqlx::query_as!(
        Alert,
        r#"SELECT a.price_before, a.currency AS before_currency, a.restocked, p.title, p.slug,
                  o.price AS "price?", o.currency AS "currency?", coalesce(o.in_stock, false) AS "in_stock!"
             FROM wishlist_alerts a
             JOIN products p ON p.id = a.product_id
             LEFT JOIN wishlist_items i ON i.user_id = a.user_id AND i.product_id = a.product_id
             LEFT JOIN LATERAL (SELECT * FROM wishlist_offers o
                                 WHERE o.product_id = i.product_id AND o.variant_id IS NOT DISTINCT FROM i.variant_id OFFSET 0) o ON true
            WHERE a.user_id = $1 AND a.product_id = $2 AND a.due_at <= $3
              FOR NO KEY UPDATE OF a"#,
        user.uuid(),
        product.uuid(),
        now as _,
    )
    .fetch_optional(db)
    .await
}

/// Notes that there is nothing more to tell: because it was `mailed`, or because it is no news.
pub(crate) async fn done(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
    mailed: Option<Timestamp>,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE wishlist_alerts SET price_before = NULL, currency = NULL, restocked = false, due_at = NULL, claimed_until = NULL,
                                    mailed_at = coalesce($3, mailed_at)
          WHERE user_id = $1 AND product_id = $2",
        user.uuid(),
        product.uuid(),
        mailed as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Forgets mails that delay no other any more.
pub(crate) async fn clean_up(db: &mut PgConnection, before: Timestamp) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM wishlist_alerts WHERE due_at IS NULL AND (mailed_at IS NULL OR mailed_at < $1)",
        before as _
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
