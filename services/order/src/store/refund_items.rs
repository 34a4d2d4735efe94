//! `refund_items`: for which units of which lines money went back.

use primitives::{OrderId, OrderItemId, RefundId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::domain::refund::LineRefund;

/// How many units of each line were refunded, or are about to be.
pub(crate) async fn refunded(
    conn: &mut PgConnection,
    order: OrderId,
) -> sqlx::Result<Vec<(OrderItemId, i32)>> {
    let rows = sqlx::query!(
        r#"SELECT i.order_item_id AS "id: OrderItemId", sum(i.quantity)::int AS "quantity!"
             FROM refund_items i JOIN refunds r ON r.id = i.refund_id JOIN payments p ON p.id = r.payment_id
            WHERE p.order_id = $1 AND r.status IN ('pending', 'succeeded') GROUP BY i.order_item_id"#,
        order as OrderId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.quantity)).collect())
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    refund: RefundId,
    lines: &[LineRefund],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = lines.iter().map(|line| line.order_item_id.uuid()).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount).collect();
    sqlx::query!(
        "INSERT INTO refund_items (refund_id, order_item_id, quantity, amount)
         SELECT $1, id, quantity, amount FROM unnest($2::uuid[], $3::int[], $4::bigint[]) AS line (id, quantity, amount)",
        refund.uuid(),
        &ids,
        &quantities,
        &amounts,
    )
    .execute(conn)
    .await
    .map(drop)
}
