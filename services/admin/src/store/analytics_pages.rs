//! The sums as pages ask for them.

use primitives::{Currency, Money, Timestamp};
use sqlx::{FromRow, PgConnection};
use time::Date;
use uuid::Uuid;

use crate::domain::cohorts::Activity;
use crate::domain::sales::{Measures, Report};

/// What every page says of the numbers.
#[derive(Debug)]
pub(crate) struct Meta {
    pub(crate) today: Date,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) stock_as_of: Option<Timestamp>,
    /// Whether older orders are still being read in.
    pub(crate) filling: bool,
    /// Changes that are not counted yet; a thousand stands for more.
    pub(crate) pending: i64,
    /// In which something was sold, the one with most orders first.
    pub(crate) currencies: Vec<Currency>,
}

impl Meta {
    /// The one asked for, or the one with most orders.
    pub(crate) fn currency(&self, asked: &str) -> Currency {
        let all = &self.currencies;
        let found = all
            .iter()
            .find(|currency| currency.code() == asked)
            .or(all.first());
        found.copied().unwrap_or(Currency::EUR)
    }
}

pub(crate) async fn meta(
    conn: &mut PgConnection,
    now: Timestamp,
    time_zone: &str,
) -> sqlx::Result<Meta> {
    let row = sqlx::query!(
        r#"SELECT ($1::timestamptz AT TIME ZONE $2)::date AS "today!", as_of AS "as_of: Timestamp", stock_as_of AS "stock_as_of: Timestamp",
                  filled_until IS NOT NULL AS "filling!", (SELECT count(*) FROM (SELECT FROM analytics_pending LIMIT 1000) p) AS "pending!",
                  ARRAY(SELECT currency::text FROM sales_rollups WHERE report = 'all' AND grain = 'month' GROUP BY currency ORDER BY sum(orders) DESC) AS "currencies!"
             FROM analytics_state"#,
        now as Timestamp,
        time_zone
    )
    .fetch_one(conn)
    .await?;
    Ok(Meta {
        today: row.today,
        as_of: row.as_of,
        stock_as_of: row.stock_as_of,
        filling: row.filling,
        pending: row.pending,
        currencies: row
            .currencies
            .iter()
            .filter_map(|code| code.parse().ok())
            .collect(),
    })
}

/// All sales of each day.
pub(crate) async fn days(
    conn: &mut PgConnection,
    currency: Currency,
    from: Date,
    to: Date,
) -> sqlx::Result<Vec<(Date, Measures)>> {
    let rows = sqlx::query!(
        r#"SELECT period, ARRAY[orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back] AS "numbers!"
             FROM sales_rollups WHERE report = 'all' AND currency = $1::bpchar AND grain = 'day' AND period BETWEEN $2 AND $3 ORDER BY period"#,
        currency.code(),
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.period, measures(row.numbers)))
        .collect())
}

pub(super) fn measures(numbers: Vec<i64>) -> Measures {
    Measures::from_array(numbers.try_into().unwrap_or_default())
}

/// Which rows are asked for.
#[derive(Debug)]
pub(crate) struct Ranking<'a> {
    pub(crate) report: Report,
    pub(crate) currency: Currency,
    /// Grain, first and last day, and whether it is the time asked for or the one before.
    pub(crate) pieces: Vec<(&'static str, Date, Date, bool)>,
    /// `units`, `refunds`, `rising`, `falling`, or what is left of the total; of taxes, of the tax.
    pub(crate) sort: &'a str,
    /// The rank and key of the last row seen.
    pub(crate) after: Option<(i64, String)>,
    pub(crate) limit: i64,
}

/// A row of a ranking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranked {
    pub(crate) key: String,
    pub(crate) now: Measures,
    pub(crate) net_before: i64,
    /// What it is ordered by.
    pub(crate) rank: i64,
}

/// Some rows of a ranking, and the sum of all.
#[derive(Debug, Clone)]
pub(crate) struct Rankings {
    pub(crate) rows: Vec<Ranked>,
    pub(crate) all: Ranked,
    /// How many rows there are.
    pub(crate) groups: i64,
}

#[derive(FromRow)]
struct RankedRow {
    key: String,
    numbers: Vec<i64>,
    net_before: i64,
    rank: i64,
    whole: bool,
}

