//! What waits for staff in the other services' databases. Each is counted to one more than a limit, on an index of the few rows that can be meant.

use primitives::Timestamp;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

/// Of orders and their money.
#[derive(Debug, FromRow)]
pub(crate) struct Orders {
    pub(crate) to_ship: i64,
    pub(crate) to_finish: i64,
    /// Of both, those that were confirmed too long ago.
    pub(crate) late: i64,
    pub(crate) unpaid: i64,
    pub(crate) declined: i64,
    /// To which the bank wants an answer that it does not have.
    pub(crate) disputes: i64,
    /// Until when the first of them is to be answered.
    pub(crate) answer_until: Option<Timestamp>,
    pub(crate) returns_asked: i64,
    /// Returns that came, and whose money did not go back.
    pub(crate) returns_came: i64,
    /// What the payment provider told and could not be applied yet, or is given up lately.
    pub(crate) news_stuck: i64,
    pub(crate) sagas_stuck: i64,
}

/// In a transaction, whose later statements are planned without their values, too. `late`: what was confirmed before it and has not left is. `overdue`: what was placed before it and is not paid is.
/// `stuck`: what is open elsewhere since before it is stuck. `recent`: what was given up after it still counts.
pub(crate) async fn orders(
    conn: &mut PgConnection,
    late: Timestamp,
    overdue: Timestamp,
    stuck: Timestamp,
    recent: Timestamp,
    most: i64,
) -> sqlx::Result<Orders> {
    // Planned once: that looks at every month of orders for each number and takes ten times as long as counting, and PostgreSQL
    // would do it in each connection's first five executions.
    sqlx::query("SET LOCAL plan_cache_mode = force_generic_plan")
        .execute(&mut *conn)
        .await?;
    // Statuses are written out: so the planner knows that the few orders of a partial index are enough.
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'confirmed' AND fulfillment_status = 'unfulfilled' LIMIT $4) x) AS to_ship,
                (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'confirmed' AND fulfillment_status = 'partially_shipped' LIMIT $4) x) AS to_finish,
                (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partially_shipped')
                                           AND coalesce(confirmed_at, placed_at) < $1 LIMIT $4) x) AS late,
                (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'pending' AND payment_status = 'unpaid' AND placed_at < $2 LIMIT $4) x) AS unpaid,
                (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'pending' AND payment_status = 'failed' LIMIT $4) x) AS declined,
                (SELECT count(*) FROM (SELECT FROM disputes WHERE state IN ('inquiry', 'open') AND status IN ('needs_response', 'warning_needs_response') LIMIT $4) x) AS disputes,
                (SELECT min(evidence_due_at) FROM disputes WHERE state IN ('inquiry', 'open') AND status IN ('needs_response', 'warning_needs_response')) AS answer_until,
                (SELECT count(*) FROM (SELECT FROM returns WHERE status = 'requested' LIMIT $4) x) AS returns_asked,
                (SELECT count(*) FROM (SELECT FROM returns WHERE status = 'received' LIMIT $4) x) AS returns_came,
                (SELECT count(*) FROM (SELECT FROM webhook_events WHERE (outcome = 'failed' OR (processed_at IS NULL AND attempts > 3 AND (error IS NOT NULL OR attempts > 12)))
                                           AND coalesce(processed_at, 'infinity') >= $5 LIMIT $4) x) AS news_stuck,
                (SELECT count(*) FROM (SELECT DISTINCT order_id FROM saga_steps WHERE status <> 'done' AND (status = 'failed' OR created_at < $3) LIMIT $4) x) AS sagas_stuck",
    )
    .bind(late)
    .bind(overdue)
    .bind(stuck)
    .bind(most + 1)
    .bind(recent)
    .fetch_one(conn)
    .await
}

/// Work items of some kinds that nobody has seen to.
#[derive(Debug, FromRow)]
pub(crate) struct Work {
    pub(crate) open: i64,
    /// Raised too long ago.
    pub(crate) overdue: i64,
}

/// Of each class of kinds; one without kinds is all that no other has. One with very many keeps no other from being counted.
pub(crate) async fn work(
    conn: &mut PgConnection,
    overdue: Timestamp,
    classes: &[&[&str]],
    most: i64,
) -> sqlx::Result<Vec<Work>> {
    let named: Vec<&str> = classes.concat();
    let mut sql = QueryBuilder::<Postgres>::new("");
    for (place, kinds) in classes.iter().enumerate() {
        sql.push(if place == 0 { "" } else { " UNION ALL " });
        sql.push("(SELECT count(*) AS open, count(*) FILTER (WHERE raised_at < ")
            .push_bind(overdue)
            .push(") AS overdue FROM (SELECT raised_at FROM work_items WHERE status = 'open' AND kind ");
        match kinds.is_empty() {
            true => sql.push("<> ALL (").push_bind(named.clone()),
            false => sql.push("= ANY (").push_bind(kinds.to_vec()),
        };
        sql.push(") LIMIT ").push_bind(most + 1).push(") w)");
    }
    sql.build_query_as().fetch_all(conn).await
}

/// Of the catalogue.
#[derive(Debug, FromRow)]
pub(crate) struct Catalogue {
    pub(crate) to_approve: i64,
    /// Products of which so little is left as staff want to hear of.
    pub(crate) low: i64,
    pub(crate) reviews: i64,
}

pub(crate) async fn catalogue(conn: &mut PgConnection, most: i64) -> sqlx::Result<Catalogue> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT FROM products WHERE status = 'pending_review' LIMIT $1) x) AS to_approve,
                (SELECT count(*) FROM (SELECT DISTINCT l.product_id FROM low_stock l JOIN products p ON p.id = l.product_id AND p.status = 'active' LIMIT $1) x) AS low,
                (SELECT count(*) FROM (SELECT FROM reviews WHERE status = 'pending' LIMIT $1) x) AS reviews",
    )
    .bind(most + 1)
    .fetch_one(conn)
    .await
}

/// Mails that could not be sent since then. They lie in the panel's own database, in a schema of their service.
pub(crate) async fn mails(
    conn: &mut PgConnection,
    since: Timestamp,
    most: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM notification.mails WHERE status = 'failed' AND failed_at >= $1 LIMIT $2) m",
    )
    .bind(since)
    .bind(most + 1)
    .fetch_one(conn)
    .await
}
