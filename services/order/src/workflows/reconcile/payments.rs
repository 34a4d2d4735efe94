//! Payments.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::kind::{HealError, Kind};
use super::work::Found;
use super::{BATCH, Slice, patiently};
use crate::app::AppState;
use crate::domain::payment::PaymentState;
use crate::domain::reconciling::{self, Heal, Judgement, OurPayment, TheirPayment, Trouble};
use crate::payments::{Listed, ListedPayment, ProviderError, Stripe};
use crate::store;
use crate::store::reconciliations::Counts;
use crate::workflows::finalise::{self, Outcome};

pub(super) struct Payments;

impl Kind for Payments {
    type Theirs = ListedPayment;
    type Known = Vec<OurPayment>;
    type Ours = OurPayment;

    const MISSING: Trouble = Trouble::PaymentMissing;

    async fn list(
        stripe: &Stripe,
        slice: Slice,
        after: Option<&str>,
    ) -> Result<Listed<ListedPayment>, ProviderError> {
        stripe.list_payments(slice, after).await
    }

    async fn look_up(
        stripe: &Stripe,
        reference: &str,
    ) -> Result<Option<ListedPayment>, ProviderError> {
        stripe.look_up_payment(reference).await
    }

    async fn known(
        conn: &mut PgConnection,
        theirs: &[ListedPayment],
    ) -> sqlx::Result<Vec<OurPayment>> {
        let references: Vec<String> = theirs.iter().map(|it| it.news.reference.clone()).collect();
        let ids: Vec<Uuid> = theirs
            .iter()
            .filter_map(|it| Some(it.payment_id?.uuid()))
            .collect();
        store::compared::payments_named(conn, &references, &ids).await
    }

    async fn between(
        conn: &mut PgConnection,
        slice: Slice,
        after: Uuid,
    ) -> sqlx::Result<Vec<OurPayment>> {
        store::compared::payments_between(conn, slice, after, BATCH).await
    }

    fn id(ours: &OurPayment) -> Uuid {
        ours.id.uuid()
    }

    fn unlisted(ours: &OurPayment) -> Option<Found> {
        Some(Found {
            subject: format!("payment:{}", ours.id),
            order_id: Some(ours.order_id),
            reference: Some(ours.reference.clone()?),
            ours: shown(ours),
            theirs: Value::Null,
        })
    }

    fn reference(theirs: &ListedPayment) -> &str {
        &theirs.news.reference
    }

    fn judge(known: &Vec<OurPayment>, theirs: &ListedPayment) -> Judgement {
        let seen_from_here = TheirPayment {
            reference: &theirs.news.reference,
            state: theirs.news.state,
            amount: theirs.amount,
            received: theirs.news.amount_received,
            claims_to_be_ours: theirs.payment_id.is_some(),
        };
        reconciling::payment(ours(known, theirs), seen_from_here)
    }

    fn found(known: &Vec<OurPayment>, theirs: &ListedPayment) -> Found {
        let (ours, reference) = (ours(known, theirs), &theirs.news.reference);
        // A second payment at the provider is a subject of its own.
        let is_it = |ours: &&OurPayment| ours.reference.as_ref().is_none_or(|it| it == reference);
        Found {
            subject: match ours.filter(is_it) {
                Some(ours) => format!("payment:{}", ours.id),
                None => format!("stripe:{reference}"),
            },
            order_id: ours.map(|ours| ours.order_id),
            reference: Some(reference.clone()),
            ours: ours.map_or(Value::Null, shown),
            theirs: json!({
                "status": theirs.news.state.as_str(),
                "amount": theirs.amount,
                "captured": theirs.news.amount_received,
                "payment_id": theirs.payment_id,
            }),
        }
    }

    async fn heal(
        app: &AppState,
        heal: Heal,
        known: &Vec<OurPayment>,
        theirs: &ListedPayment,
    ) -> Result<bool, HealError> {
        let reference = &theirs.news.reference;
        let Some(ours) = ours(known, theirs) else {
            return Ok(false);
        };
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

    fn count(counts: &mut Counts) {
        counts.payments += 1;
    }
}

fn ours<'a>(known: &'a [OurPayment], theirs: &ListedPayment) -> Option<&'a OurPayment> {
    known.iter().find(|ours| {
        ours.reference.as_ref() == Some(&theirs.news.reference)
            || theirs.payment_id == Some(ours.id)
    })
}

fn shown(ours: &OurPayment) -> Value {
    json!({
        "status": ours.state.as_str(),
        "amount": ours.amount,
        "captured": ours.captured,
        "reference": ours.reference,
    })
}
