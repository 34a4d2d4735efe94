//! Moving stock: level, ledger, what is owed, and the warning that little is left, in the caller's transaction.

use std::collections::BTreeMap;

use contracts::events::{InventoryAdjusted, InventoryLowStock};
use messaging::Traced;
use primitives::{LocationId, UserId, VariantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::Context;
use crate::domain::allocation as rules;
use crate::domain::stock::{self, Change, Correction, CorrectionError, Kind, Level, Stock};
use crate::domain::terms::Terms;
use crate::error::StockError;
use crate::store::reservations::NewLine;
use crate::store::stock::{self as store, Cause, Item, Items};
use crate::store::{low_stock, search_documents};

/// Applies changes to locked stock, with the lines of reservations that they are of; gives what came free to those who wait for
/// it; tells of each variant that can be had more or less than before, unless a hold is why, which has events of its own, and of
/// each that just ran low. `items` is afterwards as the database is.
pub(crate) async fn apply(
    tx: &mut PgConnection,
    cx: &Context,
    items: &mut Items,
    changes: &[Change],
    lines: &[NewLine],
    cause: Cause<'_>,
) -> sqlx::Result<()> {
    store::apply(tx, changes, lines, cause, &cx.clock, &cx.random).await?;
    let mut moved = BTreeMap::<VariantId, Moved>::new();
    for change in changes {
        let item = items
            .get_mut(&change.variant_id)
            .ok_or(sqlx::Error::RowNotFound)?;
        let moved = moved
            .entry(change.variant_id)
            .or_insert_with(|| Moved::from(&item.stock));
        moved.only_holds &= change.kind.is_hold();
        moved.came_free |= change.kind != Kind::Reserve;
        item.stock.apply(change).ok_or(sqlx::Error::RowNotFound)?;
    }
    for (variant, moved) in &moved {
        if let Some(item) = items.get_mut(variant)
            && moved.came_free
            && item.stock.owed() > 0
            && item.stock.free() > 0
        {
            serve(tx, cx, *variant, &mut item.stock).await?;
        }
    }
    tell(tx, cx, items, &moved).await
}

/// What a variant's stock was before, and how it changed.
struct Moved {
    before: Stock,
    only_holds: bool,
    came_free: bool,
}

impl From<&Stock> for Moved {
    fn from(stock: &Stock) -> Self {
        Self {
            before: stock.clone(),
            only_holds: true,
            came_free: false,
        }
    }
}

/// Gives what nobody holds to paid orders that wait for it.
async fn serve(
    tx: &mut PgConnection,
    cx: &Context,
    variant: VariantId,
    stock: &mut Stock,
) -> sqlx::Result<()> {
    let waiting = store::waiting(tx, variant).await?;
    let served = rules::serve(variant, stock, &waiting);
    if served.is_empty() {
        return Ok(());
    }
    let changes: Vec<Change> = served.iter().flat_map(|served| served.changes()).collect();
    store::note_served(tx, &served).await?;
    store::apply(tx, &changes, &[], Cause::default(), &cx.clock, &cx.random).await?;
    for change in &changes {
        stock.apply(change).ok_or(sqlx::Error::RowNotFound)?;
    }
    Ok(())
}

/// Gives variants' free units to paid orders that wait for them: what one of them held for itself may have come meanwhile.
pub(super) async fn serve_owed(
    tx: &mut PgConnection,
    cx: &Context,
    items: &mut Items,
    demands: &[rules::Demand],
) -> sqlx::Result<()> {
    for demand in demands {
        if let Some(item) = items.get_mut(&demand.variant_id)
            && item.stock.owed() > 0
            && item.stock.free() > 0
        {
            serve(tx, cx, demand.variant_id, &mut item.stock).await?;
        }
    }
    Ok(())
}

async fn tell(
    tx: &mut PgConnection,
    cx: &Context,
    items: &Items,
    moved: &BTreeMap<VariantId, Moved>,
) -> sqlx::Result<()> {
    let (mut sold_out_or_back, mut adjusted, mut low) = (Vec::new(), Vec::new(), Vec::new());
    let mut crossed = Vec::new();
    for (variant, moved) in moved {
        let Some(item) = items.get(variant) else {
            continue;
        };
        let (had, left) = (moved.before.available(), item.stock.available());
        if (had > 0) != (left > 0) {
            sold_out_or_back.push(item.snapshot.product_id);
        }
        if (had > 0, moved.before.is_low()) != (left > 0, item.stock.is_low()) {
            crossed.push(*variant);
        }
        if had != left && !moved.only_holds {
            adjusted.push(traced(InventoryAdjusted {
                variant_id: *variant,
                product_id: item.snapshot.product_id,
                sku: item.snapshot.sku.clone(),
                available_before: had,
                available: left,
            }));
        }
        if stock::fell_low(&moved.before, &item.stock) {
            low.push(traced(warning(*variant, item)));
        }
    }
    cx.publisher.publish_all(tx, &adjusted).await?;
    cx.publisher.publish_all(tx, &low).await?;
    if !crossed.is_empty() {
        low_stock::note(tx, &crossed).await?;
    }
    if !sold_out_or_back.is_empty() {
        search_documents::refresh_stock(tx, &sold_out_or_back).await?;
    }
    Ok(())
}

fn traced<E>(event: E) -> Traced<E> {
    Traced {
        traceparent: runtime::trace::traceparent(),
        event,
    }
}

/// Tells staff that little is left of a variant.
fn warning(variant: VariantId, item: &Item) -> InventoryLowStock {
    InventoryLowStock {
        variant_id: variant,
        product_id: item.snapshot.product_id,
        sku: item.snapshot.sku.clone(),
        available: item.stock.available(),
        threshold: item.stock.terms.threshold,
    }
}

/// A correction of a variant's stock at one place; at the first active one unless told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) variant: VariantId,
    pub(crate) location: Option<LocationId>,
    pub(crate) correction: Correction,
}

