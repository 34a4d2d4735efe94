//! Refunds, both ways.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::work::Found;
use super::{BATCH, Comparison, Slice, patiently};
use crate::domain::order::Event;
use crate::domain::reconciling::{self, Heal, Judgement, OurPayment, OurRefund, Trouble};
use crate::payments::ListedRefund;
use crate::store;
use crate::workflows::finalise::{self, Outcome};
use crate::workflows::transition::{Actor, TransitionError, transition};

impl Comparison<'_> {
    pub(super) async fn refunds(&mut self, slice: Slice) -> anyhow::Result<()> {
        let stripe = &self.app.stripe;
        let mut seen = HashSet::new();
        let mut after: Option<String> = None;
        loop {
            let listed = patiently(|| stripe.list_refunds(slice, after.as_deref())).await?;
            let known = self.known(&listed.items).await?;
            let mut agreed = Vec::new();
            for theirs in &listed.items {
                agreed.extend(self.refund(&known, theirs).await?);
                seen.insert(theirs.news.reference.clone());
            }
            self.agreed(&agreed).await?;
            self.beat(None).await?;
            after = listed.next;
            if after.is_none() {
                break;
            }
        }
        self.unlisted_refunds(slice, &seen).await
    }

    /// What we have of that time and Stripe did not list: either it is not there, or it was made there later, and is in the list of that day.
    async fn unlisted_refunds(
        &mut self,
        slice: Slice,
        seen: &HashSet<String>,
    ) -> anyhow::Result<()> {
        let mut after = Uuid::nil();
        loop {
            let mut conn = self.app.pool.acquire().await?;
            let batch = store::compared::refunds_between(&mut conn, slice, after, BATCH).await?;
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
                let theirs = patiently(|| self.app.stripe.look_up_refund(reference)).await?;
                if theirs.is_none() {
                    let subject = format!("refund:{}", ours.id);
                    let found = Found {
                        subject: &subject,
                        order_id: Some(ours.order_id),
                        reference: Some(reference),
                        ours: shown(ours),
                        theirs: Value::Null,
                    };
                    self.raised(Trouble::RefundMissing, &found).await?;
                }
            }
            self.beat(None).await?;
        }
    }

    /// Compares one refund; its subject if there is nothing to say.
    async fn refund(
        &mut self,
        known: &Known,
        theirs: &ListedRefund,
    ) -> anyhow::Result<Option<String>> {
        let (ours, payment) = known.of(theirs);
        let judgement = reconciling::refund(ours, theirs.news.state, theirs.amount, payment.is_some());
        if judgement == Judgement::Stranger {
            self.fresh.strangers += 1;
            return Ok(None);
        }
        self.fresh.refunds += 1;
        let heal = match judgement {
            Judgement::Same => return Ok(ours.map(|ours| format!("refund:{}", ours.id))),
            Judgement::Heal(heal) => heal,
            _ => {
                self.trouble_with_refund(theirs).await?;
                return Ok(None);
            }
        };
        let subject = subject(ours, theirs);
        let found = found(&subject, ours, payment, theirs);
        let done = match (heal, ours, payment) {
            (Heal::RefundMadeElsewhere, _, Some(payment)) => self.adopt(payment, theirs).await,
            (_, Some(ours), _) => finalise::refund(self.app, ours.id, &theirs.news)
                .await
                // The provider's id alone may be the news.
                .map(|outcome| outcome == Outcome::Applied || ours.reference.is_none()),
            _ => Ok(false),
        };
        match done {
            Ok(true) => self.healed(heal, &found).await?,
            Ok(false) => {}
            Err(TransitionError::Refused(refusal)) => {
                tracing::error!(subject, %refusal, "a refund could not be taken up");
                self.raised(Trouble::RefundNotAdoptable, &found).await?;
            }
            Err(error) => {
                tracing::error!(subject, %error, "a difference could not be healed");
                self.raised(Trouble::NotHealed, &found).await?;
            }
        }
        Ok(None)
    }

    /// Takes up a refund that was made at the provider. Its id is written together with the refund, so that nobody does it again.
    async fn adopt(
        &self,
        payment: &OurPayment,
        theirs: &ListedRefund,
    ) -> Result<bool, TransitionError> {
        let app = self.app;
        let mut tx = app.pool.begin().await?;
        let wish = Event::Refund {
            amount: theirs.amount,
        };
        let reason = Some("made at the payment provider");
        let done = transition(&mut tx, app, payment.order_id, &wish, Actor::Stripe, reason).await?;
        let Some(id) = done.refunds.first().copied() else {
            return Ok(false);
        };
        let now = app.clock.now();
        store::refunds::set_reference(&mut tx, id, &theirs.news.reference, now).await?;
        tx.commit().await?;
        finalise::refund(app, id, &theirs.news).await?;
        Ok(true)
    }

    /// Looks once more before a person is asked, at ours first: what the provider says then can only be newer.
    async fn trouble_with_refund(&mut self, listed: &ListedRefund) -> anyhow::Result<()> {
        let known = self.known(std::slice::from_ref(listed)).await?;
        let reference = &listed.news.reference;
        let Some(theirs) = patiently(|| self.app.stripe.look_up_refund(reference)).await? else {
            return Ok(());
        };
        let (ours, payment) = known.of(&theirs);
        let judgement = reconciling::refund(ours, theirs.news.state, theirs.amount, payment.is_some());
        if let Judgement::Raise(trouble) = judgement {
            let subject = subject(ours, &theirs);
            self.raised(trouble, &found(&subject, ours, payment, &theirs))
                .await?;
        }
        Ok(())
    }

    async fn known(&self, theirs: &[ListedRefund]) -> sqlx::Result<Known> {
        let references: Vec<String> = theirs.iter().map(|it| it.news.reference.clone()).collect();
        let ids: Vec<Uuid> = theirs
            .iter()
            .filter_map(|it| Some(it.refund_id?.uuid()))
            .collect();
        let payments: Vec<String> = theirs
            .iter()
            .filter_map(|it| it.payment_reference.clone())
            .collect();
        let mut conn = self.app.pool.acquire().await?;
        Ok(Known {
            refunds: store::compared::refunds_named(&mut conn, &references, &ids).await?,
            payments: store::compared::payments_named(&mut conn, &payments, &[]).await?,
        })
    }
}

