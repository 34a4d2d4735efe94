//! Customers and their saved cards. Stripe learns our user id and nothing else of them.

use std::collections::HashMap;

use primitives::{Timestamp, UserId};
use stripe::{StripeError, StripeRequest as _};
use stripe_core::customer::{
    CreateCustomer, DeleteCustomer, ListPaymentMethodsCustomer, RetrievePaymentMethodCustomer,
};
use stripe_payment::payment_method::DetachPaymentMethod;
use stripe_shared::PaymentMethod;

use super::{Stripe, failure, idempotent};
use crate::payments::{ProviderError, SavedCard};

/// How many cards are shown; nobody has more.
const CARDS: i64 = 100;

impl Stripe {
    /// Makes a customer for a user, or finds the one that was made; answers Stripe's id.
    pub(crate) async fn create_customer(&self, user: UserId) -> Result<String, ProviderError> {
        let metadata = HashMap::from([("user_id".to_owned(), user.to_string())]);
        CreateCustomer::new()
            .metadata(metadata)
            .customize()
            .request_strategy(idempotent(&format!("customer-{user}"))?)
            .send(&self.client)
            .await
            .map(|customer| customer.id.to_string())
            .map_err(failure)
    }

    /// Removes a customer and all cards. One that is gone already is gone.
    pub(crate) async fn delete_customer(&self, customer: &str) -> Result<(), ProviderError> {
        match DeleteCustomer::new(customer).send(&self.client).await {
            Ok(_) | Err(StripeError::Stripe(_, 404)) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    /// A customer's cards, newest first.
    pub(crate) async fn cards(&self, customer: &str) -> Result<Vec<SavedCard>, ProviderError> {
        let cards = ListPaymentMethodsCustomer::new(customer)
            .limit(CARDS)
            .send(&self.client)
            .await
            .map_err(failure)?;
        Ok(cards.data.into_iter().filter_map(card).collect())
    }

    /// Whether the card is this customer's. What is no id is nobody's, and never becomes a part of an address.
    pub(crate) async fn has_card(&self, customer: &str, card: &str) -> Result<bool, ProviderError> {
        if card.is_empty() || !card.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Ok(false);
        }
        match RetrievePaymentMethodCustomer::new(customer, card)
            .send(&self.client)
            .await
            .map_err(failure)
        {
            Ok(_) => Ok(true),
            Err(ProviderError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a card off its customer, for good.
    pub(crate) async fn remove_card(&self, card: &str) -> Result<(), ProviderError> {
        DetachPaymentMethod::new(card)
            .send(&self.client)
            .await
            .map(drop)
            .map_err(failure)
    }
}

/// Only cards are offered to be used again.
fn card(method: PaymentMethod) -> Option<SavedCard> {
    let card = method.card?;
    Some(SavedCard {
        id: method.id.to_string(),
        brand: card.brand,
        last4: card.last4,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        created_at: Timestamp::from_unix(method.created),
    })
}
