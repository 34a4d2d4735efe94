//! What the stock was worth, day by day.

use primitives::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::read::stock::Value;

/// Writes the value of the day of `now`, in place of what was written of it before.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    now: Timestamp,
    time_zone: &str,
    values: &[Value],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE analytics_state SET stock_as_of = $1",
        now as Timestamp
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM stock_values WHERE day = ($1 AT TIME ZONE $2)::date",
        now as Timestamp,
        time_zone
    )
    .execute(&mut *conn)
    .await?;
    let currencies: Vec<&str> = values.iter().map(|value| value.currency.as_str()).collect();
    let categories: Vec<Uuid> = values.iter().map(|value| value.category_id).collect();
    let of = |number: fn(&Value) -> i64| -> Vec<i64> { values.iter().map(number).collect() };
    sqlx::query!(
        "INSERT INTO stock_values (day, currency, category_id, variants, units, reserved, value)
         SELECT ($1 AT TIME ZONE $2)::date, * FROM unnest($3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])",
        now as Timestamp,
        time_zone,
        &currencies as &[&str],
        &categories,
        &of(|value| value.variants),
        &of(|value| value.units),
        &of(|value| value.reserved),
        &of(|value| value.value),
    )
    .execute(conn)
    .await?;
    Ok(())
}
