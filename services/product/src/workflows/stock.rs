//! Moving stock: level, ledger and the warning that little is left, in the caller's transaction.

use std::collections::BTreeMap;

use contracts::events::{InventoryAdjusted, InventoryLowStock};
use primitives::{UserId, VariantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::Context;
use crate::domain::stock::{self as rules, Change, Correction, CorrectionError, Kind, Level};
use crate::error::StockError;
use crate::store::search_documents;
use crate::store::stock::{self as store, Cause, Locked};

/// Applies changes to locked levels; tells of each variant that can be had more or less than before, unless a hold is why,
/// which has events of its own, and of each that just ran low.
pub(crate) async fn apply(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &BTreeMap<VariantId, Locked>,
    changes: &[Change],
    cause: Cause<'_>,
) -> sqlx::Result<()> {
    store::apply(tx, changes, cause, &cx.clock, &cx.random).await?;
    let mut sold_out_or_back = Vec::new();
    for change in changes {
        let Some(Locked {
            level,
            threshold,
            snapshot,
        }) = locked.get(&change.variant_id)
        else {
            continue;
        };
        let Some(after) = level.after(change) else {
            continue;
        };
        let (had, left) = (level.available(), after.available());
        if (had > 0) != (left > 0) {
            sold_out_or_back.push(snapshot.product_id);
        }
        if had != left && !matches!(change.kind, Kind::Reserve | Kind::Release) {
            let event = InventoryAdjusted {
                variant_id: change.variant_id,
                product_id: snapshot.product_id,
                sku: snapshot.sku.clone(),
                available_before: had,
                available: left,
            };
            cx.publisher.publish(tx, &event).await?;
        }
        if rules::fell_low(*level, after, *threshold) {
            let event = InventoryLowStock {
                variant_id: change.variant_id,
                product_id: snapshot.product_id,
                sku: snapshot.sku.clone(),
                available: after.available(),
                threshold: *threshold,
            };
            cx.publisher.publish(tx, &event).await?;
        }
    }
    if !sold_out_or_back.is_empty() {
        search_documents::refresh_stock(tx, &sold_out_or_back).await?;
    }
    Ok(())
}

/// Corrects the stock of variants by hand, each to its own count; answers the levels before and after it.
pub(crate) async fn correct(
    tx: &mut PgConnection,
    cx: &Context,
    corrections: &[(VariantId, Correction)],
    reason: Option<&str>,
    actor: UserId,
) -> Result<BTreeMap<VariantId, (Level, Level)>, StockError> {
    let ids: Vec<Uuid> = corrections.iter().map(|(id, _)| id.uuid()).collect();
    let locked = store::lock(tx, &ids).await?;
    let (mut changes, mut levels) = (Vec::new(), BTreeMap::new());
    for (id, correction) in corrections {
        let level = locked.get(id).ok_or(sqlx::Error::RowNotFound)?.level;
        let change = rules::correct(*id, level, *correction).map_err(|error| match error {
            CorrectionError::OutOfRange => StockError::OutOfRange,
            CorrectionError::BelowReserved => StockError::Reserved {
                variant_id: *id,
                reserved: level.reserved,
            },
        })?;
        let after = change.and_then(|change| level.after(&change));
        levels.insert(*id, (level, after.unwrap_or(level)));
        changes.extend(change);
    }
    changes.sort_by_key(|change| change.variant_id);
    apply(
        tx,
        cx,
        &locked,
        &changes,
        Cause {
            order: None,
            reason,
            actor: Some(actor),
        },
    )
    .await?;
    Ok(levels)
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