/// Within a transaction. Each piece is a range of the primary key: the planner, who cannot know how long it is, is not asked.
pub(crate) async fn ranked(conn: &mut PgConnection, asked: &Ranking<'_>) -> sqlx::Result<Rankings> {
    let grains: Vec<&str> = asked.pieces.iter().map(|piece| piece.0).collect();
    let firsts: Vec<Date> = asked.pieces.iter().map(|piece| piece.1).collect();
    let lasts: Vec<Date> = asked.pieces.iter().map(|piece| piece.2).collect();
    let nows: Vec<bool> = asked.pieces.iter().map(|piece| piece.3).collect();
    let sort = match (asked.report, asked.sort) {
        (Report::Tax, "") => "tax",
        (_, sort) => sort,
    };
    let (rank, key) = asked.after.clone().unzip();
    // There may be as many groups as products; sorting them on disk takes longer than all the rest.
    sqlx::query("SET LOCAL work_mem = '64MB'")
        .execute(&mut *conn)
        .await?;
    // The tax report's refunds are bases, which take nothing from what customers paid.
    let found: Vec<RankedRow> = sqlx::query_as(
        "WITH pieces AS (
           SELECT * FROM unnest($3::text[], $4::date[], $5::date[], $6::boolean[]) AS p (grain, first, last, now)),
         sums AS (
           SELECT r.key, sum(r.orders) FILTER (WHERE now)::bigint AS orders, sum(r.cancelled) FILTER (WHERE now)::bigint AS cancelled,
                  sum(r.units) FILTER (WHERE now)::bigint AS units, sum(r.gross) FILTER (WHERE now)::bigint AS gross,
                  sum(r.discounts) FILTER (WHERE now)::bigint AS discounts, sum(r.tax) FILTER (WHERE now)::bigint AS tax,
                  sum(r.total) FILTER (WHERE now)::bigint AS total, sum(r.refunds) FILTER (WHERE now)::bigint AS refunds,
                  sum(r.released + r.charged_back) FILTER (WHERE now)::bigint AS otherwise, sum(r.tax_back) FILTER (WHERE now)::bigint AS tax_back,
                  coalesce(sum(r.total - r.refunds - r.released - r.charged_back) FILTER (WHERE NOT now), 0)::bigint AS net_before
             FROM pieces p CROSS JOIN LATERAL (
                    SELECT * FROM sales_rollups r WHERE r.report = $1 AND r.currency = $2::bpchar AND r.grain = p.grain AND r.period BETWEEN p.first AND p.last OFFSET 0) r
            GROUP BY r.key),
         ranked AS (
           SELECT key, ARRAY[coalesce(orders, 0), coalesce(cancelled, 0), coalesce(units, 0), coalesce(gross, 0), coalesce(discounts, 0), 0, coalesce(tax, 0),
                             coalesce(total, 0), coalesce(refunds, 0), coalesce(otherwise, 0), 0, coalesce(tax_back, 0)] AS numbers, net_before,
                  CASE $7 WHEN 'units' THEN coalesce(units, 0) WHEN 'refunds' THEN coalesce(refunds, 0) WHEN 'tax' THEN coalesce(tax - tax_back, 0)
                          WHEN 'rising' THEN coalesce(total - refunds - otherwise, 0) - net_before
                          WHEN 'falling' THEN net_before - coalesce(total - refunds - otherwise, 0)
                          ELSE coalesce(total - refunds - otherwise, 0) END AS rank
             FROM sums WHERE orders IS NOT NULL OR $7 = 'falling')
         (SELECT key, numbers, net_before, rank, false AS whole FROM ranked
           WHERE $8::bigint IS NULL OR rank < $8 OR rank = $8 AND key > $9
           ORDER BY rank DESC, key LIMIT $10)
         UNION ALL
         SELECT '', ARRAY[sum(numbers[1])::bigint, sum(numbers[2])::bigint, sum(numbers[3])::bigint, sum(numbers[4])::bigint, sum(numbers[5])::bigint, 0,
                          sum(numbers[7])::bigint, sum(numbers[8])::bigint, sum(numbers[9])::bigint, sum(numbers[10])::bigint, 0, sum(numbers[12])::bigint],
                sum(net_before)::bigint, count(*), true FROM ranked HAVING count(*) > 0",
    )
    .bind(asked.report.as_str())
    .bind(asked.currency.code())
    .bind(&grains)
    .bind(&firsts)
    .bind(&lasts)
    .bind(&nows)
    .bind(sort)
    .bind(rank)
    .bind(key)
    .bind(asked.limit)
    .fetch_all(conn)
    .await?;
    let (mut rows, mut all) = (Vec::new(), Ranked::default());
    for row in found {
        let whole = row.whole;
        let row = Ranked {
            key: row.key,
            now: measures(row.numbers),
            net_before: row.net_before,
            rank: row.rank,
        };
        if whole {
            all = row;
        } else {
            rows.push(row);
        }
    }
    let groups = std::mem::take(&mut all.rank);
    Ok(Rankings { rows, all, groups })
}

/// What the stock was worth on a day, of a category.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) day: Date,
    /// Nil for none.
    pub(crate) category_id: Uuid,
    pub(crate) variants: i64,
    pub(crate) units: i64,
    pub(crate) reserved: i64,
    pub(crate) value: i64,
}

