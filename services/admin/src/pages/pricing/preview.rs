//! What order makes of a cart. Nothing of it is computed here.

use auth_token::CallError;
use primitives::{Money, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::app::AppState;
use crate::error::{Result, refusal};
use crate::format::thousands;
use crate::session::Session;

/// What a cart costs, and why.
#[derive(Deserialize)]
pub(super) struct Preview {
    pub(super) lines: Vec<Line>,
    pub(super) subtotal: Money,
    pub(super) shipping: Money,
    pub(super) tax: Money,
    pub(super) total: Money,
    pub(super) prices_include_tax: bool,
    pub(super) included_tax: Money,
    pub(super) country: String,
    pub(super) region: Option<String>,
    pub(super) at: Timestamp,
    pub(super) taxes: Vec<Tax>,
    pub(super) shipping_adjustments: Vec<Adjustment>,
    pub(super) shipping_method: Option<String>,
    pub(super) promotions: Vec<Outcome>,
    pub(super) coupon: Option<Outcome>,
    pub(super) shipping_methods: Vec<Offer>,
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) quantity: i32,
    pub(super) unit_price: Money,
    pub(super) tax_class: String,
    pub(super) subtotal: Money,
    pub(super) total: Money,
    pub(super) adjustments: Vec<Adjustment>,
    pub(super) taxes: Vec<Tax>,
}

#[derive(Deserialize)]
pub(super) struct Adjustment {
    pub(super) label: String,
    pub(super) amount: Money,
}

#[derive(Deserialize)]
pub(super) struct Tax {
    pub(super) name: String,
    pub(super) percent: f64,
    pub(super) base: Money,
    pub(super) amount: Money,
}

/// What a promotion or coupon does.
#[derive(Deserialize)]
pub(super) struct Outcome {
    pub(super) label: String,
    pub(super) applied: bool,
    pub(super) goods: Money,
    pub(super) shipping: Money,
    reason: Option<String>,
    explanation: Option<String>,
    has: Option<Money>,
    needs: Option<Money>,
}

/// What becomes of a way of sending.
#[derive(Deserialize)]
pub(super) struct Offer {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) price: Option<Money>,
    reason: Option<String>,
    explanation: Option<String>,
}

impl Preview {
    pub(super) fn place(&self) -> String {
        match &self.region {
            Some(region) => format!("{}-{region}", self.country),
            None => self.country.clone(),
        }
    }

    /// The way of sending that is taken.
    pub(super) fn sent(&self) -> Option<&Offer> {
        let code = self.shipping_method.as_ref()?;
        self.shipping_methods
            .iter()
            .find(|offer| offer.code == *code)
    }

    pub(super) fn is_taken(&self, offer: &Offer) -> bool {
        self.shipping_method.as_ref() == Some(&offer.code)
    }

    /// What sending costs before anything is taken off.
    pub(super) fn full_shipping(&self) -> String {
        let off: i64 = self
            .shipping_adjustments
            .iter()
            .map(|part| part.amount.amount())
            .sum();
        Money::new(self.shipping.amount() + off, self.shipping.currency()).to_string()
    }

    /// What each source takes off the goods.
    pub(super) fn discounts(&self) -> Vec<&Outcome> {
        let all = self.promotions.iter().chain(&self.coupon);
        all.filter(|outcome| outcome.goods.amount() > 0).collect()
    }
}

impl Outcome {
    /// What a buyer is told, in order's words.
    pub(super) fn said(&self) -> &str {
        self.explanation.as_deref().unwrap_or_default()
    }

    /// Whether it holds and yet takes nothing off.
    pub(super) fn is_idle(&self) -> bool {
        self.goods.amount() == 0 && self.shipping.amount() == 0
    }

    /// Why it does not hold.
    pub(super) fn why(&self) -> String {
        let words = match self.reason.as_deref().unwrap_or_default() {
            "not_active" => "It is switched off.",
            "not_yet_valid" | "coupon_not_yet_valid" => "It has not begun then.",
            "expired" | "coupon_expired" => "It is over then.",
            "other_currency" | "coupon_other_currency" => "Its amounts are in another currency.",
            "nothing_concerned" | "coupon_other_products" => {
                "Nothing in the cart is what it is for, or too little."
            }
            "too_few" => "There are too few units of what it is for.",
            "exclusive" => "It does not go together with a promotion that is applied before.",
            "coupon_unknown" => "There is no coupon with this code.",
            "subtotal_too_low" | "coupon_subtotal_too_low" => {
                return match (self.needs, self.has) {
                    (Some(needs), Some(has)) => format!(
                        "What it is for must cost {}; it costs {}.",
                        thousands(&needs.to_string()),
                        thousands(&has.to_string())
                    ),
                    _ => "What it is for costs too little.".to_owned(),
                };
            }
            _ => return self.explanation.clone().unwrap_or_default(),
        };
        words.to_owned()
    }
}

impl Offer {
    /// Why it cannot be had.
    pub(super) fn why(&self) -> String {
        let words = match self.reason.as_deref().unwrap_or_default() {
            "not_offered_there" => "It does not send there.",
            "too_heavy" => "It does not carry that much.",
            "not_for_this_value" => "It has no price for goods of this value.",
            "not_active" => "It is switched off.",
            "other_currency" => "It is priced in another currency than the shop's.",
            _ => self.explanation.as_deref().unwrap_or_default(),
        };
        words.to_owned()
    }
}

/// Asks order; or why it cannot be asked that, in words.
pub(super) async fn ask(
    app: &AppState,
    session: &Session,
    basket: &Value,
) -> Result<std::result::Result<Preview, String>> {
    let behalf = session.on_behalf_of();
    let answer =
        app.order
            .post::<_, Preview>("/internal/pricing/preview", Some(&behalf), None, basket);
    match answer.await {
        Ok(preview) => Ok(Ok(preview)),
        Err(CallError::Problem { body, .. }) => Ok(Err(refusal(&body))),
        Err(error) => Err(error.into()),
    }
}
