//! Balance transactions: what a charge, a refund or a dispute did to the shop's balance, and what Stripe kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

/// A change of the balance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// `txn_…`
    pub id: String,
    /// When.
    pub created: i64,
    /// Minor units, negative when they left.
    pub amount: i64,
    /// What Stripe kept.
    pub fee: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// `charge`, `refund`, `refund_failure` or `adjustment`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The charge, refund or dispute.
    pub source: String,
    /// For people.
    pub description: String,
}

impl Row for BalanceTransaction {
    fn id(&self) -> &str {
        &self.id
    }
}

impl BalanceTransaction {
    /// The object as Stripe shows it.
    #[must_use]
    pub fn render(&self) -> Value {
        let category = match (self.kind.as_str(), self.amount) {
            ("adjustment", ..=0) => "dispute",
            ("adjustment", _) => "dispute_reversal",
            (kind, _) => kind,
        };
        let fees = if self.fee > 0 {
            json!([{
                "amount": self.fee, "application": null, "currency": self.currency,
                "description": if self.kind == "adjustment" { "Dispute fee" } else { "Stripe processing fees" }, "type": "stripe_fee",
            }])
        } else {
            json!([])
        };
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created + 7 * 24 * 3600,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "exchange_rate": null,
            "fee": self.fee,
            "fee_details": fees,
            "net": self.amount - self.fee,
            "reporting_category": category,
            "source": self.source,
            "status": "pending",
            "type": self.kind,
        })
    }
}
