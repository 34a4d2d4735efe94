use primitives::{ProductId, UserId};

super::events! {
    /// A product was drafted.
    ProductCreated = "product.created" about "product" (product_id) {
        /// Which.
        product_id: ProductId,
        /// Its title.
        title: String,
        /// Whose.
        seller_id: UserId,
        /// `draft`, `pending_review`, `active`, `rejected` or `archived`.
        status: String,
        /// Row version after the change.
        version: i32,
    }
    /// A product, its variants, pictures, stock or status changed; readers drop what they cached.
    ProductUpdated = "product.updated" about "product" (product_id) {
        /// Which.
        product_id: ProductId,
        /// Its title.
        title: String,
        /// Whose.
        seller_id: UserId,
        /// `draft`, `pending_review`, `active`, `rejected` or `archived`.
        status: String,
        /// Row version after the change.
        version: i32,
    }
    /// Staff approved a product: it is public, or will be in its time. `product.updated` tells of the latter.
    ProductApproved = "product.approved" about "product" (product_id) {
        /// Which.
        product_id: ProductId,
        /// Its title.
        title: String,
        /// Whose.
        seller_id: UserId,
    }
    /// A product was archived for good.
    ProductDeleted = "product.deleted" about "product" (product_id) {
        /// Which.
        product_id: ProductId,
        /// Whose.
        seller_id: UserId,
    }
}
