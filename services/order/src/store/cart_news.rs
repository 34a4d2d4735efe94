//! What others were told of carts: claimed and noted in the transaction that writes the event.

use contracts::events::CartLine;
use primitives::{CartId, Timestamp, UserId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A cart as events tell of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) cart_id: CartId,
    pub(crate) user_id: Option<UserId>,
    pub(crate) version: i32,
    pub(crate) coupon: Option<String>,
    pub(crate) changed_at: Timestamp,
    pub(crate) lines: Json<Vec<CartLine>>,
}

/// Open carts that changed since the last `cart.updated`, noted as told.
pub(crate) async fn claim_untold(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as!(
        Told,
        r#"WITH due AS (
             SELECT id FROM carts WHERE status = 'open' AND told_version IS DISTINCT FROM version
              ORDER BY updated_at LIMIT $1 FOR UPDATE SKIP LOCKED)
           UPDATE carts c SET told_version = c.version FROM due WHERE c.id = due.id
           RETURNING c.id AS "cart_id: CartId", c.user_id AS "user_id: UserId", c.version, c.coupon, c.updated_at AS "changed_at: Timestamp",
             (SELECT coalesce(jsonb_agg(jsonb_build_object('product_id', i.product_id, 'variant_id', i.variant_id, 'quantity', i.quantity)
                                        ORDER BY i.added_at, i.id), '[]')
                FROM cart_items i WHERE i.cart_id = c.id) AS "lines!: Json<Vec<CartLine>>""#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Open carts that nobody changed since `before`, noted as abandoned in this version. Empty ones are noted too.
pub(crate) async fn claim_abandoned(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as!(
        Told,
        r#"WITH due AS (
             SELECT id FROM carts WHERE status = 'open' AND abandoned_version IS DISTINCT FROM version AND updated_at < $1
              ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           UPDATE carts c SET abandoned_version = c.version FROM due WHERE c.id = due.id
           RETURNING c.id AS "cart_id: CartId", c.user_id AS "user_id: UserId", c.version, c.coupon, c.updated_at AS "changed_at: Timestamp",
             (SELECT coalesce(jsonb_agg(jsonb_build_object('product_id', i.product_id, 'variant_id', i.variant_id, 'quantity', i.quantity)
                                        ORDER BY i.added_at, i.id), '[]')
                FROM cart_items i WHERE i.cart_id = c.id) AS "lines!: Json<Vec<CartLine>>""#,
        before as Timestamp,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Notes versions of carts in Redis as abandoned; answers those that were not noted before.
pub(crate) async fn note_abandoned(
    conn: &mut PgConnection,
    carts: &[(CartId, i32)],
    now: Timestamp,
) -> Result<Vec<CartId>, sqlx::Error> {
    let ids: Vec<Uuid> = carts.iter().map(|(id, _)| id.uuid()).collect();
    let versions: Vec<i32> = carts.iter().map(|(_, version)| *version).collect();
    sqlx::query_scalar!(
        r#"INSERT INTO abandoned_guest_carts (cart_id, version, abandoned_at)
           SELECT id, version, $3 FROM unnest($1::uuid[], $2::integer[]) AS cart (id, version) ORDER BY id
           ON CONFLICT (cart_id) DO UPDATE SET version = excluded.version, abandoned_at = excluded.abandoned_at
                                     WHERE abandoned_guest_carts.version < excluded.version
           RETURNING cart_id AS "id: CartId""#,
        &ids,
        &versions,
        now as Timestamp,
    )
    .fetch_all(conn)
    .await
}

/// Forgets guests' carts that nobody used since `oldest`: open ones, and what was told of those in Redis, which are gone too. How many.
pub(crate) async fn forget_guests(
    conn: &mut PgConnection,
    oldest: Timestamp,
) -> Result<usize, sqlx::Error> {
    let carts = sqlx::query!(
        "DELETE FROM carts WHERE status = 'open' AND user_id IS NULL AND updated_at < $1",
        oldest as Timestamp
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM abandoned_guest_carts WHERE abandoned_at < $1",
        oldest as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(carts.rows_affected()).unwrap_or(usize::MAX))
}
