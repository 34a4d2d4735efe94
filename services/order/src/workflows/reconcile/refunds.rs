//! Refunds.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::kind::{HealError, Kind};
use super::work::Found;
use super::{BATCH, Slice};
use crate::app::AppState;
use crate::domain::order::Event;
use crate::domain::reconciling::{self, Heal, Judgement, OurPayment, OurRefund, Trouble};
use crate::payments::{Listed, ListedRefund, ProviderError, Stripe};
use crate::store;
use crate::store::reconciliations::Counts;
use crate::workflows::finalise::{self, Outcome};
use crate::workflows::transition::{Actor, TransitionError, transition};

pub(super) struct Refunds;

impl Kind for Refunds {
    type Theirs = ListedRefund;
    type Known = Known;
    type Ours = OurRefund;

    const MISSING: Trouble = Trouble::RefundMissing;

    async fn list(
        stripe: &Stripe,
        slice: Slice,
        after: Option<&str>,
    ) -> Result<Listed<ListedRefund>, ProviderError> {
        stripe.list_refunds(slice, after).await
    }

    async fn look_up(
        stripe: &Stripe,
        reference: &str,
    ) -> Result<Option<ListedRefund>, ProviderError> {
        stripe.look_up_refund(reference).await
    }

    async fn known(conn: &mut PgConnection, theirs: &[ListedRefund]) -> sqlx::Result<Known> {
        let references: Vec<String> = theirs.iter().map(|it| it.news.reference.clone()).collect();
        let ids: Vec<Uuid> = theirs
            .iter()
            .filter_map(|it| Some(it.refund_id?.uuid()))
            .collect();
        let payments: Vec<String> = theirs
            .iter()
            .filter_map(|it| it.payment_reference.clone())
            .collect();
        Ok(Known {
            refunds: store::compared::refunds_named(conn, &references, &ids).await?,
            payments: store::compared::payments_named(conn, &payments, &[]).await?,
        })
    }

    async fn between(
        conn: &mut PgConnection,
        slice: Slice,
        after: Uuid,
    ) -> sqlx::Result<Vec<OurRefund>> {
        store::compared::refunds_between(conn, slice, after, BATCH).await
    }

    fn id(ours: &OurRefund) -> Uuid {
        ours.id.uuid()
    }

    fn unlisted(ours: &OurRefund) -> Option<Found> {
        Some(Found {
            subject: format!("refund:{}", ours.id),
            order_id: Some(ours.order_id),
            reference: Some(ours.reference.clone()?),
            ours: shown(ours),
            theirs: Value::Null,
        })
    }

    fn reference(theirs: &ListedRefund) -> &str {
        &theirs.news.reference
    }

    fn judge(known: &Known, theirs: &ListedRefund) -> Judgement {
        let (ours, payment) = known.of(theirs);
        reconciling::refund(ours, theirs.news.state, theirs.amount, payment.is_some())
    }

    fn found(known: &Known, theirs: &ListedRefund) -> Found {
        let (ours, payment) = known.of(theirs);
        let reference = &theirs.news.reference;
        Found {
            subject: match ours {
                Some(ours) => format!("refund:{}", ours.id),
                None => format!("stripe:{reference}"),
            },
            order_id: ours
                .map(|ours| ours.order_id)
                .or_else(|| payment.map(|payment| payment.order_id)),
            reference: Some(reference.clone()),
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

    async fn heal(
        app: &AppState,
        heal: Heal,
        known: &Known,
        theirs: &ListedRefund,
    ) -> Result<bool, HealError> {
        match (heal, known.of(theirs)) {
            (Heal::RefundMadeElsewhere, (_, Some(payment))) => {
                Ok(adopt(app, payment, theirs).await?)
            }
            (_, (Some(ours), _)) => {
                let outcome = finalise::refund(app, ours.id, &theirs.news).await?;
                // The provider's id alone may be the news.
                Ok(outcome == Outcome::Applied || ours.reference.is_none())
            }
            _ => Ok(false),
        }
    }

    fn count(counts: &mut Counts) {
        counts.refunds += 1;
    }
}

/// Takes up a refund that was made at the provider. Its id is written together with the refund, so that nobody does it again.
async fn adopt(
    app: &AppState,
    payment: &OurPayment,
    theirs: &ListedRefund,
) -> Result<bool, TransitionError> {
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

/// What we have of a part of the provider's list.
pub(super) struct Known {
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

fn shown(ours: &OurRefund) -> Value {
    json!({
        "status": ours.state.as_str(),
        "amount": ours.amount,
        "reference": ours.reference,
    })
}
