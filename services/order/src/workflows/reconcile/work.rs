//! Writing down what was found.

use primitives::{OrderId, ReconciliationId, WorkItemId};
use serde_json::{Value, json};

use super::Comparison;
use crate::domain::reconciling::{Heal, Trouble};
use crate::store;
use crate::store::reconciliations::NewDifference;
use crate::store::work_items::NewWorkItem;

/// Something that is not the same here and there.
pub(super) struct Found {
    /// Such as `payment:<id>`.
    pub(super) subject: String,
    pub(super) order_id: Option<OrderId>,
    /// The provider's id.
    pub(super) reference: Option<String>,
    pub(super) ours: Value,
    pub(super) theirs: Value,
}

impl Comparison<'_> {
    pub(super) async fn healed(&mut self, heal: Heal, found: &Found) -> anyhow::Result<()> {
        tracing::info!(
            kind = heal.as_str(),
            subject = found.subject,
            "a difference with the payment provider was healed"
        );
        let mut conn = self.app.pool.acquire().await?;
        self.write(&mut conn, heal.as_str(), "healed", found)
            .await?;
        self.fresh.healed += 1;
        Ok(())
    }

    /// Told once in a comparison, however often it is met.
    pub(super) async fn raised(&mut self, trouble: Trouble, found: &Found) -> anyhow::Result<()> {
        let known = (found.subject.clone(), trouble);
        if !self.troubled.insert(known) {
            return Ok(());
        }
        let details = json!({
            "says": trouble.says(),
            "reference": found.reference,
            "ours": found.ours,
            "theirs": found.theirs,
        });
        let now = self.app.clock.now();
        let item = NewWorkItem {
            id: WorkItemId::new(now, &self.app.random),
            kind: trouble.as_str(),
            subject: &found.subject,
            order_id: found.order_id,
            details: &details,
        };
        let mut tx = self.app.pool.begin().await?;
        if !store::work_items::raise(&mut tx, &item, now).await? {
            // Somebody has looked at exactly this, and said that it is well.
            return Ok(());
        }
        self.write(&mut tx, trouble.as_str(), "raised", found)
            .await?;
        tx.commit().await?;
        self.fresh.raised += 1;
        tracing::error!(
            kind = trouble.as_str(),
            subject = found.subject,
            "a difference with the payment provider needs a person"
        );
        Ok(())
    }

    /// Whether something about it was raised.
    pub(super) fn is_troubled(&self, subject: &str) -> bool {
        self.troubled.iter().any(|(known, _)| known == subject)
    }

    /// Nothing is wrong with these any more, if it was.
    pub(super) async fn agreed(&self, subjects: &[String]) -> anyhow::Result<()> {
        if subjects.is_empty() {
            return Ok(());
        }
        let kinds = Trouble::ALL.map(|trouble| trouble.as_str().to_owned());
        let mut conn = self.app.pool.acquire().await?;
        store::work_items::gone(&mut conn, &kinds, subjects, self.app.clock.now()).await?;
        Ok(())
    }

    async fn write(
        &self,
        conn: &mut sqlx::PgConnection,
        kind: &str,
        outcome: &str,
        found: &Found,
    ) -> sqlx::Result<()> {
        let now = self.app.clock.now();
        let difference = NewDifference {
            reconciliation: self.id,
            kind,
            subject: &found.subject,
            order_id: found.order_id,
            reference: found.reference.as_deref(),
            outcome,
            ours: &found.ours,
            theirs: &found.theirs,
        };
        let id = ReconciliationId::new(now, &self.app.random).uuid();
        store::reconciliations::insert_difference(conn, id, &difference, now).await
    }
}
