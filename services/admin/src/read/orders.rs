use primitives::{Money, OrderId, Timestamp};
use sqlx::{FromRow, PgConnection};

use super::{contains, money};

/// An order in a list.
pub(crate) struct OrderRow {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) placed_at: Timestamp,
    pub(crate) email: String,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) fulfillment_status: String,
    pub(crate) total: Money,
}

/// What a list of orders is narrowed to; empty texts narrow nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct OrderFilter {
    pub(crate) q: String,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) fulfillment_status: String,
}

#[derive(FromRow)]
struct ListRow {
    id: OrderId,
    number: String,
    placed_at: Timestamp,
    email: String,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    total: i64,
    currency: String,
}

/// Newest first, after the given place in the list.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    after: Option<(Timestamp, OrderId)>,
    limit: i64,
) -> sqlx::Result<Vec<OrderRow>> {
    let rows: Vec<ListRow> = sqlx::query_as(
        "SELECT id, number::text AS number, placed_at, email, status, payment_status, fulfillment_status, total, currency::text AS currency
           FROM orders o
          WHERE ($1 = '' OR status = $1) AND ($2 = '' OR payment_status = $2) AND ($3 = '' OR fulfillment_status = $3)
            AND ($4 = '' OR number::text = $4 OR email ILIKE $5
                 OR EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.sku = $4))
            AND (placed_at, id) < (coalesce($6, 'infinity'::timestamptz), coalesce($7, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
          ORDER BY placed_at DESC, id DESC LIMIT $8",
    )
    .bind(&filter.status)
    .bind(&filter.payment_status)
    .bind(&filter.fulfillment_status)
    .bind(&filter.q)
    .bind(contains(&filter.q))
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OrderRow {
                id: row.id,
                number: row.number,
                placed_at: row.placed_at,
                email: row.email,
                status: row.status,
                payment_status: row.payment_status,
                fulfillment_status: row.fulfillment_status,
                total: money(row.total, &row.currency)?,
            })
        })
        .collect()
}

/// Today's sales beside those of the same hours a week ago.
pub(crate) struct Sales {
    pub(crate) revenue: Money,
    pub(crate) revenue_before: Money,
    pub(crate) orders: i64,
    pub(crate) orders_before: i64,
    pub(crate) average: Money,
}

/// Revenue is what was paid less what went back, by the day the order was placed (UTC).
pub(crate) async fn sales(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<Sales> {
    type Row = (Option<String>, i64, i64, i64, i64, i64);
    let (currency, revenue, revenue_before, orders, orders_before, paid): Row = sqlx::query_as(
        "WITH recent AS (
           SELECT o.placed_at >= date_trunc('day', $1, 'UTC') AS today, o.currency::text AS currency,
                  CASE WHEN o.payment_status IN ('paid', 'partially_refunded', 'refunded') THEN p.amount_captured - p.amount_refunded ELSE 0 END AS revenue,
                  o.payment_status IN ('paid', 'partially_refunded', 'refunded') AS paid
             FROM orders o JOIN payments p ON p.order_id = o.id
            WHERE o.placed_at >= date_trunc('day', $1, 'UTC') AND o.placed_at <= $1
               OR o.placed_at >= date_trunc('day', $1, 'UTC') - interval '7 days' AND o.placed_at <= $1 - interval '7 days')
         SELECT max(currency), coalesce(sum(revenue) FILTER (WHERE today), 0)::bigint, coalesce(sum(revenue) FILTER (WHERE NOT today), 0)::bigint,
                count(*) FILTER (WHERE today), count(*) FILTER (WHERE NOT today), count(*) FILTER (WHERE today AND paid)
           FROM recent",
    )
    .bind(now)
    .fetch_one(conn)
    .await?;
    let currency = currency.unwrap_or_else(|| "EUR".to_owned());
    Ok(Sales {
        revenue: money(revenue, &currency)?,
        revenue_before: money(revenue_before, &currency)?,
        orders,
        orders_before,
        average: money(if paid == 0 { 0 } else { revenue / paid }, &currency)?,
    })
}

/// What waits for staff.
#[derive(FromRow)]
pub(crate) struct Waiting {
    pub(crate) to_ship: i64,
    pub(crate) to_finish: i64,
    pub(crate) payments_failed: i64,
    pub(crate) refunds_stuck: i64,
    pub(crate) webhooks_stuck: i64,
}

pub(crate) async fn waiting(conn: &mut PgConnection) -> sqlx::Result<Waiting> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM orders WHERE status = 'confirmed' AND fulfillment_status = 'unfulfilled') AS to_ship,
                (SELECT count(*) FROM orders WHERE status = 'confirmed' AND fulfillment_status = 'partially_shipped') AS to_finish,
                (SELECT count(*) FROM orders WHERE status = 'pending' AND payment_status = 'failed') AS payments_failed,
                (SELECT count(*) FROM refunds WHERE status = 'failed' OR status = 'pending' AND attempts > 3) AS refunds_stuck,
                (SELECT count(*) FROM webhook_events WHERE processed_at IS NULL AND attempts > 3) AS webhooks_stuck",
    )
    .fetch_one(conn)
    .await
}

/// How much each user ordered and paid.
pub(crate) async fn of_users(
    conn: &mut PgConnection,
    users: &[uuid::Uuid],
) -> sqlx::Result<Vec<(uuid::Uuid, i64, i64, Option<String>)>> {
    sqlx::query_as(
        "SELECT o.user_id, count(*), coalesce(sum(p.amount_captured - p.amount_refunded) FILTER (WHERE o.payment_status IN ('paid', 'partially_refunded')), 0)::bigint,
                max(o.currency::text)
           FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.user_id = ANY ($1) GROUP BY o.user_id",
    )
    .bind(users)
    .fetch_all(conn)
    .await
}

/// How many orders there are with an e-mail address.
pub(crate) async fn count_of(conn: &mut PgConnection, email: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM orders WHERE email = $1")
        .bind(email)
        .fetch_one(conn)
        .await
}
