//! Stock levels and their ledger.

use std::collections::{BTreeMap, BTreeSet};

use contracts::internal::variants::VariantSnapshot;
use primitives::{
    CategoryId, Clock, LocationId, MovementId, OrderId, ProductId, Random, ReturnId, Sku,
    Timestamp, UserId, VariantId,
};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::reservations::NewLine;
use super::variants::snapshot;
use crate::domain::allocation::{Served, Stocks, Waiting};
use crate::domain::stock::{Change, HOME, Level, Shelf, Stock};
use crate::domain::terms::{Limit, Preorder, Terms};

/// A variant's stock, and what it is stock of.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) stock: Stock,
    pub(crate) snapshot: VariantSnapshot,
}

/// The stock of several variants.
pub(crate) type Items = BTreeMap<VariantId, Item>;

/// Locks the stock of variants in the order of their ids, and reads it. Unknown ids are absent.
pub(crate) async fn lock(
    db: &mut PgConnection,
    variants: &[Uuid],
    now: Timestamp,
) -> sqlx::Result<Items> {
    sqlx::query!(
        "SELECT variant_id FROM stock_levels WHERE variant_id = ANY($1) AND location_id = $2 ORDER BY variant_id FOR NO KEY UPDATE",
        variants,
        HOME,
    )
    .fetch_all(&mut *db)
    .await?;
    // What was waited for is seen only by a statement that begins after the wait.
    read(db, variants, &[], now).await
}

/// The stock of variants by id, and of all variants of products, in one statement: one moment's truth, unless they are locked.
pub(crate) async fn read(
    db: &mut PgConnection,
    variants: &[Uuid],
    products: &[Uuid],
    now: Timestamp,
) -> sqlx::Result<Items> {
    let rows = sqlx::query!(
        r#"SELECT v.id AS "variant_id: VariantId", v.product_id AS "product_id: ProductId", v.sku AS "sku: Sku", v.price,
                  v.archived_at IS NULL AND p.status = 'active' AS "active!", v.options AS "options: Json<BTreeMap<String, String>>",
                  v.low_stock_threshold, v.backorder, v.backorder_limit, v.available_on AS "available_on: Timestamp", v.preorder_limit,
                  p.seller_id AS "seller_id: UserId", p.title, p.slug, p.currency, p.tax_class, v.weight_grams,
                  ARRAY(SELECT c.ancestor_id FROM category_closure c WHERE c.descendant_id = p.category_id ORDER BY 1) AS "category_ids!",
                  l.id AS "location_id: LocationId", l.deactivated_at IS NULL AS "place_active!",
                  coalesce(s.on_hand, 0) AS "on_hand!", coalesce(s.reserved, 0) AS "reserved!", coalesce(s.owed, 0) AS "owed!"
             FROM product_variants v
             JOIN products p ON p.id = v.product_id
            CROSS JOIN stock_locations l
             LEFT JOIN stock_levels s ON s.variant_id = v.id AND s.location_id = l.id
            WHERE v.id = ANY($1) OR (v.product_id = ANY($2) AND v.archived_at IS NULL)
            ORDER BY v.id, l.position, l.id"#,
        variants,
        products,
    )
    .fetch_all(db)
    .await?;
    let mut items = Items::new();
    for row in rows {
        let shelf = Shelf {
            location: row.location_id,
            active: row.place_active,
            level: Level {
                on_hand: row.on_hand,
                reserved: row.reserved,
                owed: row.owed,
            },
        };
        if let Some(item) = items.get_mut(&row.variant_id) {
            item.stock.shelves.push(shelf);
            continue;
        }
        let terms = Terms {
            threshold: row.low_stock_threshold,
            backorder: row.backorder.then_some(Limit(row.backorder_limit)),
            preorder: row.available_on.map(|available_on| Preorder {
                available_on,
                limit: Limit(row.preorder_limit),
            }),
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
            available: 0,
            active: row.active,
            tax_class: row.tax_class,
            weight_grams: row.weight_grams,
            category_ids: row.category_ids.into_iter().map(CategoryId::from).collect(),
            availability: Default::default(),
            available_on: None,
        };
        let stock = Stock {
            shelves: vec![shelf],
            terms,
        };
        items.insert(row.variant_id, Item { stock, snapshot });
    }
    for item in items.values_mut() {
        item.tell(now);
    }
    Ok(items)
}

