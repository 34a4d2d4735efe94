use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Random, Timestamp};

/// Declares distinct id types over UUIDv7 (RFC 9562), so that one id cannot be passed for another.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id that sorts by `now`.
            pub fn new(now: Timestamp, random: &Random) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random.bytes()).into_uuid())
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId;
    /// A saved postal address of a user.
    AddressId;
    /// One sign-in on one device.
    SessionId;
    /// Who an identity provider says a user is.
    IdentityId;
    /// A key with which a user signs in.
    PasskeyId;
    /// A refresh or one-time token's row.
    TokenId;
    /// A product of the catalogue.
    ProductId;
    /// A variant of a product: what is stocked and sold.
    VariantId;
    /// A category of the catalogue's tree.
    CategoryId;
    /// A product's picture.
    ImageId;
    /// A buyer's review of a product.
    ReviewId;
    /// A row of the stock ledger.
    MovementId;
    /// A catalogue that came as a file.
    ImportId;
    /// A place where stock is kept.
    LocationId;
    /// A cart of a guest or a user.
    CartId;
    /// A line of a cart.
    CartItemId;
    /// An order.
    OrderId;
    /// A line of an order.
    OrderItemId;
    /// An entry of an order's timeline.
    OrderEventId;
    /// A payment of an order.
    PaymentId;
    /// A refund of a payment.
    RefundId;
    /// A movement of money in the ledger.
    PostingId;
    /// A comparison with the payment provider.
    ReconciliationId;
    /// Something that a person has to see to.
    WorkItemId;
    /// Taking money that was authorised.
    CaptureId;
    /// A cardholder's objection to a payment.
    DisputeId;
    /// A parcel sent for an order.
    ShipmentId;
    /// What a customer wants to send back.
    ReturnId;
    /// A coupon.
    CouponId;
    /// An automatic promotion.
    PromotionId;
    /// A tax rate of a place.
    TaxRateId;
    /// A domain event: the CloudEvents id.
    EventId;
    /// A notification for staff.
    NotificationId;
    /// A row of the audit log.
    AuditId;
    /// A mail to be sent.
    MailId;
    /// A conversation.
    ThreadId;
    /// What somebody wrote in a conversation.
    MessageId;
    /// A third party's address that is told of events.
    WebhookId;
    /// An event on its way to such an address.
    DeliveryId;
}
