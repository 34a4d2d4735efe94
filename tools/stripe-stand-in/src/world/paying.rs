//! Confirming, authenticating and capturing: where money moves.

use axum::http::StatusCode;

use super::intents::unexpected;
use super::{Answer, World};
use crate::cards::{self, Card, Fate};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::charge::Charge;
use crate::model::intent::Status;
use crate::model::payment_method;
use crate::{clock, token};

const CONFIRM: &[&str] = &[
    "capture_method",
    "client_secret",
    "error_on_requires_action",
    "off_session",
    "payment_method",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
];

impl World {
    /// Pays an intent with its card or the given one.
    ///
    /// # Errors
    /// 402 when the card is declined, 400 in a state that forbids it.
    pub fn confirm_intent(&mut self, id: &str, params: &Params) -> Answer {
        params.only(CONFIRM)?;
        self.pay(id, params)
    }

    pub(super) fn pay(&mut self, id: &str, params: &Params) -> Answer {
        // `create` has attached the card it was given already.
        let customer = self.intent_mut(id)?.customer.clone();
        let given = params
            .text("payment_method")
            .map(|name| self.method_named(name, customer.as_deref()))
            .transpose()?;
        let future = params
            .choice("setup_future_usage", &["on_session", "off_session"])?
            .map(String::from);
        let off_session = params.flag("off_session")?;
        let stop_for_action = params.flag("error_on_requires_action")?;
        let intent = self.intent_mut(id)?;
        if matches!(
            intent.status,
            Status::Succeeded | Status::Canceled | Status::RequiresCapture
        ) {
            return Err(unexpected(intent, "confirmed"));
        }
        if let Some(given) = given {
            intent.payment_method = Some(given);
        }
        if future.is_some() {
            intent.setup_future_usage = future;
        }
        if let Some(url) = params.text("return_url") {
            intent.return_url = Some(url.to_owned());
        }
        let Some(card) = intent
            .payment_method
            .as_ref()
            .and_then(|(_, card)| cards::find(card))
        else {
            return Err(ApiError::invalid(
                None,
                "You cannot confirm this PaymentIntent because it's missing a payment method. \
                 You can either update the PaymentIntent with a payment method and then confirm it again, \
                 or confirm it again directly with a payment method or ConfirmationToken."
                    .to_owned(),
            )
            .code("payment_intent_unexpected_state")
            .with("payment_intent", intent.render()));
        };
        match card.fate {
            Fate::Succeeds => self.charge_succeeds(id, card),
            Fate::Declined(code, decline_code, message) => {
                self.charge_fails(id, card, code, decline_code, message)
            }
            Fate::NeedsAuthentication if off_session || stop_for_action => self.charge_fails(
                id,
                card,
                "authentication_required",
                "authentication_required",
                "Your card was declined. This transaction requires authentication.",
            ),
            Fate::NeedsAuthentication => {
                intent.status = Status::RequiresAction;
                let shown = intent.render();
                self.happened("payment_intent.requires_action", shown.clone());
                Ok(shown)
            }
        }
    }

    /// The buyer authenticates, or fails to.
    ///
    /// # Errors
    /// When the intent does not wait for that.
    pub fn authenticate_intent(&mut self, id: &str, success: bool) -> Answer {
        let intent = self.intent_mut(id)?;
        if intent.status != Status::RequiresAction {
            return Err(unexpected(intent, "authenticated"));
        }
        let Some(card) = intent
            .payment_method
            .as_ref()
            .and_then(|(_, card)| cards::find(card))
        else {
            return Err(unexpected(intent, "authenticated"));
        };
        if success {
            return self.charge_succeeds(id, card);
        }
        // The buyer's browser is told by the intent's state; the merchant by the webhook.
        let _refusal = self.charge_fails(
            id,
            card,
            "payment_intent_authentication_failure",
            "authentication_not_handled",
            "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        );
        self.intent(id)
    }

    /// Takes authorised money, all or a part; the rest is let go.
    ///
    /// # Errors
    /// When nothing is authorised, or less.
    pub fn capture_intent(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&[
            "amount_to_capture",
            "final_capture",
            "metadata",
            "statement_descriptor",
        ])?;
        let wanted = params.integer("amount_to_capture")?;
        let intent = self.intent_mut(id)?;
        if intent.status != Status::RequiresCapture {
            return Err(unexpected(intent, "captured"));
        }
        let amount = wanted.unwrap_or(intent.amount_capturable);
        if !(1..=intent.amount_capturable).contains(&amount) {
            return Err(ApiError::invalid(
                Some("amount_to_capture"),
                format!(
                    "The provided amount to capture ({amount}) is greater than the capturable amount ({}) or below 1.",
                    intent.amount_capturable
                ),
            )
            .code("amount_too_large"));
        }
        intent.status = Status::Succeeded;
        intent.amount_capturable = 0;
        intent.amount_received = amount;
        let (shown, charge) = (intent.render(), intent.latest_charge.clone());
        if let Some(charge) = charge {
            self.taken(&charge, amount, "charge.captured");
        }
        self.happened("payment_intent.succeeded", shown.clone());
        Ok(shown)
    }

