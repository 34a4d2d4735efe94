use primitives::{EmailAddress, EventId, Money};
use serde::{Deserialize, Serialize};

/// A line in a mail about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLine {
    /// The product's title.
    pub title: String,
    /// Units.
    pub quantity: i32,
    /// What the line costs.
    pub total: Money,
}

/// What a mail says; the mail worker has a template for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", content = "data", rename_all = "snake_case")]
pub enum Mail {
    /// Welcome; confirm the address by opening the link.
    VerifyEmail {
        /// Whom to greet.
        name: String,
        /// The link.
        url: String,
    },
    /// A link to choose a new password, valid for 30 minutes.
    ResetPassword {
        /// Whom to greet.
        name: String,
        /// The link.
        url: String,
    },
    /// The password was changed.
    PasswordChanged {
        /// Whom to greet.
        name: String,
    },
    /// A used refresh token was used again: all sessions of its family have ended.
    SessionReuse {
        /// Whom to greet.
        name: String,
    },
    /// The order is placed and awaits payment.
    OrderReceived {
        /// The number for people.
        number: String,
        /// Its lines.
        lines: Vec<MailLine>,
        /// What is to be paid.
        total: Money,
        /// The link to it.
        url: String,
    },
    /// The order is paid.
    OrderConfirmed {
        /// The number for people.
        number: String,
        /// Its lines.
        lines: Vec<MailLine>,
        /// Sum of the lines before discount, shipping and tax.
        subtotal: Money,
        /// Taken off.
        discount: Money,
        /// For shipping.
        shipping: Money,
        /// Tax.
        tax: Money,
        /// What was paid.
        total: Money,
        /// The link to it.
        url: String,
    },
    /// A parcel left.
    OrderShipped {
        /// The number for people.
        number: String,
        /// Who carries it.
        carrier: String,
        /// The carrier's number.
        tracking_number: String,
        /// The link to the order.
        url: String,
    },
    /// All parcels arrived.
    OrderDelivered {
        /// The number for people.
        number: String,
        /// The link to the order.
        url: String,
    },
    /// The order is cancelled.
    OrderCancelled {
        /// The number for people.
        number: String,
        /// A sentence saying why.
        reason: String,
        /// The link to the order.
        url: String,
    },
    /// Money went back.
    OrderRefunded {
        /// The number for people.
        number: String,
        /// How much.
        amount: Money,
        /// The link to the order.
        url: String,
    },
}

/// A mail to be sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailNotification {
    /// Unique for this mail: mails are not ordered among each other.
    pub mail_id: EventId,
    /// To whom.
    pub to: EmailAddress,
    /// What it says.
    #[serde(flatten)]
    pub mail: Mail,
}

impl super::Event for EmailNotification {
    const TYPE: &'static str = "email.notification";
    fn subject(&self) -> String {
        format!("mail:{}", self.mail_id)
    }
}
