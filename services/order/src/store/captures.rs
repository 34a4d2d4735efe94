use primitives::{CaptureId, PaymentId, Timestamp};
use sqlx::PgConnection;

/// Writes a capture to be done; a job does it.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: CaptureId,
    payment_id: PaymentId,
    amount: i64,
    actor: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO payment_captures (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
         VALUES ($1, $2, 'pending', $3, $4, $5, $5, $5)",
        id.uuid(),
        payment_id.uuid(),
        amount,
        actor,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}
