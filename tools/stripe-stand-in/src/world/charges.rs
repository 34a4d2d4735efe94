//! What can be done with charges.

use super::{Answer, World};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::charge::Charge;
use crate::page;

impl World {
    /// The charge of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn charge(&self, id: &str) -> Answer {
        self.charges
            .get(id)
            .map(Charge::render)
            .ok_or_else(|| ApiError::missing("charge", "id", id))
    }

    /// A page of charges.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_charges(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["payment_intent", "customer"]].concat())?;
        let intent = params.text("payment_intent");
        let customer = params.text("customer");
        let rows = self
            .charges
            .newest_first()
            .filter(|charge| intent.is_none_or(|id| charge.payment_intent == id))
            .filter(|charge| customer.is_none_or(|id| charge.customer.as_deref() == Some(id)))
            .map(Charge::render)
            .collect();
        page::page("/v1/charges", params, rows)
    }
}
