//! Payments, both ways.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::work::Found;
use super::{BATCH, Comparison, Slice, patiently};
use crate::domain::payment::PaymentState;
use crate::domain::reconciling::{self, Heal, Judgement, OurPayment, TheirPayment, Trouble};
use crate::payments::{ListedPayment, ProviderError};
use crate::store;
use crate::workflows::finalise::{self, Outcome};
use crate::workflows::transition::TransitionError;

impl Comparison<'_> {
    pub(super) async fn payments(&mut self, slice: Slice) -> anyhow::Result<()> {
        let stripe = &self.app.stripe;
        let mut seen = HashSet::new();
        let mut after: Option<String> = None;
        loop {
            let listed = patiently(|| stripe.list_payments(slice, after.as_deref())).await?;
            let ours = self.named(&listed.items).await?;
            let mut agreed = Vec::new();
            for theirs in &listed.items {
                let ours = ours.iter().find(|ours| is_of(ours, theirs));
                agreed.extend(self.payment(ours, theirs).await?);
                seen.insert(theirs.news.reference.clone());
            }
            self.agreed(&agreed).await?;
            self.beat(None).await?;
            after = listed.next;
            if after.is_none() {
                break;
            }
        }
        self.unlisted_payments(slice, &seen).await
    }

    /// What we have of that time and Stripe did not list: either it is not there, or it was made there later, and is in the list of that day.
    async fn unlisted_payments(
        &mut self,
        slice: Slice,
        seen: &HashSet<String>,
    ) -> anyhow::Result<()> {
        let mut after = Uuid::nil();
        loop {
            let mut conn = self.app.pool.acquire().await?;
            let batch = store::compared::payments_between(&mut conn, slice, after, BATCH).await?;
            drop(conn);
            let Some(last) = batch.last() else {
                return Ok(());
            };
            after = last.id.uuid();
            for ours in &batch {
                let Some(reference) = ours.reference.as_deref().filter(|it| !seen.contains(*it))
                else {
                    continue;
                };
                let theirs = patiently(|| self.app.stripe.look_up_payment(reference)).await?;
                if theirs.is_none() {
                    let subject = format!("payment:{}", ours.id);
                    let found = Found {
                        subject: &subject,
                        order_id: Some(ours.order_id),
                        reference: Some(reference),
                        ours: shown(ours),
                        theirs: Value::Null,
                    };
                    self.raised(Trouble::PaymentMissing, &found).await?;
                }
            }
            self.beat(None).await?;
        }
    }

    /// Compares one payment; its subject if there is nothing to say.
    async fn payment(
        &mut self,
        ours: Option<&OurPayment>,
        theirs: &ListedPayment,
    ) -> anyhow::Result<Option<String>> {
        let judgement = reconciling::payment(ours, seen_from_here(theirs));
        if judgement == Judgement::Stranger {
            self.fresh.strangers += 1;
            return Ok(None);
        }
        self.fresh.payments += 1;
        let heal = match judgement {
            Judgement::Same => return Ok(ours.map(|ours| format!("payment:{}", ours.id))),
            Judgement::Heal(heal) => heal,
            _ => {
                self.trouble_with_payment(theirs).await?;
                return Ok(None);
            }
        };
        let Some(ours) = ours else { return Ok(None) };
        let subject = subject(ours, theirs);
        let found = found(&subject, Some(ours), theirs);
        match self.heal_payment(heal, ours, theirs).await {
            Ok(true) => self.healed(heal, &found).await?,
            Ok(false) => {}
            Err(HealError::Later(error)) => {
                tracing::warn!(subject, %error, "a difference could not be healed yet");
            }
            Err(HealError::Never(error)) => {
                tracing::error!(subject, %error, "a difference could not be healed");
                self.raised(Trouble::NotHealed, &found).await?;
            }
        }
        Ok(None)
    }

    /// True if something was changed by it.
    async fn heal_payment(
        &self,
        heal: Heal,
        ours: &OurPayment,
        theirs: &ListedPayment,
    ) -> Result<bool, HealError> {
        let (app, reference) = (self.app, &theirs.news.reference);
        match heal {
            Heal::ReferenceLost => {
                // What carries our ids is taken for ours with its news, if it is of the way to pay that holds now.
                finalise::payment(app, &theirs.news).await?;
                let mut conn = app.pool.acquire().await?;
                let now = store::payments::find(&mut conn, ours.id).await?;
                Ok(now.is_some_and(|now| now.provider_ref.as_ref() == Some(reference)))
            }
            Heal::NotStopped => match patiently(|| app.stripe.cancel(reference)).await {
                Ok(news) => {
                    finalise::payment(app, &news).await?;
                    Ok(true)
                }
                // It was stopped, and the answer lost; or it was paid meanwhile, which the next comparison finds.
                Err(ProviderError::Refused(_)) => {
                    let now = patiently(|| app.stripe.look_up_payment(reference)).await?;
                    Ok(now.is_some_and(|now| now.news.state == PaymentState::Cancelled))
                }
                Err(error) => Err(error.into()),
            },
            _ => Ok(finalise::payment(app, &theirs.news).await? == Outcome::Applied),
        }
    }

    /// Looks once more before a person is asked, at ours first: what the provider says then can only be newer.
    async fn trouble_with_payment(&mut self, listed: &ListedPayment) -> anyhow::Result<()> {
        let reference = &listed.news.reference;
        let ours = self.named(std::slice::from_ref(listed)).await?;
        let ours = ours.iter().find(|ours| is_of(ours, listed));
        let Some(theirs) = patiently(|| self.app.stripe.look_up_payment(reference)).await? else {
            return Ok(());
        };
        let Judgement::Raise(trouble) = reconciling::payment(ours, seen_from_here(&theirs)) else {
            return Ok(());
        };
        let subject = match ours {
            Some(ours) => subject(ours, &theirs),
            None => format!("stripe:{reference}"),
        };
        self.raised(trouble, &found(&subject, ours, &theirs)).await
    }

    async fn named(&self, theirs: &[ListedPayment]) -> sqlx::Result<Vec<OurPayment>> {
        let references: Vec<String> = theirs.iter().map(|it| it.news.reference.clone()).collect();
        let ids: Vec<Uuid> = theirs
            .iter()
            .filter_map(|it| Some(it.payment_id?.uuid()))
            .collect();
        let mut conn = self.app.pool.acquire().await?;
        store::compared::payments_named(&mut conn, &references, &ids).await
    }
}

