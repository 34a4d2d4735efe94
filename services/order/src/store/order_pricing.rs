//! `order_adjustments` and `order_taxes`: what the discounts and taxes of an order are made of, frozen when it is placed.

use primitives::{OrderId, OrderItemId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::domain::pricing::{Adjustment, Priced, Source, tax::TaxPart};

/// Writes the parts of an order whose lines are `items`, in their order. One statement.
pub(crate) async fn insert_all(
    conn: &mut PgConnection,
    order: OrderId,
    items: &[OrderItemId],
    priced: &Priced,
) -> Result<(), sqlx::Error> {
    let of_lines = items.iter().zip(&priced.lines);
    let adjustments: Vec<(Option<Uuid>, &Adjustment)> = of_lines
        .clone()
        .flat_map(|(id, line)| line.adjustments.iter().map(|a| (Some(id.uuid()), a)))
        .chain(priced.shipping_adjustments.iter().map(|a| (None, a)))
        .collect();
    let taxes: Vec<(Option<Uuid>, &TaxPart)> = of_lines
        .flat_map(|(id, line)| line.taxes.iter().map(|t| (Some(id.uuid()), t)))
        .chain(priced.shipping_taxes.iter().map(|t| (None, t)))
        .collect();
    if adjustments.is_empty() && taxes.is_empty() {
        return Ok(());
    }
    let kind = |(item, adjustment): &(Option<Uuid>, &Adjustment)| {
        match (item, adjustment.source) {
            (None, _) => "shipping",
            (Some(_), Source::Promotion) => "promotion",
            (Some(_), Source::Coupon) => "coupon",
        }
        .to_owned()
    };
    sqlx::query!(
        "WITH adjusted AS (
           INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount)
           SELECT $1, position, item, kind, source_id, label, amount
             FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[]) WITH ORDINALITY AS a (item, kind, source_id, label, amount, position))
         INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount)
         SELECT $1, position, item, name, rate_ppm, base, amount
           FROM unnest($7::uuid[], $8::text[], $9::int[], $10::bigint[], $11::bigint[]) WITH ORDINALITY AS t (item, name, rate_ppm, base, amount, position)",
        order as OrderId,
        &column(&adjustments, |(item, _)| *item) as &[Option<Uuid>],
        &column(&adjustments, kind),
        &column(&adjustments, |(_, a)| a.source_id),
        &column(&adjustments, |(_, a)| a.label.clone()),
        &column(&adjustments, |(_, a)| a.amount),
        &column(&taxes, |(item, _)| *item) as &[Option<Uuid>],
        &column(&taxes, |(_, t)| t.name.clone()),
        &column(&taxes, |(_, t)| t.rate.ppm()),
        &column(&taxes, |(_, t)| t.base),
        &column(&taxes, |(_, t)| t.amount),
    )
    .execute(conn)
    .await
    .map(drop)
}

fn column<R, T>(rows: &[R], get: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(get).collect()
}

/// A discount of a line, or of shipping.
#[derive(Debug)]
pub(crate) struct FrozenAdjustment {
    pub(crate) order_item_id: Option<OrderItemId>,
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// An order's discounts, by line.
pub(crate) async fn adjustments(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<FrozenAdjustment>, sqlx::Error> {
    sqlx::query_as!(
        FrozenAdjustment,
        r#"SELECT order_item_id AS "order_item_id: OrderItemId", kind, label, amount FROM order_adjustments WHERE order_id = $1 ORDER BY position"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}

/// A tax of a line, or of shipping.
#[derive(Debug)]
pub(crate) struct FrozenTax {
    pub(crate) order_item_id: Option<OrderItemId>,
    pub(crate) name: String,
    pub(crate) rate_ppm: i32,
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// An order's taxes, by line.
pub(crate) async fn taxes(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<FrozenTax>, sqlx::Error> {
    sqlx::query_as!(
        FrozenTax,
        r#"SELECT order_item_id AS "order_item_id: OrderItemId", name, rate_ppm, base, amount FROM order_taxes WHERE order_id = $1 ORDER BY position"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}
