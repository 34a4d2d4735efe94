//! Holds for orders.

use contracts::internal::variants::VariantSnapshot;
use primitives::{Clock, OrderId, Quantity, Timestamp, VariantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::stock::MAIN;
use crate::domain::stock::{Demand, Hold};

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
pub(crate) struct Line {
    pub(crate) demand: Demand,
    pub(crate) snapshot: Option<VariantSnapshot>,
}

/// Writes the lines of a reservation.
pub(crate) async fn add_lines(
    db: &mut PgConnection,
    order: OrderId,
    lines: &[Line],
) -> sqlx::Result<()> {
    let variants: Vec<Uuid> = lines
        .iter()
        .map(|line| line.demand.variant_id.uuid())
        .collect();
    let quantities: Vec<i32> = lines
        .iter()
        .map(|line| line.demand.quantity.get())
        .collect();
    let snapshots: Vec<Option<serde_json::Value>> = lines
        .iter()
        .map(|line| {
            line.snapshot
                .as_ref()
                .map(|snapshot| serde_json::json!(snapshot))
        })
        .collect();
    let done = sqlx::query!(
        r#"INSERT INTO reservation_lines (order_id, variant_id, location_id, quantity, snapshot)
           SELECT $1, variant_id, $2, quantity, snapshot
             FROM unnest($3::uuid[], $4::integer[], $5::jsonb[]) AS l (variant_id, quantity, snapshot)"#,
        order.uuid(),
        MAIN,
        &variants,
        &quantities,
        &snapshots as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), lines.len())
}

/// The lines of a reservation, sorted by variant.
pub(crate) async fn lines(db: &mut PgConnection, order: OrderId) -> sqlx::Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"SELECT variant_id AS "variant_id: VariantId", quantity, snapshot AS "snapshot: Json<VariantSnapshot>"
             FROM reservation_lines WHERE order_id = $1 ORDER BY variant_id"#,
        order.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let quantity = Quantity::try_from(row.quantity)
                .map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok(Line {
                demand: Demand {
                    variant_id: row.variant_id,
                    quantity,
                },
                snapshot: row.snapshot.map(|json| json.0),
            })
        })
        .collect()
}
