use primitives::{ProductId, ReviewId, UserId};

super::events! {
    /// A buyer wrote a review.
    ReviewCreated = "review.created" about "product" (product_id) {
        /// The review.
        review_id: ReviewId,
        /// Of which product.
        product_id: ProductId,
        /// By whom.
        user_id: UserId,
        /// 1 to 5.
        rating: i16,
    }
}
