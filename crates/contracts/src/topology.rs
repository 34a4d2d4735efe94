//! The broker's map: one topic exchange, and one durable queue for each consumer of each event.

use crate::events::*;

/// The topic exchange that all events go to, with the event's type as the routing key.
pub const EXCHANGE: &str = "mercato.events";

/// One queue: which events it gets and who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The event's type, which is the binding's routing key.
    pub event: &'static str,
    /// The service that reads it.
    pub consumer: &'static str,
}

impl Queue {
    /// `<event>.<consumer>`; the mail queue is just `email.notification`, because only the mail worker may read it.
    pub fn name(&self) -> String {
        if self.event == EmailNotification::TYPE {
            self.event.to_owned()
        } else {
            format!("{}.{}", self.event, self.consumer)
        }
    }

    /// Where messages go that could not be processed.
    pub fn dead(&self) -> String {
        format!("{}.dead", self.name())
    }
}

/// Every queue of the system.
pub const QUEUES: [Queue; 19] = [
    Queue {
        event: OrderConfirmed::TYPE,
        consumer: "product",
    },
    Queue {
        event: OrderCancelled::TYPE,
        consumer: "product",
    },
    Queue {
        event: OrderClaimed::TYPE,
        consumer: "product",
    },
    Queue {
        event: OrderRefunded::TYPE,
        consumer: "product",
    },
    Queue {
        event: OrderReturned::TYPE,
        consumer: "product",
    },
    Queue {
        event: InventoryRejected::TYPE,
        consumer: "order",
    },
    Queue {
        event: UserRegistered::TYPE,
        consumer: "order",
    },
    Queue {
        event: UserUpdated::TYPE,
        consumer: "order",
    },
    Queue {
        event: UserDeleted::TYPE,
        consumer: "order",
    },
    Queue {
        event: UserDeleted::TYPE,
        consumer: "product",
    },
    Queue {
        event: OrderCreated::TYPE,
        consumer: "admin",
    },
    Queue {
        event: OrderConfirmed::TYPE,
        consumer: "admin",
    },
    Queue {
        event: OrderCancelled::TYPE,
        consumer: "admin",
    },
    Queue {
        event: OrderRefunded::TYPE,
        consumer: "admin",
    },
    Queue {
        event: PaymentFailed::TYPE,
        consumer: "admin",
    },
    Queue {
        event: InventoryLowStock::TYPE,
        consumer: "admin",
    },
    Queue {
        event: ProductCreated::TYPE,
        consumer: "admin",
    },
    Queue {
        event: StaffActed::TYPE,
        consumer: "admin",
    },
    Queue {
        event: EmailNotification::TYPE,
        consumer: "notification",
    },
];
