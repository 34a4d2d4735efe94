//! What can be done with refunds.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::json;

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::refund::Refund;
use crate::{cards, clock, page, token};

impl World {
    /// Gives money back.
    ///
    /// # Errors
    /// When there is no such charge, or not that much left of it.
    pub fn create_refund(&mut self, params: &Params) -> Answer {
        params.only(&["payment_intent", "charge", "amount", "reason", "metadata"])?;
        let reason = params
            .choice(
                "reason",
                &["duplicate", "fraudulent", "requested_by_customer"],
            )?
            .map(String::from);
        let charge_id = match (params.text("charge"), params.text("payment_intent")) {
            (Some(charge), _) => charge.to_owned(),
            (None, Some(intent)) => self
                .intents
                .get(intent)
                .ok_or_else(|| ApiError::missing("payment_intent", "payment_intent", intent))?
                .latest_charge
                .clone()
                .ok_or_else(|| {
                    ApiError::invalid(
                        Some("payment_intent"),
                        format!("This PaymentIntent ({intent}) does not have a successful charge to refund."),
                    )
                    .code("payment_intent_unexpected_state")
                })?,
            (None, None) => {
                return Err(ApiError::invalid(
                    None,
                    "One of the following params should be provided for this request: payment_intent or charge."
                        .to_owned(),
                )
                .code("parameter_missing"));
            }
        };
        let amount = params.integer("amount")?;
        let charge = self
            .charges
            .get_mut(&charge_id)
            .ok_or_else(|| ApiError::missing("charge", "charge", &charge_id))?;
        let left = charge.refundable();
        if left == 0 && charge.amount_refunded > 0 {
            return Err(ApiError::invalid(
                None,
                format!("Charge {charge_id} has already been refunded."),
            )
            .code("charge_already_refunded"));
        }
        if left == 0 {
            return Err(ApiError::invalid(
                None,
                format!("Charge {charge_id} cannot be refunded: nothing was captured."),
            ));
        }
        let amount = amount.unwrap_or(left);
        if amount < 1 {
            return Err(ApiError::invalid(
                Some("amount"),
                "This value must be greater than or equal to 1.".to_owned(),
            )
            .code("parameter_invalid_integer"));
        }
        if amount > left {
            return Err(ApiError::invalid(
                Some("amount"),
                format!(
                    "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
                ),
            ));
        }
        let before = charge.amount_refunded;
        charge.amount_refunded += amount;
        let waits = cards::find(&charge.card).is_some_and(|card| card.refund_waits);
        let mut refund = Refund {
            id: token::new("re"),
            created: clock::now(),
            amount,
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason,
            status: if waits { "pending" } else { "succeeded" }.to_owned(),
            failure_reason: None,
            metadata: BTreeMap::new(),
            balance_transaction: None,
            failure_balance_transaction: None,
        };
        merge_metadata(&mut refund.metadata, params);
        let charge = charge.render();
        let transaction = self.moved("refund", &refund.id, -amount, &refund.currency);
        refund.balance_transaction = Some(transaction);
        let shown = refund.render();
        self.refunds.put(refund);
        self.happened("refund.created", shown.clone());
        self.happened_to(
            "charge.refunded",
            charge,
            Some(json!({ "amount_refunded": before })),
        );
        if !waits {
            self.happened_to(
                "refund.updated",
                shown.clone(),
                Some(json!({ "destination_details": {} })),
            );
        }
        Ok(shown)
    }

    /// The refund of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn refund(&self, id: &str) -> Answer {
        self.refunds
            .get(id)
            .map(Refund::render)
            .ok_or_else(|| ApiError::missing("refund", "id", id))
    }

    /// A page of refunds.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_refunds(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["payment_intent", "charge"]].concat())?;
        let (intent, charge) = (params.text("payment_intent"), params.text("charge"));
        let rows = self
            .refunds
            .newest_first()
            .filter(|refund| intent.is_none_or(|id| refund.payment_intent == id))
            .filter(|refund| charge.is_none_or(|id| refund.charge == id))
            .map(Refund::render)
            .collect();
        page::page("/v1/refunds", params, rows)
    }

    /// Ends a refund as the bank would, days later: `succeeded` or `failed`. One that had succeeded may fail too: the bank sends the money back.
    ///
    /// # Errors
    /// When there is none, or it failed before.
    pub fn settle_refund(&mut self, id: &str, status: &str) -> Answer {
        let refund = self
            .refunds
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("refund", "id", id))?;
        if refund.status == "failed" {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "invalid_request_error",
                "This refund has failed already.",
            ));
        }
        let before = std::mem::replace(&mut refund.status, status.to_owned());
        if status == "failed" {
            refund.failure_reason = Some("lost_or_stolen_card".to_owned());
            let (amount, currency) = (refund.amount, refund.currency.clone());
            if let Some(charge) = self.charges.get_mut(&refund.charge) {
                charge.amount_refunded -= amount;
            }
            let transaction = self.moved("refund_failure", id, amount, &currency);
            if let Some(refund) = self.refunds.get_mut(id) {
                refund.failure_balance_transaction = Some(transaction);
            }
        }
        let shown = self.refund(id)?;
        let previous = || Some(json!({ "status": before }));
        self.happened_to("refund.updated", shown.clone(), previous());
        self.happened_to("charge.refund.updated", shown.clone(), previous());
        if status == "failed" {
            self.happened("refund.failed", shown.clone());
        }
        Ok(shown)
    }
}
