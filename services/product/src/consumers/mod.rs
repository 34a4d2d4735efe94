//! What product does about other services' events.

mod order_cancelled;
mod order_claimed;
mod order_confirmed;
mod order_refunded;
mod order_returned;
mod user_deleted;

use contracts::events::{
    OrderCancelled, OrderClaimed, OrderConfirmed, OrderRefunded, OrderReturned, UserDeleted,
};
use messaging::Consumers;
use secrecy::SecretString;

pub(crate) use order_cancelled::GiveBack;
pub(crate) use order_claimed::GivePurchases;
pub(crate) use order_confirmed::TakeStock;
pub(crate) use order_refunded::WithdrawPurchases;
pub(crate) use order_returned::TakeBack;
pub(crate) use user_deleted::ForgetUser;

use crate::app::Context;

/// All consumers of the service.
pub(crate) fn all(cx: &Context, amqp_url: SecretString) -> Consumers {
    Consumers::new("product", cx.pool.clone(), amqp_url)
        .on::<OrderConfirmed>(TakeStock(cx.clone()))
        .on::<OrderCancelled>(GiveBack(cx.clone()))
        .on::<OrderClaimed>(GivePurchases(cx.clone()))
        .on::<OrderRefunded>(WithdrawPurchases(cx.clone()))
        .on::<OrderReturned>(TakeBack(cx.clone()))
        .on::<UserDeleted>(ForgetUser(cx.clone()))
}
