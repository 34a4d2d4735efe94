//! The sums, added up anew by the database from what is kept of each order, and compared.

use std::fmt;

use sqlx::{FromRow, PgConnection};
use time::Date;
use uuid::Uuid;

use super::analytics::RollupKey;
use crate::domain::cohorts::Activity;
use crate::domain::sales::{MEASURES, Measures, Report};

/// How many differences are taken into memory together.
const MOST: i64 = 100_000;

/// All that follows sees one moment.
pub(crate) async fn snapshot(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets statements of this transaction take as long as they need.
pub(crate) async fn take_time(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SET LOCAL statement_timeout = 0")
        .execute(&mut *conn)
        .await?;
    sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0")
        .execute(conn)
        .await?;
    Ok(())
}

/// In which categories sold products are counted.
pub(crate) async fn products_after(
    conn: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, Option<Uuid>)>> {
    let rows = sqlx::query!(
        "SELECT product_id, category_id FROM analytics_products WHERE product_id > $1 ORDER BY product_id LIMIT $2",
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_id, row.category_id))
        .collect())
}

/// A sum that is not that of the orders.
#[derive(Debug, FromRow)]
pub(crate) struct WrongSum {
    report: String,
    currency: String,
    grain: String,
    period: Date,
    key: String,
    counted: Vec<i64>,
    truth: Vec<i64>,
}

impl WrongSum {
    /// What makes it right.
    pub(crate) fn change(&self) -> Option<(RollupKey, Measures)> {
        let row = RollupKey {
            report: Report::parse(&self.report)?,
            currency: self.currency.clone(),
            monthly: self.grain == "month",
            period: self.period,
            key: self.key.clone(),
        };
        let change =
            std::iter::zip(&self.truth, &self.counted).map(|(truth, counted)| truth - counted);
        let change: Vec<i64> = change.collect();
        Some((row, Measures::from_array(change.try_into().ok()?)))
    }
}

impl fmt::Display for WrongSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            report,
            currency,
            grain,
            period,
            key,
            ..
        } = self;
        write!(f, "sum {report} {currency} {grain} {period} {key:?}:")?;
        let numbers = std::iter::zip(&self.counted, &self.truth);
        for (name, (counted, truth)) in std::iter::zip(MEASURES, numbers) {
            if counted != truth {
                write!(f, " {name} counted {counted}, source {truth};")?;
            }
        }
        Ok(())
    }
}

pub(crate) async fn wrong_sums(conn: &mut PgConnection) -> sqlx::Result<Vec<WrongSum>> {
    sqlx::query_as(
        "WITH parts AS (
           SELECT part->>0 AS report, (facts->>0)::text AS currency, (part->>1)::date AS day, part->>2 AS key, part->3 AS n
             FROM analytics_orders, jsonb_array_elements(facts->1) AS part),
         known AS (
           SELECT report, currency, day, key, n, (n->>0)::bigint AS orders, coalesce((n->>1)::bigint, 0) AS cancelled FROM parts
           UNION ALL
           SELECT 'category', currency, day, coalesce(p.category_id::text, ''), n, 0, 0
             FROM parts LEFT JOIN analytics_products p ON p.product_id = key::uuid WHERE report = 'product'),
         days AS (
           SELECT report, currency, day, key, sum(orders)::bigint AS n0, sum(cancelled)::bigint AS n1, sum((n->>2)::bigint)::bigint AS n2, sum((n->>3)::bigint)::bigint AS n3,
                  sum((n->>4)::bigint)::bigint AS n4, sum((n->>5)::bigint)::bigint AS n5, sum((n->>6)::bigint)::bigint AS n6, sum((n->>7)::bigint)::bigint AS n7,
                  sum((n->>8)::bigint)::bigint AS n8, sum((n->>9)::bigint)::bigint AS n9, sum((n->>10)::bigint)::bigint AS n10, sum((n->>11)::bigint)::bigint AS n11
             FROM known GROUP BY 1, 2, 3, 4),
         sums AS (
           SELECT report, currency, 'day' AS grain, day AS period, key, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11 FROM days
           UNION ALL
           SELECT report, currency, 'month', date_trunc('month', day)::date, key, sum(n0)::bigint, sum(n1)::bigint, sum(n2)::bigint, sum(n3)::bigint, sum(n4)::bigint, sum(n5)::bigint,
                  sum(n6)::bigint, sum(n7)::bigint, sum(n8)::bigint, sum(n9)::bigint, sum(n10)::bigint, sum(n11)::bigint
             FROM days GROUP BY 1, 2, 4, 5),
         truth AS (
           SELECT report, currency, grain, period, key,
                  ARRAY[coalesce(n0, 0), coalesce(n1, 0), coalesce(n2, 0), coalesce(n3, 0), coalesce(n4, 0), coalesce(n5, 0), coalesce(n6, 0), coalesce(n7, 0),
                        coalesce(n8, 0), coalesce(n9, 0), coalesce(n10, 0), coalesce(n11, 0)] AS numbers
             FROM sums),
         counted AS (
           SELECT report, currency::text AS currency, grain, period, key,
                  ARRAY[orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back] AS numbers
             FROM sales_rollups)
         SELECT report, currency, grain, period, key,
                coalesce(c.numbers, array_fill(0::bigint, ARRAY[12])) AS counted, coalesce(t.numbers, array_fill(0::bigint, ARRAY[12])) AS truth
           FROM counted c FULL JOIN truth t USING (report, currency, grain, period, key)
          WHERE coalesce(c.numbers, array_fill(0::bigint, ARRAY[12])) <> coalesce(t.numbers, array_fill(0::bigint, ARRAY[12]))
          ORDER BY report, currency, grain, period, key LIMIT $1",
    )
    .bind(MOST)
    .fetch_all(conn)
    .await
}

