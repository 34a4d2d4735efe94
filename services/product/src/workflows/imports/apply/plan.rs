//! What a file wants of products, beside what is known of them.

use std::collections::{BTreeMap, HashMap};

use primitives::{ProductId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Planned, Work};
use crate::domain::import::columns::Column;
use crate::domain::import::known::Known;
use crate::domain::import::merge::{self, Deed, Shop};
use crate::domain::import::plan::{self, Patch};
use crate::domain::import::{Row, RowError};
use crate::store::imports::{self as store, Group, Outcome};
use crate::store::transfer;

impl Work {
    /// Reads the rows of products.
    pub(super) async fn plan(
        &self,
        tx: &mut PgConnection,
        groups: Vec<Group>,
    ) -> sqlx::Result<Vec<(String, Result<Planned, Vec<RowError>>)>> {
        let handles: Vec<String> = groups.into_iter().map(|group| group.handle).collect();
        let mut rows = HashMap::<String, Vec<Row>>::new();
        for (handle, row) in store::rows(tx, self.import.id, &handles).await? {
            rows.entry(handle).or_default().push(row);
        }
        let repeated: HashMap<i32, i32> = store::repeated_skus(tx, self.import.id, &handles)
            .await?
            .into_iter()
            .collect();
        let plan = |handle: String| {
            let rows = rows.remove(&handle).unwrap_or_default();
            let planned = self.plan_one(&handle, &rows, &repeated);
            (handle, planned)
        };
        Ok(handles.into_iter().map(plan).collect())
    }

    fn plan_one(
        &self,
        handle: &str,
        rows: &[Row],
        repeated: &HashMap<i32, i32>,
    ) -> Result<Planned, Vec<RowError>> {
        let heading = |column: &Column| self.columns.heading(column).to_owned();
        let again = rows
            .iter()
            .filter_map(|row| Some((row.number, repeated.get(&row.number)?)));
        let again: Vec<RowError> = again
            .map(|(row, earlier)| {
                RowError::new(
                    row,
                    heading(&Column::Sku),
                    "duplicate",
                    format!("is in row {earlier} too, which is another product"),
                )
            })
            .collect();
        let patch = match plan::patch(&self.columns, rows) {
            Ok(patch) if again.is_empty() => patch,
            Ok(_) => return Err(again),
            Err(errors) => return Err(again.into_iter().chain(errors).collect()),
        };
        let seller = patch.seller.unwrap_or(self.import.seller_id);
        if !self.import.by_staff && seller != self.import.seller_id {
            let message = "only staff import for other sellers";
            return Err(vec![RowError::new(
                patch.row,
                heading(&Column::Seller),
                "forbidden",
                message,
            )]);
        }
        Ok(Planned {
            handle: handle.to_owned(),
            seller,
            patch,
            found: None,
        })
    }

    /// Finds the products that are there already, by SKU, and settles what needs no change.
    pub(super) async fn look_up(
        &self,
        tx: &mut PgConnection,
        plans: &mut Vec<Planned>,
        outcomes: &mut Vec<(String, Outcome)>,
    ) -> sqlx::Result<()> {
        let by_sku = self.by_skus(tx, plans).await?;
        let ids: Vec<Uuid> = by_sku.values().map(|id| id.uuid()).collect();
        let known: HashMap<ProductId, Known> = transfer::by_ids(tx, &ids)
            .await?
            .into_iter()
            .map(|known| (known.id, known))
            .collect();
        let mut left = Vec::new();
        for mut plan in plans.drain(..) {
            let settled = match self.find(&plan, &by_sku) {
                Err(errors) => Some(Outcome::Failed(errors)),
                Ok(None) => None,
                Ok(Some(id)) => match known.get(&id) {
                    None => None,
                    Some(known) => match self.merge(&plan.patch, Some(known)) {
                        Err(errors) => Some(Outcome::Failed(errors)),
                        Ok(Deed::Nothing) => Some(Outcome::Unchanged),
                        Ok(deed) => {
                            plan.found = Some((known.clone(), deed));
                            None
                        }
                    },
                },
            };
            match settled {
                Some(outcome) => outcomes.push((plan.handle, outcome)),
                None => left.push(plan),
            }
        }
        *plans = left;
        Ok(())
    }

    pub(super) async fn by_skus(
        &self,
        tx: &mut PgConnection,
        plans: &[Planned],
    ) -> sqlx::Result<BTreeMap<(UserId, String), ProductId>> {
        let pairs = plans.iter().flat_map(|plan| {
            plan.patch
                .variants
                .iter()
                .map(|variant| (plan.seller.uuid(), variant.sku.as_str().to_owned()))
        });
        let (sellers, skus): (Vec<Uuid>, Vec<String>) = pairs.unzip();
        transfer::by_skus(tx, &sellers, &skus).await
    }

    /// The product that has the SKUs; they may not be of several.
    pub(super) fn find(
        &self,
        plan: &Planned,
        by_sku: &BTreeMap<(UserId, String), ProductId>,
    ) -> Result<Option<ProductId>, Vec<RowError>> {
        let mut found = None;
        let mut errors = Vec::new();
        for variant in &plan.patch.variants {
            let Some(id) = by_sku.get(&(plan.seller, variant.sku.as_str().to_owned())) else {
                continue;
            };
            if *found.get_or_insert(*id) != *id {
                let message = "belongs to another product than the SKUs above";
                errors.push(RowError::new(
                    variant.row,
                    self.columns.heading(&Column::Sku),
                    "sku_taken",
                    message,
                ));
            }
        }
        if errors.is_empty() {
            Ok(found)
        } else {
            Err(errors)
        }
    }

    pub(super) fn merge(
        &self,
        patch: &Patch,
        known: Option<&Known>,
    ) -> Result<Deed, Vec<RowError>> {
        let shop = Shop {
            places: &self.places,
            rules: &self.rules,
            currency: self.currency,
            may_approve: self.import.by_staff,
        };
        merge::merge(&self.columns, patch, known, shop)
    }
}