/// What we have of a part of the provider's list.
struct Known {
    refunds: Vec<OurRefund>,
    payments: Vec<OurPayment>,
}

impl Known {
    fn of(&self, theirs: &ListedRefund) -> (Option<&OurRefund>, Option<&OurPayment>) {
        let reference = Some(&theirs.news.reference);
        let refund = self.refunds.iter().find(|ours| {
            ours.reference.as_ref() == reference
                || (ours.reference.is_none() && theirs.refund_id == Some(ours.id))
        });
        // One that failed here and has another id is meant all the same.
        let refund = refund.or_else(|| {
            let named = |ours: &&OurRefund| theirs.refund_id == Some(ours.id);
            self.refunds.iter().find(named)
        });
        let payment = self
            .payments
            .iter()
            .find(|ours| ours.reference.is_some() && ours.reference == theirs.payment_reference);
        (refund, payment)
    }
}

fn subject(ours: Option<&OurRefund>, theirs: &ListedRefund) -> String {
    ours.map_or_else(
        || format!("stripe:{}", theirs.news.reference),
        |ours| format!("refund:{}", ours.id),
    )
}

fn found<'a>(
    subject: &'a str,
    ours: Option<&OurRefund>,
    payment: Option<&OurPayment>,
    theirs: &'a ListedRefund,
) -> Found<'a> {
    let order_id = ours
        .map(|ours| ours.order_id)
        .or_else(|| payment.map(|payment| payment.order_id));
    Found {
        subject,
        order_id,
        reference: Some(&theirs.news.reference),
        ours: ours.map_or(Value::Null, shown),
        theirs: json!({
            "status": theirs.news.state.as_str(),
            "amount": theirs.amount,
            "payment": theirs.payment_reference,
            "refund_id": theirs.refund_id,
            "failure": theirs.news.failure,
        }),
    }
}

fn shown(ours: &OurRefund) -> Value {
    json!({
        "status": ours.state.as_str(),
        "amount": ours.amount,
        "reference": ours.reference,
    })
}
