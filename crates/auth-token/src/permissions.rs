//! Named permissions as types, so that a handler's signature says what it needs: `Staff<ManageOrders>`.

use crate::Role;

/// Something that only some roles may do.
pub trait Permission: Send + Sync + 'static {
    /// Its name in problems and documents.
    const NAME: &'static str;

    /// Whether a role has it.
    fn allows(role: Role) -> bool;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal for $($role:ident)|+;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const NAME: &'static str = $text;
                fn allows(role: Role) -> bool {
                    matches!(role, $(Role::$role)|+)
                }
            }
        )*
    };
}

permissions! {
    /// See accounts.
    ReadUsers = "users.read" for Support | Admin;
    /// Change roles, shut accounts.
    ManageUsers = "users.manage" for Admin;
    /// Make products public, or not.
    ApproveProducts = "products.approve" for Admin;
    /// Change categories and anybody's products.
    ManageCatalogue = "catalogue.manage" for Admin;
    /// See all orders and payments.
    ReadOrders = "orders.read" for Support | Admin;
    /// Ship, deliver, cancel, note.
    ManageOrders = "orders.manage" for Support | Admin;
    /// Give money back.
    Refund = "payments.refund" for Support | Admin;
    /// Make and change coupons.
    ManageCoupons = "coupons.manage" for Admin;
}
