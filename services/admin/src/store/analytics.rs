//! What is counted, and what is still to be counted. Only one writes the numbers at a time: see [`take`].
//!
//! Currencies are `char(3)` here, and strings are bound as `text`: compared without a cast, all of an index behind the currency is read.

use std::collections::{BTreeMap, HashMap};

use primitives::Timestamp;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::domain::cohorts::{Activity, Cohorts};
use crate::domain::sales::{Facts, Measures, Report};

/// What an event may make uncounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Order,
    Product,
}

impl Changed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Product => "product",
        }
    }
}

/// Says that something is to be counted anew.
pub(crate) async fn mark(
    conn: &mut PgConnection,
    changed: Changed,
    id: Uuid,
    since: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO analytics_pending AS p (kind, id, since) VALUES ($1, $2, $3)
         ON CONFLICT (kind, id) DO UPDATE SET mark = p.mark + 1, since = least(p.since, EXCLUDED.since)",
        changed.as_str(),
        id,
        since as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Something to be counted anew.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    mark: i64,
}

/// What changed first comes first.
pub(crate) async fn pending(
    conn: &mut PgConnection,
    changed: Changed,
    limit: i64,
) -> sqlx::Result<Vec<Pending>> {
    sqlx::query_as!(
        Pending,
        "SELECT id, mark FROM analytics_pending WHERE kind = $1 ORDER BY since LIMIT $2",
        changed.as_str(),
        limit
    )
    .fetch_all(conn)
    .await
}

/// Forgets what is counted now, unless more came meanwhile.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    changed: Changed,
    done: &[Pending],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = done.iter().map(|pending| pending.id).collect();
    let marks: Vec<i64> = done.iter().map(|pending| pending.mark).collect();
    sqlx::query!(
        "DELETE FROM analytics_pending p USING unnest($2::uuid[], $3::bigint[]) AS done (id, mark)
          WHERE p.kind = $1 AND p.id = done.id AND p.mark = done.mark",
        changed.as_str(),
        &ids,
        &marks
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How far the numbers are.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) epoch: i64,
    pub(crate) time_zone: String,
    /// The orders after this one are still to be read in; nothing if all are.
    pub(crate) filled_until: Option<Uuid>,
    pub(crate) stock_as_of: Option<Timestamp>,
}

pub(crate) async fn state(conn: &mut PgConnection) -> sqlx::Result<State> {
    sqlx::query_as!(
        State,
        r#"SELECT epoch, time_zone, filled_until, stock_as_of AS "stock_as_of: Timestamp" FROM analytics_state"#
    )
    .fetch_one(conn)
    .await
}

/// The right to change the numbers until the transaction ends, for who knows the latest state of them. Nobody else wrote since `epoch`,
/// so what was read from the source after it is not older than what is counted.
pub(crate) async fn take(conn: &mut PgConnection, epoch: i64) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "UPDATE analytics_state SET epoch = epoch + 1 WHERE epoch = $1",
        epoch
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// All orders are to be read in anew, for the days of this time zone.
pub(crate) async fn start_filling(conn: &mut PgConnection, time_zone: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE analytics_state SET time_zone = $1, filled_until = $2, epoch = epoch + 1",
        time_zone,
        Uuid::nil()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn filled(
    conn: &mut PgConnection,
    time_zone: &str,
    until: Option<Uuid>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE analytics_state SET time_zone = $1, filled_until = $2",
        time_zone,
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn set_as_of(conn: &mut PgConnection, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE analytics_state SET as_of = least($1, (SELECT min(since) FROM analytics_pending))",
        at as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is counted of each of these orders.
pub(crate) async fn facts(
    conn: &mut PgConnection,
    orders: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Facts>> {
    let rows = sqlx::query!(
        "SELECT order_id, customer, facts FROM analytics_orders WHERE order_id = ANY ($1)",
        orders
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.order_id, read_facts(row.customer, row.facts)?)))
        .collect()
}

/// The same for orders after one, up to another.
pub(crate) async fn facts_between(
    conn: &mut PgConnection,
    after: Uuid,
    until: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, Facts)>> {
    let rows = sqlx::query!(
        "SELECT order_id, customer, facts FROM analytics_orders WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id LIMIT $3",
        after,
        until,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.order_id, read_facts(row.customer, row.facts)?)))
        .collect()
}

/// What is counted of all orders of these customers.
pub(crate) async fn facts_of_customers(
    conn: &mut PgConnection,
    customers: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Facts)>> {
    let rows = sqlx::query!(
        "SELECT order_id, customer, facts FROM analytics_orders WHERE customer = ANY ($1)",
        customers
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.order_id, read_facts(row.customer, row.facts)?)))
        .collect()
}

