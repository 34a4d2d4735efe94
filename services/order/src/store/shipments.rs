//! `shipments`: parcels and what is in them.

use primitives::{OrderId, OrderItemId, ShipmentId, Timestamp};
use sqlx::PgConnection;
use sqlx::types::Uuid;

/// A parcel.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub(crate) id: ShipmentId,
    pub(crate) order_id: OrderId,
    pub(crate) carrier: String,
    pub(crate) tracking_number: String,
    /// Where the carrier shows it.
    pub(crate) tracking_url: Option<String>,
    pub(crate) status: String,
    pub(crate) shipped_at: Timestamp,
    pub(crate) delivered_at: Option<Timestamp>,
}

/// Writes a parcel and its contents with one statement.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    shipment: &Shipment,
    parts: &[(OrderItemId, i32)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = parts.iter().map(|(id, _)| id.uuid()).collect();
    let quantities: Vec<i32> = parts.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "WITH shipped AS (
           INSERT INTO shipments (id, order_id, carrier, tracking_number, tracking_url, status, shipped_at)
           VALUES ($1, $2, $3, $4, $8, 'shipped', $5) RETURNING id)
         INSERT INTO shipment_items (shipment_id, order_item_id, quantity)
         SELECT shipped.id, part.id, part.quantity FROM shipped, unnest($6::uuid[], $7::int[]) AS part (id, quantity)",
        shipment.id as ShipmentId,
        shipment.order_id as OrderId,
        shipment.carrier,
        shipment.tracking_number,
        shipment.shipped_at as Timestamp,
        &ids,
        &quantities,
        shipment.tracking_url,
    )
    .execute(conn)
    .await
    .map(drop)
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: ShipmentId,
) -> Result<Option<Shipment>, sqlx::Error> {
    sqlx::query_as!(
        Shipment,
        r#"SELECT id AS "id: ShipmentId", order_id AS "order_id: OrderId", carrier, tracking_number, tracking_url, status, shipped_at,
                  delivered_at AS "delivered_at: Timestamp"
             FROM shipments WHERE id = $1"#,
        id as ShipmentId,
    )
    .fetch_optional(conn)
    .await
}

/// What is in a parcel.
pub(crate) async fn contents(
    conn: &mut PgConnection,
    id: ShipmentId,
) -> Result<Vec<(OrderItemId, i32)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT order_item_id AS "order_item_id: OrderItemId", quantity FROM shipment_items WHERE shipment_id = $1 ORDER BY order_item_id"#,
        id as ShipmentId,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.order_item_id, row.quantity))
        .collect())
}

/// An order's parcels with what is in them, oldest first, in one statement.
pub(crate) async fn of_order(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<(Shipment, Vec<(OrderItemId, i32)>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: ShipmentId", s.order_id AS "order_id: OrderId", s.carrier, s.tracking_number, s.tracking_url, s.status, s.shipped_at,
                  s.delivered_at AS "delivered_at: Timestamp", array_agg(i.order_item_id ORDER BY i.order_item_id) AS "items!: Vec<OrderItemId>",
                  array_agg(i.quantity ORDER BY i.order_item_id) AS "quantities!"
             FROM shipments s JOIN shipment_items i ON i.shipment_id = s.id WHERE s.order_id = $1 GROUP BY s.id ORDER BY s.shipped_at, s.id"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await?;
    let mut parcels = Vec::with_capacity(rows.len());
    for row in rows {
        let shipment = Shipment {
            id: row.id,
            order_id: row.order_id,
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            tracking_url: row.tracking_url,
            status: row.status,
            shipped_at: row.shipped_at,
            delivered_at: row.delivered_at,
        };
        parcels.push((
            shipment,
            row.items.into_iter().zip(row.quantities).collect(),
        ));
    }
    Ok(parcels)
}

/// Marks a parcel as delivered; false if it was.
pub(crate) async fn deliver(
    conn: &mut PgConnection,
    id: ShipmentId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE shipments SET status = 'delivered', delivered_at = $2 WHERE id = $1 AND status = 'shipped'",
        id as ShipmentId,
        now as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a parcel of the order is still on its way.
pub(crate) async fn any_under_way(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM shipments WHERE order_id = $1 AND status = 'shipped') AS "any!""#,
        order as OrderId,
    )
    .fetch_one(conn)
    .await
}
