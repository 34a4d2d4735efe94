//! Places where stock lies.

use primitives::{Clock, LocationId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) id: LocationId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
}

/// All places in the order in which they serve.
pub(crate) async fn all(db: &mut PgConnection) -> sqlx::Result<Vec<Location>> {
    sqlx::query_as!(
        Location,
        r#"SELECT id AS "id: LocationId", code, name, deactivated_at IS NULL AS "active!", version, created_at AS "created_at: Timestamp"
             FROM stock_locations ORDER BY position, id"#
    )
    .fetch_all(db)
    .await
}

/// As [`all`], kept from changing until the transaction ends.
pub(crate) async fn lock_all(db: &mut PgConnection) -> sqlx::Result<Vec<Location>> {
    sqlx::query!("SELECT id FROM stock_locations ORDER BY id FOR NO KEY UPDATE")
        .fetch_all(&mut *db)
        .await?;
    all(db).await
}

/// Adds a place, as the last one. Constraint `stock_locations_code_key` may refuse it.
pub(crate) async fn insert(db: &mut PgConnection, location: &Location) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO stock_locations (id, code, name, position, created_at)
           SELECT $1, $2, $3, coalesce(max(position), 0) + 1, $4 FROM stock_locations"#,
        location.id.uuid(),
        location.code,
        location.name,
        location.created_at as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes name and activity. Constraints `stock_locations_empty` and `stock_locations_one_active` may refuse it.
pub(crate) async fn update(
    db: &mut PgConnection,
    location: &Location,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        r#"UPDATE stock_locations
              SET name = $2, deactivated_at = CASE WHEN $3 THEN NULL ELSE coalesce(deactivated_at, $4) END, version = $5
            WHERE id = $1"#,
        location.id.uuid(),
        location.name,
        location.active,
        clock.now() as _,
        location.version,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Writes the order in which the places serve: all of them. They must be locked.
pub(crate) async fn arrange(db: &mut PgConnection, order: &[LocationId]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = order.iter().map(|id| id.uuid()).collect();
    let done = sqlx::query!(
        r#"UPDATE stock_locations l SET position = n.position
             FROM unnest($1::uuid[]) WITH ORDINALITY AS n (id, position) WHERE l.id = n.id"#,
        &ids,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), order.len())
}
