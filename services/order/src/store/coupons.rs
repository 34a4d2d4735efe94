//! `coupons` and `coupon_redemptions`.

use primitives::{CategoryId, CouponId, Currency, EmailAddress, OrderId, ProductId, Timestamp};
use serde::Deserialize;
use sqlx::PgConnection;

pub(crate) use crate::domain::coupon::Coupon;
use crate::domain::coupon::{CouponKind, Terms};
use crate::domain::pricing::promotion::Conditions;
use crate::domain::pricing::scope::Scope;

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    id: CouponId,
    code: String,
    kind: String,
    percent: Option<i32>,
    amount: Option<i64>,
    max_discount: Option<i64>,
    currency: String,
    min_subtotal: Option<i64>,
    product_ids: Vec<ProductId>,
    category_ids: Vec<CategoryId>,
    usage_limit: Option<i32>,
    per_customer_limit: Option<i32>,
    used: i32,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    version: i32,
    created_at: Timestamp,
}

impl TryFrom<Row> for Coupon {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            code: row.code,
            terms: Terms {
                kind: super::parse::<CouponKind>(&row.kind)?,
                percent: row.percent,
                amount: row.amount,
                max_discount: row.max_discount,
                conditions: Conditions {
                    active: row.active,
                    starts_at: row.starts_at,
                    ends_at: row.ends_at,
                    currency: super::parse::<Currency>(&row.currency)?,
                    min_subtotal: row.min_subtotal,
                    scope: Scope {
                        product_ids: row.product_ids,
                        category_ids: row.category_ids,
                    },
                },
                usage_limit: row.usage_limit,
                used: row.used,
            },
            per_customer_limit: row.per_customer_limit,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

/// A statement that answers whole coupons; `$rest` follows the columns.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: CouponId", code, kind, percent, amount, max_discount, currency, min_subtotal,
                      product_ids AS "product_ids: Vec<ProductId>", category_ids AS "category_ids: Vec<CategoryId>", usage_limit, per_customer_limit, used,
                      starts_at AS "starts_at: Timestamp", ends_at AS "ends_at: Timestamp", active, version, created_at FROM coupons "# + $rest,
            $($argument),*
        )
    };
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: CouponId,
) -> Result<Option<Coupon>, sqlx::Error> {
    select!("WHERE id = $1", id as CouponId)
        .fetch_optional(conn)
        .await?
        .map(Coupon::try_from)
        .transpose()
}

/// Coupons, newest first, after the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<CouponId>,
    limit: i64,
) -> Result<Vec<Coupon>, sqlx::Error> {
    select!(
        "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        after as Option<CouponId>,
        limit
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Coupon::try_from)
    .collect()
}

