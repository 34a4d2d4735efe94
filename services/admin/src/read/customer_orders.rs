//! What people ordered, as far as pages about people show it. Each statement reads the orders of the people it is asked for, by their
//! index, and no others.

use std::collections::{HashMap, HashSet};

use primitives::{Currency, Money, Timestamp, UserId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::money;

/// What somebody ordered and paid.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) orders: i64,
    /// Orders of which money stayed.
    paid: i64,
    /// Net of refunds and of what banks took back, in each currency, the one with most orders first.
    pub(crate) spent: Vec<Money>,
    pub(crate) last_at: Option<Timestamp>,
}

impl Totals {
    /// Of the paid orders in the currency they use most.
    pub(crate) fn average(&self) -> Option<Money> {
        let spent = self.spent.first().filter(|_| self.paid > 0)?;
        Some(Money::new(spent.amount() / self.paid, spent.currency()))
    }

    /// When they ordered last, such as `21 Nov 2026`.
    pub(crate) fn last_day(&self) -> String {
        let day = |at: Timestamp| {
            let at = at.date_time();
            let month = at.month().to_string();
            let month = month.get(..3).unwrap_or(&month).to_owned();
            format!("{} {month} {}", at.day(), at.year())
        };
        self.last_at.map(day).unwrap_or_default()
    }

    /// Such as `12.50 EUR + 3.00 USD`; nothing in the shop's currency if there is nothing.
    pub(crate) fn spent_in_words(&self, shop: &Currency) -> String {
        let amounts: Vec<String> = self
            .spent
            .iter()
            .filter(|money| money.amount() != 0)
            .map(|money| crate::format::thousands(&money.to_string()))
            .collect();
        if amounts.is_empty() {
            return Money::new(0, *shop).to_string();
        }
        amounts.join(" + ")
    }
}

#[derive(FromRow)]
struct TotalsRow {
    user_id: Uuid,
    currency: String,
    orders: i64,
    paid: i64,
    spent: i64,
    last_at: Timestamp,
}

/// Of each of them who ordered anything.
pub(crate) async fn totals(
    conn: &mut PgConnection,
    users: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Totals>> {
    let rows: Vec<TotalsRow> = sqlx::query_as(
        "SELECT o.user_id, o.currency::text AS currency, count(*) AS orders, max(o.placed_at) AS last_at,
                count(*) FILTER (WHERE p.amount_captured > p.amount_refunded) AS paid,
                coalesce(sum(p.amount_captured - p.amount_refunded - o.charged_back), 0)::bigint AS spent
           FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.user_id = ANY ($1) GROUP BY o.user_id, o.currency ORDER BY count(*) DESC, o.currency",
    )
    .bind(users)
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<Uuid, Totals> = HashMap::new();
    for row in rows {
        let totals = all.entry(row.user_id).or_default();
        if totals.spent.is_empty() {
            totals.paid = row.paid;
        }
        totals.orders += row.orders;
        totals.spent.push(money(row.spent, &row.currency)?);
        totals.last_at = totals.last_at.max(Some(row.last_at));
    }
    Ok(all)
}

/// Which of them ordered anything: one look into the index for each.
pub(crate) async fn having_ordered(
    conn: &mut PgConnection,
    users: &[Uuid],
) -> sqlx::Result<HashSet<Uuid>> {
    let found: Vec<Uuid> = sqlx::query_scalar(
        "SELECT u.id FROM unnest($1::uuid[]) AS u (id) WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)",
    )
    .bind(users)
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().collect())
}

/// How many orders guests placed with an address.
pub(crate) async fn of_guests(conn: &mut PgConnection, email: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM orders WHERE email = $1 AND user_id IS NULL")
        .bind(email)
        .fetch_one(conn)
        .await
}

/// When order heard that the account is gone.
pub(crate) async fn erased_at(
    conn: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar("SELECT erased_at FROM erased_users WHERE user_id = $1")
        .bind(user)
        .fetch_optional(conn)
        .await
}

/// What order keeps of somebody.
#[derive(FromRow)]
pub(crate) struct Kept {
    pub(crate) finished: i64,
    pub(crate) under_way: i64,
    pub(crate) invoices: i64,
    pub(crate) disputed: i64,
    pub(crate) cart_lines: i64,
    pub(crate) saved_cards: bool,
}

pub(crate) async fn kept(conn: &mut PgConnection, user: UserId) -> sqlx::Result<Kept> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE status IN ('completed', 'cancelled')) AS finished,
                count(*) FILTER (WHERE status NOT IN ('completed', 'cancelled')) AS under_way,
                count(invoice_number) AS invoices, count(*) FILTER (WHERE disputed) AS disputed,
                (SELECT count(*) FROM cart_items i JOIN carts c ON c.id = i.cart_id WHERE c.user_id = $1 AND c.status = 'open') AS cart_lines,
                EXISTS (SELECT FROM payment_customers c WHERE c.user_id = $1 AND c.erase_at IS NULL) AS saved_cards
           FROM orders WHERE user_id = $1",
    )
    .bind(user)
    .fetch_one(conn)
    .await
}
