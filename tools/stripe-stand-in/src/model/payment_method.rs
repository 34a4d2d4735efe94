//! How a test card looks as a payment method.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::{self, Card};
use crate::table::Row;

/// A card that a customer saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedCard {
    /// `pm_…`
    pub id: String,
    /// When it was saved.
    pub created: i64,
    /// The test card behind it.
    pub card: String,
    /// Whose it is; nobody's once detached.
    pub customer: Option<String>,
}

impl Row for SavedCard {
    fn id(&self) -> &str {
        &self.id
    }
}

impl SavedCard {
    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        match cards::find(&self.card) {
            Some(card) => render(&self.id, card, self.customer.as_deref(), self.created),
            None => Value::Null,
        }
    }
}

/// The payment method object of `card`.
#[must_use]
pub fn render(id: &str, card: &Card, customer: Option<&str>, created: i64) -> Value {
    json!({
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(None),
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
            "country": "DE",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": format!("standin{}", card.last4),
            "funding": "credit",
            "generated_from": null,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": null},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": true},
            "wallet": null,
        },
        "created": created,
        "customer": customer,
        "customer_account": null,
        "livemode": false,
        "metadata": {},
        "type": "card",
    })
}

/// The card as a charge remembers it.
#[must_use]
pub fn render_details(card: &Card, amount: i64) -> Value {
    json!({
        "card": {
            "amount_authorized": amount,
            "authorization_code": "123456",
            "brand": card.brand,
            "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
            "country": "DE",
            "exp_month": 12,
            "exp_year": 2034,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": format!("standin{}", card.last4),
            "funding": "credit",
            "incremental_authorization": {"status": "unavailable"},
            "installments": null,
            "last4": card.last4,
            "mandate": null,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": false},
            "network_transaction_id": "104102978678771",
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": null,
            "wallet": null,
        },
        "type": "card",
    })
}

/// Billing details, of which the stand-in knows at most the e-mail address.
#[must_use]
pub fn billing_details(email: Option<&str>) -> Value {
    json!({
        "address": {"city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null},
        "email": email,
        "name": null,
        "phone": null,
        "tax_id": null,
    })
}
