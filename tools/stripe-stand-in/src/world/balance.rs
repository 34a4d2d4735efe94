//! What moves the balance.

use super::{Answer, World};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::balance::BalanceTransaction;
use crate::{clock, page, token};

/// What a dispute costs, whoever wins it.
const DISPUTE_FEE: i64 = 2_000;

/// What Stripe keeps of a European card's charge: 1.5 % and 25 cents.
fn charge_fee(amount: i64) -> i64 {
    (amount * 15 + 500) / 1_000 + 25
}

impl World {
    /// Writes down what a charge, a refund or a dispute does to the balance; answers its id.
    pub(super) fn moved(
        &mut self,
        kind: &str,
        source: &str,
        amount: i64,
        currency: &str,
    ) -> String {
        let (fee, description) = match kind {
            "charge" => (charge_fee(amount), "Payment"),
            "adjustment" if amount < 0 => (DISPUTE_FEE, "Chargeback withdrawal"),
            "adjustment" => (0, "Chargeback reversal"),
            "refund_failure" => (0, "Failed refund"),
            _ => (0, "Refund"),
        };
        let transaction = BalanceTransaction {
            id: token::new("txn"),
            created: clock::now(),
            amount,
            fee,
            currency: currency.to_owned(),
            kind: kind.to_owned(),
            source: source.to_owned(),
            description: format!("{description} for {source}"),
        };
        let id = transaction.id.clone();
        self.balance.put(transaction);
        id
    }

    /// The balance transaction of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn balance_transaction(&self, id: &str) -> Answer {
        self.balance
            .get(id)
            .map(BalanceTransaction::render)
            .ok_or_else(|| ApiError::missing("balance transaction", "id", id))
    }

    /// A page of balance transactions.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_balance_transactions(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["source", "type"]].concat())?;
        let (source, kind) = (params.text("source"), params.text("type"));
        let rows = self
            .balance
            .newest_first()
            .filter(|row| source.is_none_or(|id| row.source == id))
            .filter(|row| kind.is_none_or(|kind| row.kind == kind))
            .map(BalanceTransaction::render)
            .collect();
        page::page("/v1/balance_transactions", params, rows)
    }
}
