//! Checkout Sessions, and paying on their page.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::intent::Status;
use crate::model::session::Session;
use crate::{clock, page, token};

const CREATE: &[&str] = &[
    "allowed_payment_method_types",
    "cancel_url",
    "client_reference_id",
    "currency",
    "customer",
    "customer_email",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data",
    "payment_method_types",
    "success_url",
    "ui_mode",
];

const DAY: i64 = 24 * 3600;

impl World {
    /// Makes a page on which one purchase can be paid.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn create_session(&mut self, params: &Params) -> Answer {
        params.only(CREATE)?;
        if params.choice("mode", &["payment"])?.is_none() {
            return Err(ApiError::invalid(
                Some("mode"),
                "Missing required param: mode.".to_owned(),
            )
            .code("parameter_missing"));
        }
        let now = clock::now();
        let expires_at = params.integer("expires_at")?.unwrap_or(now + DAY);
        if !(now + 1_800 - 60..=now + DAY + 60).contains(&expires_at) {
            return Err(ApiError::invalid(
                Some("expires_at"),
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.".to_owned(),
            ));
        }
        let customer = params.text("customer").map(String::from);
        if let Some(id) = &customer
            && self.customers.get(id).is_none()
        {
            return Err(ApiError::missing("customer", "customer", id));
        }
        let (lines, currency) = lines(params)?;
        let intent = params.object("payment_intent_data").unwrap_or_default();
        let text = |name: &str| intent[name].as_str().map(String::from);
        let id = token::new("cs_test");
        let mut session = Session {
            url: format!("{}/_stand_in/checkout/{id}", self.pages),
            id,
            created: now,
            expires_at,
            amount_total: lines.iter().map(|(_, count, price)| count * price).sum(),
            currency,
            lines,
            status: "open".to_owned(),
            payment_status: "unpaid".to_owned(),
            payment_intent: None,
            success_url: params.required("success_url")?.to_owned(),
            cancel_url: params.text("cancel_url").map(String::from),
            client_reference_id: params.text("client_reference_id").map(String::from),
            customer,
            customer_email: params.text("customer_email").map(String::from),
            metadata: BTreeMap::new(),
            capture_method: text("capture_method"),
            description: text("description"),
            setup_future_usage: text("setup_future_usage"),
            intent_metadata: serde_json::from_value(intent["metadata"].clone()).unwrap_or_default(),
        };
        merge_metadata(&mut session.metadata, params);
        let shown = session.render();
        self.sessions.put(session);
        Ok(shown)
    }

    /// The session of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn session(&self, id: &str) -> Answer {
        self.sessions
            .get(id)
            .map(Session::render)
            .ok_or_else(|| ApiError::missing("checkout.session", "session", id))
    }

    /// A page of sessions.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_sessions(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["payment_intent", "status"]].concat())?;
        let (intent, status) = (params.text("payment_intent"), params.text("status"));
        let rows = self
            .sessions
            .newest_first()
            .filter(|row| intent.is_none_or(|id| row.payment_intent.as_deref() == Some(id)))
            .filter(|row| status.is_none_or(|status| row.status == status))
            .map(Session::render)
            .collect();
        page::page("/v1/checkout/sessions", params, rows)
    }

    /// Closes a page on which nobody has paid.
    ///
    /// # Errors
    /// When it is not open.
    pub fn expire_session(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&[])?;
        let session = self.session_mut(id)?;
        if session.status != "open" {
            return Err(ApiError::invalid(
                None,
                format!(
                    "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of {}.",
                    session.status
                ),
            ));
        }
        session.status = "expired".to_owned();
        let (shown, intent) = (session.render(), session.payment_intent.clone());
        if let Some(intent) = intent {
            // A try that was declined, or waits for authentication, ends with its page.
            let _ = self.cancel_intent(&intent, &Params::default());
        }
        self.happened("checkout.session.expired", shown.clone());
        Ok(shown)
    }

    /// The buyer pays on the page with a test card; answers the intent.
    ///
    /// # Errors
    /// When the page is not open, or the card is declined.
    pub fn pay_session(&mut self, id: &str, card: &str) -> Answer {
        let session = self.session_mut(id)?;
        if session.status != "open" || session.expires_at < clock::now() {
            return Err(ApiError::invalid(
                None,
                "This page can no longer be paid.".to_owned(),
            ));
        }
        let session = session.clone();
        let intent = match session.payment_intent {
            Some(intent) => intent,
            None => {
                let mut form = vec![
                    ("amount".to_owned(), session.amount_total.to_string()),
                    ("currency".to_owned(), session.currency.clone()),
                ];
                let optional = [
                    ("capture_method", &session.capture_method),
                    ("customer", &session.customer),
                    ("description", &session.description),
                    ("receipt_email", &session.customer_email),
                    ("setup_future_usage", &session.setup_future_usage),
                ];
                for (name, value) in optional {
                    form.extend(value.clone().map(|value| (name.to_owned(), value)));
                }
                for (key, value) in &session.intent_metadata {
                    form.push((format!("metadata[{key}]"), value.clone()));
                }
                let intent = self.create_intent(&Params::of(form))?["id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                self.session_mut(id)?.payment_intent = Some(intent.clone());
                intent
            }
        };
        let form = vec![("payment_method".to_owned(), card.to_owned())];
        self.confirm_intent(&intent, &Params::of(form))
    }

    /// The intent of a page was paid, or authorised: the page is done.
    pub(super) fn complete_session_of(&mut self, intent: &str) {
        let paid = self
            .intents
            .get(intent)
            .is_some_and(|intent| intent.status == Status::Succeeded);
        let Some(id) = self
            .sessions
            .newest_first()
            .find(|row| row.payment_intent.as_deref() == Some(intent) && row.status == "open")
            .map(|row| row.id.clone())
        else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.status = "complete".to_owned();
            session.payment_status = if paid { "paid" } else { "unpaid" }.to_owned();
            let shown = session.render();
            self.happened("checkout.session.completed", shown);
        }
    }

    fn session_mut(&mut self, id: &str) -> Result<&mut Session, ApiError> {
        self.sessions
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("checkout.session", "session", id))
    }
}

/// What is bought, how many of it, and what one costs.
type Line = (String, i64, i64);

/// The lines, by `price_data`, and their one currency.
fn lines(params: &Params) -> Result<(Vec<Line>, String), ApiError> {
    let bad = |what: &str| ApiError::invalid(Some("line_items"), format!("line_items: {what}"));
    let given = match params.object("line_items") {
        Some(Value::Object(lines)) => lines,
        _ => return Err(bad("at least one is required")),
    };
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<i64>().ok());
    let mut lines = Vec::new();
    let mut currency = None;
    for line in given.values() {
        let price = &line["price_data"];
        let name = price["product_data"]["name"]
            .as_str()
            .ok_or_else(|| bad("a name is missing"))?;
        let unit = number(&price["unit_amount"]).ok_or_else(|| bad("an amount is missing"))?;
        let count = number(&line["quantity"]).ok_or_else(|| bad("a quantity is missing"))?;
        let its = price["currency"]
            .as_str()
            .ok_or_else(|| bad("a currency is missing"))?
            .to_lowercase();
        if *currency.get_or_insert(its.clone()) != its {
            return Err(bad("all must have the same currency"));
        }
        lines.push((name.to_owned(), count, unit));
    }
    Ok((lines, currency.unwrap_or_default()))
}
