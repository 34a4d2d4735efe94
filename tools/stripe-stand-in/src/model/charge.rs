//! Charges: one try to take the money.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards;
use crate::model::payment_method;
use crate::table::Row;

/// One try to take an intent's money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// When it was tried.
    pub created: i64,
    /// Minor units asked for.
    pub amount: i64,
    /// Minor units taken.
    pub amount_captured: i64,
    /// Minor units given back.
    pub amount_refunded: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// Whether the money was taken, not only authorised.
    pub captured: bool,
    /// Whether an authorisation was let go.
    pub released: bool,
    /// `succeeded` or `failed`.
    pub status: String,
    /// The issuer's refusal: code, decline code, message.
    pub failure: Option<(String, String, String)>,
    /// The intent it belongs to.
    pub payment_intent: String,
    /// The payment method's id.
    pub payment_method: String,
    /// The test card behind it.
    pub card: String,
    /// The customer.
    pub customer: Option<String>,
    /// Copied from the intent.
    pub description: Option<String>,
    /// Copied from the intent.
    pub metadata: BTreeMap<String, String>,
    /// Copied from the intent.
    pub receipt_email: Option<String>,
    /// What taking it did to the balance.
    #[serde(default)]
    pub balance_transaction: Option<String>,
    /// Whether the cardholder objected.
    #[serde(default)]
    pub disputed: bool,
}

impl Row for Charge {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Charge {
    /// What can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        if self.status == "succeeded" && self.captured {
            self.amount_captured - self.amount_refunded
        } else {
            0
        }
    }

    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        let paid = self.status == "succeeded";
        let failure = self.failure.as_ref();
        let outcome = match failure {
            None => json!({
                "advice_code": null, "network_advice_code": null, "network_decline_code": null,
                "network_status": "approved_by_network", "reason": null, "risk_level": "normal", "risk_score": 7,
                "seller_message": "Payment complete.", "type": "authorized",
            }),
            Some((_, decline_code, _)) => json!({
                "advice_code": "try_again_later", "network_advice_code": null, "network_decline_code": null,
                "network_status": "declined_by_network", "reason": decline_code, "risk_level": "normal", "risk_score": 7,
                "seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined",
            }),
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": self.balance_transaction,
            "billing_details": payment_method::billing_details(self.receipt_email.as_deref()),
            "calculated_statement_descriptor": "MERCATO",
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": failure.map(|(code, _, _)| code),
            "failure_message": failure.map(|(_, _, message)| message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": outcome,
            "paid": paid,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details":
                cards::find(&self.card).map(|card| payment_method::render_details(card, self.amount)),
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": self.released || (self.amount_refunded > 0 && self.amount_refunded == self.amount_captured),
            "review": null,
            "shipping": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": null,
        })
    }
}
