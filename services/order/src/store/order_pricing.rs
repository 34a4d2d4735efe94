//! `order_adjustments` and `order_taxes`: what the discounts and taxes of an order are made of, frozen when it is placed.

use primitives::{OrderId, OrderItemId};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::domain::pricing::tax::{Percent, TaxPart};
use crate::domain::pricing::{Adjustment, Priced, Source};

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

/// What was taken off a line, or off the shipping costs.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StoredAdjustment {
    pub(crate) order_item_id: Option<OrderItemId>,
    pub(crate) kind: String,
    pub(crate) source_id: Uuid,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// A tax on a line, or on the shipping costs.
#[derive(Debug, Clone)]
pub(crate) struct StoredTax {
    pub(crate) order_item_id: Option<OrderItemId>,
    pub(crate) part: TaxPart,
}

#[derive(Debug, Deserialize)]
struct TaxRow {
    order_item_id: Option<OrderItemId>,
    name: String,
    rate_ppm: i32,
    base: i64,
    amount: i64,
}

/// What an order's discounts and taxes are made of, line by line. One statement.
pub(crate) async fn of_order(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<(Vec<StoredAdjustment>, Vec<StoredTax>), sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.position), '[]') FROM (
                    SELECT position, order_item_id, kind, source_id, label, amount FROM order_adjustments WHERE order_id = $1) a
                  ) AS "adjustments!: Json<Vec<StoredAdjustment>>",
                  (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.position), '[]') FROM (
                    SELECT position, order_item_id, name, rate_ppm, base, amount FROM order_taxes WHERE order_id = $1) t
                  ) AS "taxes!: Json<Vec<TaxRow>>""#,
        order as OrderId
    )
    .fetch_one(conn)
    .await?;
    let tax = |row: TaxRow| {
        Ok(StoredTax {
            order_item_id: row.order_item_id,
            part: TaxPart {
                name: row.name,
                rate: Percent::from_ppm(row.rate_ppm)
                    .ok_or_else(|| sqlx::Error::Decode("a tax rate is out of range".into()))?,
                base: row.base,
                amount: row.amount,
            },
        })
    };
    let taxes = found.taxes.0.into_iter().map(tax);
    Ok((
        found.adjustments.0,
        taxes.collect::<Result<_, sqlx::Error>>()?,
    ))
}

fn column<R, T>(rows: &[R], get: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(get).collect()
}
