//! What staff may do, each as a type, so that a handler's signature tells it: `Staff<permissions::Refund>`.

use crate::{Role, Scope};

/// One named permission.
pub trait Permission: Send + Sync + 'static {
    /// Its name in documents and logs.
    const NAME: &'static str;

    /// Whether it is worth asking for a fresh proof of identity.
    const FRESH: bool;

    /// The scope that a program needs for it by name, and that then stands for the fresh proof, which no program can give.
    const SCOPE: Option<Scope>;

    /// Which roles have it.
    fn allows(role: Role) -> bool;
}

macro_rules! permissions {
    (@fresh) => { true };
    (@scope) => { None };
    (@scope $scope:ident) => { Some(Scope::$scope) };
    ($($(#[$doc:meta])* $name:ident = $word:literal: $($role:ident)|+ $(, $fresh:ident $(or $scope:ident)?)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Permission for $name {
            const NAME: &'static str = $word;
            const FRESH: bool = false $(|| permissions!(@$fresh))?;
            const SCOPE: Option<Scope> = permissions!(@scope $($($scope)?)?);
            fn allows(role: Role) -> bool {
                matches!(role, $(Role::$role)|+)
            }
        }
    )*

        /// Every permission with the roles that have it.
        pub fn all() -> Vec<(&'static str, Vec<Role>)> {
            vec![$(($word, Role::ALL.into_iter().filter(|role| $name::allows(*role)).collect())),*]
        }
    };
}

permissions! {
    /// See users and their addresses.
    ReadUsers = "users.read": Support | Admin;
    /// Change roles, disable users.
    ManageUsers = "users.manage": Admin, fresh;
    /// See every product, whatever its state.
    ReadCatalogue = "catalogue.read": Support | Admin;
    /// Approve or reject products.
    ApproveProducts = "products.approve": Admin;
    /// Change any product, its stock, and categories.
    ManageCatalogue = "catalogue.manage": Admin;
    /// Remove or answer reviews.
    ModerateReviews = "reviews.moderate": Support | Admin;
    /// See every order and payment.
    ReadOrders = "orders.read": Support | Admin;
    /// Ship, cancel, annotate orders.
    ManageOrders = "orders.manage": Support | Admin;
    /// Give money back.
    Refund = "payments.refund": Support | Admin, fresh or PaymentsRefund;
    /// Say that a bank transfer came, or went back.
    MarkPaid = "payments.mark_paid": Support | Admin, fresh;
    /// Make and change coupons.
    ManageCoupons = "coupons.manage": Admin;
    /// Change shipping methods, tax rates and other settings.
    ManageSettings = "settings.manage": Admin;
    /// Read staff notifications and messages, and answer them.
    UseInbox = "inbox.use": Support | Admin;
    /// See queues, and requeue or drop dead letters.
    ManageEvents = "events.manage": Admin;
    /// Read the audit log.
    ReadAudit = "audit.read": Admin;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_and_sellers_have_no_staff_permission() {
        for (name, roles) in all() {
            assert!(
                !roles.contains(&Role::Customer) && !roles.contains(&Role::Seller),
                "{name}"
            );
            assert!(roles.contains(&Role::Admin), "{name}");
        }
    }
}
