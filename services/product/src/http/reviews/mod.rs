//! `/api/products/{id}/reviews`

pub(crate) mod create;
pub(crate) mod list;

use primitives::{ProductId, ReviewId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::reviews as store;

/// What a buyer says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Review {
    id: ReviewId,
    product_id: ProductId,
    /// The buyer's display name.
    author_name: String,
    /// 1 to 5.
    rating: i16,
    title: String,
    body: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<store::Review> for Review {
    fn from(review: store::Review) -> Self {
        Self {
            id: review.id,
            product_id: review.product_id,
            author_name: review.author_name,
            rating: review.rating,
            title: review.title,
            body: review.body,
            created_at: review.created_at,
            updated_at: review.updated_at,
        }
    }
}
