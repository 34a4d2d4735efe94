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

/// A queue of many events, for readers to whom the kind of event matters little: they see them in the order in which they were published, and
/// the broker has one queue to keep instead of one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// The queue's name.
    pub name: &'static str,
    /// The types of the events that it gets, which are the bindings' routing keys.
    pub events: &'static [&'static str],
    /// The service that reads it.
    pub consumer: &'static str,
}

/// What third parties may subscribe to (docs/webhooks.md). What is told of carts, mails and staff stays in the house.
pub const WEBHOOKS: Feed = Feed {
    name: "events.webhooks",
    events: &[
        OrderCreated::TYPE,
        OrderConfirmed::TYPE,
        OrderUpdated::TYPE,
        OrderShipped::TYPE,
        OrderDelivered::TYPE,
        OrderCancelled::TYPE,
        OrderReturned::TYPE,
        OrderRefunded::TYPE,
        PaymentProcessed::TYPE,
        PaymentAuthorized::TYPE,
        PaymentFailed::TYPE,
        PaymentRefunded::TYPE,
        PaymentDisputed::TYPE,
        PaymentDisputeClosed::TYPE,
        ProductCreated::TYPE,
        ProductUpdated::TYPE,
        ProductApproved::TYPE,
        ProductDeleted::TYPE,
        CategoryChanged::TYPE,
        InventoryLowStock::TYPE,
        InventoryAdjusted::TYPE,
        ReviewCreated::TYPE,
        ReviewUpdated::TYPE,
        ReviewModerated::TYPE,
        ReviewDeleted::TYPE,
        UserRegistered::TYPE,
        UserUpdated::TYPE,
        UserDisabled::TYPE,
        UserDeleted::TYPE,
    ],
    consumer: "admin",
};

/// What becomes a notification of the person whom it concerns.
pub const INBOX: Feed = Feed {
    name: "events.inbox",
    events: &[
        OrderConfirmed::TYPE,
        OrderShipped::TYPE,
        OrderDelivered::TYPE,
        OrderCancelled::TYPE,
        OrderRefunded::TYPE,
        ProductApproved::TYPE,
        ReviewModerated::TYPE,
        UserDeleted::TYPE,
    ],
    consumer: "admin",
};

/// After what an order, or the category of a product, may count otherwise in the shop's numbers.
pub const ANALYTICS: Feed = Feed {
    name: "events.analytics",
    events: &[
        OrderConfirmed::TYPE,
        OrderCancelled::TYPE,
        OrderClaimed::TYPE,
        OrderRefunded::TYPE,
        PaymentRefundReversed::TYPE,
        PaymentProcessed::TYPE,
        PaymentDisputed::TYPE,
        PaymentDisputeClosed::TYPE,
        ProductUpdated::TYPE,
    ],
    consumer: "admin",
};

/// Every feed of the system.
pub const FEEDS: [Feed; 3] = [WEBHOOKS, INBOX, ANALYTICS];
