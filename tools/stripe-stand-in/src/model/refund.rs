//! Refunds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

/// A refund of a charge or of a part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// When it was made.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// What is refunded.
    pub charge: String,
    /// The intent of the charge.
    pub payment_intent: String,
    /// Why, in Stripe's words.
    pub reason: Option<String>,
    /// `pending`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// The client's own data.
    pub metadata: BTreeMap<String, String>,
    /// What it did to the balance.
    #[serde(default)]
    pub balance_transaction: Option<String>,
    /// What its failure brought back to the balance.
    #[serde(default)]
    pub failure_balance_transaction: Option<String>,
}

impl Row for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Refund {
    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        let mut refund = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "destination_details": {
                "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status,
            "transfer_reversal": null,
        });
        if let Some(reason) = &self.failure_reason {
            refund["failure_reason"] = reason.as_str().into();
            refund["failure_balance_transaction"] = json!(self.failure_balance_transaction);
        }
        refund
    }
}
