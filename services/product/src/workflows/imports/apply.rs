//! Applying what a file says, in batches: each product in a savepoint of its own, so that a bad one never stops the others; and
//! with its outcome in the same transaction, so that each is applied once, whatever is killed.

mod plan;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use primitives::{CategoryId, Currency, ImportId, UserId, VariantId};
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::Context;
use crate::domain::attributes::Rule;
use crate::domain::import::columns::{ATTRIBUTE, Column, Columns};
use crate::domain::import::known::Known;
use crate::domain::import::merge::Deed;
use crate::domain::import::places::Places;
use crate::domain::import::plan::Patch;
use crate::domain::import::{MAX_PRODUCT_BYTES, MAX_PRODUCT_ROWS, RowError};
use crate::domain::slug;
use crate::domain::stock::Correction;
use crate::error::{ProductError, StockError};
use crate::store::imports::{self as store, Group, Import, Outcome};
use crate::store::products::{self as products_store, Locked};
use crate::store::{stock as levels, transfer};
use crate::workflows::{products, stock};

/// Products in a transaction.
const BATCH: i64 = 50;
/// Bytes of rows after which a transaction has enough.
const BATCH_BYTES: i64 = 4 * 1024 * 1024;
/// How long nobody else takes an import whose worker gives no sign of life.
const LEASE: Duration = Duration::from_secs(60);
/// What the ledger says of counts that a file set.
const REASON: &str = "import";

/// An import in hand.
pub(crate) struct Work {
    cx: Context,
    import: Import,
    claim: Uuid,
    columns: Columns,
    currency: Currency,
    places: Places,
    rules: BTreeMap<CategoryId, Vec<Rule>>,
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// So many products were done.
    Done(usize),
    /// There are no more, or others have them in hand.
    Empty,
    /// It was cancelled, or somebody else has taken it over.
    Lost,
}

/// A product of the file, and what is known of it.
struct Planned {
    handle: String,
    seller: UserId,
    patch: Patch,
    found: Option<(Known, Deed)>,
}

/// Why a product was not applied.
enum Refusal {
    Errors(Vec<RowError>),
    Product(ProductError),
}

impl<E: Into<ProductError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Product(error.into())
    }
}

impl Work {
    /// Takes the import that has waited longest.
    pub(crate) async fn claim(cx: &Context) -> anyhow::Result<Option<Self>> {
        let now = cx.clock.now();
        let claim = ImportId::new(now, &cx.random).uuid();
        let mut db = cx.pool.acquire().await?;
        let Some(id) = store::claim(&mut db, claim, now, now + LEASE).await? else {
            return Ok(None);
        };
        let Some(import) = store::find(&mut db, id).await? else {
            return Ok(None);
        };
        let columns = Columns::new(import.format, import.headings.clone());
        let columns = columns.map_err(|wrong| {
            anyhow::anyhow!("import {id} has headings that were accepted once: {wrong:?}")
        })?;
        Ok(Some(Self {
            cx: cx.clone(),
            claim,
            columns,
            currency: import.currency.parse()?,
            places: Places::new(&transfer::places(&mut db).await?),
            rules: transfer::rules(&mut db).await?,
            import,
        }))
    }

    pub(crate) fn id(&self) -> ImportId {
        self.import.id
    }

