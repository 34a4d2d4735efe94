//! What a user may take along: as JSON, because nobody computes with it.

use primitives::{OrderId, UserId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Payments with refunds, parcels, invoices with credit notes, parts of the price and the timeline of orders, as their customer may see them.
pub(crate) async fn details(
    conn: &mut PgConnection,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, Value)>, sqlx::Error> {
    let orders: Vec<Uuid> = orders.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: OrderId", jsonb_build_object(
             'payments', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', p.id, 'status', p.status, 'provider', p.provider, 'provider_ref', p.provider_ref, 'currency', p.currency, 'amount', p.amount,
                 'method', p.method, 'amount_captured', p.amount_captured, 'amount_refunded', p.amount_refunded, 'created_at', p.created_at,
                 'disputes', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'state', d.state, 'reason', d.reason, 'amount', d.amount,
                                                                           'opened_at', d.opened_at, 'closed_at', d.closed_at) ORDER BY d.opened_at), '[]')
                                FROM disputes d WHERE d.payment_id = p.id),
                 'refunds', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'status', r.status, 'amount', r.amount, 'created_at', r.created_at)
                                                       ORDER BY r.created_at), '[]') FROM refunds r WHERE r.payment_id = p.id))), '[]')
               FROM payments p WHERE p.order_id = o.id),
             'shipments', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', s.id, 'carrier', s.carrier, 'tracking_number', s.tracking_number, 'tracking_url', s.tracking_url, 'status', s.status, 'shipped_at', s.shipped_at,
                 'delivered_at', s.delivered_at,
                 'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('order_item_id', i.order_item_id, 'quantity', i.quantity)), '[]')
                             FROM shipment_items i WHERE i.shipment_id = s.id)) ORDER BY s.shipped_at), '[]')
               FROM shipments s WHERE s.order_id = o.id),
             'returns', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', t.id, 'status', t.status, 'comment', t.comment, 'answer', t.answer, 'requested_at', t.requested_at,
                 'decided_at', t.decided_at, 'received_at', t.received_at,
                 'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('order_item_id', i.order_item_id, 'quantity', i.quantity,
                                                                        'reason', i.reason, 'received', i.received)), '[]')
                             FROM return_items i WHERE i.return_id = t.id)) ORDER BY t.position), '[]')
               FROM returns t WHERE t.order_id = o.id),
             'documents', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', d.kind, 'number', d.number, 'issued_at', d.issued_at, 'content', d.content)
                                                     ORDER BY d.issued_at, d.kind, d.serial), '[]')
               FROM documents d WHERE d.order_id = o.id),
             'adjustments', (SELECT coalesce(jsonb_agg(jsonb_build_object('order_item_id', a.order_item_id, 'kind', a.kind, 'label', a.label, 'amount', a.amount)
                                                       ORDER BY a.position), '[]') FROM order_adjustments a WHERE a.order_id = o.id),
             'taxes', (SELECT coalesce(jsonb_agg(jsonb_build_object('order_item_id', t.order_item_id, 'name', t.name, 'rate_ppm', t.rate_ppm, 'base', t.base,
                                                                    'amount', t.amount) ORDER BY t.position), '[]') FROM order_taxes t WHERE t.order_id = o.id),
             'events', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'type', e.type, 'at', e.at, 'actor', CASE WHEN e.actor LIKE 'staff:%' THEN 'staff' ELSE e.actor END, 'message', e.message)
                 ORDER BY e.at, e.id), '[]')
               FROM order_events e WHERE e.order_id = o.id AND e.type NOT IN ('note', 'order.tagged'))
           ) AS "details!" FROM orders o WHERE o.id = ANY($1)"#,
        &orders
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.details)).collect())
}

/// The user's open cart.
pub(crate) async fn cart(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('id', c.id, 'coupon', c.coupon, 'created_at', c.created_at, 'updated_at', c.updated_at,
             'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('product_id', i.product_id, 'variant_id', i.variant_id, 'quantity', i.quantity,
                                                                    'added_at', i.added_at) ORDER BY i.added_at), '[]')
                         FROM cart_items i WHERE i.cart_id = c.id)) AS "cart!"
             FROM carts c WHERE c.user_id = $1 AND c.status = 'open'"#,
        user as UserId
    )
    .fetch_optional(conn)
    .await
}
