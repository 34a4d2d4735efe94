use primitives::{TaxRateId, Timestamp};
use sqlx::{FromRow, PgConnection};

/// A tax rate as it is kept.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Rate {
    pub(crate) id: TaxRateId,
    pub(crate) country: String,
    /// Empty: the whole country.
    pub(crate) region: String,
    pub(crate) tax_class: String,
    pub(crate) name: String,
    pub(crate) rate_ppm: i32,
    pub(crate) adds: bool,
    pub(crate) version: i32,
    pub(crate) updated_at: Timestamp,
}

impl Rate {
    /// Per cent as people write it: `19`, `9.975`.
    pub(crate) fn percent(&self) -> String {
        let text = format!("{}.{:04}", self.rate_ppm / 10_000, self.rate_ppm % 10_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

const COLUMNS: &str = "SELECT id, country::text AS country, region, tax_class, name, rate_ppm, adds, version, updated_at FROM tax_rates";

/// More than all countries with all classes have.
const MOST: i64 = 2000;

/// By place, class and name; those of a country if one is given.
pub(crate) async fn list(conn: &mut PgConnection, country: &str) -> sqlx::Result<Vec<Rate>> {
    let sql = format!(
        "{COLUMNS} WHERE $1 = '' OR country = $1 ORDER BY country, region, tax_class, name LIMIT $2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(country)
        .bind(MOST)
        .fetch_all(conn)
        .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: TaxRateId) -> sqlx::Result<Option<Rate>> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Countries that something was sent to lately, and no rate is known of.
pub(crate) async fn countries_without(
    conn: &mut PgConnection,
    since: Timestamp,
) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as(
        "SELECT country, count(*) FROM (SELECT shipping_address->>'country' AS country FROM orders
                 WHERE placed_at >= $1 ORDER BY placed_at DESC LIMIT 1000) o
          WHERE country IS NOT NULL AND NOT EXISTS (SELECT FROM tax_rates t WHERE t.country = o.country)
          GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
    )
    .bind(since)
    .fetch_all(conn)
    .await
}
