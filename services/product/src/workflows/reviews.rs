//! A review's life, in the caller's transaction. The product is locked, so that its rating is always that of its published reviews.

use auth_token::{Acting, Principal};
use contracts::events::{ReviewCreated, ReviewDeleted, ReviewModerated, ReviewUpdated};
use primitives::{ProductId, ReviewId, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::review::{self as rules, Moderation, Status, Weight};
use crate::store::reviews::{self as store, Content, Locked, New};
use crate::store::{review_holds, search_documents};

/// Adds the buyer's review of a locked product. Constraint `reviews_one_per_buyer` may refuse it.
pub(crate) async fn create(
    tx: &mut PgConnection,
    cx: &Context,
    moderation: Moderation,
    product: ProductId,
    author: &Principal,
    content: Content<'_>,
) -> sqlx::Result<ReviewId> {
    let held = review_holds::take(tx, product, author.user_id).await?;
    let new = New {
        id: ReviewId::new(cx.clock.now(), &cx.random),
        product_id: product,
        author: author.user_id,
        author_name: &author.name,
        status: rules::written(moderation, held),
        content,
    };
    store::insert(tx, &new, &cx.clock).await?;
    let weight = Weight::of(new.status, content.rating);
    rate(tx, product, Weight::default(), weight).await?;
    let created = ReviewCreated {
        review_id: new.id,
        product_id: product,
        user_id: author.user_id,
        rating: content.rating,
        status: Some(new.status.as_str().to_owned()),
    };
    cx.publisher.publish(tx, &created).await?;
    Ok(new.id)
}

/// Writes what the author says from now on.
pub(crate) async fn edit(
    tx: &mut PgConnection,
    cx: &Context,
    moderation: Moderation,
    review: &Locked,
    content: Content<'_>,
) -> sqlx::Result<()> {
    let status = rules::edited(moderation, review.status);
    store::edit(tx, review.id, status, content, &cx.clock).await?;
    let (before, after) = (weight(review), Weight::of(status, content.rating));
    rate(tx, review.product_id, before, after).await?;
    publish_updated(tx, cx, review, content.rating, status).await
}

/// Deletes a review, for its author. What was not public then does not come back unseen.
pub(crate) async fn delete(
    tx: &mut PgConnection,
    cx: &Context,
    review: &Locked,
) -> sqlx::Result<()> {
    store::delete(tx, review.id).await?;
    if review.status != Status::Published {
        review_holds::add(tx, review.product_id, review.author).await?;
    }
    rate(tx, review.product_id, weight(review), Weight::default()).await?;
    let deleted = ReviewDeleted {
        review_id: review.id,
        product_id: review.product_id,
        user_id: review.author,
    };
    cx.publisher.publish(tx, &deleted).await.map(drop)
}

/// Hides or publishes a review. What was so before changes nothing.
pub(crate) async fn moderate(
    tx: &mut PgConnection,
    cx: &Context,
    staff: &Acting,
    review: &Locked,
    status: Status,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    if (review.status, review.moderation_reason.as_deref()) == (status, reason)
        || (review.status, status) == (Status::Published, Status::Published)
    {
        return Ok(());
    }
    store::moderate(tx, review.id, status, reason, staff.user_id(), &cx.clock).await?;
    let after = Weight::of(status, review.rating);
    rate(tx, review.product_id, weight(review), after).await?;
    let moderated = ReviewModerated {
        review_id: review.id,
        product_id: review.product_id,
        user_id: review.author,
        status: status.as_str().to_owned(),
        reason: reason.map(str::to_owned),
    };
    cx.publisher.publish(tx, &moderated).await?;
    let action = match status {
        Status::Published => "review.publish",
        Status::Hidden | Status::Pending => "review.hide",
    };
    let before = json!({ "status": review.status, "reason": review.moderation_reason });
    let after = json!({ "status": status, "reason": reason });
    let act = staff.did(action, format!("review:{}", review.id), before, after);
    cx.publisher.publish(tx, &act).await.map(drop)
}

/// Who answers a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answering {
    Seller,
    Shop,
}

impl Answering {
    fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Shop => "shop",
        }
    }
}

/// Writes the answer to a review, or takes it away.
pub(crate) async fn reply(
    tx: &mut PgConnection,
    cx: &Context,
    review: &Locked,
    (who, as_whom): (&Principal, Answering),
    body: Option<&str>,
) -> sqlx::Result<()> {
    if body.is_none() && !review.replied {
        return Ok(());
    }
    let by: UserId = who.user_id;
    let reply = body.map(|body| (body, as_whom.as_str(), by));
    store::reply(tx, review.id, reply, &cx.clock).await?;
    if let Some(staff) = Acting::of(who) {
        let action = match body {
            Some(_) => "review.reply",
            None => "review.delete_reply",
        };
        let (before, after) = (
            json!({ "replied": review.replied }),
            json!({ "replied": body.is_some() }),
        );
        let act = staff.did(action, format!("review:{}", review.id), before, after);
        cx.publisher.publish(tx, &act).await?;
    }
    publish_updated(tx, cx, review, review.rating, review.status).await
}

fn weight(review: &Locked) -> Weight {
    Weight::of(review.status, review.rating)
}

/// Changes the rating of a locked product, and what is found of it by its rating.
async fn rate(
    tx: &mut PgConnection,
    product: ProductId,
    before: Weight,
    after: Weight,
) -> sqlx::Result<()> {
    let change = after.instead_of(before);
    if change == Weight::default() {
        return Ok(());
    }
    store::rate(tx, product, change).await?;
    search_documents::refresh(tx, &[product]).await
}

async fn publish_updated(
    tx: &mut PgConnection,
    cx: &Context,
    review: &Locked,
    rating: i16,
    status: Status,
) -> sqlx::Result<()> {
    let updated = ReviewUpdated {
        review_id: review.id,
        product_id: review.product_id,
        user_id: review.author,
        rating,
        status: status.as_str().to_owned(),
    };
    cx.publisher.publish(tx, &updated).await.map(drop)
}