/// Why something was not mended.
#[derive(Debug, thiserror::Error)]
pub(super) enum HealError {
    #[error(transparent)]
    Later(#[from] ProviderError),
    #[error(transparent)]
    Never(#[from] TransitionError),
}

impl From<sqlx::Error> for HealError {
    fn from(error: sqlx::Error) -> Self {
        Self::Never(error.into())
    }
}

fn is_of(ours: &OurPayment, theirs: &ListedPayment) -> bool {
    ours.reference.as_ref() == Some(&theirs.news.reference) || theirs.payment_id == Some(ours.id)
}

/// A second payment at the provider is a subject of its own.
fn subject(ours: &OurPayment, theirs: &ListedPayment) -> String {
    match &ours.reference {
        Some(known) if *known != theirs.news.reference => {
            format!("stripe:{}", theirs.news.reference)
        }
        _ => format!("payment:{}", ours.id),
    }
}

fn seen_from_here(theirs: &ListedPayment) -> TheirPayment<'_> {
    TheirPayment {
        reference: &theirs.news.reference,
        state: theirs.news.state,
        amount: theirs.amount,
        received: theirs.news.amount_received,
        claims_to_be_ours: theirs.payment_id.is_some(),
    }
}

fn found<'a>(subject: &'a str, ours: Option<&OurPayment>, theirs: &'a ListedPayment) -> Found<'a> {
    Found {
        subject,
        order_id: ours.map(|ours| ours.order_id),
        reference: Some(&theirs.news.reference),
        ours: ours.map_or(Value::Null, shown),
        theirs: json!({
            "status": theirs.news.state.as_str(),
            "amount": theirs.amount,
            "captured": theirs.news.amount_received,
            "payment_id": theirs.payment_id,
        }),
    }
}

fn shown(ours: &OurPayment) -> Value {
    json!({
        "status": ours.state.as_str(),
        "amount": ours.amount,
        "captured": ours.captured,
        "reference": ours.reference,
    })
}
