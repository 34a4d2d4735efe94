use primitives::{CouponId, Currency, Money, OrderId, Timestamp};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::domain::offers::{Rule, Scope, State, Terms};
use crate::read::{contains, money};

/// A coupon as it is kept.
pub(crate) struct Coupon {
    pub(crate) id: CouponId,
    pub(crate) code: String,
    pub(crate) terms: Terms,
    pub(crate) usage_limit: Option<i32>,
    pub(crate) per_customer_limit: Option<i32>,
    pub(crate) used: i32,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) active: bool,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
}

impl Coupon {
    pub(crate) fn state(&self, now: Timestamp) -> State {
        State::of(
            self.active,
            (self.starts_at, self.ends_at),
            (self.used, self.usage_limit),
            now,
        )
    }
}

#[derive(FromRow)]
struct Row {
    id: CouponId,
    code: String,
    kind: String,
    percent: Option<i32>,
    amount: Option<i64>,
    currency: String,
    min_subtotal: Option<i64>,
    max_discount: Option<i64>,
    product_ids: Vec<Uuid>,
    category_ids: Vec<Uuid>,
    usage_limit: Option<i32>,
    per_customer_limit: Option<i32>,
    used: i32,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    version: i32,
    created_at: Timestamp,
}

const COLUMNS: &str =
    "id, code, kind, percent, amount, currency::text AS currency, min_subtotal, max_discount, product_ids, category_ids,
     usage_limit, per_customer_limit, used, starts_at, ends_at, active, version, created_at";

impl Row {
    fn show(self) -> sqlx::Result<Coupon> {
        let rule = match self.kind.as_str() {
            "percent" => Rule::Percent {
                percent: self.percent.unwrap_or_default().into(),
                max_discount: self.max_discount,
            },
            "fixed" => Rule::Fixed {
                amount: self.amount.unwrap_or_default(),
            },
            _ => Rule::FreeShipping,
        };
        Ok(Coupon {
            id: self.id,
            code: self.code,
            terms: Terms {
                rule,
                scope: Scope {
                    product_ids: self.product_ids,
                    category_ids: self.category_ids,
                },
                currency: currency(&self.currency)?,
                min_subtotal: self.min_subtotal,
            },
            usage_limit: self.usage_limit,
            per_customer_limit: self.per_customer_limit,
            used: self.used,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            active: self.active,
            version: self.version,
            created_at: self.created_at,
        })
    }
}

/// The currency of a row.
pub(super) fn currency(code: &str) -> sqlx::Result<Currency> {
    money(0, code).map(Money::currency)
}

/// The states that a list can be narrowed to, as the address says them.
pub(crate) const STATES: [&str; 5] = ["running", "planned", "used_up", "over", "off"];

/// Newest first, after the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    (q, state): (&str, &str),
    after: Option<CouponId>,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Coupon>> {
    let mut sql =
        QueryBuilder::<Postgres>::new(format!("SELECT {COLUMNS} FROM coupons WHERE true"));
    if !q.is_empty() {
        sql.push(" AND code ILIKE ").push_bind(contains(q));
    }
    if STATES.contains(&state) {
        // As `State::of` decides.
        sql.push(" AND CASE WHEN NOT active THEN 'off' WHEN ends_at <= ")
            .push_bind(now)
            .push(" THEN 'over' WHEN used >= usage_limit THEN 'used_up' WHEN starts_at > ")
            .push_bind(now)
            .push(" THEN 'planned' ELSE 'running' END = ")
            .push_bind(state.to_owned());
    }
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(conn).await?;
    rows.into_iter().map(Row::show).collect()
}

pub(crate) async fn find(conn: &mut PgConnection, id: CouponId) -> sqlx::Result<Option<Coupon>> {
    let mut sql =
        QueryBuilder::<Postgres>::new(format!("SELECT {COLUMNS} FROM coupons WHERE id = "));
    let row: Option<Row> = sql
        .push_bind(id)
        .build_query_as()
        .fetch_optional(conn)
        .await?;
    row.map(Row::show).transpose()
}

/// An order that a coupon was used for.
pub(crate) struct Use {
    pub(crate) order_id: OrderId,
    pub(crate) number: String,
    pub(crate) email: String,
    pub(crate) status: String,
    pub(crate) total: Money,
    /// What the coupon took off.
    pub(crate) off: Money,
    pub(crate) at: Timestamp,
}

#[derive(FromRow)]
struct UseRow {
    order_id: OrderId,
    number: String,
    email: String,
    status: String,
    total: i64,
    amount: i64,
    currency: String,
    redeemed_at: Timestamp,
}

/// Latest orders first, after the given one.
pub(crate) async fn uses(
    conn: &mut PgConnection,
    coupon: CouponId,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<Use>> {
    let rows: Vec<UseRow> = sqlx::query_as(
        "SELECT r.order_id, coalesce(o.number::text, '') AS number, o.email, o.status, o.total, r.amount, o.currency::text AS currency, r.redeemed_at
           FROM (SELECT order_id, amount, redeemed_at FROM coupon_redemptions
                  WHERE coupon_id = $1 AND ($2::uuid IS NULL OR order_id < $2) ORDER BY order_id DESC LIMIT $3) r
           JOIN orders o ON o.id = r.order_id ORDER BY r.order_id DESC",
    )
    .bind(coupon)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let show = |row: UseRow| {
        Ok(Use {
            order_id: row.order_id,
            number: row.number,
            email: row.email,
            status: row.status,
            total: money(row.total, &row.currency)?,
            off: money(row.amount, &row.currency)?,
            at: row.redeemed_at,
        })
    };
    rows.into_iter().map(show).collect()
}
