//! Holds for orders.

use contracts::internal::variants::VariantSnapshot;
use primitives::{Clock, LocationId, OrderId, Timestamp, VariantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::allocation::Line;
use crate::domain::hold::Hold;
use crate::domain::stock::HOME;

/// A reservation, locked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reservation {
    pub(crate) hold: Hold,
    pub(crate) expires_at: Timestamp,
}

/// Claims the order's id. False if somebody was first, whose transaction has then ended.
pub(crate) async fn claim(
    db: &mut PgConnection,
    order: OrderId,
    hold: Hold,
    expires_at: Timestamp,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT (order_id) DO NOTHING",
        order.uuid(),
        hold.as_str(),
        expires_at as _,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Claims the ids of orders in their order, then locks the stock of variants in theirs; answers which orders were free. One
/// statement, because many buyers wait for it.
pub(crate) async fn claim_and_lock(
    db: &mut PgConnection,
    orders: &[Uuid],
    expire_at: &[Timestamp],
    variants: &[Uuid],
    clock: &Clock,
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"WITH claimed AS (
             INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at)
             SELECT order_id, 'held', expires_at, $3::timestamptz, $3::timestamptz
               FROM unnest($1::uuid[], $2::timestamptz[]) AS o (order_id, expires_at) ORDER BY order_id
             ON CONFLICT (order_id) DO NOTHING
             RETURNING order_id
           ), locked AS (
             SELECT variant_id FROM stock_levels
              WHERE variant_id = ANY($4) AND location_id = $5 AND (SELECT count(*) FROM claimed) > 0
              ORDER BY variant_id FOR NO KEY UPDATE
           )
           SELECT order_id AS "order_id!: OrderId" FROM claimed, (SELECT count(*) FROM locked) AS all_locked"#,
        orders,
        expire_at as _,
        clock.now() as _,
        variants,
        HOME,
    )
    .fetch_all(db)
    .await
}

/// Gives claimed ids back, so that their orders may try again.
pub(crate) async fn unclaim(db: &mut PgConnection, orders: &[Uuid]) -> sqlx::Result<()> {
    let done = sqlx::query!("DELETE FROM reservations WHERE order_id = ANY($1)", orders)
        .execute(db)
        .await?;
    super::touched(done.rows_affected(), orders.len())
}

/// Locks an order's reservation.
pub(crate) async fn lock(
    db: &mut PgConnection,
    order: OrderId,
) -> sqlx::Result<Option<Reservation>> {
    sqlx::query_as!(
        Reservation,
        r#"SELECT status AS "hold: Hold", expires_at AS "expires_at: Timestamp" FROM reservations WHERE order_id = $1 FOR NO KEY UPDATE"#,
        order.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Locks the hold that is longest past its time and that nobody else has locked.
pub(crate) async fn lock_expired(
    db: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<Option<OrderId>> {
    sqlx::query_scalar!(
        r#"SELECT order_id AS "order_id: OrderId" FROM reservations WHERE status = 'held' AND expires_at <= $1
            ORDER BY expires_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"#,
        now as _,
    )
    .fetch_optional(db)
    .await
}

/// Where the reservation is from now on.
pub(crate) async fn set_hold(
    db: &mut PgConnection,
    order: OrderId,
    hold: Hold,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE reservations SET status = $2, updated_at = $3 WHERE order_id = $1",
        order.uuid(),
        hold.as_str(),
        clock.now() as _
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// A line with the variant as it was when held.
#[derive(Debug, Clone)]
pub(crate) struct HeldLine {
    pub(crate) line: Line,
    /// Absent when taken without a hold.
    pub(crate) snapshot: Option<VariantSnapshot>,
}

/// A line to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewLine {
    pub(crate) order: OrderId,
    pub(crate) line: Line,
    pub(crate) snapshot: Option<VariantSnapshot>,
}

/// Lines as arrays.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) orders: Vec<Uuid>,
    pub(super) variants: Vec<Uuid>,
    pub(super) locations: Vec<Uuid>,
    pub(super) quantities: Vec<i32>,
    pub(super) owed: Vec<i32>,
    pub(super) snapshots: Vec<Option<serde_json::Value>>,
}

impl Columns {
    pub(super) fn of(lines: &[NewLine]) -> Self {
        let mut columns = Self::default();
        for NewLine {
            order,
            line,
            snapshot,
        } in lines
        {
            columns.orders.push(order.uuid());
            columns.variants.push(line.variant_id.uuid());
            columns.locations.push(line.location.uuid());
            columns.quantities.push(line.quantity);
            columns.owed.push(line.owed);
            let snapshot = snapshot
                .as_ref()
                .map(|snapshot| serde_json::json!(snapshot));
            columns.snapshots.push(snapshot);
        }
        columns
    }
}

/// The lines of a reservation, sorted by variant and place.
pub(crate) async fn lines(db: &mut PgConnection, order: OrderId) -> sqlx::Result<Vec<HeldLine>> {
    let rows = sqlx::query!(
        r#"SELECT variant_id AS "variant_id: VariantId", location_id AS "location: LocationId", quantity, owed,
                  snapshot AS "snapshot: Json<VariantSnapshot>"
             FROM reservation_lines WHERE order_id = $1 ORDER BY variant_id, location_id"#,
        order.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| HeldLine {
            line: Line {
                variant_id: row.variant_id,
                location: row.location,
                quantity: row.quantity,
                owed: row.owed,
            },
            snapshot: row.snapshot.map(|json| json.0),
        })
        .collect())
}

/// Takes the lines of a reservation away, to be written anew.
pub(crate) async fn remove_lines(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM reservation_lines WHERE order_id = $1",
        order.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Nothing is owed to an order any more.
pub(crate) async fn forgive(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE reservation_lines SET owed = 0 WHERE order_id = $1 AND owed > 0",
        order.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
