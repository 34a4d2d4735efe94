//! What the version before, which had no ledger, did while this one was already starting.

use serde_json::{Value, json};

use super::work::Found;
use super::{Comparison, Slice};
use crate::domain::ledger::Movement;
use crate::domain::reconciling::Heal;
use crate::store;
use crate::workflows::finalise;

impl Comparison<'_> {
    pub(super) async fn ledger(&mut self, slice: Slice) -> anyhow::Result<()> {
        let app = self.app;
        let mut conn = app.pool.acquire().await?;
        let charges = store::ledger::unposted_charges(&mut conn, slice).await?;
        let refunds = store::ledger::unposted_refunds(&mut conn, slice).await?;
        drop(conn);
        for id in charges {
            let subject = format!("payment:{id}");
            // What is perhaps no charge at all is not posted as one.
            if self.is_troubled(&subject) {
                continue;
            }
            let mut tx = app.pool.begin().await?;
            let Some(payment) = store::payments::find(&mut tx, id).await? else {
                continue;
            };
            store::orders::lock(&mut tx, payment.order_id).await?;
            let amount = payment.amount_captured;
            let reference = id.to_string();
            finalise::post(&mut tx, app, &payment, Movement::Charge, amount, reference).await?;
            tx.commit().await?;
            let found = Found {
                subject,
                order_id: Some(payment.order_id),
                reference: payment.provider_ref.clone(),
                ours: json!({ "captured": amount.amount() }),
                theirs: Value::Null,
            };
            self.healed(Heal::NotPosted, &found).await?;
        }
        for id in refunds {
            let subject = format!("refund:{id}");
            if self.is_troubled(&subject) {
                continue;
            }
            let mut tx = app.pool.begin().await?;
            let Some(refund) = store::refunds::find(&mut tx, id).await? else {
                continue;
            };
            store::orders::lock(&mut tx, refund.order_id).await?;
            let Some(payment) = store::payments::find(&mut tx, refund.payment_id).await? else {
                continue;
            };
            let reference = id.to_string();
            finalise::post(
                &mut tx,
                app,
                &payment,
                Movement::Refund,
                refund.amount,
                reference,
            )
            .await?;
            tx.commit().await?;
            let found = Found {
                subject,
                order_id: Some(refund.order_id),
                reference: refund.provider_ref.clone(),
                ours: json!({ "amount": refund.amount.amount() }),
                theirs: Value::Null,
            };
            self.healed(Heal::NotPosted, &found).await?;
        }
        Ok(())
    }
}
