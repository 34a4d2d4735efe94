//! Disputes: those that the provider made within the time, and ours that the bank has not decided, however old they are.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::work::Found;
use super::{Comparison, Slice, patiently};
use crate::domain::reconciling::{Heal, Trouble};
use crate::payments::ProviderDispute;
use crate::store;
use crate::store::disputes::Dispute;
use crate::workflows::finalise::{self, Outcome};

impl Comparison<'_> {
    pub(super) async fn disputes(&mut self, slice: Slice) -> anyhow::Result<()> {
        let stripe = &self.app.stripe;
        let mut after: Option<String> = None;
        loop {
            let listed = patiently(|| stripe.list_disputes(slice, after.as_deref())).await?;
            let mut agreed = Vec::new();
            for theirs in listed.items.iter().filter_map(|it| it.news.as_ref()) {
                agreed.extend(self.dispute(theirs).await?);
            }
            self.agreed(&agreed).await?;
            self.beat(None).await?;
            after = listed.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// A bank takes months: the decision on what is open is asked for.
    pub(super) async fn open_disputes(&mut self) -> anyhow::Result<()> {
        let mut conn = self.app.pool.acquire().await?;
        let open: HashSet<String> = store::disputes::open(&mut conn)
            .await?
            .into_iter()
            .collect();
        drop(conn);
        for reference in &open {
            let theirs = patiently(|| self.app.stripe.look_up_dispute(reference)).await?;
            if let Some(theirs) = theirs.and_then(|it| it.news) {
                let agreed: Vec<String> = self.dispute(&theirs).await?.into_iter().collect();
                self.agreed(&agreed).await?;
            }
        }
        self.beat(None).await
    }

    /// Compares one dispute by applying what is said of it, which changes nothing if it is known; its subject if there is nothing to say.
    async fn dispute(&mut self, theirs: &ProviderDispute) -> anyhow::Result<Option<String>> {
        let ours = self.our_dispute(theirs).await?;
        let subject = match &ours {
            Some(ours) => format!("dispute:{}", ours.id),
            None => format!("stripe:{}", theirs.reference),
        };
        let found = Found {
            subject: subject.clone(),
            order_id: ours.as_ref().map(|ours| ours.order_id),
            reference: Some(theirs.reference.clone()),
            ours: ours.as_ref().map_or(Value::Null, |ours| {
                json!({ "status": ours.status, "state": ours.state, "amount": ours.amount.amount() })
            }),
            theirs: json!({
                "status": theirs.status,
                "state": theirs.state,
                "amount": theirs.amount,
                "payment": theirs.payment_reference,
            }),
        };
        match finalise::dispute(self.app, theirs).await {
            Ok(Outcome::Unchanged) => {
                self.fresh.disputes += 1;
                return Ok(Some(subject));
            }
            Ok(Outcome::Applied) => {
                self.fresh.disputes += 1;
                self.healed(Heal::DisputeBehind, &found).await?;
            }
            Ok(_) => self.fresh.strangers += 1,
            Err(error) => {
                tracing::error!(subject, %error, "a dispute could not be applied");
                self.raised(Trouble::NotHealed, &found).await?;
            }
        }
        Ok(None)
    }

    async fn our_dispute(&self, theirs: &ProviderDispute) -> sqlx::Result<Option<Dispute>> {
        let mut conn = self.app.pool.acquire().await?;
        store::disputes::find_by_reference(&mut conn, &theirs.reference).await
    }
}
