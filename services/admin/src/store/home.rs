//! What the first page reads of the panel's own database.

use primitives::{Currency, Timestamp};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::domain::sales::Measures;
use crate::read::stock::Cover;

/// What is counted no further says "1,000+".
pub(crate) const MOST: i64 = 1000;

/// The shop's clock, and how far the numbers are.
#[derive(Debug)]
pub(crate) struct Now {
    pub(crate) today: Date,
    /// Quarter hours since midnight.
    pub(crate) quarter: i32,
    /// When today began.
    pub(crate) start: Timestamp,
    /// By so many quarter hours of the same weekday of last week today is compared with it: the nearest to now.
    pub(crate) compared: i32,
    /// When that day began …
    pub(crate) start_before: Timestamp,
    /// … and when that many quarter hours of it were over.
    pub(crate) until_before: Timestamp,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) filling: bool,
    /// In which something was sold, the one with most orders first.
    pub(crate) currencies: Vec<Currency>,
}

pub(crate) async fn now(
    conn: &mut PgConnection,
    now: Timestamp,
    time_zone: &str,
) -> sqlx::Result<Now> {
    let row = sqlx::query!(
        r#"SELECT l.today AS "today!", l.quarter AS "quarter!", l.compared AS "compared!",
                  l.today::timestamp AT TIME ZONE $2 AS "start!: Timestamp",
                  (l.today - 7)::timestamp AT TIME ZONE $2 AS "start_before!: Timestamp",
                  ((l.today - 7)::timestamp + l.compared * interval '15 minutes') AT TIME ZONE $2 AS "until_before!: Timestamp",
                  s.as_of AS "as_of: Timestamp", s.filled_until IS NOT NULL AS "filling!",
                  ARRAY(SELECT currency::text FROM sales_rollups WHERE report = 'all' AND grain = 'month' GROUP BY currency ORDER BY sum(orders) DESC) AS "currencies!"
             FROM analytics_state s,
                  LATERAL (SELECT t::date AS today, (extract(hour FROM t) * 4 + floor(extract(minute FROM t) / 15))::int AS quarter,
                                    (extract(hour FROM t) * 4 + floor((extract(minute FROM t) + 7) / 15))::int AS compared
                             FROM (SELECT $1::timestamptz AT TIME ZONE $2 AS t) x) l"#,
        now as Timestamp,
        time_zone
    )
    .fetch_one(conn)
    .await?;
    Ok(Now {
        today: row.today,
        quarter: row.quarter,
        start: row.start,
        compared: row.compared,
        start_before: row.start_before,
        until_before: row.until_before,
        as_of: row.as_of,
        filling: row.filling,
        currencies: row
            .currencies
            .iter()
            .filter_map(|code| code.parse().ok())
            .collect(),
    })
}

/// What was sold on some days by quarter hours: the day, the quarter hour, and how much.
pub(crate) async fn quarters(
    conn: &mut PgConnection,
    currency: Currency,
    days: &[Date],
) -> sqlx::Result<Vec<(Date, u8, Measures)>> {
    let rows = sqlx::query!(
        r#"SELECT period, (split_part(key, ':', 1)::int * 4 + split_part(key, ':', 2)::int / 15) AS "quarter!",
                  ARRAY[orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back] AS "numbers!"
             FROM sales_rollups WHERE report = 'hour' AND currency = $1::bpchar AND grain = 'day' AND period = ANY ($2) ORDER BY period, key"#,
        currency.code(),
        days
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().map(|row| {
        let numbers = row.numbers.try_into().unwrap_or_default();
        let quarter = u8::try_from(row.quarter).unwrap_or_default();
        (row.period, quarter, Measures::from_array(numbers))
    });
    Ok(row.collect())
}

/// What of the panel's own waits for staff, each counted to one more than [`MOST`].
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Conversations with the shop that want an answer.
    pub(crate) conversations: i64,
    /// Deliveries of this week that third parties did not take.
    pub(crate) deliveries: i64,
    /// To which endpoint, if it is just one.
    pub(crate) endpoint: Option<Uuid>,
    /// Endpoints that were switched off because they failed.
    pub(crate) endpoints_off: i64,
    /// Variants that will soon be sold out.
    pub(crate) running_out: i64,
    /// In how many days the first of them is.
    pub(crate) first_out: Option<i32>,
}

pub(crate) async fn waiting(conn: &mut PgConnection, since: Timestamp) -> sqlx::Result<Waiting> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT (SELECT count(*) FROM (SELECT FROM threads WHERE kind = 'support' AND status = 'open' LIMIT $2) x) AS "conversations!",
                  d.count AS "deliveries!", d.endpoint,
                  (SELECT count(*) FROM webhook_endpoints WHERE disabled_because IN ('failing', 'gone')) AS "endpoints_off!",
                  (SELECT count(*) FROM stock_cover) AS "running_out!", (SELECT days FROM stock_cover WHERE place = 1) AS first_out
             FROM (SELECT count(*) AS count, CASE WHEN count(DISTINCT endpoint_id) = 1 THEN (array_agg(endpoint_id))[1] END AS endpoint
                     FROM (SELECT f.endpoint_id FROM webhook_endpoints e
                            CROSS JOIN LATERAL (SELECT endpoint_id FROM webhook_deliveries w
                                                 WHERE w.endpoint_id = e.id AND w.status = 'failed' AND w.created_at >= $1 LIMIT $2) f LIMIT $2) x) d"#,
        since as Timestamp,
        MOST + 1
    )
    .fetch_one(conn)
    .await
}

/// A variant that will soon be sold out.
#[derive(Debug)]
pub(crate) struct RunningOut {
    pub(crate) place: i32,
    pub(crate) variant_id: Uuid,
    pub(crate) sold: i64,
}

/// The first to be sold out first, after a place.
pub(crate) async fn running_out(
    conn: &mut PgConnection,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<RunningOut>> {
    sqlx::query_as!(
        RunningOut,
        "SELECT place, variant_id, sold FROM stock_cover WHERE place > $1 ORDER BY place LIMIT $2",
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Writes anew which variants will soon be sold out, the first first.
pub(crate) async fn replace_cover(conn: &mut PgConnection, rows: &[Cover]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM stock_cover")
        .execute(&mut *conn)
        .await?;
    let variants: Vec<Uuid> = rows.iter().map(|row| row.variant_id).collect();
    let of = |number: fn(&Cover) -> i64| -> Vec<i64> { rows.iter().map(number).collect() };
    let days: Vec<i32> = rows.iter().map(|row| row.days).collect();
    sqlx::query!(
        "INSERT INTO stock_cover (place, variant_id, available, sold, days)
         SELECT c.place, c.variant_id, c.available, c.sold, c.days
           FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[]) WITH ORDINALITY AS c (variant_id, available, sold, days, place)",
        &variants,
        &of(|row| row.available),
        &of(|row| row.sold),
        &days
    )
    .execute(conn)
    .await?;
    Ok(())
}
