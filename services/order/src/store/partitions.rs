//! The months of `orders`. Made by functions of the owner, because the application's role may create no tables.

use primitives::Timestamp;
use sqlx::PgConnection;

/// Makes the partitions of this month and of those after it that are missing, and answers how many. Fails rather than let customers wait.
pub(crate) async fn make(
    conn: &mut PgConnection,
    now: Timestamp,
    ahead: i32,
) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT orders_make_partitions($1, $2) AS "made!""#,
        now as Timestamp,
        ahead
    )
    .fetch_one(conn)
    .await
}

/// Gathers statistics of all orders once a day: autovacuum does it for each month only.
pub(crate) async fn analyse(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!("SELECT orders_analyse()")
        .fetch_one(conn)
        .await
        .map(drop)
}
