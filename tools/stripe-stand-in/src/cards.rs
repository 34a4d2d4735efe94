//! Stripe's test cards, by the name of their payment method.

/// What becomes of a payment with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is paid.
    Succeeds,
    /// The issuer refuses, for this error code and decline code.
    Declined(&'static str, &'static str, &'static str),
    /// The buyer must authenticate first.
    NeedsAuthentication,
}

/// A test card.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The payment method's name, such as `pm_card_visa`.
    pub name: &'static str,
    /// The brand Stripe reports.
    pub brand: &'static str,
    /// The last four digits.
    pub last4: &'static str,
    /// What becomes of a payment.
    pub fate: Fate,
    /// Whether refunds wait for `POST /_stand_in/refunds/{id}`.
    pub refund_waits: bool,
    /// The reason with which the cardholder objects at once, and whether the bank only asks.
    pub disputed: Option<(&'static str, bool)>,
}

const fn card(name: &'static str, brand: &'static str, last4: &'static str, fate: Fate) -> Card {
    Card {
        name,
        brand,
        last4,
        fate,
        refund_waits: false,
        disputed: None,
    }
}

const fn disputed(
    name: &'static str,
    last4: &'static str,
    reason: &'static str,
    inquiry: bool,
) -> Card {
    Card {
        disputed: Some((reason, inquiry)),
        ..card(name, "visa", last4, Fate::Succeeds)
    }
}

const fn declined(
    name: &'static str,
    last4: &'static str,
    code: &'static str,
    decline: &'static str,
    message: &'static str,
) -> Card {
    card(name, "visa", last4, Fate::Declined(code, decline, message))
}

/// The cards of Stripe's testing page that Mercato can meet.
pub const CARDS: &[Card] = &[
    card("pm_card_visa", "visa", "4242", Fate::Succeeds),
    card("pm_card_visa_debit", "visa", "5556", Fate::Succeeds),
    card("pm_card_mastercard", "mastercard", "4444", Fate::Succeeds),
    card("pm_card_amex", "amex", "8431", Fate::Succeeds),
    card(
        "pm_card_authenticationRequired",
        "visa",
        "3184",
        Fate::NeedsAuthentication,
    ),
    card(
        "pm_card_threeDSecure2Required",
        "visa",
        "3220",
        Fate::NeedsAuthentication,
    ),
    Card {
        refund_waits: true,
        ..card("pm_card_pendingRefund", "visa", "7726", Fate::Succeeds)
    },
    disputed("pm_card_createDispute", "0259", "fraudulent", false),
    disputed(
        "pm_card_createDisputeProductNotReceived",
        "2685",
        "product_not_received",
        false,
    ),
    disputed("pm_card_createDisputeInquiry", "1976", "fraudulent", true),
    declined(
        "pm_card_chargeDeclined",
        "0002",
        "card_declined",
        "generic_decline",
        "Your card was declined.",
    ),
    declined(
        "pm_card_visa_chargeDeclined",
        "0002",
        "card_declined",
        "generic_decline",
        "Your card was declined.",
    ),
    declined(
        "pm_card_chargeDeclinedInsufficientFunds",
        "9995",
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    declined(
        "pm_card_chargeDeclinedExpiredCard",
        "0069",
        "expired_card",
        "expired_card",
        "Your card has expired.",
    ),
    declined(
        "pm_card_chargeDeclinedIncorrectCvc",
        "0127",
        "incorrect_cvc",
        "incorrect_cvc",
        "Your card's security code is incorrect.",
    ),
    declined(
        "pm_card_chargeDeclinedProcessingError",
        "0119",
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
];

/// The card of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Card> {
    CARDS.iter().find(|card| card.name == name)
}
