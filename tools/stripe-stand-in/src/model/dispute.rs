//! Disputes: a cardholder's bank takes the money back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::table::Row;

/// An objection to a charge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// When it was opened.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// The charge.
    pub charge: String,
    /// Its intent.
    pub payment_intent: String,
    /// Such as `fraudulent`.
    pub reason: String,
    /// Such as `needs_response`.
    pub status: String,
    /// Movements of the balance, as Stripe shows them.
    pub transactions: Vec<Value>,
    /// Until when evidence counts.
    pub due_by: i64,
    /// Whether evidence was given.
    pub has_evidence: bool,
    /// The client's own data.
    pub metadata: BTreeMap<String, String>,
}

impl Row for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}

/// All that evidence can consist of; the stand-in shows each as absent.
const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

impl Dispute {
    /// Whether it is decided.
    #[must_use]
    pub fn closed(&self) -> bool {
        matches!(self.status.as_str(), "won" | "lost" | "warning_closed")
    }

    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        let mut evidence: Map<String, Value> = EVIDENCE
            .iter()
            .map(|name| ((*name).to_owned(), Value::Null))
            .collect();
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": self.due_by, "enhanced_eligibility": {}, "has_evidence": self.has_evidence, "past_due": false,
                "submission_count": i64::from(self.has_evidence),
            },
            "is_charge_refundable": self.status.starts_with("warning"),
            "livemode": false,
            "metadata": self.metadata,
            "network_reason_code": "10.4",
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"}, "type": "card",
            },
            "reason": self.reason,
            "status": self.status,
        })
    }
}
