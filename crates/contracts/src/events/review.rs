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
        /// `pending` or `published`; absent in events of older processes, which published at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    }
    /// Its author changed a review, or somebody answered it.
    ReviewUpdated = "review.updated" about "product" (product_id) {
        /// The review.
        review_id: ReviewId,
        /// Of which product.
        product_id: ProductId,
        /// By whom.
        user_id: UserId,
        /// 1 to 5.
        rating: i16,
        /// `pending`, `published` or `hidden`.
        status: String,
    }
    /// Staff hid a review or published it.
    ReviewModerated = "review.moderated" about "product" (product_id) {
        /// The review.
        review_id: ReviewId,
        /// Of which product.
        product_id: ProductId,
        /// By whom it is.
        user_id: UserId,
        /// `published` or `hidden`.
        status: String,
        /// Why; always there if it is hidden.
        reason: Option<String>,
    }
    /// Its author took a review back.
    ReviewDeleted = "review.deleted" about "product" (product_id) {
        /// The review.
        review_id: ReviewId,
        /// Of which product.
        product_id: ProductId,
        /// By whom it was.
        user_id: UserId,
    }
}
