//! Orders as the numbers need them: whole, from one moment, a batch in a fixed number of statements.

use std::collections::{BTreeMap, HashMap};

use primitives::Timestamp;
use sqlx::{FromRow, PgConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

use crate::domain::sales::{Kind, Line, Movement, Offer, Order, Tax};

#[derive(FromRow)]
struct Head {
    id: Uuid,
    user_id: Option<Uuid>,
    currency: String,
    country: String,
    coupon: Option<String>,
    confirmed: PrimitiveDateTime,
    cancelled: Option<PrimitiveDateTime>,
    subtotal: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    total: i64,
}

#[derive(FromRow)]
struct LineRow {
    order_id: Uuid,
    id: Uuid,
    product_id: Uuid,
    seller_id: Uuid,
    quantity: i32,
    gross: i64,
    discount: i64,
    tax: i64,
    total: i64,
}

/// Those of the given orders that were confirmed. Times are those of the time zone.
pub(crate) async fn orders(
    conn: &mut PgConnection,
    ids: &[Uuid],
    time_zone: &str,
) -> sqlx::Result<Vec<Order>> {
    // The bounds let the planner leave out the months in which none of them was made.
    let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    let heads: Vec<Head> = sqlx::query_as(
        "SELECT id, user_id, currency::text AS currency, coalesce(shipping_address->>'country', '') AS country, coupon,
                confirmed_at AT TIME ZONE $4 AS confirmed, cancelled_at AT TIME ZONE $4 AS cancelled,
                subtotal, discount, shipping, tax + included_tax AS tax, total
           FROM orders WHERE id = ANY ($1) AND id BETWEEN $2 AND $3 AND confirmed_at IS NOT NULL ORDER BY id",
    )
    .bind(ids)
    .bind(first)
    .bind(last)
    .bind(time_zone)
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = heads.iter().map(|head| head.id).collect();
    let mut orders: BTreeMap<Uuid, Order> = heads
        .into_iter()
        .map(|head| (head.id, head.into()))
        .collect();

    let lines: Vec<LineRow> = sqlx::query_as(
        "SELECT order_id, id, product_id, seller_id, quantity, unit_price * quantity AS gross, discount, tax + included_tax AS tax, total
           FROM order_items WHERE order_id = ANY ($1) ORDER BY order_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *conn)
    .await?;
    for row in lines {
        if let Some(order) = orders.get_mut(&row.order_id) {
            order.lines.push(row.into());
        }
    }

    type TaxRow = (Uuid, Option<Uuid>, String, i32, i64, i64);
    let taxes: Vec<TaxRow> = sqlx::query_as(
        "SELECT order_id, order_item_id, name, rate_ppm, base, amount FROM order_taxes WHERE order_id = ANY ($1) ORDER BY order_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *conn)
    .await?;
    for (order, line, name, rate_ppm, base, amount) in taxes {
        if let Some(order) = orders.get_mut(&order) {
            order.taxes.push(Tax {
                line,
                name,
                rate_ppm,
                base,
                amount,
            });
        }
    }

    let offers: Vec<(Uuid, String, String, i64)> = sqlx::query_as(
        "SELECT order_id, kind, label, amount FROM order_adjustments WHERE order_id = ANY ($1) ORDER BY order_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *conn)
    .await?;
    for (order, kind, label, amount) in offers {
        if let Some(order) = orders.get_mut(&order) {
            order.offers.push(Offer {
                kind,
                label,
                amount,
            });
        }
    }
    movements(conn, &ids, time_zone, &mut orders).await?;
    Ok(orders.into_values().collect())
}

/// Adds what the books have of the orders' money, and for which lines refunds were.
async fn movements(
    conn: &mut PgConnection,
    ids: &[Uuid],
    time_zone: &str,
    orders: &mut BTreeMap<Uuid, Order>,
) -> sqlx::Result<()> {
    let named: Vec<(String, Uuid, i64)> = sqlx::query_as(
        "SELECT i.refund_id::text, i.order_item_id, i.amount
           FROM payments p JOIN refunds r ON r.payment_id = p.id JOIN refund_items i ON i.refund_id = r.id
          WHERE p.order_id = ANY ($1) ORDER BY i.refund_id, i.order_item_id",
    )
    .bind(ids)
    .fetch_all(&mut *conn)
    .await?;
    let mut lines: HashMap<String, Vec<(Uuid, i64)>> = HashMap::new();
    for (refund, line, amount) in named {
        lines.entry(refund).or_default().push((line, amount));
    }
    // Each posting once, from the side on which the shop has the money.
    let entries: Vec<(Uuid, String, String, i64, PrimitiveDateTime)> = sqlx::query_as(
        "SELECT order_id, kind, reference, abs(amount), at AT TIME ZONE $2 FROM ledger_entries
          WHERE order_id = ANY ($1) AND account IN ('stripe', 'bank') AND kind <> 'fee' ORDER BY id",
    )
    .bind(ids)
    .bind(time_zone)
    .fetch_all(conn)
    .await?;
    for (order, kind, reference, amount, at) in entries {
        let kind = match kind.as_str() {
            "charge" | "capture" => Kind::Taken,
            "refund" => Kind::Refund,
            "refund_reversed" => Kind::RefundReversed,
            "dispute" => Kind::Dispute,
            "dispute_won" => Kind::DisputeWon,
            _ => continue,
        };
        if let Some(order) = orders.get_mut(&order) {
            let lines = match kind {
                Kind::Refund => lines.get(&reference).cloned().unwrap_or_default(),
                _ => Vec::new(),
            };
            order.movements.push(Movement {
                at: at.into(),
                kind,
                amount,
                reference,
                lines,
            });
        }
    }
    Ok(())
}

impl From<Head> for Order {
    fn from(head: Head) -> Self {
        Self {
            id: head.id,
            customer: head.user_id,
            currency: head.currency,
            country: head.country,
            coupon: head.coupon,
            confirmed: head.confirmed.into(),
            cancelled: head.cancelled.map(Into::into),
            subtotal: head.subtotal,
            discount: head.discount,
            shipping: head.shipping,
            tax: head.tax,
            total: head.total,
            lines: Vec::new(),
            taxes: Vec::new(),
            offers: Vec::new(),
            movements: Vec::new(),
        }
    }
}

impl From<LineRow> for Line {
    fn from(row: LineRow) -> Self {
        Self {
            id: row.id,
            product: row.product_id,
            seller: row.seller_id,
            units: row.quantity.into(),
            gross: row.gross,
            discount: row.discount,
            tax: row.tax,
            total: row.total,
        }
    }
}

/// The next orders, confirmed or not, by id.
pub(crate) async fn ids_after(
    conn: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
}

/// Since when something waits to be told, of what is counted.
pub(crate) async fn untold_since(conn: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar("SELECT min(created_at) FROM outbox WHERE event_type LIKE 'order.%' OR event_type LIKE 'payment.%'")
        .fetch_one(conn)
        .await
}

/// In which category each of these products is; those that are not there are in none.
pub(crate) async fn categories(
    conn: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Option<Uuid>>> {
    let rows: Vec<(Uuid, Option<Uuid>)> =
        sqlx::query_as("SELECT id, category_id FROM products WHERE id = ANY ($1)")
            .bind(products)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().collect())
}

/// What products are called.
pub(crate) async fn titles(
    conn: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, title FROM products WHERE id = ANY ($1)")
            .bind(products)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().collect())
}

/// All categories with what is above them: `Home › Lamps`.
pub(crate) async fn category_paths(conn: &mut PgConnection) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "WITH RECURSIVE paths AS (
           SELECT id, name AS path FROM categories WHERE parent_id IS NULL
           UNION ALL
           SELECT c.id, p.path || ' › ' || c.name FROM categories c JOIN paths p ON p.id = c.parent_id)
         SELECT id, path FROM paths",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}
