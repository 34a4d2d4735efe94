//! What can be done with customers.

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::customer::Customer;
use crate::model::payment_method::SavedCard;
use crate::{cards, clock, page, token};

impl World {
    /// Makes a customer.
    ///
    /// # Errors
    /// For an unknown parameter.
    pub fn create_customer(&mut self, params: &Params) -> Answer {
        params.only(&["email", "name", "phone", "description", "metadata"])?;
        let mut customer = Customer {
            id: token::new("cus"),
            created: clock::now(),
            email: params.text("email").map(String::from),
            name: params.text("name").map(String::from),
            phone: params.text("phone").map(String::from),
            description: params.text("description").map(String::from),
            metadata: Default::default(),
            deleted: false,
        };
        merge_metadata(&mut customer.metadata, params);
        let shown = customer.render();
        self.customers.put(customer);
        self.happened("customer.created", shown.clone());
        Ok(shown)
    }

    /// The customer of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn customer(&self, id: &str) -> Answer {
        self.customers
            .get(id)
            .map(Customer::render)
            .ok_or_else(|| ApiError::missing("customer", "id", id))
    }

    /// Changes a customer.
    ///
    /// # Errors
    /// 404, or for an unknown parameter.
    pub fn update_customer(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&["email", "name", "phone", "description", "metadata"])?;
        let customer = self.living(id)?;
        let set = |field: &mut Option<String>, name: &str| {
            if let Some(text) = params.text(name) {
                *field = Some(text.to_owned());
            }
        };
        set(&mut customer.email, "email");
        set(&mut customer.name, "name");
        set(&mut customer.phone, "phone");
        set(&mut customer.description, "description");
        merge_metadata(&mut customer.metadata, params);
        let shown = customer.render();
        self.happened("customer.updated", shown.clone());
        Ok(shown)
    }

    /// Removes a customer with all saved cards.
    ///
    /// # Errors
    /// 404.
    pub fn delete_customer(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&[])?;
        let customer = self.living(id)?;
        let shown = customer.render();
        customer.deleted = true;
        let gone = customer.render();
        let cards: Vec<String> = self
            .saved_cards
            .newest_first()
            .filter(|card| card.customer.as_deref() == Some(id))
            .map(|card| card.id.clone())
            .collect();
        for card in cards {
            if let Some(card) = self.saved_cards.get_mut(&card) {
                card.customer = None;
            }
        }
        self.happened("customer.deleted", shown);
        Ok(gone)
    }

    /// A page of a customer's saved cards.
    ///
    /// # Errors
    /// 404, or for bad parameters.
    pub fn list_saved_cards(&self, id: &str, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["type"]].concat())?;
        if self
            .customers
            .get(id)
            .is_none_or(|customer| customer.deleted)
        {
            return Err(ApiError::missing("customer", "customer", id));
        }
        let rows = self
            .saved_cards
            .newest_first()
            .filter(|card| card.customer.as_deref() == Some(id))
            .map(SavedCard::render)
            .collect();
        page::page(&format!("/v1/customers/{id}/payment_methods"), params, rows)
    }

    /// One of a customer's saved cards.
    ///
    /// # Errors
    /// 404.
    pub fn card_of_customer(&self, id: &str, card: &str) -> Answer {
        self.saved_cards
            .get(card)
            .filter(|saved| saved.customer.as_deref() == Some(id))
            .map(SavedCard::render)
            .ok_or_else(|| ApiError::missing("PaymentMethod", "payment_method", card))
    }

    /// A saved card.
    ///
    /// # Errors
    /// 404.
    pub fn saved_card(&self, id: &str) -> Answer {
        self.saved_cards
            .get(id)
            .map(SavedCard::render)
            .ok_or_else(|| ApiError::missing("PaymentMethod", "payment_method", id))
    }

    /// Saves a card for a customer: a test card by its name.
    ///
    /// # Errors
    /// When there is no such customer or card.
    pub fn attach_card(&mut self, name: &str, params: &Params) -> Answer {
        params.only(&["customer"])?;
        let customer = params.required("customer")?.to_owned();
        self.living(&customer)?;
        let card = cards::find(name)
            .ok_or_else(|| ApiError::missing("PaymentMethod", "payment_method", name))?;
        self.save_card(&token::new("pm"), card.name, &customer)
    }

    /// Takes a card off its customer, for good.
    ///
    /// # Errors
    /// When there is none, or it is nobody's.
    pub fn detach_card(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&[])?;
        let card = self
            .saved_cards
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("PaymentMethod", "payment_method", id))?;
        if card.customer.take().is_none() {
            return Err(ApiError::invalid(
                None,
                "The payment method you provided is not attached to a customer so detachment is impossible.".to_owned(),
            ));
        }
        let shown = card.render();
        self.happened("payment_method.detached", shown.clone());
        Ok(shown)
    }

    pub(super) fn living(&mut self, id: &str) -> Result<&mut Customer, ApiError> {
        self.customers
            .get_mut(id)
            .filter(|customer| !customer.deleted)
            .ok_or_else(|| ApiError::missing("customer", "customer", id))
    }

    /// Keeps a card for a customer.
    pub(super) fn save_card(&mut self, id: &str, card: &str, customer: &str) -> Answer {
        let saved = SavedCard {
            id: id.to_owned(),
            created: clock::now(),
            card: card.to_owned(),
            customer: Some(customer.to_owned()),
        };
        let shown = saved.render();
        self.saved_cards.put(saved);
        self.happened("payment_method.attached", shown.clone());
        Ok(shown)
    }

    /// The payment method that a buyer names: a test card's name, or a card that the customer saved. Answers its id and the test card.
    pub(super) fn method_named(
        &self,
        name: &str,
        customer: Option<&str>,
    ) -> Result<(String, String), ApiError> {
        if let Some(card) = cards::find(name) {
            return Ok((token::new("pm"), card.name.to_owned()));
        }
        let missing = || ApiError::missing("PaymentMethod", "payment_method", name);
        let saved = self.saved_cards.get(name).ok_or_else(missing)?;
        if saved.customer.is_none() || saved.customer.as_deref() != customer {
            return Err(ApiError::invalid(
                Some("payment_method"),
                format!(
                    "The customer does not have a payment method with the ID {name}. The payment method must be attached to the customer."
                ),
            ));
        }
        Ok((saved.id.clone(), saved.card.clone()))
    }
}
