//! `/api/payment-methods`: cards that a customer saved.

pub(crate) mod list;
pub(crate) mod remove;

use primitives::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::payments::SavedCard;

/// A saved card. It lives at Stripe.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
pub(crate) struct PaymentMethodView {
    /// What `saved_card` takes.
    pub(crate) id: String,
    /// Such as `visa`.
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
    pub(crate) created_at: Timestamp,
}

impl From<SavedCard> for PaymentMethodView {
    fn from(card: SavedCard) -> Self {
        Self {
            id: card.id,
            brand: card.brand,
            last4: card.last4,
            exp_month: card.exp_month,
            exp_year: card.exp_year,
            created_at: card.created_at,
        }
    }
}

/// All of a customer's saved cards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentMethods {
    pub(crate) data: Vec<PaymentMethodView>,
}
