//! `order_items`: what was bought, with frozen prices and shares.

use std::collections::BTreeMap;

use primitives::{OrderId, OrderItemId, ProductId, Sku, UserId, VariantId};
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

/// A line of an order; amounts are minor units of the order's currency.
#[derive(Debug, Clone)]
pub(crate) struct OrderItem {
    pub(crate) id: OrderItemId,
    pub(crate) order_id: OrderId,
    pub(crate) product_id: ProductId,
    pub(crate) variant_id: VariantId,
    pub(crate) seller_id: UserId,
    pub(crate) sku: Sku,
    pub(crate) title: String,
    pub(crate) options: Json<BTreeMap<String, String>>,
    pub(crate) quantity: i32,
    pub(crate) shipped: i32,
    /// Units that came back.
    pub(crate) returned: i32,
    pub(crate) unit_price: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
    /// All its taxes together, in basis points; for people.
    pub(crate) tax_rate: i32,
    /// Tax contained in its amounts.
    pub(crate) included_tax: i64,
}

/// Writes all lines of an order, in their order, with one statement.
pub(crate) async fn insert_all(
    conn: &mut PgConnection,
    order: OrderId,
    items: &[OrderItem],
) -> Result<(), sqlx::Error> {
    fn column<T>(items: &[OrderItem], get: impl Fn(&OrderItem) -> T) -> Vec<T> {
        items.iter().map(get).collect()
    }
    let ids: Vec<Uuid> = column(items, |i| i.id.uuid());
    let products: Vec<Uuid> = column(items, |i| i.product_id.uuid());
    let variants: Vec<Uuid> = column(items, |i| i.variant_id.uuid());
    let sellers: Vec<Uuid> = column(items, |i| i.seller_id.uuid());
    let options: Vec<serde_json::Value> = column(items, |i| serde_json::json!(i.options.0));
    sqlx::query!(
        "INSERT INTO order_items (order_id, position, id, product_id, variant_id, seller_id, sku, title, options, quantity, unit_price, discount, tax, total, tax_rate, included_tax)
         SELECT $1, position, id, product_id, variant_id, seller_id, sku, title, options, quantity, unit_price, discount, tax, total, tax_rate, included_tax
           FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[], $9::int[], $10::bigint[], $11::bigint[],
                       $12::bigint[], $13::bigint[], $14::int[], $15::bigint[]) WITH ORDINALITY
             AS line (id, product_id, variant_id, seller_id, sku, title, options, quantity, unit_price, discount, tax, total, tax_rate, included_tax, position)",
        order as OrderId,
        &ids,
        &products,
        &variants,
        &sellers,
        &column(items, |i| i.sku.as_str().to_owned()),
        &column(items, |i| i.title.clone()),
        &options,
        &column(items, |i| i.quantity),
        &column(items, |i| i.unit_price),
        &column(items, |i| i.discount),
        &column(items, |i| i.tax),
        &column(items, |i| i.total),
        &column(items, |i| i.tax_rate),
        &column(items, |i| i.included_tax),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The lines of several orders, by order and position.
pub(crate) async fn of_orders(
    conn: &mut PgConnection,
    orders: &[OrderId],
) -> Result<Vec<OrderItem>, sqlx::Error> {
    let orders: Vec<Uuid> = orders.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        OrderItem,
        r#"SELECT id AS "id: OrderItemId", order_id AS "order_id: OrderId", product_id AS "product_id: ProductId", variant_id AS "variant_id: VariantId",
                  seller_id AS "seller_id: UserId", sku AS "sku: Sku", title, options AS "options: Json<BTreeMap<String, String>>", quantity, shipped, returned,
                  unit_price, discount, tax, total, tax_rate, included_tax
             FROM order_items WHERE order_id = ANY($1) ORDER BY order_id, position"#,
        &orders,
    )
    .fetch_all(conn)
    .await
}

/// Counts units as shipped. The caller has locked the order and checked the quantities; `order_items_shipped` guards them once more.
pub(crate) async fn ship(
    conn: &mut PgConnection,
    parts: &[(OrderItemId, i32)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = parts.iter().map(|(id, _)| id.uuid()).collect();
    let quantities: Vec<i32> = parts.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "UPDATE order_items SET shipped = shipped + part.quantity FROM unnest($1::uuid[], $2::int[]) AS part (id, quantity) WHERE order_items.id = part.id",
        &ids,
        &quantities,
    )
    .execute(conn)
    .await
    .map(drop)
}
