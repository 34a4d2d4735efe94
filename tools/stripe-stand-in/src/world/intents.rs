//! Making, changing, finding and giving up payment intents.

use std::collections::BTreeMap;

use super::{Answer, World, merge_metadata};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::intent::{Intent, Status};
use crate::{clock, page, token};

/// Below this Stripe takes no payment, in minor units of the usual currencies.
const SMALLEST: i64 = 50;
const LARGEST: i64 = 99_999_999;

const CREATE: &[&str] = &[
    "allowed_payment_method_types",
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "confirmation_method",
    "currency",
    "customer",
    "description",
    "error_on_requires_action",
    "metadata",
    "off_session",
    "payment_method",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "use_stripe_sdk",
];

const UPDATE: &[&str] = &[
    "amount",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_method",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

impl World {
    /// Makes a payment intent and, with `confirm`, pays it at once.
    ///
    /// # Errors
    /// For bad parameters, or as [`World::confirm_intent`].
    pub fn create_intent(&mut self, params: &Params) -> Answer {
        params.only(CREATE)?;
        let amount = checked_amount(params)?.ok_or_else(|| {
            ApiError::invalid(Some("amount"), "Missing required param: amount.".to_owned())
                .code("parameter_missing")
        })?;
        let currency = params.required("currency")?.to_lowercase();
        if currency.len() != 3 || !currency.chars().all(|letter| letter.is_ascii_lowercase()) {
            return Err(ApiError::invalid(
                Some("currency"),
                format!("Invalid currency: {currency}."),
            ));
        }
        let capture_method = params
            .choice(
                "capture_method",
                &["automatic", "automatic_async", "manual"],
            )?
            .unwrap_or("automatic_async")
            .to_owned();
        let confirmation_method = params
            .choice("confirmation_method", &["automatic", "manual"])?
            .unwrap_or("automatic")
            .to_owned();
        let customer = params.text("customer").map(String::from);
        if let Some(id) = &customer
            && self.customers.get(id).is_none()
        {
            return Err(ApiError::missing("customer", "customer", id));
        }
        let payment_method = params
            .text("payment_method")
            .map(|name| self.method_named(name, customer.as_deref()))
            .transpose()?;
        let confirm = params.flag("confirm")?;
        let id = token::new("pi");
        let mut intent = Intent {
            client_secret: format!("{id}_{}", token::new("secret")),
            id: id.clone(),
            created: clock::now(),
            amount,
            amount_received: 0,
            amount_capturable: 0,
            currency,
            status: if payment_method.is_some() {
                Status::RequiresConfirmation
            } else {
                Status::RequiresPaymentMethod
            },
            capture_method,
            confirmation_method,
            automatic_payment_methods: params
                .object("automatic_payment_methods")
                .is_none_or(|given| given["enabled"] == "true"),
            payment_method,
            customer,
            description: None,
            metadata: BTreeMap::new(),
            receipt_email: None,
            shipping: None,
            return_url: params.text("return_url").map(String::from),
            setup_future_usage: params
                .choice("setup_future_usage", &["on_session", "off_session"])?
                .map(String::from),
            statement_descriptor: None,
            statement_descriptor_suffix: None,
            transfer_group: None,
            latest_charge: None,
            last_payment_error: None,
            canceled_at: None,
            cancellation_reason: None,
            pages: self.pages.clone(),
        };
        describe(&mut intent, params);
        let shown = intent.render();
        self.intents.put(intent);
        self.happened("payment_intent.created", shown.clone());
        if confirm {
            self.pay(&id, params)
        } else {
            Ok(shown)
        }
    }

    /// Changes an intent that is not paid yet.
    ///
    /// # Errors
    /// For bad parameters or in a state that forbids it.
    pub fn update_intent(&mut self, id: &str, params: &Params) -> Answer {
        params.only(UPDATE)?;
        let amount = checked_amount(params)?;
        let future = params
            .choice("setup_future_usage", &["on_session", "off_session"])?
            .map(String::from);
        if let Some(customer) = params.text("customer") {
            self.living(customer)?;
        }
        let customer = match params.text("customer") {
            Some(customer) => Some(customer.to_owned()),
            None => self.intent_mut(id)?.customer.clone(),
        };
        let payment_method = params
            .text("payment_method")
            .map(|name| self.method_named(name, customer.as_deref()))
            .transpose()?;
        let intent = self.intent_mut(id)?;
        let open = matches!(
            intent.status,
            Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction
        );
        if !open
            && (amount.is_some_and(|amount| amount != intent.amount) || payment_method.is_some())
        {
            return Err(unexpected(intent, "updated"));
        }
        intent.amount = amount.unwrap_or(intent.amount);
        if payment_method.is_some() {
            intent.payment_method = payment_method;
            intent.status = Status::RequiresConfirmation;
        }
        if future.is_some() {
            intent.setup_future_usage = future;
        }
        describe(intent, params);
        Ok(intent.render())
    }

    /// The intent of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn intent(&self, id: &str) -> Answer {
        self.intents
            .get(id)
            .map(Intent::render)
            .ok_or_else(|| ApiError::missing("payment_intent", "intent", id))
    }

    /// A page of intents.
    ///
    /// # Errors
    /// For bad parameters.
    pub fn list_intents(&self, params: &Params) -> Answer {
        params.only(&[&page::PARAMS[..], &["customer"]].concat())?;
        let customer = params.text("customer");
        let rows = self
            .intents
            .newest_first()
            .filter(|intent| customer.is_none_or(|id| intent.customer.as_deref() == Some(id)))
            .map(Intent::render)
            .collect();
        page::page("/v1/payment_intents", params, rows)
    }

    /// Gives an intent up; an authorisation is let go.
    ///
    /// # Errors
    /// When it is paid or was given up before.
    pub fn cancel_intent(&mut self, id: &str, params: &Params) -> Answer {
        params.only(&["cancellation_reason"])?;
        let reason = params
            .choice(
                "cancellation_reason",
                &[
                    "duplicate",
                    "fraudulent",
                    "requested_by_customer",
                    "abandoned",
                ],
            )?
            .map(String::from);
        let intent = self.intent_mut(id)?;
        if matches!(intent.status, Status::Succeeded | Status::Canceled) {
            return Err(unexpected(intent, "canceled"));
        }
        let authorised = intent.status == Status::RequiresCapture;
        intent.status = Status::Canceled;
        intent.canceled_at = Some(clock::now());
        intent.cancellation_reason = reason;
        intent.amount_capturable = 0;
        let (shown, charge) = (intent.render(), intent.latest_charge.clone());
        if authorised && let Some(charge) = charge.and_then(|id| self.charges.get_mut(&id)) {
            charge.released = true;
            charge.amount_refunded = charge.amount;
            let charge = charge.render();
            self.happened("charge.refunded", charge);
        }
        self.happened("payment_intent.canceled", shown.clone());
        Ok(shown)
    }

    /// The intent of `id`, to change it.
    pub(super) fn intent_mut(&mut self, id: &str) -> Result<&mut Intent, ApiError> {
        self.intents
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("payment_intent", "intent", id))
    }
}

