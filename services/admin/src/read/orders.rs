use std::time::Duration;

use primitives::{Money, OrderId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{begins, first_id_of, money};
use crate::domain::query::Query;

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
    /// Where it goes, by ISO 3166.
    pub(crate) country: String,
    pub(crate) units: i64,
    pub(crate) tags: Vec<String>,
    /// When it was paid, or the money was held.
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) coupon: Option<String>,
    pub(crate) method: String,
}

impl OrderRow {
    /// Since when something of it waits to be sent; nothing if nothing does.
    pub(crate) fn to_ship_since(&self) -> Option<Timestamp> {
        let waits = self.status == "confirmed"
            && matches!(
                &*self.fulfillment_status,
                "unfulfilled" | "partially_shipped"
            );
        waits.then(|| self.confirmed_at.unwrap_or(self.placed_at))
    }
}

/// What a list of orders is narrowed to; empty texts narrow nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct OrderFilter {
    /// An order's number, the beginning of an e-mail address, the SKU of a line, a parcel's tracking number, or the provider's name of a payment.
    pub(crate) q: String,
    /// Confirmed before then, and not all of it has left.
    pub(crate) late_since: Option<Timestamp>,
    /// Whose payment a bank questions.
    pub(crate) disputed: bool,
    /// With a dispute to which the bank wants an answer.
    pub(crate) to_answer: bool,
    /// With a return of this status: one of [`RETURN_STATUSES`], or none.
    pub(crate) return_status: Option<&'static str>,
    /// One of [`STATUSES`], or none.
    pub(crate) status: Option<&'static str>,
    /// One of [`PAYMENT_STATUSES`], or none.
    pub(crate) payment_status: Option<&'static str>,
    /// One of [`FULFILLMENT_STATUSES`], or none.
    pub(crate) fulfillment_status: Option<&'static str>,
    /// Placed then or later.
    pub(crate) from: Option<Timestamp>,
    /// Placed before.
    pub(crate) until: Option<Timestamp>,
    /// In minor units.
    pub(crate) min_total: Option<i64>,
    pub(crate) max_total: Option<i64>,
    pub(crate) coupon: String,
    pub(crate) country: String,
    pub(crate) method: String,
    pub(crate) tag: String,
    /// Of a line.
    pub(crate) sku: String,
    /// With a note of the customer or of staff.
    pub(crate) has_note: bool,
    /// Placed before then, and not paid yet.
    pub(crate) unpaid_since: Option<Timestamp>,
    /// Of this account.
    pub(crate) customer: Option<UserId>,
    /// That a guest placed with exactly this address.
    pub(crate) guest: Option<String>,
}

pub(crate) const STATUSES: [&str; 4] = ["pending", "confirmed", "completed", "cancelled"];
pub(crate) const PAYMENT_STATUSES: [&str; 6] = [
    "unpaid",
    "authorized",
    "paid",
    "partially_refunded",
    "refunded",
    "failed",
];
pub(crate) const FULFILLMENT_STATUSES: [&str; 5] = [
    "unfulfilled",
    "partially_shipped",
    "shipped",
    "delivered",
    "returned",
];
/// Of returns that wait for somebody: for an answer, for the parcel, for the money.
pub(crate) const RETURN_STATUSES: [&str; 3] = ["requested", "approved", "received"];

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
    country: String,
    units: i64,
    tags: Vec<String>,
    confirmed_at: Option<Timestamp>,
    coupon: Option<String>,
    method: String,
}

/// What a [`ListRow`] is read from, before the ids of the page.
const SELECT: &str = "SELECT o.id, o.number::text AS number, o.placed_at, o.email, o.status, o.payment_status, o.fulfillment_status, o.total, o.currency::text AS currency,
                coalesce(o.shipping_address ->> 'country', '') AS country, o.confirmed_at, o.coupon, o.shipping_method AS method,
                (SELECT coalesce(sum(quantity), 0)::bigint FROM order_items i WHERE i.order_id = o.id) AS units,
                ARRAY(SELECT t.tag FROM order_tags t WHERE t.order_id = o.id ORDER BY t.tag) AS tags
           FROM orders o JOIN";

