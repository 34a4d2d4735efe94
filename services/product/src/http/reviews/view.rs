//! Reviews as clients see them.

use primitives::{ProductId, ReviewId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Insight;
use crate::domain::product::average;
use crate::domain::review::Status;
use crate::store::reviews as store;

/// What a buyer says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Review {
    id: ReviewId,
    product_id: ProductId,
    /// The buyer's; only for them and for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    /// The buyer's display name.
    author_name: String,
    /// 1 to 5.
    rating: i16,
    title: String,
    body: String,
    status: Status,
    /// Why staff hid it, or what they said when they published it again; only for its author and for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation_reason: Option<String>,
    /// False if the order was cancelled or paid back since.
    verified_purchase: bool,
    /// How many people it helped.
    helpful_count: i32,
    /// Whether it helped you; only when signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    voted: Option<bool>,
    #[schema(nullable)]
    reply: Option<Reply>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Grows with each change but votes; send it back in `If-Match`.
    pub(super) version: i32,
}

/// What the seller or the shop answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewReply)]
struct Reply {
    body: String,
    /// `seller` or `shop`.
    from: String,
    at: Timestamp,
}

impl Review {
    pub(super) fn new(review: store::Review, insight: Insight) -> Self {
        let inside = insight.inside(review.user_id);
        let reply = match (review.reply_body, review.reply_from, review.reply_at) {
            (Some(body), Some(from), Some(at)) => Some(Reply { body, from, at }),
            _ => None,
        };
        Self {
            id: review.id,
            product_id: review.product_id,
            user_id: inside.then_some(review.user_id),
            author_name: review.author_name,
            rating: review.rating,
            title: review.title,
            body: review.body,
            status: review.status,
            moderation_reason: review.moderation_reason.filter(|_| inside),
            verified_purchase: review.verified_purchase,
            helpful_count: review.helpful_count,
            voted: insight.viewer().map(|_| review.voted),
            reply,
            created_at: review.created_at,
            updated_at: review.updated_at,
            version: review.version,
        }
    }
}

/// What buyers think of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewRating)]
pub(crate) struct Rating {
    /// 1 to 5, with two decimals; 0 without reviews.
    average: f64,
    count: i32,
    stars: Stars,
}

/// How many published reviews gave so many stars.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ReviewStars)]
struct Stars {
    #[serde(rename = "1")]
    one: i64,
    #[serde(rename = "2")]
    two: i64,
    #[serde(rename = "3")]
    three: i64,
    #[serde(rename = "4")]
    four: i64,
    #[serde(rename = "5")]
    five: i64,
}

impl Rating {
    /// From the number of reviews with so many stars.
    pub(super) fn new(counts: &[(i16, i64)]) -> Self {
        let mut stars = Stars::default();
        for (rating, count) in counts {
            match rating {
                1 => stars.one = *count,
                2 => stars.two = *count,
                3 => stars.three = *count,
                4 => stars.four = *count,
                _ => stars.five = *count,
            }
        }
        let sum = counts
            .iter()
            .map(|(rating, count)| i64::from(*rating) * count)
            .sum();
        let count: i64 = counts.iter().map(|(_, count)| count).sum();
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            average: average(sum, count),
            count,
            stars,
        }
    }
}
