use primitives::{CartId, OrderId, ProductId, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};

/// What somebody means to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The product.
    pub product_id: ProductId,
    /// Its variant.
    pub variant_id: VariantId,
    /// Units.
    pub quantity: i32,
}

super::events! {
    /// A cart changed. Several changes in quick succession make one event, which tells what is in the cart after them.
    CartUpdated = "cart.updated" about "cart" (cart_id) {
        /// Which cart.
        cart_id: CartId,
        /// Whose; none for a guest's.
        user_id: Option<UserId>,
        /// Counts the cart's changes: an event with a smaller version is older.
        version: i32,
        /// What is in it.
        lines: Vec<CartLine>,
        /// The coupon on it.
        coupon: Option<String>,
    }

    /// A cart with something in it was left alone for long. Once for each version of a cart.
    CartAbandoned = "cart.abandoned" about "cart" (cart_id) {
        /// Which cart.
        cart_id: CartId,
        /// Whose; none for a guest's.
        user_id: Option<UserId>,
        /// Counts the cart's changes.
        version: i32,
        /// What is in it.
        lines: Vec<CartLine>,
        /// When it was changed last.
        changed_at: Timestamp,
    }

    /// A cart became an order.
    CartCheckedOut = "cart.checked_out" about "cart" (cart_id) {
        /// Which cart.
        cart_id: CartId,
        /// Which order.
        order_id: OrderId,
    }
}
