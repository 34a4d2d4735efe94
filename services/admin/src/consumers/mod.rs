//! Events that staff should know of become notifications; what staff did becomes a row of the audit log.

mod analytics;
mod inbox;
mod webhooks;

use contracts::events::{
    Envelope, Event, InventoryLowStock, OrderCancelled, OrderConfirmed, OrderCreated,
    OrderRefunded, PaymentFailed, ProductCreated, StaffActed,
};
use contracts::topology::{ANALYTICS, INBOX, WEBHOOKS};
use messaging::{Consumers, Handler, HandlerError};
use primitives::{Clock, NotificationId, Random};
use secrecy::SecretString;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store;

/// All of this service's consumers.
pub(crate) fn all(app: &AppState, amqp_url: SecretString) -> Consumers {
    let notify = Notify {
        clock: app.clock.clone(),
        random: app.random.clone(),
    };
    let tell = webhooks::Tell {
        clock: app.clock.clone(),
        random: app.random.clone(),
    };
    let inform = inbox::Inform {
        clock: app.clock.clone(),
        random: app.random.clone(),
    };
    Consumers::new("admin", app.pool.clone(), amqp_url)
        .on::<OrderCreated>(notify.clone())
        .on::<OrderConfirmed>(notify.clone())
        .on::<OrderCancelled>(notify.clone())
        .on::<OrderRefunded>(notify.clone())
        .on::<PaymentFailed>(notify.clone())
        .on::<InventoryLowStock>(notify.clone())
        .on::<ProductCreated>(notify)
        .on::<StaffActed>(KeepAct)
        .on_feed(&WEBHOOKS, tell)
        .on_feed(&ANALYTICS, analytics::Count)
        .on_feed(&INBOX, inform)
}

/// Writes a notification for an event.
#[derive(Clone)]
struct Notify {
    clock: Clock,
    random: Random,
}

/// An event in a sentence for staff, and what it is about.
trait News: Event {
    fn about(&self) -> String {
        self.subject()
    }
    fn sentence(&self) -> String;
}

impl News for OrderCreated {
    fn sentence(&self) -> String {
        format!("Order {} was placed: {}.", self.number, self.total)
    }
}

impl News for OrderConfirmed {
    fn sentence(&self) -> String {
        format!("Order {} is paid: {}.", self.number, self.total)
    }
}

impl News for OrderCancelled {
    fn sentence(&self) -> String {
        format!(
            "Order {} was cancelled ({}).",
            self.number,
            self.reason.replace('_', " ")
        )
    }
}

impl News for OrderRefunded {
    fn sentence(&self) -> String {
        format!("{} of order {} went back.", self.amount, self.number)
    }
}

impl News for PaymentFailed {
    fn about(&self) -> String {
        format!("order:{}", self.order_id)
    }
    fn sentence(&self) -> String {
        format!(
            "A payment of {} was declined ({}).",
            self.amount,
            self.reason.replace('_', " ")
        )
    }
}

impl News for InventoryLowStock {
    fn sentence(&self) -> String {
        format!("{} is running low: {} left.", self.sku, self.available)
    }
}

impl News for ProductCreated {
    fn sentence(&self) -> String {
        format!("“{}” was added to the catalogue.", self.title)
    }
}

impl<E: News> Handler<E> for Notify {
    async fn handle(&self, tx: &mut PgConnection, event: Envelope<E>) -> Result<(), HandlerError> {
        let id = NotificationId::new(self.clock.now(), &self.random);
        store::notifications::insert(
            tx,
            id,
            event.time,
            E::TYPE,
            &event.data.about(),
            &event.data.sentence(),
        )
        .await?;
        Ok(())
    }
}

/// Writes what staff did into the audit log.
struct KeepAct;

impl Handler<StaffActed> for KeepAct {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<StaffActed>,
    ) -> Result<(), HandlerError> {
        store::audit::keep(tx, &event).await?;
        Ok(())
    }
}
