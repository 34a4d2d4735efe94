//! What can be done with disputes, and what a cardholder's bank does.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::dispute::Dispute;
use crate::{clock, page, token};

/// How long evidence is waited for.
const EVIDENCE_DAYS: i64 = 9;

impl World {
    /// The dispute of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn dispute(&self, id: &str) -> Answer {
        self.disputes
            .get(id)
            .map(Dispute::render)
            .ok_or_else(|| ApiError::missing("dispute", "dispute", id))
    }

    /// A page of disputes.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_disputes(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["payment_intent", "charge"]].concat())?;
        let (intent, charge) = (params.text("payment_intent"), params.text("charge"));
        let rows = self
            .disputes
            .newest_first()
            .filter(|dispute| intent.is_none_or(|id| dispute.payment_intent == id))
            .filter(|dispute| charge.is_none_or(|id| dispute.charge == id))
            .map(Dispute::render)
            .collect();
        page::page("/v1/disputes", params, rows)
    }

    /// Takes evidence. As with Stripe's test cards, the text `winning_evidence` wins at once, `losing_evidence` loses.
    ///
    /// # Errors
    /// For bad parameters, or when it is decided.
    pub fn update_dispute(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&["evidence", "metadata", "submit"])?;
        let evidence = params.object("evidence").unwrap_or_default();
        let dispute = self.open_dispute(id)?;
        merge_metadata(&mut dispute.metadata, params);
        dispute.has_evidence = true;
        match evidence["uncategorized_text"].as_str() {
            Some("winning_evidence") => self.settle_dispute(id, "won"),
            Some("losing_evidence") => self.settle_dispute(id, "lost"),
            _ => self.settle_dispute(id, "under_review"),
        }
    }

    /// Gives a dispute up: it is lost.
    ///
    /// # Errors
    /// 404, or when it is decided.
    pub fn close_dispute(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&[])?;
        self.open_dispute(id)?;
        self.settle_dispute(id, "lost")
    }

    /// A cardholder objects to what an intent took. With `inquiry` the bank only asks, and takes nothing yet.
    ///
    /// # Errors
    /// When nothing was taken.
    pub fn raise_dispute(
        &mut self,
        intent: &str,
        reason: &str,
        amount: Option<i64>,
        inquiry: bool,
    ) -> Answer {
        let charge = self
            .intents
            .get(intent)
            .and_then(|intent| intent.latest_charge.clone())
            .and_then(|id| self.charges.get_mut(&id))
            .filter(|charge| charge.captured)
            .ok_or_else(|| ApiError::missing("charge", "payment_intent", intent))?;
        charge.disputed = true;
        let dispute = Dispute {
            id: token::new("du"),
            created: clock::now(),
            amount: amount.unwrap_or(charge.amount_captured),
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: intent.to_owned(),
            reason: reason.to_owned(),
            status: if inquiry {
                "warning_needs_response"
            } else {
                "needs_response"
            }
            .to_owned(),
            transactions: Vec::new(),
            due_by: clock::now() + EVIDENCE_DAYS * 24 * 3600,
            has_evidence: false,
            metadata: BTreeMap::new(),
        };
        let (id, shown) = (dispute.id.clone(), dispute.render());
        self.disputes.put(dispute);
        self.happened("charge.dispute.created", shown);
        if !inquiry {
            self.move_disputed(&id, -1, "charge.dispute.funds_withdrawn")?;
        }
        self.dispute(&id)
    }

    /// What a bank says of a dispute: `won`, `lost`, `warning_closed`, `under_review`, or `needs_response` for an inquiry that became serious.
    ///
    /// # Errors
    /// When there is none, or it is decided.
    pub fn settle_dispute(&mut self, id: &str, status: &str) -> Answer {
        let dispute = self.open_dispute(id)?;
        let before = std::mem::replace(&mut dispute.status, status.to_owned());
        let (closed, withdrawn) = (dispute.closed(), !dispute.transactions.is_empty());
        let shown = dispute.render();
        if status == "won" {
            self.move_disputed(id, 1, "charge.dispute.funds_reinstated")?;
        }
        if status == "needs_response" && !withdrawn {
            self.move_disputed(id, -1, "charge.dispute.funds_withdrawn")?;
        }
        if closed {
            let shown = self.dispute(id)?;
            self.happened("charge.dispute.closed", shown);
        } else {
            let previous = json!({ "status": before });
            self.happened_to("charge.dispute.updated", shown, Some(previous));
        }
        self.dispute(id)
    }

    /// Moves a dispute's money off the balance or back.
    fn move_disputed(&mut self, id: &str, sign: i64, event: &str) -> Result<(), ApiError> {
        let dispute = self.open_or_closed(id)?;
        let (amount, currency) = (sign * dispute.amount, dispute.currency.clone());
        let transaction = self.moved("adjustment", id, amount, &currency);
        let transaction = self.balance_transaction(&transaction)?;
        let dispute = self.open_or_closed(id)?;
        dispute.transactions.push(transaction);
        let shown = dispute.render();
        self.happened(event, shown);
        Ok(())
    }

    fn open_or_closed(&mut self, id: &str) -> Result<&mut Dispute, ApiError> {
        self.disputes
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("dispute", "dispute", id))
    }

    fn open_dispute(&mut self, id: &str) -> Result<&mut Dispute, ApiError> {
        let dispute = self.open_or_closed(id)?;
        if dispute.closed() {
            return Err(ApiError::invalid(
                None,
                format!("This dispute is already closed: it is {}.", dispute.status),
            ));
        }
        Ok(dispute)
    }
}