    /// The money of a charge is on the balance now.
    fn taken(&mut self, charge: &str, amount: i64, event: &str) {
        let Some(currency) = self.charges.get(charge).map(|row| row.currency.clone()) else {
            return;
        };
        let transaction = self.moved("charge", charge, amount, &currency);
        if let Some(charge) = self.charges.get_mut(charge) {
            charge.captured = true;
            charge.amount_captured = amount;
            charge.balance_transaction = Some(transaction);
            let shown = charge.render();
            self.happened(event, shown);
        }
    }

    fn charge_succeeds(&mut self, id: &str, card: &Card) -> Answer {
        let charge = self.new_charge(id, card, None)?;
        let intent = self.intent_mut(id)?;
        intent.last_payment_error = None;
        intent.latest_charge = Some(charge.id.clone());
        let manual = intent.capture_method == "manual";
        if manual {
            intent.status = Status::RequiresCapture;
            intent.amount_capturable = intent.amount;
        } else {
            intent.status = Status::Succeeded;
            intent.amount_received = intent.amount;
        }
        let shown = intent.render();
        let save = (intent.setup_future_usage.is_some())
            .then(|| intent.customer.clone().zip(intent.payment_method.clone()))
            .flatten();
        let (charge_id, amount) = (charge.id.clone(), charge.amount);
        self.charges.put(charge);
        if manual {
            let shown = self.charge(&charge_id)?;
            self.happened("charge.succeeded", shown);
        } else {
            self.taken(&charge_id, amount, "charge.succeeded");
        }
        if let Some((customer, (method, card))) = save
            && self.saved_cards.get(&method).is_none()
        {
            self.save_card(&method, &card, &customer)?;
        }
        let kind = if manual {
            "payment_intent.amount_capturable_updated"
        } else {
            "payment_intent.succeeded"
        };
        self.happened(kind, shown.clone());
        self.complete_session_of(id);
        if let Some((reason, inquiry)) = card.disputed.filter(|_| !manual) {
            self.raise_dispute(id, reason, None, inquiry)?;
        }
        Ok(shown)
    }

    fn charge_fails(
        &mut self,
        id: &str,
        card: &Card,
        code: &str,
        decline_code: &str,
        message: &str,
    ) -> Answer {
        let failure = (code.to_owned(), decline_code.to_owned(), message.to_owned());
        let charge = self.new_charge(id, card, Some(failure))?;
        let intent = self.intent_mut(id)?;
        let payment_method = payment_method::render(
            &charge.payment_method,
            card,
            intent.customer.as_deref(),
            charge.created,
        );
        let error = ApiError::new(StatusCode::PAYMENT_REQUIRED, "card_error", message)
            .code(code)
            .with("decline_code", decline_code)
            .with("advice_code", "try_again_later")
            .with("charge", charge.id.as_str())
            .with("payment_method", payment_method);
        intent.status = Status::RequiresPaymentMethod;
        intent.payment_method = None;
        intent.latest_charge = Some(charge.id.clone());
        intent.last_payment_error = Some(error.fields());
        let shown = intent.render();
        let shown_charge = charge.render();
        self.charges.put(charge);
        self.happened("charge.failed", shown_charge);
        self.happened("payment_intent.payment_failed", shown.clone());
        Err(error.with("payment_intent", shown))
    }

    fn new_charge(
        &self,
        id: &str,
        card: &Card,
        failure: Option<(String, String, String)>,
    ) -> Result<Charge, ApiError> {
        let intent = self
            .intents
            .get(id)
            .ok_or_else(|| ApiError::missing("payment_intent", "intent", id))?;
        let captured = failure.is_none() && intent.capture_method != "manual";
        Ok(Charge {
            id: token::new("ch"),
            created: clock::now(),
            amount: intent.amount,
            amount_captured: if captured { intent.amount } else { 0 },
            amount_refunded: 0,
            currency: intent.currency.clone(),
            captured,
            released: false,
            status: if failure.is_some() {
                "failed"
            } else {
                "succeeded"
            }
            .to_owned(),
            failure,
            payment_intent: intent.id.clone(),
            payment_method: intent
                .payment_method
                .as_ref()
                .map_or_else(|| token::new("pm"), |(id, _)| id.clone()),
            card: card.name.to_owned(),
            customer: intent.customer.clone(),
            description: intent.description.clone(),
            metadata: intent.metadata.clone(),
            receipt_email: intent.receipt_email.clone(),
            balance_transaction: None,
            disputed: false,
        })
    }
}
