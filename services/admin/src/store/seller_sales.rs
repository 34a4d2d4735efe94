//! What sellers sold, from the sums. Each day or month of each seller is one look into the primary key.

use std::collections::HashMap;

use primitives::Currency;
use sqlx::{FromRow, PgConnection};
use time::Date;

use super::analytics_pages::measures;
use crate::domain::sales::Measures;

#[derive(FromRow)]
struct Row {
    key: String,
    numbers: Vec<i64>,
}

/// Of each of them who sold anything on these days.
pub(crate) async fn of_sellers(
    conn: &mut PgConnection,
    currency: Currency,
    sellers: &[String],
    from: Date,
    to: Date,
) -> sqlx::Result<HashMap<String, Measures>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT r.key, ARRAY[sum(orders), sum(cancelled), sum(units), sum(gross), sum(discounts), sum(shipping), sum(tax), sum(total), sum(refunds),
                             sum(released), sum(charged_back), sum(tax_back)]::bigint[] AS numbers
           FROM unnest($2::text[]) AS s (key) CROSS JOIN generate_series($3::date, $4::date, interval '1 day') AS d (day) CROSS JOIN LATERAL (
                  SELECT * FROM sales_rollups r
                   WHERE r.report = 'seller' AND r.currency = $1::bpchar AND r.grain = 'day' AND r.period = d.day::date AND r.key = s.key OFFSET 0) r
          GROUP BY r.key",
    )
    .bind(currency.code())
    .bind(sellers)
    .bind(from)
    .bind(to)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key, measures(row.numbers)))
        .collect())
}

#[derive(FromRow)]
struct MonthRow {
    month: Date,
    numbers: Vec<i64>,
}

/// One seller by months, from the first to the last, also those without sales.
pub(crate) async fn by_month(
    conn: &mut PgConnection,
    currency: Currency,
    seller: &str,
    (from, to): (Date, Date),
) -> sqlx::Result<Vec<(Date, Measures)>> {
    let rows: Vec<MonthRow> = sqlx::query_as(
        "SELECT d.month::date AS month,
                ARRAY[coalesce(orders, 0), coalesce(cancelled, 0), coalesce(units, 0), coalesce(gross, 0), coalesce(discounts, 0), coalesce(shipping, 0),
                      coalesce(tax, 0), coalesce(total, 0), coalesce(refunds, 0), coalesce(released, 0), coalesce(charged_back, 0), coalesce(tax_back, 0)] AS numbers
           FROM generate_series($3::date, $4::date, interval '1 month') AS d (month) LEFT JOIN LATERAL (
                  SELECT * FROM sales_rollups r
                   WHERE r.report = 'seller' AND r.currency = $1::bpchar AND r.grain = 'month' AND r.period = d.month::date AND r.key = $2 OFFSET 0) r ON true
          ORDER BY 1",
    )
    .bind(currency.code())
    .bind(seller)
    .bind(from)
    .bind(to)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.month, measures(row.numbers)))
        .collect())
}