/// Writes what is counted of orders; nothing for those that do not count.
pub(crate) async fn put_facts(
    conn: &mut PgConnection,
    orders: &BTreeMap<Uuid, Facts>,
) -> sqlx::Result<()> {
    let gone = orders.iter().filter(|(_, facts)| facts.parts.is_empty());
    let gone: Vec<Uuid> = gone.map(|(id, _)| *id).collect();
    if !gone.is_empty() {
        sqlx::query!(
            "DELETE FROM analytics_orders WHERE order_id = ANY ($1)",
            &gone
        )
        .execute(&mut *conn)
        .await?;
    }
    let kept = || orders.iter().filter(|(_, facts)| !facts.parts.is_empty());
    let ids: Vec<Uuid> = kept().map(|(id, _)| *id).collect();
    let customers: Vec<Option<Uuid>> = kept().map(|(_, facts)| facts.customer).collect();
    let facts: Vec<serde_json::Value> = kept().map(|(_, facts)| write_facts(facts)).collect();
    sqlx::query!(
        "INSERT INTO analytics_orders (order_id, customer, facts) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[])
         ON CONFLICT (order_id) DO UPDATE SET customer = EXCLUDED.customer, facts = EXCLUDED.facts",
        &ids,
        &customers as &[Option<Uuid>],
        &facts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Short, because there are as many as orders: numbers up to the last that is not zero.
fn write_facts(facts: &Facts) -> serde_json::Value {
    let part = |((report, day, key), measures): (&(Report, Date, String), &Measures)| {
        let mut numbers = measures.to_array().to_vec();
        while numbers.last() == Some(&0) {
            let _ = numbers.pop();
        }
        serde_json::json!([report.as_str(), day.to_string(), key, numbers])
    };
    let parts: Vec<_> = facts.parts.iter().map(part).collect();
    serde_json::json!([facts.currency, parts])
}

fn read_facts(customer: Option<Uuid>, json: serde_json::Value) -> sqlx::Result<Facts> {
    type Part = (String, String, String, Vec<i64>);
    let broken = |what: String| sqlx::Error::Decode(format!("facts of an order: {what}").into());
    let (currency, parts): (String, Vec<Part>) =
        serde_json::from_value(json).map_err(|error| broken(error.to_string()))?;
    let parts = parts.into_iter().map(|(report, day, key, numbers)| {
        let report = Report::parse(&report).ok_or_else(|| broken(report))?;
        let mut all = [0; 12];
        for (place, number) in all.iter_mut().zip(numbers) {
            *place = number;
        }
        let day = read_day(&day).ok_or_else(|| broken(day))?;
        Ok(((report, day, key), Measures::from_array(all)))
    });
    Ok(Facts {
        customer,
        currency,
        parts: parts.collect::<sqlx::Result<_>>()?,
    })
}

/// `2026-11-21`.
pub(crate) fn read_day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, month.try_into().ok()?, day).ok()
}

/// A row of the sums.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RollupKey {
    pub(crate) report: Report,
    pub(crate) currency: String,
    pub(crate) monthly: bool,
    pub(crate) period: Date,
    pub(crate) key: String,
}

pub(crate) type Rollups = BTreeMap<RollupKey, Measures>;