/// Corrects the stock of variants by hand at their first active place; answers the levels before and after it.
pub(crate) async fn correct(
    tx: &mut PgConnection,
    cx: &Context,
    corrections: &[(VariantId, Correction)],
    reason: Option<&str>,
    actor: UserId,
) -> Result<BTreeMap<VariantId, (Level, Level)>, StockError> {
    let corrections: Vec<At> = corrections
        .iter()
        .map(|(variant, correction)| At {
            variant: *variant,
            location: None,
            correction: *correction,
        })
        .collect();
    let cause = Cause {
        reason,
        actor: Some(actor),
        ..Cause::default()
    };
    correct_at(tx, cx, &corrections, cause).await
}

/// Corrects the stock of variants by hand, each to its own number; answers the levels before and after it.
pub(crate) async fn correct_at(
    tx: &mut PgConnection,
    cx: &Context,
    corrections: &[At],
    cause: Cause<'_>,
) -> Result<BTreeMap<VariantId, (Level, Level)>, StockError> {
    let ids: Vec<Uuid> = corrections.iter().map(|at| at.variant.uuid()).collect();
    let mut items = store::lock(tx, &ids, cx.clock.now()).await?;
    let (mut changes, mut levels) = (Vec::new(), BTreeMap::new());
    for At {
        variant,
        location,
        correction,
    } in corrections
    {
        let stock = &items.get(variant).ok_or(sqlx::Error::RowNotFound)?.stock;
        let location = place(stock, *location)?;
        let level = stock.level(location);
        let change =
            stock::correct(*variant, location, level, *correction).map_err(
                |error| match error {
                    CorrectionError::OutOfRange => StockError::OutOfRange,
                    CorrectionError::BelowReserved => StockError::Reserved {
                        variant_id: *variant,
                        reserved: level.reserved,
                    },
                },
            )?;
        levels.insert(*variant, (location, level));
        changes.extend(change);
    }
    changes.sort_by_key(|change| (change.variant_id, change.location));
    apply(tx, cx, &mut items, &changes, &[], cause)
        .await
        .map_err(StockError::from_write)?;
    let after = |(variant, (location, before)): (VariantId, (LocationId, Level))| {
        let stock = items.get(&variant).map(|item| item.stock.level(location));
        (variant, (before, stock.unwrap_or(before)))
    };
    Ok(levels.into_iter().map(after).collect())
}

/// The place that is meant.
fn place(stock: &Stock, wanted: Option<LocationId>) -> Result<LocationId, StockError> {
    match wanted {
        None => stock.first_active().ok_or(StockError::UnknownLocation),
        Some(wanted) => match stock.shelf(wanted) {
            None => Err(StockError::UnknownLocation),
            Some(shelf) if !shelf.active => Err(StockError::InactiveLocation),
            Some(_) => Ok(wanted),
        },
    }
}

/// Moves units of a variant that nobody holds from one place to another; answers both levels after it.
pub(crate) async fn transfer(
    tx: &mut PgConnection,
    cx: &Context,
    variant: VariantId,
    (from, to): (LocationId, LocationId),
    units: i32,
    cause: Cause<'_>,
) -> Result<(Level, Level), StockError> {
    let mut items = store::lock(tx, &[variant.uuid()], cx.clock.now()).await?;
    let stock = &items.get(&variant).ok_or(sqlx::Error::RowNotFound)?.stock;
    if stock.shelf(from).is_none() {
        return Err(StockError::UnknownLocation);
    }
    place(stock, Some(to))?;
    let changes = stock::transfer(variant, stock, from, to, units).ok_or(StockError::Short {
        variant_id: variant,
        requested: units,
        available: stock.level(from).free(),
    })?;
    apply(tx, cx, &mut items, &changes, &[], cause)
        .await
        .map_err(StockError::from_write)?;
    let stock = &items.get(&variant).ok_or(sqlx::Error::RowNotFound)?.stock;
    Ok((stock.level(from), stock.level(to)))
}

/// Writes on which terms a variant is sold; warns if it is low by them and was not before. Answers the terms before.
pub(crate) async fn set_terms(
    tx: &mut PgConnection,
    cx: &Context,
    variant: VariantId,
    terms: Terms,
) -> Result<(Terms, Items), StockError> {
    let mut items = store::lock(tx, &[variant.uuid()], cx.clock.now()).await?;
    let item = items.get_mut(&variant).ok_or(sqlx::Error::RowNotFound)?;
    let before = item.stock.clone();
    item.stock.terms = terms;
    item.tell(cx.clock.now());
    store::set_terms(tx, variant, terms, &cx.clock).await?;
    if stock::fell_low(&before, &item.stock) {
        let warning = warning(variant, item);
        cx.publisher.publish(tx, &warning).await?;
    }
    Ok((before.terms, items))
}

/// Makes the empty levels of new variants.
pub(crate) async fn open(
    tx: &mut PgConnection,
    cx: &Context,
    variants: &[VariantId],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    store::create(tx, &ids, &cx.clock).await
}