impl Item {
    /// Writes into the snapshot what the stock says.
    pub(crate) fn tell(&mut self, now: Timestamp) {
        self.snapshot.available = self.stock.available();
        (self.snapshot.availability, self.snapshot.available_on) = self.stock.availability(now);
    }
}

/// Only what is public may be held; what is paid for may be taken whatever became of the product since.
pub(crate) fn for_sale(items: &Items) -> Stocks {
    stocks(items, |item| item.snapshot.active)
}

/// The stock alone.
pub(crate) fn stocks(items: &Items, of: impl Fn(&Item) -> bool) -> Stocks {
    items
        .iter()
        .filter(|(_, item)| of(item))
        .map(|(id, item)| (*id, item.stock.clone()))
        .collect()
}

/// Which of these orders something is known of.
pub(crate) async fn known(
    db: &mut PgConnection,
    orders: &[Uuid],
) -> sqlx::Result<BTreeSet<OrderId>> {
    let known = sqlx::query_scalar!(
        r#"SELECT order_id AS "order_id: OrderId" FROM reservations WHERE order_id = ANY($1)"#,
        orders
    )
    .fetch_all(db)
    .await?;
    Ok(known.into_iter().collect())
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
        HOME,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), variants.len())
}

/// Makes the empty levels that goods are about to come to. The variants must be locked.
async fn open(db: &mut PgConnection, changes: &[Change], now: Timestamp) -> sqlx::Result<()> {
    let (mut variants, mut locations) = (Vec::new(), Vec::new());
    for change in changes {
        if change.on_hand > 0 && change.location.uuid() != HOME {
            variants.push(change.variant_id.uuid());
            locations.push(change.location.uuid());
        }
    }
    if variants.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"INSERT INTO stock_levels (variant_id, location_id, updated_at)
           SELECT DISTINCT variant_id, location_id, $3::timestamptz FROM unnest($1::uuid[], $2::uuid[]) AS l (variant_id, location_id)
           ON CONFLICT DO NOTHING"#,
        &variants,
        &locations,
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Why stock moved, if no order asked for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause<'a> {
    pub(crate) reason: Option<&'a str>,
    pub(crate) actor: Option<UserId>,
    /// The id that both rows of a transfer share.
    pub(crate) transfer: Option<Uuid>,
    pub(crate) stock_take: Option<Uuid>,
    /// What a customer sent back.
    pub(crate) returned: Option<ReturnId>,
}

/// Writes changes to the levels and to the ledger, and the lines of reservations that they are of, in one statement for any
/// number of variants and orders. The variants must be locked already. A change that would make a level unsound breaks a
/// constraint.
pub(crate) async fn apply(
    db: &mut PgConnection,
    changes: &[Change],
    lines: &[NewLine],
    cause: Cause<'_>,
    clock: &Clock,
    random: &Random,
) -> sqlx::Result<()> {
    if changes.is_empty() && lines.is_empty() {
        return Ok(());
    }
    let now = clock.now();
    open(db, changes, now).await?;
    let columns = Columns::of(changes, now, random);
    let lines = super::reservations::Columns::of(lines);
    let missed = sqlx::query_scalar!(
        r#"WITH change AS (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::integer[], $7::integer[], $8::uuid[])
                 AS c (id, variant_id, location_id, kind, on_hand, reserved, owed, order_id)
           ), delta AS (
             SELECT variant_id, location_id, sum(on_hand)::integer AS on_hand, sum(reserved)::integer AS reserved, sum(owed)::integer AS owed
               FROM change GROUP BY variant_id, location_id
           ), line AS (
             INSERT INTO reservation_lines (order_id, variant_id, location_id, quantity, owed, snapshot)
             SELECT * FROM unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::integer[], $13::integer[], $14::jsonb[])
           ), moved AS (
             UPDATE stock_levels s
                SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved, owed = s.owed + d.owed, updated_at = $15
               FROM delta d
              WHERE s.variant_id = d.variant_id AND s.location_id = d.location_id
             RETURNING 1
           ), written AS (
             INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, owed_delta, order_id,
                                          reason, actor_id, transfer_id, stock_take_id, return_id, created_at)
             SELECT id, variant_id, location_id, kind, on_hand, reserved, owed, order_id, $16, $17, $18, $19, $20, $15 FROM change
           )
           SELECT (SELECT count(*) FROM delta) - (SELECT count(*) FROM moved) AS "missed!""#,
        &columns.ids,
        &columns.variants,
        &columns.locations,
        &columns.kinds,
        &columns.on_hand,
        &columns.reserved,
        &columns.owed,
        &columns.orders as _,
        &lines.orders,
        &lines.variants,
        &lines.locations,
        &lines.quantities,
        &lines.owed,
        &lines.snapshots as _,
        now as _,
        cause.reason,
        cause.actor.map(UserId::uuid),
        cause.transfer,
        cause.stock_take,
        cause.returned.map(ReturnId::uuid),
    )
    .fetch_one(db)
    .await?;
    super::touched(missed.unsigned_abs(), 0)
}

