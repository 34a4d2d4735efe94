//! Orders of guests become those of the account that proves to have their address.

use primitives::{EmailAddress, OrderId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Gives the user all guests' orders with this address, or those of them that are named, and counts their coupons as used by the user. An order that has an owner
/// keeps it, whatever became of them; a deleted user gets nothing. Answers the orders with their numbers.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    user: UserId,
    email: &EmailAddress,
    only: Option<&[OrderId]>,
    now: Timestamp,
) -> Result<Vec<(OrderId, i64)>, sqlx::Error> {
    let only: Option<Vec<Uuid>> = only.map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let claimed = sqlx::query!(
        r#"UPDATE orders SET user_id = $1, updated_at = $3, version = version + 1
            WHERE user_id IS NULL AND email = $2 AND ($4::uuid[] IS NULL OR id = ANY($4)) AND NOT EXISTS (SELECT FROM erased_users e WHERE e.user_id = $1)
        RETURNING id AS "id: OrderId", number AS "number!""#,
        user as UserId,
        email.as_str(),
        now as Timestamp,
        only as Option<Vec<Uuid>>,
    )
    .fetch_all(&mut *conn)
    .await?;
    if !claimed.is_empty() {
        let ids: Vec<Uuid> = claimed.iter().map(|order| order.id.uuid()).collect();
        sqlx::query!(
            "UPDATE coupon_redemptions SET customer = $1 WHERE order_id = ANY($2)",
            user.to_string(),
            &ids
        )
        .execute(conn)
        .await?;
    }
    Ok(claimed
        .into_iter()
        .map(|order| (order.id, order.number))
        .collect())
}