/// The refusal of an operation that the intent's state forbids.
pub(super) fn unexpected(intent: &Intent, verb: &str) -> ApiError {
    ApiError::invalid(
        None,
        format!(
            "This PaymentIntent could not be {verb} because it has a status of {}.",
            intent.status.as_str()
        ),
    )
    .code("payment_intent_unexpected_state")
    .with("payment_intent", intent.render())
}

fn checked_amount(params: &Params) -> Result<Option<i64>, ApiError> {
    let amount = params.integer("amount")?;
    match amount {
        Some(amount) if amount < 1 => Err(ApiError::invalid(
            Some("amount"),
            "This value must be greater than or equal to 1.".to_owned(),
        )
        .code("parameter_invalid_integer")),
        Some(amount) if amount < SMALLEST => Err(ApiError::invalid(
            Some("amount"),
            "Amount must convert to at least 50 cents.".to_owned(),
        )
        .code("amount_too_small")),
        Some(amount) if amount > LARGEST => Err(ApiError::invalid(
            Some("amount"),
            "Amount must be no more than 999,999.99.".to_owned(),
        )
        .code("amount_too_large")),
        other => Ok(other),
    }
}

fn describe(intent: &mut Intent, params: &Params) {
    let set = |field: &mut Option<String>, name: &str| {
        if let Some(text) = params.text(name) {
            *field = Some(text.to_owned());
        }
    };
    set(&mut intent.customer, "customer");
    set(&mut intent.description, "description");
    set(&mut intent.receipt_email, "receipt_email");
    set(&mut intent.statement_descriptor, "statement_descriptor");
    set(
        &mut intent.statement_descriptor_suffix,
        "statement_descriptor_suffix",
    );
    set(&mut intent.transfer_group, "transfer_group");
    if let Some(shipping) = params.object("shipping") {
        intent.shipping = Some(shipping);
    }
    merge_metadata(&mut intent.metadata, params);
}
