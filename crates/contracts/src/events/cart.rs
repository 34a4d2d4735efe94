use primitives::{CartId, OrderId};

super::events! {
    /// A cart became an order.
    CartCheckedOut = "cart.checked_out" about "cart" (cart_id) {
        /// Which cart.
        cart_id: CartId,
        /// Which order.
        order_id: OrderId,
    }
}
