//! What product does about other services' events.

mod order_cancelled;
mod order_confirmed;
mod user_deleted;

use contracts::events::{OrderCancelled, OrderConfirmed, UserDeleted};
use messaging::Consumers;
use secrecy::SecretString;

pub(crate) use order_cancelled::GiveBack;
pub(crate) use order_confirmed::TakeStock;
pub(crate) use user_deleted::ForgetUser;

use crate::app::Context;

/// All consumers of the service.
pub(crate) fn all(cx: &Context, amqp_url: SecretString) -> Consumers {
    Consumers::new("product", cx.pool.clone(), amqp_url)
        .on::<OrderConfirmed>(TakeStock(cx.clone()))
        .on::<OrderCancelled>(GiveBack(cx.clone()))
        .on::<UserDeleted>(ForgetUser(cx.clone()))
}