/// By category on the last day that is known, most worth first; and the sum of at most so many days, the last of each few.
pub(crate) async fn stock(
    conn: &mut PgConnection,
    currency: Currency,
    from: Date,
    to: Date,
    most: i32,
) -> sqlx::Result<(Vec<Stock>, Vec<(Date, i64)>)> {
    let now = sqlx::query_as!(
        Stock,
        "SELECT day, category_id, variants, units, reserved, value FROM stock_values
          WHERE currency = $1::bpchar AND day = (SELECT max(day) FROM stock_values WHERE currency = $1::bpchar AND day <= $2) ORDER BY value DESC, category_id",
        currency.code(),
        to
    )
    .fetch_all(&mut *conn)
    .await?;
    let days = sqlx::query!(
        r#"SELECT d.day, (SELECT sum(value)::bigint FROM stock_values WHERE currency = $1::bpchar AND day = d.day) AS "value!"
             FROM (SELECT ($3::date - $2::date) / $4 + 1 AS days) each CROSS JOIN generate_series(0, ($3::date - $2::date) / each.days) AS ago
            CROSS JOIN LATERAL (SELECT day FROM stock_values
                                 WHERE currency = $1::bpchar AND day >= $2 AND day <= $3::date - ago * each.days AND day > $3::date - (ago + 1) * each.days
                                 ORDER BY day DESC LIMIT 1) d
            ORDER BY d.day"#,
        currency.code(),
        from,
        to,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok((
        now,
        days.into_iter().map(|row| (row.day, row.value)).collect(),
    ))
}

/// What customers of the cohorts since a month did in which month.
pub(crate) async fn cohorts(
    conn: &mut PgConnection,
    currency: Currency,
    since: Date,
) -> sqlx::Result<Vec<(Date, Date, Activity)>> {
    let rows = sqlx::query!(
        "SELECT cohort, month, customers, orders, revenue FROM cohort_rollups WHERE currency = $1::bpchar AND cohort >= $2 ORDER BY cohort, month",
        currency.code(),
        since
    )
    .fetch_all(conn)
    .await?;
    let activity = rows.into_iter().map(|row| {
        let activity = Activity {
            customers: row.customers,
            orders: row.orders,
            revenue: row.revenue,
        };
        (row.cohort, row.month, activity)
    });
    Ok(activity.collect())
}

/// Orders since a month, and those of them that customers with an account placed.
pub(crate) async fn orders_since(
    conn: &mut PgConnection,
    currency: Currency,
    since: Date,
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT coalesce((SELECT sum(orders) FROM sales_rollups WHERE report = 'all' AND currency = $1::bpchar AND grain = 'month' AND period >= $2), 0)::bigint AS "all!",
                  coalesce((SELECT sum(orders) FROM cohort_rollups WHERE currency = $1::bpchar AND month >= $2), 0)::bigint AS "known!""#,
        currency.code(),
        since
    )
    .fetch_one(conn)
    .await?;
    Ok((row.all, row.known))
}

/// What was sold with a coupon or promotion.
#[derive(Debug, Clone)]
pub(crate) struct OfferSales {
    /// `coupon:<code>` or `promotion:<name>`.
    pub(crate) key: String,
    pub(crate) orders: i64,
    /// What customers paid and have not got back.
    pub(crate) net: Money,
    pub(crate) discounts: Money,
}

/// What was sold with some of them in thirty days, today among them. The days are a range of the primary key, read once; the planner would read them for each key.
pub(crate) async fn offer_sales(
    conn: &mut PgConnection,
    currency: Currency,
    keys: &[String],
    now: Timestamp,
    time_zone: &str,
) -> sqlx::Result<Vec<OfferSales>> {
    let rows = sqlx::query!(
        r#"SELECT key, sum(orders)::bigint AS "orders!", sum(total - refunds - released - charged_back)::bigint AS "net!", sum(discounts)::bigint AS "discounts!"
             FROM (SELECT * FROM sales_rollups
                    WHERE report = 'offer' AND currency = $1::bpchar AND grain = 'day'
                      AND period BETWEEN ($3::timestamptz AT TIME ZONE $4)::date - 29 AND ($3::timestamptz AT TIME ZONE $4)::date OFFSET 0) month
            WHERE key = ANY ($2) GROUP BY key"#,
        currency.code(),
        keys,
        now as Timestamp,
        time_zone,
    )
    .fetch_all(conn)
    .await?;
    let show = |amount| Money::new(amount, currency);
    Ok(rows
        .into_iter()
        .map(|row| OfferSales {
            key: row.key,
            orders: row.orders,
            net: show(row.net),
            discounts: show(row.discounts),
        })
        .collect())
}
