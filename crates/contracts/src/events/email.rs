use primitives::{EmailAddress, EventId, Money, Timestamp};
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

/// What happened to somebody's second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorChange {
    /// An authenticator app was set up.
    TotpAdded,
    /// The authenticator app was removed.
    TotpRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// New recovery codes took the place of the old ones.
    RecoveryCodesReplaced,
    /// A recovery code was used up.
    RecoveryCodeUsed,
    /// Staff removed all of them, for somebody who lost theirs.
    ResetByStaff,
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
    /// Somebody tried to open an account with an address that has one: to its owner, instead of telling whoever it was.
    AccountExists {
        /// Whom to greet.
        name: String,
        /// Where to sign in.
        sign_in_url: String,
        /// Where to ask for a new password.
        reset_url: String,
    },
    /// To the current address: agree to another one.
    EmailChangeApprove {
        /// Whom to greet.
        name: String,
        /// The address that shall take its place.
        new_email: EmailAddress,
        /// The link by which to agree.
        url: String,
    },
    /// To the new address: confirm that it is yours.
    EmailChangeConfirm {
        /// Whom to greet.
        name: String,
        /// The link.
        url: String,
    },
    /// To the former address: another one has taken its place.
    EmailChanged {
        /// Whom to greet.
        name: String,
        /// The address from now on.
        new_email: EmailAddress,
    },
    /// A sign-in from a device that was not seen before.
    NewDevice {
        /// Whom to greet.
        name: String,
        /// The device, such as `Firefox on Linux`.
        device: String,
        /// The network address it came from.
        ip: String,
        /// When.
        at: Timestamp,
    },
    /// The second factors changed, or one of the codes for an emergency was used.
    SecondFactorChanged {
        /// Whom to greet.
        name: String,
        /// What happened.
        change: SecondFactorChange,
    },
    /// An identity provider can now sign the person in.
    IdentityLinked {
        /// Whom to greet.
        name: String,
        /// The provider's name for people.
        provider: String,
    },
    /// A key for programs was made.
    ApiKeyCreated {
        /// Whom to greet.
        name: String,
        /// What its owner calls it.
        key_name: String,
        /// Its first characters, by which to recognise it.
        prefix: String,
    },
    /// The account will be deleted; signing in before then keeps it.
    DeletionScheduled {
        /// Whom to greet.
        name: String,
        /// When.
        deleted_at: Timestamp,
        /// Where to sign in.
        url: String,
    },
    /// The account is deleted.
    AccountDeleted {
        /// Whom to greet.
        name: String,
        /// Whether the account had verified its address. Anybody can open an account with anybody's: only then is what was written to the address theirs.
        #[serde(default)]
        proved: bool,
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
        /// The carrier's page about the parcel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking_url: Option<String>,
        /// What is in it; nothing if that was not told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<MailLine>,
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
    /// A customer may send things back.
    ReturnApproved {
        /// The order's number for people.
        number: String,
        /// The return's, to be written on the parcel.
        return_number: String,
        /// What may come back.
        lines: Vec<MailLine>,
        /// Where to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// What the shop says about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
        /// The link to the order.
        url: String,
    },
    /// A customer may not send things back.
    ReturnRejected {
        /// The order's number for people.
        number: String,
        /// The return's.
        return_number: String,
        /// Why, as the shop says it.
        answer: String,
        /// The link to the order.
        url: String,
    },
    /// What a customer sent back is there.
    ReturnReceived {
        /// The order's number for people.
        number: String,
        /// The return's.
        return_number: String,
        /// What came.
        lines: Vec<MailLine>,
        /// The link to the order.
        url: String,
    },
    /// Something that somebody wishes for costs less than before.
    PriceDropped {
        /// Whom to greet.
        name: String,
        /// The product's title.
        product: String,
        /// What it cost.
        before: Money,
        /// What it costs.
        now: Money,
        /// The link to it.
        url: String,
        /// The page on which these mails can be ended.
        unsubscribe_url: String,
        /// Where a mail program ends them (RFC 8058).
        one_click_url: String,
    },
    /// Something that somebody wishes for can be had again.
    BackInStock {
        /// Whom to greet.
        name: String,
        /// The product's title.
        product: String,
        /// What it costs.
        price: Money,
        /// The link to it.
        url: String,
        /// The page on which these mails can be ended.
        unsubscribe_url: String,
        /// Where a mail program ends them (RFC 8058).
        one_click_url: String,
    },
}

impl Mail {
    /// Where a mail program ends mails of this kind; none if they are not for ending.
    pub fn one_click_url(&self) -> Option<&str> {
        match self {
            Self::PriceDropped { one_click_url, .. } | Self::BackInStock { one_click_url, .. } => {
                Some(one_click_url)
            }
            _ => None,
        }
    }
}

impl Mail {
    /// The number of the order that it is about, if it is about one.
    pub fn order_number(&self) -> Option<&str> {
        match self {
            Self::OrderReceived { number, .. }
            | Self::OrderConfirmed { number, .. }
            | Self::OrderShipped { number, .. }
            | Self::OrderDelivered { number, .. }
            | Self::OrderCancelled { number, .. }
            | Self::OrderRefunded { number, .. }
            | Self::ReturnApproved { number, .. }
            | Self::ReturnRejected { number, .. }
            | Self::ReturnReceived { number, .. } => Some(number),
            _ => None,
        }
    }

    /// The customer's link to the order that it is about.
    pub fn order_url_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::OrderReceived { url, .. }
            | Self::OrderConfirmed { url, .. }
            | Self::OrderShipped { url, .. }
            | Self::OrderDelivered { url, .. }
            | Self::OrderCancelled { url, .. }
            | Self::OrderRefunded { url, .. }
            | Self::ReturnApproved { url, .. }
            | Self::ReturnRejected { url, .. }
            | Self::ReturnReceived { url, .. } => Some(url),
            _ => None,
        }
    }
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