/// Changes as arrays.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    variants: Vec<Uuid>,
    locations: Vec<Uuid>,
    kinds: Vec<String>,
    on_hand: Vec<i32>,
    reserved: Vec<i32>,
    owed: Vec<i32>,
    orders: Vec<Option<Uuid>>,
}

impl Columns {
    fn of(changes: &[Change], now: Timestamp, random: &Random) -> Self {
        let mut columns = Self::default();
        for change in changes {
            columns.ids.push(MovementId::new(now, random).uuid());
            columns.variants.push(change.variant_id.uuid());
            columns.locations.push(change.location.uuid());
            columns.kinds.push(change.kind.as_str().to_owned());
            columns.on_hand.push(change.on_hand);
            columns.reserved.push(change.reserved);
            columns.owed.push(change.owed);
            columns.orders.push(change.order.map(OrderId::uuid));
        }
        columns
    }
}

/// Paid orders that wait for a variant, the first who came first. The variant must be locked.
pub(crate) async fn waiting(
    db: &mut PgConnection,
    variant: VariantId,
) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT l.order_id AS "order: OrderId", l.owed
             FROM reservation_lines l JOIN reservations r USING (order_id)
            WHERE l.variant_id = $1 AND l.owed > 0 AND r.status = 'committed'
            ORDER BY r.created_at, l.order_id"#,
        variant.uuid(),
    )
    .fetch_all(db)
    .await
}

/// Notes in the lines of waiting orders what they were given. The variants must be locked.
pub(crate) async fn note_served(db: &mut PgConnection, served: &[Served]) -> sqlx::Result<()> {
    let (mut orders, mut variants, mut locations, mut units) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for served in served {
        orders.push(served.order.uuid());
        variants.push(served.variant_id.uuid());
        locations.push(served.location.uuid());
        units.push(served.units);
    }
    // Units that another place gives become a line of that place.
    sqlx::query!(
        r#"INSERT INTO reservation_lines AS l (order_id, variant_id, location_id, quantity, snapshot)
           SELECT s.order_id, s.variant_id, s.location_id, s.units, w.snapshot
             FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[]) AS s (order_id, variant_id, location_id, units)
             JOIN reservation_lines w ON w.order_id = s.order_id AND w.variant_id = s.variant_id AND w.location_id = $5
            WHERE s.location_id <> $5
           ON CONFLICT (order_id, variant_id, location_id) DO UPDATE SET quantity = l.quantity + excluded.quantity"#,
        &orders,
        &variants,
        &locations,
        &units,
        HOME,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"WITH served AS (
             SELECT order_id, variant_id, sum(units) AS units, coalesce(sum(units) FILTER (WHERE location_id <> $5), 0) AS moved
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[]) AS s (order_id, variant_id, location_id, units)
              GROUP BY order_id, variant_id
           ), gone AS (
             DELETE FROM reservation_lines l USING served s
              WHERE l.order_id = s.order_id AND l.variant_id = s.variant_id AND l.location_id = $5 AND l.quantity = s.moved
           )
           UPDATE reservation_lines l SET owed = l.owed - s.units, quantity = l.quantity - s.moved
             FROM served s
            WHERE l.order_id = s.order_id AND l.variant_id = s.variant_id AND l.location_id = $5 AND l.quantity <> s.moved"#,
        &orders,
        &variants,
        &locations,
        &units,
        HOME,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes on which terms a variant is sold. The variant must be locked.
pub(crate) async fn set_terms(
    db: &mut PgConnection,
    variant: VariantId,
    terms: Terms,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        r#"UPDATE product_variants
              SET low_stock_threshold = $2, backorder = $3, backorder_limit = $4, available_on = $5, preorder_limit = $6, updated_at = $7
            WHERE id = $1"#,
        variant.uuid(),
        terms.threshold,
        terms.backorder.is_some(),
        terms.backorder.and_then(|limit| limit.0),
        terms.preorder.map(|preorder| preorder.available_on) as _,
        terms.preorder.and_then(|preorder| preorder.limit.0),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}
