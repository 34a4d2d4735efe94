//! Which variants are running low, or have run out: for the admin panel, which lists them.

use primitives::VariantId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes anew how it stands with variants whose stock is locked.
pub(crate) async fn note(db: &mut PgConnection, variants: &[VariantId]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    sqlx::query!("SELECT note_low_stock($1)", &ids)
        .execute(db)
        .await
        .map(drop)
}
