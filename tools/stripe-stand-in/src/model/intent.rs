//! Payment intents: one purchase, however many tries it takes to pay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

/// The states of a payment intent that cards can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No card yet, or the last one was declined.
    RequiresPaymentMethod,
    /// A card is there; nobody has confirmed.
    RequiresConfirmation,
    /// The buyer must authenticate.
    RequiresAction,
    /// Authorised; the money is to be captured.
    RequiresCapture,
    /// Paid.
    Succeeded,
    /// Given up.
    Canceled,
}

impl Status {
    /// Stripe's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// A purchase to be paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// What a buyer's browser proves itself with.
    pub client_secret: String,
    /// When it was made.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// Minor units received.
    pub amount_received: i64,
    /// Minor units that can be captured.
    pub amount_capturable: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// Where it stands.
    pub status: Status,
    /// `automatic`, `automatic_async` or `manual`.
    pub capture_method: String,
    /// `automatic` or `manual`.
    pub confirmation_method: String,
    /// Whether the dashboard's payment methods apply.
    pub automatic_payment_methods: bool,
    /// The payment method's id and the test card behind it.
    pub payment_method: Option<(String, String)>,
    /// The customer.
    pub customer: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The client's own data.
    pub metadata: BTreeMap<String, String>,
    /// Where a receipt goes.
    pub receipt_email: Option<String>,
    /// Where the parcel goes, as it was given.
    pub shipping: Option<Value>,
    /// Where the buyer returns to after authenticating.
    pub return_url: Option<String>,
    /// `on_session` or `off_session`.
    pub setup_future_usage: Option<String>,
    /// Text on the bank statement.
    pub statement_descriptor: Option<String>,
    /// Text after the prefix on the bank statement.
    pub statement_descriptor_suffix: Option<String>,
    /// Groups transfers.
    pub transfer_group: Option<String>,
    /// The newest charge.
    pub latest_charge: Option<String>,
    /// Why the last try failed.
    pub last_payment_error: Option<Value>,
    /// When it was given up.
    pub canceled_at: Option<i64>,
    /// Why it was given up.
    pub cancellation_reason: Option<String>,
    /// Where the stand-in's own pages are.
    #[serde(default)]
    pub pages: String,
}

impl Row for Intent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Intent {
    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        let next_action = (self.status == Status::RequiresAction).then(|| {
            json!({
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "return_url": self.return_url,
                    "url": format!("{}/_stand_in/3d_secure/{}", self.pages, self.id),
                },
            })
        });
        let automatic = self
            .automatic_payment_methods
            .then(|| json!({"allow_redirects": "always", "enabled": true}));
        json!({
            "id": self.id,
            "object": "payment_intent",
            "allowed_payment_method_types": ["card"],
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": self.amount_received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": next_action,
            "on_behalf_of": null,
            "payment_method": self.payment_method.as_ref().map(|(id, _)| id),
            "payment_method_configuration_details": null,
            "payment_method_options": {
                "card": {"installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic"},
            },
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": self.setup_future_usage,
            "shipping": self.shipping,
            "source": null,
            "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status.as_str(),
            "transfer_data": null,
            "transfer_group": self.transfer_group,
        })
    }
}