/// Newest first, after the given order in the list. The statement has only the filters that are asked for, so that each finds its index.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<OrderRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    // What may be found in several ways has an index for each: the newest of every way are enough.
    let notes: &[Way] = if filter.has_note {
        &[Way::CustomersNote, Way::StaffsNote]
    } else {
        &[Way::Any]
    };
    let words: &[Way] = if filter.q.is_empty() {
        &[Way::Any]
    } else {
        &[Way::Exactly, Way::Email]
    };
    sql.push("(SELECT id FROM (");
    let mut first = true;
    for note in notes {
        for word in words {
            sql.push(if first { "(" } else { " UNION (" });
            first = false;
            ids(&mut sql, filter, [*note, *word], after, limit);
            sql.push(")");
        }
    }
    sql.push(") found ORDER BY id DESC LIMIT ")
        .push_bind(limit)
        .push(")");
    sql.push(" page ON page.id = o.id ORDER BY o.id DESC");
    rows(sql, conn).await
}

/// One of the ways in which a filter finds an order.
#[derive(Debug, Clone, Copy)]
enum Way {
    Any,
    CustomersNote,
    StaffsNote,
    /// By its number, or what a line, a parcel or a payment is called.
    Exactly,
    /// By the beginning of an e-mail address, which may be that of very many.
    Email,
}

/// The ids of a page, found in these ways.
fn ids(
    sql: &mut QueryBuilder<Postgres>,
    filter: &OrderFilter,
    ways: [Way; 2],
    after: Option<OrderId>,
    limit: i64,
) {
    sql.push("SELECT id FROM orders WHERE true");
    for way in ways {
        way.narrow(sql, filter);
    }
    narrow(sql, filter);
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
}

impl Way {
    fn narrow(self, sql: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
        match self {
            Self::Any => {}
            Self::CustomersNote => {
                sql.push(" AND note IS NOT NULL");
            }
            Self::StaffsNote => {
                sql.push(" AND id IN (SELECT order_id FROM order_events WHERE type = 'note')");
            }
            Self::Email => {
                sql.push(" AND email LIKE ")
                    .push_bind(begins(&filter.q.to_lowercase()));
            }
            Self::Exactly => {
                let query = Query::read(&filter.q);
                sql.push(" AND id IN (SELECT order_id FROM order_numbers WHERE number = ")
                    .push_bind(query.number)
                    .push(" UNION ALL SELECT order_id FROM order_items WHERE sku = ANY (")
                    .push_bind(query.skus())
                    .push(") UNION ALL SELECT order_id FROM shipments WHERE tracking_number = ANY (")
                    .push_bind(query.parcels)
                    .push(") UNION ALL SELECT order_id FROM payments WHERE provider IN ('stripe', 'manual') AND provider_ref = ")
                    .push_bind(query.code)
                    .push(")");
            }
        }
    }
}

