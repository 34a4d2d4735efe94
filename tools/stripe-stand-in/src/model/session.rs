//! Checkout Sessions: a page of Stripe's on which a buyer pays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

/// A hosted page for one purchase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// `cs_test_…`
    pub id: String,
    /// When it was made.
    pub created: i64,
    /// Until when it can be paid.
    pub expires_at: i64,
    /// Minor units of all lines.
    pub amount_total: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// What is bought: a name, how many, and the price of one.
    pub lines: Vec<(String, i64, i64)>,
    /// `open`, `complete` or `expired`.
    pub status: String,
    /// `unpaid` or `paid`.
    pub payment_status: String,
    /// Made when the buyer first tries to pay.
    pub payment_intent: Option<String>,
    /// Where the buyer goes after paying.
    pub success_url: String,
    /// Where the buyer goes who gives up.
    pub cancel_url: Option<String>,
    /// The client's name for it.
    pub client_reference_id: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// Where a receipt goes.
    pub customer_email: Option<String>,
    /// The client's own data.
    pub metadata: BTreeMap<String, String>,
    /// `payment_intent_data`: how the intent is to be.
    pub capture_method: Option<String>,
    /// Free text of the intent.
    pub description: Option<String>,
    /// Whether the card is saved.
    pub setup_future_usage: Option<String>,
    /// The intent's own data.
    pub intent_metadata: BTreeMap<String, String>,
    /// The page.
    pub url: String,
}

impl Row for Session {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Session {
    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": false},
            "after_expiration": null,
            "allow_promotion_codes": null,
            "amount_subtotal": self.amount_total,
            "amount_total": self.amount_total,
            "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
            "billing_address_collection": null,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "client_secret": null,
            "collected_information": null,
            "consent": null,
            "consent_collection": null,
            "created": self.created,
            "currency": self.currency,
            "currency_conversion": null,
            "custom_fields": [],
            "custom_text": {"after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null},
            "customer": self.customer,
            "customer_account": null,
            "customer_creation": null,
            "customer_details": null,
            "customer_email": self.customer_email,
            "discounts": [],
            "expires_at": self.expires_at,
            "invoice": null,
            "invoice_creation": null,
            "livemode": false,
            "locale": null,
            "metadata": self.metadata,
            "mode": "payment",
            "origin_context": null,
            "payment_intent": self.payment_intent,
            "payment_link": null,
            "payment_method_collection": "if_required",
            "payment_method_configuration_details": null,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "payment_status": self.payment_status,
            "permissions": null,
            "phone_number_collection": {"enabled": false},
            "recovered_from": null,
            "saved_payment_method_options": null,
            "setup_intent": null,
            "shipping_address_collection": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": self.status,
            "submit_type": null,
            "subscription": null,
            "success_url": self.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted",
            "url": (self.status == "open").then_some(&self.url),
            "wallet_options": null,
        })
    }
}
