//! Reading the ledger.

use primitives::{
    LocationId, MovementId, OrderId, ProductId, ReturnId, Sku, Timestamp, UserId, VariantId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::stock::Kind;

/// Which movements of a product's variants are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) variant: Option<VariantId>,
    pub(crate) location: Option<LocationId>,
    pub(crate) kind: Option<Kind>,
    pub(crate) order: Option<OrderId>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// A row of the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) id: MovementId,
    pub(crate) seq: i64,
    pub(crate) variant_id: VariantId,
    pub(crate) sku: Sku,
    pub(crate) location_id: LocationId,
    pub(crate) kind: String,
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
    pub(crate) owed: i32,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) reason: Option<String>,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) transfer_id: Option<Uuid>,
    pub(crate) stock_take_id: Option<Uuid>,
    pub(crate) return_id: Option<ReturnId>,
    pub(crate) created_at: Timestamp,
}

/// Movements of a product's variants before one, newest first: so many of each variant by its index, then the newest of them.
pub(crate) async fn page(
    db: &mut PgConnection,
    product: ProductId,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Movement>> {
    sqlx::query_as!(
        Movement,
        r#"SELECT m.id AS "id: MovementId", m.seq, m.variant_id AS "variant_id: VariantId", v.sku AS "sku: Sku",
                  m.location_id AS "location_id: LocationId", m.kind, m.on_hand_delta AS on_hand, m.reserved_delta AS reserved,
                  m.owed_delta AS owed, m.order_id AS "order_id: OrderId", m.reason, m.actor_id AS "actor_id: UserId", m.transfer_id,
                  m.stock_take_id, m.return_id AS "return_id: ReturnId", m.created_at AS "created_at: Timestamp"
             FROM product_variants v
            CROSS JOIN LATERAL (
              SELECT * FROM stock_movements m
               WHERE m.variant_id = v.id AND ($3::uuid IS NULL OR m.location_id = $3) AND ($4::text IS NULL OR m.kind = $4)
                 AND ($5::uuid IS NULL OR m.order_id = $5) AND ($6::timestamptz IS NULL OR m.created_at >= $6)
                 AND ($7::timestamptz IS NULL OR m.created_at < $7) AND ($8::bigint IS NULL OR m.seq < $8)
               ORDER BY m.seq DESC LIMIT $9) m
            WHERE v.product_id = $1 AND ($2::uuid IS NULL OR v.id = $2)
            ORDER BY m.seq DESC LIMIT $9"#,
        product.uuid(),
        filter.variant.map(VariantId::uuid),
        filter.location.map(LocationId::uuid),
        filter.kind.map(Kind::as_str),
        filter.order.map(OrderId::uuid),
        filter.from as _,
        filter.until as _,
        before,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Whether the ledger tells of a return already. The variants must be locked.
pub(crate) async fn know_return(db: &mut PgConnection, id: ReturnId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM stock_movements WHERE return_id = $1) AS "known!""#,
        id.uuid()
    )
    .fetch_one(db)
    .await
}
