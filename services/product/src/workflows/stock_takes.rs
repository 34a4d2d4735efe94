//! Stock-takes: numbers that people counted, written in as many transactions as there are pages of rows.

use std::collections::{BTreeMap, BTreeSet};

use auth_token::{Acting, Principal, Role};
use primitives::{LocationId, UserId, VariantId};
use serde_json::json;
use uuid::Uuid;

use super::stock;
use crate::app::Context;
use crate::domain::count_sheet::Row;
use crate::domain::stock::{self as rules, Change, Correction, CorrectionError, Stock};
use crate::error::StockError;
use crate::store::locations::{self, Location};
use crate::store::stock::{self as store, Cause, Items};
use crate::store::variants;

/// Rows that are written together.
pub(crate) const PAGE: usize = 500;
/// Rows whose errors are told; the others are counted.
const ERRORS_TOLD: usize = 1_000;

/// A row that was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowError {
    pub(crate) row: u64,
    pub(crate) sku: String,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// How it went so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) refused: u64,
    /// Units more, less those fewer.
    pub(crate) units: i64,
    /// The first of the rows that were refused.
    pub(crate) errors: Vec<RowError>,
}

/// A stock-take under way.
pub(crate) struct StockTake<'a> {
    pub(crate) id: Uuid,
    counter: &'a Principal,
    /// Whose variants are counted; anybody's, if staff count and do not say whose.
    seller: Option<UserId>,
    reason: Option<&'a str>,
    dry_run: bool,
    places: Vec<Location>,
    seen: BTreeSet<(VariantId, LocationId)>,
    pub(crate) tally: Tally,
}

impl<'a> StockTake<'a> {
    pub(crate) async fn begin(
        cx: &Context,
        counter: &'a Principal,
        seller: Option<UserId>,
        reason: Option<&'a str>,
        dry_run: bool,
    ) -> sqlx::Result<Self> {
        let mut db = cx.pool.acquire().await?;
        let staff = counter.role == Role::Admin;
        Ok(Self {
            id: primitives::MovementId::new(cx.clock.now(), &cx.random).uuid(),
            counter,
            seller: if staff { seller } else { Some(counter.user_id) },
            reason,
            dry_run,
            places: locations::all(&mut db).await?,
            seen: BTreeSet::new(),
            tally: Tally::default(),
        })
    }

    /// Writes a page of rows in a transaction, or only tries to. What is refused is noted, the others count.
    pub(crate) async fn page(&mut self, cx: &Context, rows: &[Row]) -> Result<(), StockError> {
        self.tally.rows += rows.len() as u64;
        let mut tx = cx.pool.begin().await?;
        let skus: Vec<String> = rows.iter().map(|row| row.sku.clone()).collect();
        let known = variants::by_skus(&mut tx, &skus, self.seller).await?;
        let mut wanted = Vec::new();
        for row in rows {
            match self.check(row, &known) {
                Ok((variant, place, counted)) => wanted.push((row, variant, place, counted)),
                Err((code, message)) => self.refuse(row, code, message),
            }
        }
        let ids: Vec<Uuid> = wanted.iter().map(|(_, id, ..)| id.uuid()).collect();
        let now = cx.clock.now();
        let mut items = if self.dry_run {
            store::read(&mut tx, &ids, &[], now).await?
        } else {
            store::lock(&mut tx, &ids, now).await?
        };
        let mut changes = Vec::new();
        for (row, variant, place, counted) in wanted {
            match correct(&items, variant, place, counted) {
                Ok(Some(change)) => changes.push(change),
                Ok(None) => self.tally.unchanged += 1,
                Err((code, message)) => self.refuse(row, code, message),
            }
        }
        changes.sort_by_key(|change| (change.variant_id, change.location));
        self.tally.changed += changes.len() as u64;
        self.tally.units += changes
            .iter()
            .map(|change| i64::from(change.on_hand))
            .sum::<i64>();
        if self.dry_run || changes.is_empty() {
            return Ok(tx.rollback().await?);
        }
        let cause = Cause {
            reason: self.reason,
            actor: Some(self.counter.user_id),
            stock_take: Some(self.id),
            ..Cause::default()
        };
        stock::apply(&mut tx, cx, &mut items, &changes, &[], cause)
            .await
            .map_err(StockError::from_write)?;
        if let Some(staff) = Acting::of(self.counter) {
            let after = json!({ "changed": changes.len(), "reason": self.reason });
            let target = format!("stock_take:{}", self.id);
            let act = staff.did("stock.count", target, serde_json::Value::Null, after);
            cx.publisher.publish(&mut tx, &act).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What a row means.
    fn check(
        &mut self,
        row: &Row,
        known: &BTreeMap<String, Vec<VariantId>>,
    ) -> Result<(VariantId, LocationId, i32), (&'static str, String)> {
        let counted = row.counted.ok_or((
            "invalid_count",
            "counted must be a whole number from 0 to 1000000".to_owned(),
        ))?;
        let variant = match known.get(&row.sku).map(Vec::as_slice) {
            Some([only]) => *only,
            Some([_, _, ..]) => {
                return Err((
                    "ambiguous_sku",
                    "several sellers have this SKU: say whose with seller_id".to_owned(),
                ));
            }
            _ => return Err(("unknown_sku", "no variant has this SKU".to_owned())),
        };
        let place = match &row.location {
            None => self.places.iter().find(|place| place.active),
            Some(code) => self.places.iter().find(|place| place.code == *code),
        };
        let place = match place {
            Some(place) if place.active => place.id,
            Some(_) => return Err(("inactive_location", "the place is inactive".to_owned())),
            None => return Err(("unknown_location", "no place has this code".to_owned())),
        };
        if !self.seen.insert((variant, place)) {
            return Err((
                "duplicate",
                "this SKU was counted at this place in a row above".to_owned(),
            ));
        }
        Ok((variant, place, counted))
    }

    fn refuse(&mut self, row: &Row, code: &'static str, message: String) {
        self.tally.refused += 1;
        if self.tally.errors.len() < ERRORS_TOLD {
            self.tally.errors.push(RowError {
                row: row.number,
                sku: row.sku.clone(),
                code,
                message,
            });
        }
    }
}

fn correct(
    items: &Items,
    variant: VariantId,
    place: LocationId,
    counted: i32,
) -> Result<Option<Change>, (&'static str, String)> {
    let level = |stock: &Stock| stock.level(place);
    let level = items
        .get(&variant)
        .map(|item| level(&item.stock))
        .unwrap_or_default();
    rules::correct(variant, place, level, Correction::Counted(counted)).map_err(|error| match error
    {
        CorrectionError::OutOfRange => (
            "invalid_count",
            "counted must be a whole number from 0 to 1000000".to_owned(),
        ),
        CorrectionError::BelowReserved => (
            "stock_reserved",
            format!("{} of these units are held for orders", level.reserved),
        ),
    })
}