/// A row of the cohorts that is not that of the orders.
#[derive(Debug, FromRow)]
pub(crate) struct WrongCohort {
    currency: String,
    cohort: Date,
    month: Date,
    counted: Vec<i64>,
    truth: Vec<i64>,
}

impl WrongCohort {
    /// What makes it right.
    pub(crate) fn change(&self) -> ((String, Date, Date), Activity) {
        let of = |nth: usize| {
            let at = |numbers: &[i64]| numbers.get(nth).copied().unwrap_or_default();
            at(&self.truth) - at(&self.counted)
        };
        let change = Activity {
            customers: of(0),
            orders: of(1),
            revenue: of(2),
        };
        ((self.currency.clone(), self.cohort, self.month), change)
    }
}

impl fmt::Display for WrongCohort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cohort {} {} in {}: customers, orders and revenue counted {:?}, source {:?}",
            self.currency, self.cohort, self.month, self.counted, self.truth
        )
    }
}

pub(crate) async fn wrong_cohorts(conn: &mut PgConnection) -> sqlx::Result<Vec<WrongCohort>> {
    sqlx::query_as(
        "WITH parts AS (
           SELECT customer, facts->>0 AS currency, date_trunc('month', (part->>1)::date)::date AS month, part->3 AS n
             FROM analytics_orders, jsonb_array_elements(facts->1) AS part WHERE customer IS NOT NULL AND part->>0 = 'all'),
         months AS (
           SELECT customer, currency, month, sum((n->>0)::bigint) AS orders,
                  sum(coalesce((n->>7)::bigint, 0) - coalesce((n->>8)::bigint, 0) - coalesce((n->>9)::bigint, 0) - coalesce((n->>10)::bigint, 0)) AS revenue
             FROM parts GROUP BY 1, 2, 3),
         placed AS (
           SELECT *, min(month) FILTER (WHERE orders > 0) OVER (PARTITION BY customer, currency) AS cohort FROM months),
         truth AS (
           SELECT currency, cohort, month, ARRAY[count(*) FILTER (WHERE orders > 0), sum(orders)::bigint, sum(revenue)::bigint] AS numbers
             FROM placed WHERE cohort IS NOT NULL GROUP BY 1, 2, 3),
         counted AS (
           SELECT currency::text AS currency, cohort, month, ARRAY[customers, orders, revenue] AS numbers FROM cohort_rollups)
         SELECT currency, cohort, month, coalesce(c.numbers, '{0,0,0}'::bigint[]) AS counted, coalesce(t.numbers, '{0,0,0}'::bigint[]) AS truth
           FROM counted c FULL JOIN truth t USING (currency, cohort, month)
          WHERE coalesce(c.numbers, '{0,0,0}'::bigint[]) <> coalesce(t.numbers, '{0,0,0}'::bigint[])
          ORDER BY currency, cohort, month",
    )
    .fetch_all(conn)
    .await
}
