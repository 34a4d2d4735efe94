//! Stock levels and their ledger.

use std::collections::BTreeMap;

use contracts::internal::variants::{Availability, VariantSnapshot};
use primitives::{Clock, MovementId, OrderId, ProductId, Random, Sku, UserId, VariantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::variants::snapshot;
use crate::domain::stock::{Change, Level};

/// The one location until there are more; migration 3 makes it.
pub(crate) const MAIN: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

/// A level, locked, and what it is a level of.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    pub(crate) level: Level,
    pub(crate) threshold: i32,
    pub(crate) snapshot: VariantSnapshot,
}

/// Whether a variant can be bought, by the units that can be had.
pub(crate) fn availability(available: i32) -> Availability {
    if available > 0 {
        Availability::InStock
    } else {
        Availability::OutOfStock
    }
}

/// Locks the levels of variants in the order of their ids. Unknown ids are absent.
pub(crate) async fn lock(
    db: &mut PgConnection,
    variants: &[Uuid],
) -> sqlx::Result<BTreeMap<VariantId, Locked>> {
    let rows = sqlx::query!(
        r#"SELECT s.variant_id AS "variant_id: VariantId", s.on_hand, s.reserved, v.low_stock_threshold,
                  v.product_id AS "product_id: ProductId", v.sku AS "sku: Sku", v.price, v.archived_at IS NULL AND p.status = 'active' AS "active!",
                  v.options AS "options: Json<BTreeMap<String, String>>",
                  p.seller_id AS "seller_id: UserId", p.title, p.slug, p.currency, p.tax_class
             FROM stock_levels s
             JOIN product_variants v ON v.id = s.variant_id
             JOIN products p ON p.id = v.product_id
            WHERE s.variant_id = ANY($1) AND s.location_id = $2
            ORDER BY s.variant_id
              FOR NO KEY UPDATE OF s"#,
        variants,
        MAIN,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let level = Level {
                on_hand: row.on_hand,
                reserved: row.reserved,
            };
            let snapshot = VariantSnapshot {
                variant_id: row.variant_id,
                product_id: row.product_id,
                seller_id: row.seller_id,
                sku: row.sku,
                title: row.title,
                slug: row.slug,
                options: row.options.0,
                price: snapshot::money(row.price, &row.currency)?,
                available: level.available(),
                availability: availability(level.available()),
                available_on: None,
                active: row.active,
                tax_class: row.tax_class,
            };
            Ok((
                row.variant_id,
                Locked {
                    level,
                    threshold: row.low_stock_threshold,
                    snapshot,
                },
            ))
        })
        .collect()
}

/// The levels of public variants without a lock, unless something is known of the order already: one moment's truth, good
/// enough to refuse by.
pub(crate) async fn peek(
    db: &mut PgConnection,
    order: OrderId,
    variants: &[Uuid],
) -> sqlx::Result<Option<BTreeMap<VariantId, Level>>> {
    let rows = sqlx::query!(
        r#"SELECT s.variant_id AS "variant_id: VariantId", s.on_hand, s.reserved,
                  EXISTS (SELECT FROM reservations WHERE order_id = $2) AS "known!"
             FROM stock_levels s
             JOIN product_variants v ON v.id = s.variant_id AND v.archived_at IS NULL
             JOIN products p ON p.id = v.product_id AND p.status = 'active'
            WHERE s.variant_id = ANY($1) AND s.location_id = $3"#,
        variants,
        order.uuid(),
        MAIN,
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() || rows.iter().any(|row| row.known) {
        return Ok(None);
    }
    let levels = rows.into_iter().map(|row| {
        (
            row.variant_id,
            Level {
                on_hand: row.on_hand,
                reserved: row.reserved,
            },
        )
    });
    Ok(Some(levels.collect()))
}

/// Makes the empty levels of new variants.
pub(crate) async fn create(
    db: &mut PgConnection,
    variants: &[Uuid],
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "INSERT INTO stock_levels (variant_id, location_id, updated_at) SELECT id, $2, $3 FROM unnest($1::uuid[]) AS id",
        variants,
        MAIN,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), variants.len())
}

/// Why stock moved.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause<'a> {
    pub(crate) order: Option<OrderId>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) actor: Option<UserId>,
}

/// Writes changes to the levels and to the ledger, in one statement for any number of variants. The levels must be locked
/// already. A change that would make a level unsound touches no row, which is an error here, and would break a constraint besides.
pub(crate) async fn apply(
    db: &mut PgConnection,
    changes: &[Change],
    cause: Cause<'_>,
    clock: &Clock,
    random: &Random,
) -> sqlx::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let now = clock.now();
    let ids: Vec<Uuid> = changes
        .iter()
        .map(|_| MovementId::new(now, random).uuid())
        .collect();
    let variants: Vec<Uuid> = changes
        .iter()
        .map(|change| change.variant_id.uuid())
        .collect();
    let kinds: Vec<String> = changes
        .iter()
        .map(|change| change.kind.as_str().to_owned())
        .collect();
    let on_hand: Vec<i32> = changes.iter().map(|change| change.on_hand).collect();
    let reserved: Vec<i32> = changes.iter().map(|change| change.reserved).collect();
    let moved = sqlx::query_scalar!(
        r#"WITH change AS (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[])
                 AS c (id, variant_id, kind, on_hand, reserved)
           ), moved AS (
             UPDATE stock_levels s
                SET on_hand = s.on_hand + c.on_hand, reserved = s.reserved + c.reserved, updated_at = $7
               FROM change c
              WHERE s.variant_id = c.variant_id AND s.location_id = $6
                AND s.reserved + c.reserved BETWEEN 0 AND s.on_hand + c.on_hand
             RETURNING s.variant_id
           ), written AS (
             INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, reason, actor_id, created_at)
             SELECT c.id, c.variant_id, $6, c.kind, c.on_hand, c.reserved, $8, $9, $10, $7 FROM change c JOIN moved USING (variant_id)
           )
           SELECT count(*) AS "moved!" FROM moved"#,
        &ids,
        &variants,
        &kinds,
        &on_hand,
        &reserved,
        MAIN,
        now as _,
        cause.order.map(OrderId::uuid),
        cause.reason,
        cause.actor.map(UserId::uuid),
    )
    .fetch_one(db)
    .await?;
    super::touched(moved.try_into().unwrap_or(0), changes.len())
}