    /// Works until nothing is left, somebody else has it, or all shall stop.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        while !shutdown.is_cancelled() {
            match self.batch().await? {
                Progress::Done(_) => {}
                Progress::Empty | Progress::Lost => return Ok(()),
            }
        }
        Ok(())
    }

    /// Lets others go on with it at once.
    pub(crate) async fn release(&self) -> sqlx::Result<()> {
        let mut db = self.cx.pool.acquire().await?;
        store::release(&mut db, self.import.id, self.claim, &self.cx.clock).await
    }

    /// Does the next products, in one transaction.
    pub(crate) async fn batch(&self) -> anyhow::Result<Progress> {
        let (cx, id) = (&self.cx, self.import.id);
        let mut tx = cx.pool.begin().await?;
        let mut groups = store::next(&mut tx, id, BATCH).await?;
        if groups.is_empty() {
            store::finish(&mut tx, id, self.claim, &cx.clock).await?;
            tx.commit().await?;
            return Ok(Progress::Empty);
        }
        let mut bytes = 0;
        let too_large =
            |group: &Group| group.rows > MAX_PRODUCT_ROWS || group.bytes > MAX_PRODUCT_BYTES;
        groups.retain(|group| {
            let fits = bytes == 0 || bytes + group.bytes <= BATCH_BYTES || too_large(group);
            bytes += if fits && !too_large(group) {
                group.bytes
            } else {
                0
            };
            fits
        });
        let (large, groups): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(too_large);
        let mut outcomes: Vec<(String, Outcome)> = large
            .into_iter()
            .map(|group| {
                let message = format!(
                    "is a product of {} rows; at most {MAX_PRODUCT_ROWS} with 8 MiB can be one",
                    group.rows
                );
                (
                    group.handle,
                    Outcome::Failed(vec![RowError::new(group.row, "", "too_many_rows", message)]),
                )
            })
            .collect();
        let mut trying = tx.begin().await?;
        self.apply(&mut trying, groups, &mut outcomes).await?;
        if self.import.dry_run {
            trying.rollback().await?;
        } else {
            trying.commit().await?;
        }
        // Whoever lost the import in the meantime undoes it all.
        if !store::record(
            &mut tx,
            id,
            self.claim,
            &outcomes,
            cx.clock.now() + LEASE,
            &cx.clock,
        )
        .await?
        {
            tx.rollback().await?;
            return Ok(Progress::Lost);
        }
        tx.commit().await?;
        Ok(Progress::Done(outcomes.len()))
    }

    async fn apply(
        &self,
        tx: &mut PgConnection,
        groups: Vec<Group>,
        outcomes: &mut Vec<(String, Outcome)>,
    ) -> anyhow::Result<()> {
        let mut plans = Vec::new();
        for (handle, result) in self.plan(tx, groups).await? {
            match result {
                Ok(plan) => plans.push(plan),
                Err(errors) => outcomes.push((handle, Outcome::Failed(errors))),
            }
        }
        self.look_up(tx, &mut plans, outcomes).await?;
        // Rows are locked in the order in which everybody locks them: products, then levels.
        plans.sort_by_key(|plan| plan.found.as_ref().map(|(known, _)| known.id));
        let mut locked = HashMap::new();
        for id in plans
            .iter()
            .filter_map(|plan| plan.found.as_ref().map(|(known, _)| known.id))
        {
            if let Some(product) = products_store::lock(tx, id).await? {
                locked.insert(id, product);
            }
        }
        let counted: Vec<Uuid> = plans
            .iter()
            .filter_map(|plan| match &plan.found {
                Some((_, Deed::Change { stock, .. })) => {
                    Some(stock.iter().map(|(id, _)| id.uuid()))
                }
                _ => None,
            })
            .flatten()
            .collect();
        if !counted.is_empty() {
            levels::lock(tx, &counted, self.cx.clock.now()).await?;
        }
        for plan in plans {
            let locked = plan
                .found
                .as_ref()
                .and_then(|(known, _)| locked.get(&known.id))
                .cloned();
            if let Some(outcome) = self.perform(tx, &plan, locked).await? {
                outcomes.push((plan.handle, outcome));
            }
        }
        Ok(())
    }

    /// Does what a product needs, in a savepoint. None if it must be tried again later.
    async fn perform(
        &self,
        tx: &mut PgConnection,
        plan: &Planned,
        locked: Option<Locked>,
    ) -> anyhow::Result<Option<Outcome>> {
        let mut other_slug = None;
        for attempt in 0..4 {
            let mut trying = tx.begin().await?;
            let fresh = attempt > 0
                || locked.as_ref().map(|locked| locked.version)
                    != plan.found.as_ref().map(|(known, _)| known.version);
            let performed = if fresh {
                self.again(&mut trying, plan, other_slug.as_deref()).await
            } else {
                self.first(&mut trying, plan, locked.as_ref()).await
            };
            match performed {
                Ok(outcome) => {
                    trying.commit().await?;
                    return Ok(Some(outcome));
                }
                Err(refusal) => {
                    trying.rollback().await?;
                    match refusal {
                        // Somebody else was quicker: look again at what is there now.
                        Refusal::Product(ProductError::SkuTaken) if attempt == 0 => {}
                        Refusal::Product(ProductError::SlugTaken) => {
                            let title = plan
                                .patch
                                .said(&Column::Title)
                                .map(|said| said.text.as_str());
                            let wanted =
                                plan.patch.handle.as_deref().or(title).unwrap_or("product");
                            other_slug =
                                Some(slug::another(&slug::of(wanted, "product"), &self.cx.random));
                        }
                        Refusal::Errors(errors) => return Ok(Some(Outcome::Failed(errors))),
                        Refusal::Product(error) => return self.refused(plan, error),
                    }
                }
            }
        }
        self.refused(plan, ProductError::SlugTaken)
    }

    /// As it was planned.
    async fn first(
        &self,
        tx: &mut PgConnection,
        plan: &Planned,
        locked: Option<&Locked>,
    ) -> Result<Outcome, Refusal> {
        match (&plan.found, locked) {
            (Some((_, deed)), Some(locked)) => self.carry_out(tx, plan, Some(locked), deed).await,
            _ => {
                let deed = self.merge(&plan.patch, None).map_err(Refusal::Errors)?;
                self.carry_out(tx, plan, None, &deed).await
            }
        }
    }

    /// With what is there now.
    async fn again(
        &self,
        tx: &mut PgConnection,
        plan: &Planned,
        other_slug: Option<&str>,
    ) -> Result<Outcome, Refusal> {
        let by_sku = self.by_skus(tx, std::slice::from_ref(plan)).await?;
        let id = self.find(plan, &by_sku).map_err(Refusal::Errors)?;
        let locked = match id {
            Some(id) => products_store::lock(tx, id).await?,
            None => None,
        };
        let known = match &locked {
            Some(locked) => transfer::by_ids(tx, &[locked.id.uuid()]).await?.pop(),
            None => None,
        };
        let mut deed = self
            .merge(&plan.patch, known.as_ref())
            .map_err(Refusal::Errors)?;
        if let (Deed::Create { spec, .. }, Some(slug)) = (&mut deed, other_slug) {
            spec.slug = Some(slug.to_owned());
        }
        self.carry_out(tx, plan, locked.as_ref(), &deed).await
    }

    async fn carry_out(
        &self,
        tx: &mut PgConnection,
        plan: &Planned,
        locked: Option<&Locked>,
        deed: &Deed,
    ) -> Result<Outcome, Refusal> {
        let (cx, actor) = (&self.cx, self.import.requested_by);
        match (deed, locked) {
            (Deed::Nothing, _) => Ok(Outcome::Unchanged),
            (Deed::Create { spec, step }, _) => {
                products::create_in(tx, cx, plan.seller, None, *step, spec).await?;
                Ok(Outcome::Created)
            }
            (Deed::Change { .. }, None) => Err(sqlx::Error::RowNotFound.into()),
            (Deed::Change { spec, stock, step }, Some(locked)) => {
                if let Some(spec) = spec {
                    products::update_in(tx, cx, locked, actor, None, spec).await?;
                }
                if !stock.is_empty() {
                    let corrections: Vec<(VariantId, Correction)> = stock
                        .iter()
                        .map(|(id, units)| (*id, Correction::Set(units.get())))
                        .collect();
                    stock::correct(tx, cx, &corrections, Some(REASON), actor).await?;
                }
                if let Some(step) = step {
                    let now = products_store::lock(tx, locked.id)
                        .await?
                        .ok_or(sqlx::Error::RowNotFound)?;
                    products::advance(tx, cx, &now, *step, None, None).await?;
                }
                Ok(Outcome::Updated)
            }
        }
    }

    /// What an error means for a product; what is not about it is an error of the import.
    fn refused(&self, plan: &Planned, error: ProductError) -> anyhow::Result<Option<Outcome>> {
        let patch = &plan.patch;
        let at = |column: &Column, code, message: &str| {
            RowError::new(patch.row, self.columns.heading(column), code, message)
        };
        let errors = match error {
            ProductError::UnknownCategory => vec![at(
                &Column::Category,
                "unknown",
                "is not a category of this shop any more",
            )],
            ProductError::SkuTaken => vec![at(
                &Column::Sku,
                "sku_taken",
                "another product of the seller has it",
            )],
            ProductError::SlugTaken => vec![at(
                &Column::Handle,
                "slug_taken",
                "another product has, or had, this address",
            )],
            ProductError::Attributes(list) => list
                .into_iter()
                .map(|wrong| {
                    let key = wrong
                        .field
                        .strip_prefix("attributes.")
                        .unwrap_or(&wrong.field);
                    RowError::new(
                        patch.row,
                        format!("{ATTRIBUTE}{key}"),
                        wrong.code,
                        wrong.message,
                    )
                })
                .collect(),
            ProductError::Status(status) => vec![at(
                &Column::Status,
                "invalid_status",
                &format!("is not possible for a product that is {}", status.as_str()),
            )],
            ProductError::Stock(StockError::Reserved {
                variant_id,
                reserved,
            }) => {
                let known = plan.found.as_ref().and_then(|(known, _)| {
                    known
                        .variants
                        .iter()
                        .find(|variant| variant.id == variant_id)
                });
                let row = known
                    .and_then(|known| {
                        patch
                            .variants
                            .iter()
                            .find(|variant| variant.sku == known.sku)
                    })
                    .map_or(patch.row, |variant| variant.row);
                let message =
                    format!("{reserved} units are held for orders, so there cannot be fewer");
                vec![RowError::new(
                    row,
                    self.columns.heading(&Column::Stock),
                    "stock_reserved",
                    message,
                )]
            }
            ProductError::Stock(StockError::OutOfRange) => vec![at(
                &Column::Stock,
                "out_of_range",
                "must be from 0 to 1000000",
            )],
            ProductError::Stock(
                StockError::UnknownLocation
                | StockError::InactiveLocation
                | StockError::Short { .. },
            ) => vec![at(
                &Column::Stock,
                "no_location",
                "there is no active place for goods",
            )],
            ProductError::Stock(StockError::Database(error)) | ProductError::Database(error) => {
                match &error {
                    // Lost a race: the next batch tries it again.
                    sqlx::Error::Database(cause)
                        if matches!(cause.code().as_deref(), Some("40P01" | "40001")) =>
                    {
                        return Ok(None);
                    }
                    sqlx::Error::Database(cause) => {
                        tracing::error!(import = %self.import.id, row = patch.row, error = %cause, "a product could not be imported");
                        vec![at(
                            &Column::Ignored,
                            "refused",
                            "could not be saved; the operators find the cause in their log",
                        )]
                    }
                    _ => return Err(error.into()),
                }
            }
        };
        Ok(Some(Outcome::Failed(errors)))
    }
}