/// Adds to the sums; rows in which nothing is left go.
pub(crate) async fn add(conn: &mut PgConnection, rollups: &Rollups) -> sqlx::Result<()> {
    let rows = || rollups.iter().filter(|(_, measures)| !measures.is_zero());
    if rows().next().is_none() {
        return Ok(());
    }
    let reports: Vec<&str> = rows().map(|(row, _)| row.report.as_str()).collect();
    let currencies: Vec<&str> = rows().map(|(row, _)| row.currency.as_str()).collect();
    let grains: Vec<&str> = rows()
        .map(|(row, _)| if row.monthly { "month" } else { "day" })
        .collect();
    let periods: Vec<Date> = rows().map(|(row, _)| row.period).collect();
    let keys: Vec<&str> = rows().map(|(row, _)| row.key.as_str()).collect();
    let of = |nth: usize| -> Vec<i64> { rows().map(|(_, m)| m.to_array()[nth]).collect() };
    sqlx::query!(
        "INSERT INTO sales_rollups AS r (report, currency, grain, period, key, orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                              $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
         ON CONFLICT (report, currency, grain, period, key) DO UPDATE
            SET orders = r.orders + EXCLUDED.orders, cancelled = r.cancelled + EXCLUDED.cancelled, units = r.units + EXCLUDED.units,
                gross = r.gross + EXCLUDED.gross, discounts = r.discounts + EXCLUDED.discounts, shipping = r.shipping + EXCLUDED.shipping,
                tax = r.tax + EXCLUDED.tax, total = r.total + EXCLUDED.total, refunds = r.refunds + EXCLUDED.refunds,
                released = r.released + EXCLUDED.released, charged_back = r.charged_back + EXCLUDED.charged_back, tax_back = r.tax_back + EXCLUDED.tax_back",
        &reports as &[&str],
        &currencies as &[&str],
        &grains as &[&str],
        &periods,
        &keys as &[&str],
        &of(0), &of(1), &of(2), &of(3), &of(4), &of(5), &of(6), &of(7), &of(8), &of(9), &of(10), &of(11),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM sales_rollups r USING unnest($1::text[], $2::text[]::bpchar[], $3::text[], $4::date[], $5::text[]) AS touched (report, currency, grain, period, key)
          WHERE (r.report, r.currency, r.grain, r.period, r.key) = (touched.report, touched.currency, touched.grain, touched.period, touched.key)
            AND r.orders = 0 AND r.cancelled = 0 AND r.units = 0 AND r.gross = 0 AND r.discounts = 0 AND r.shipping = 0 AND r.tax = 0 AND r.total = 0
            AND r.refunds = 0 AND r.released = 0 AND r.charged_back = 0 AND r.tax_back = 0",
        &reports as &[&str],
        &currencies as &[&str],
        &grains as &[&str],
        &periods,
        &keys as &[&str],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The category that each of these products had when it was last looked at, for those that were sold.
pub(crate) async fn categories(
    conn: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Option<Uuid>>> {
    let rows = sqlx::query!(
        "SELECT product_id, category_id FROM analytics_products WHERE product_id = ANY ($1)",
        products
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_id, row.category_id))
        .collect())
}

/// Puts products into categories.
pub(crate) async fn put_categories(
    conn: &mut PgConnection,
    products: &[(Uuid, Option<Uuid>)],
) -> sqlx::Result<()> {
    let (ids, categories): (Vec<Uuid>, Vec<Option<Uuid>>) = products.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO analytics_products (product_id, category_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
         ON CONFLICT (product_id) DO UPDATE SET category_id = EXCLUDED.category_id",
        &ids,
        &categories as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All sums of some products, for those that move from one category to another.
pub(crate) async fn of_products(
    conn: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<Vec<(RollupKey, Measures)>> {
    let keys: Vec<String> = products.iter().map(Uuid::to_string).collect();
    let rows = sqlx::query!(
        r#"SELECT currency, grain, period, key,
                  ARRAY[orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back] AS "numbers!"
             FROM sales_rollups WHERE report = 'product' AND key = ANY ($1)"#,
        &keys
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().map(|row| {
        let numbers = row.numbers.try_into();
        let key = RollupKey {
            report: Report::Product,
            currency: row.currency,
            monthly: row.grain == "month",
            period: row.period,
            key: row.key,
        };
        (key, Measures::from_array(numbers.unwrap_or_default()))
    });
    Ok(row.collect())
}

/// Adds to the cohorts; rows in which nothing is left go.
pub(crate) async fn add_cohorts(conn: &mut PgConnection, cohorts: &Cohorts) -> sqlx::Result<()> {
    let rows = || cohorts.iter().filter(|(_, activity)| !activity.is_zero());
    if rows().next().is_none() {
        return Ok(());
    }
    let currencies: Vec<&str> = rows()
        .map(|((currency, ..), _)| currency.as_str())
        .collect();
    let cohort: Vec<Date> = rows().map(|((_, cohort, _), _)| *cohort).collect();
    let months: Vec<Date> = rows().map(|((.., month), _)| *month).collect();
    let of =
        |number: fn(&Activity) -> i64| -> Vec<i64> { rows().map(|(_, a)| number(a)).collect() };
    sqlx::query!(
        "INSERT INTO cohort_rollups AS r (currency, cohort, month, customers, orders, revenue)
         SELECT * FROM unnest($1::text[], $2::date[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
         ON CONFLICT (currency, cohort, month) DO UPDATE
            SET customers = r.customers + EXCLUDED.customers, orders = r.orders + EXCLUDED.orders, revenue = r.revenue + EXCLUDED.revenue",
        &currencies as &[&str],
        &cohort,
        &months,
        &of(|a| a.customers),
        &of(|a| a.orders),
        &of(|a| a.revenue),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM cohort_rollups r USING unnest($1::text[]::bpchar[], $2::date[], $3::date[]) AS touched (currency, cohort, month)
          WHERE (r.currency, r.cohort, r.month) = (touched.currency, touched.cohort, touched.month)
            AND r.customers = 0 AND r.orders = 0 AND r.revenue = 0",
        &currencies as &[&str],
        &cohort,
        &months,
    )
    .execute(conn)
    .await?;
    Ok(())
}