async fn rows(
    mut sql: QueryBuilder<Postgres>,
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<OrderRow>> {
    let query = sql.build_query_as::<ListRow>().persistent(false);
    let rows = query.fetch_all(conn).await?;
    rows.into_iter()
        .map(|row| {
            Ok(OrderRow {
                total: money(row.total, &row.currency)?,
                id: row.id,
                number: row.number,
                placed_at: row.placed_at,
                email: row.email,
                status: row.status,
                payment_status: row.payment_status,
                fulfillment_status: row.fulfillment_status,
                country: row.country,
                units: row.units,
                tags: row.tags,
                confirmed_at: row.confirmed_at,
                coupon: row.coupon,
                method: row.method,
            })
        })
        .collect()
}

fn narrow(sql: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
    if let Some(late) = filter.late_since {
        sql.push(" AND status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partially_shipped') AND coalesce(confirmed_at, placed_at) < ")
            .push_bind(late);
    }
    if filter.disputed {
        sql.push(" AND disputed");
    }
    if filter.to_answer {
        sql.push(" AND id IN (SELECT p.order_id FROM disputes d JOIN payments p ON p.id = d.payment_id WHERE d.state IN ('inquiry', 'open') AND d.status IN ('needs_response', 'warning_needs_response'))");
    }
    if let Some(status) = filter.return_status {
        sql.push(" AND id IN (SELECT order_id FROM returns WHERE status = '")
            .push(status)
            .push("')");
    }
    for (condition, status) in [
        (" AND status = ", filter.status),
        (" AND payment_status = ", filter.payment_status),
        (" AND fulfillment_status = ", filter.fulfillment_status),
    ] {
        // Written out, not bound: only so can the planner know that the few orders of the index `orders_not_done` are enough.
        if let Some(status) = status {
            sql.push(condition).push("'").push(status).push("'");
        }
    }
    // An id holds the moment when it was made, which is that of the order: so only the months asked for are looked at.
    let day = Duration::from_secs(24 * 3600);
    for (condition, at, id, made) in [
        (
            " AND placed_at >= ",
            filter.from,
            " AND id >= ",
            filter.from.map(|from| from - day),
        ),
        (
            " AND placed_at < ",
            filter.until,
            " AND id < ",
            filter.until.map(|until| until + day),
        ),
        (
            " AND status <> 'cancelled' AND payment_status IN ('unpaid', 'failed') AND placed_at < ",
            filter.unpaid_since,
            "",
            None,
        ),
    ] {
        if let Some(at) = at {
            sql.push(condition).push_bind(at);
        }
        if let Some(made) = made {
            sql.push(id).push_bind(first_id_of(made));
        }
    }
    for (condition, total) in [
        (" AND total >= ", filter.min_total),
        (" AND total <= ", filter.max_total),
    ] {
        if let Some(total) = total {
            sql.push(condition).push_bind(total);
        }
    }
    for (condition, text, end) in [
        (" AND coupon = ", filter.coupon.to_uppercase(), ""),
        (
            " AND shipping_address ->> 'country' = ",
            filter.country.to_uppercase(),
            "",
        ),
        (" AND shipping_method = ", filter.method.clone(), ""),
        (
            " AND id IN (SELECT order_id FROM order_tags WHERE tag = ",
            filter.tag.to_lowercase(),
            ")",
        ),
        (
            " AND id IN (SELECT order_id FROM order_items WHERE sku = ",
            filter.sku.clone(),
            ")",
        ),
    ] {
        if !text.is_empty() {
            sql.push(condition).push_bind(text).push(end);
        }
    }
    if let Some(customer) = filter.customer {
        sql.push(" AND user_id = ").push_bind(customer);
    }
    if let Some(guest) = &filter.guest {
        sql.push(" AND user_id IS NULL AND email = ")
            .push_bind(guest.clone());
    }
}

/// The names of the shipping methods that there are.
pub(crate) async fn shipping_methods(
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT code, name FROM shipping_methods ORDER BY position, code")
        .fetch_all(conn)
        .await
}

/// How many orders there are besides one of the same account, or of a guest with the same address; counted to one more than a limit.
pub(crate) async fn others_of(
    conn: &mut PgConnection,
    order: OrderId,
    account: Option<UserId>,
    email: &str,
    most: i64,
) -> sqlx::Result<i64> {
    let of_one = match account {
        Some(_) => "user_id = $2",
        None => "user_id IS NULL AND email = $3",
    };
    let sql =
        format!("SELECT count(*) FROM (SELECT FROM orders WHERE id <> $1 AND {of_one} LIMIT $4) o");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(order)
        .bind(account)
        .bind(email)
        .bind(most + 1)
        .fetch_one(conn)
        .await
}

/// Some orders, in the order of their ids.
pub(crate) async fn of_ids(
    conn: &mut PgConnection,
    ids: &[OrderId],
) -> sqlx::Result<Vec<OrderRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    sql.push("(SELECT unnest(")
        .push_bind(ids.to_vec())
        .push("::uuid[]) AS id) page ON page.id = o.id ORDER BY o.id DESC");
    rows(sql, conn).await
}
