//! What can be done with customers.

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::customer::Customer;
use crate::{clock, token};

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
}