/// Adds a coupon; `coupons_code_unique` if the code is taken.
pub(crate) async fn insert(conn: &mut PgConnection, coupon: &Coupon) -> Result<(), sqlx::Error> {
    let terms = &coupon.terms;
    let conditions = &terms.conditions;
    sqlx::query!(
        "INSERT INTO coupons (id, code, kind, percent, amount, currency, min_subtotal, usage_limit, per_customer_limit, starts_at, ends_at, active, created_at,
                max_discount, product_ids, category_ids)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        coupon.id as CouponId,
        coupon.code,
        terms.kind.as_str(),
        terms.percent,
        terms.amount,
        conditions.currency.code(),
        conditions.min_subtotal,
        terms.usage_limit,
        coupon.per_customer_limit,
        conditions.starts_at as Option<Timestamp>,
        conditions.ends_at as Option<Timestamp>,
        conditions.active,
        coupon.created_at as Timestamp,
        terms.max_discount,
        &conditions.scope.products(),
        &conditions.scope.categories(),
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Replaces a coupon's terms if it still has the version. What was used stays used (`coupons_within_limit`).
pub(crate) async fn update(conn: &mut PgConnection, coupon: &Coupon) -> Result<bool, sqlx::Error> {
    let terms = &coupon.terms;
    let conditions = &terms.conditions;
    let done = sqlx::query!(
        "UPDATE coupons SET code = $2, kind = $3, percent = $4, amount = $5, currency = $6, min_subtotal = $7, usage_limit = $8,
                per_customer_limit = $9, starts_at = $10, ends_at = $11, active = $12, max_discount = $14, product_ids = $15, category_ids = $16,
                version = version + 1
          WHERE id = $1 AND version = $13",
        coupon.id as CouponId,
        coupon.code,
        terms.kind.as_str(),
        terms.percent,
        terms.amount,
        conditions.currency.code(),
        conditions.min_subtotal,
        terms.usage_limit,
        coupon.per_customer_limit,
        conditions.starts_at as Option<Timestamp>,
        conditions.ends_at as Option<Timestamp>,
        conditions.active,
        coupon.version,
        terms.max_discount,
        &conditions.scope.products(),
        &conditions.scope.categories(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a coupon that nobody used, else retires it: orders refer to it. Answers what it was. Locked first: nobody changes it after it was read.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    id: CouponId,
) -> Result<Option<Coupon>, sqlx::Error> {
    let found = select!("WHERE id = $1 FOR UPDATE", id as CouponId)
        .fetch_optional(&mut *conn)
        .await?
        .map(Coupon::try_from)
        .transpose()?;
    let deleted = sqlx::query!(
        "DELETE FROM coupons c WHERE id = $1 AND used = 0 AND NOT EXISTS (SELECT FROM coupon_redemptions r WHERE r.coupon_id = c.id)",
        id as CouponId,
    )
    .execute(&mut *conn)
    .await?;
    if deleted.rows_affected() == 0 {
        sqlx::query!(
            "UPDATE coupons SET active = false, version = version + 1 WHERE id = $1",
            id as CouponId
        )
        .execute(conn)
        .await?;
    }
    Ok(found)
}

/// Reads the coupon and locks it until the transaction ends, so that its limits hold for whoever comes at the same time.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    code: &str,
) -> Result<Option<Coupon>, sqlx::Error> {
    select!("WHERE code = $1 FOR UPDATE", code)
        .fetch_optional(conn)
        .await?
        .map(Coupon::try_from)
        .transpose()
}

/// Uses a locked coupon for an order. False if the customer, who is known by account and by e-mail address, used it as often as one may.
pub(crate) async fn redeem(
    conn: &mut PgConnection,
    coupon: &Coupon,
    order: OrderId,
    customer: &str,
    email: &EmailAddress,
    amount: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "WITH redeemed AS (
           INSERT INTO coupon_redemptions (coupon_id, order_id, customer, amount, redeemed_at)
           SELECT $1, $2, $3, $4, $5
            WHERE $6::integer IS NULL OR (SELECT count(*) FROM (
                    SELECT order_id FROM coupon_redemptions WHERE coupon_id = $1 AND customer = $3
                    UNION SELECT r.order_id FROM orders o JOIN coupon_redemptions r ON r.coupon_id = $1 AND r.order_id = o.id WHERE o.email = $7) uses) < $6
           RETURNING coupon_id)
         UPDATE coupons SET used = used + 1 FROM redeemed WHERE coupons.id = redeemed.coupon_id",
        coupon.id as CouponId,
        order as OrderId,
        customer,
        amount,
        now as Timestamp,
        coupon.per_customer_limit,
        email.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How often a customer, who is known by account and by e-mail address, used a coupon; as [`redeem`] counts.
pub(crate) async fn uses(
    conn: &mut PgConnection,
    coupon: CouponId,
    customer: &str,
    email: &EmailAddress,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
             SELECT order_id FROM coupon_redemptions WHERE coupon_id = $1 AND customer = $2
             UNION SELECT r.order_id FROM orders o JOIN coupon_redemptions r ON r.coupon_id = $1 AND r.order_id = o.id WHERE o.email = $3) uses"#,
        coupon as CouponId,
        customer,
        email.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Gives back the uses of an order that will not happen.
pub(crate) async fn restore(conn: &mut PgConnection, order: OrderId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH restored AS (DELETE FROM coupon_redemptions WHERE order_id = $1 RETURNING coupon_id)
         UPDATE coupons SET used = used - 1 FROM restored WHERE coupons.id = restored.coupon_id",
        order as OrderId,
    )
    .execute(conn)
    .await
    .map(drop)
}
