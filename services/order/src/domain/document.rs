//! Invoices and credit notes: what stands on them, frozen when they are issued.

use primitives::{Currency, Timestamp};
use serde::{Deserialize, Serialize};

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Invoice,
    CreditNote,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }
}

/// A document as it was issued.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Content {
    Invoice(Invoice),
    CreditNote(CreditNote),
}

/// Without what stands in it, which is personal.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content")
    }
}

/// What both have.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heading {
    /// Name first.
    pub(crate) seller: Vec<String>,
    pub(crate) buyer: Vec<String>,
    pub(crate) order_number: String,
    pub(crate) currency: Currency,
    /// At the foot of each page.
    pub(crate) footer: Vec<String>,
}

/// What was sold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) heading: Heading,
    pub(crate) placed_at: Timestamp,
    pub(crate) lines: Vec<Line>,
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) shipping: i64,
    pub(crate) shipping_method: String,
    pub(crate) total: i64,
    /// Then `taxes` are contained in the amounts; else they are added.
    pub(crate) prices_include_tax: bool,
    pub(crate) taxes: Vec<Tax>,
    /// What the shop has got for it.
    pub(crate) paid: i64,
}

/// A line of an invoice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) title: String,
    /// Such as `size: M`.
    pub(crate) options: Vec<String>,
    pub(crate) quantity: i32,
    pub(crate) unit_price: i64,
    pub(crate) discount: i64,
    /// All its taxes together, in basis points: rounded down, and all that the first documents have.
    pub(crate) tax_rate: i32,
    /// The same in millionths.
    #[serde(default)]
    pub(crate) rate_ppm: Option<i64>,
}

impl Line {
    /// All its taxes together, in millionths.
    pub(crate) fn rate_ppm(&self) -> i64 {
        self.rate_ppm
            .unwrap_or_else(|| i64::from(self.tax_rate) * 100)
    }

    /// What the line adds to the subtotal less the discount.
    pub(crate) fn amount(&self) -> i64 {
        self.unit_price * i64::from(self.quantity) - self.discount
    }
}

/// All of one tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tax {
    pub(crate) name: String,
    pub(crate) rate_ppm: i32,
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// What was given back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreditNote {
    pub(crate) heading: Heading,
    pub(crate) invoice_number: String,
    pub(crate) invoiced_at: Timestamp,
    pub(crate) amount: i64,
    /// Contained in the amount.
    pub(crate) taxes: Vec<Tax>,
}

/// The taxes in `amount`, the next part to be given back of `total` after `before` was: in proportion, rounded down over all that was given
/// back so far. So the parts of an invoice that is given back whole add up to its taxes, however it is cut.
pub(crate) fn taxes_of_refund(taxes: &[Tax], total: i64, before: i64, amount: i64) -> Vec<Tax> {
    let so_far = |part: i64, of: i64| {
        if total <= 0 {
            return 0;
        }
        let share = i128::from(part) * i128::from(of.clamp(0, total)) / i128::from(total);
        i64::try_from(share).unwrap_or(0)
    };
    let next = |part| so_far(part, before + amount) - so_far(part, before);
    taxes
        .iter()
        .map(|tax| Tax {
            base: next(tax.base),
            amount: next(tax.amount),
            ..tax.clone()
        })
        .collect()
}

/// A rate as people write it, such as `8.25 %`.
pub(crate) fn percent(ppm: i64) -> String {
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    let text = format!("{whole}.{rest:04}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taxes(amounts: &[i64]) -> Vec<Tax> {
        let tax = |amount: &i64| Tax {
            name: "VAT".to_owned(),
            rate_ppm: 190_000,
            base: amount * 5,
            amount: *amount,
        };
        amounts.iter().map(tax).collect()
    }

    proptest! {
        #[test]
        fn credit_notes_give_back_all_taxes_of_the_invoice_and_never_more(
            amounts in proptest::collection::vec(0..100_000i64, 0..4),
            net in 0..1_000_000i64,
            cuts in proptest::collection::vec(1..200_000i64, 1..8),
        ) {
            let taxes = taxes(&amounts);
            let total = net + amounts.iter().sum::<i64>();
            let (mut before, mut given) = (0, vec![0; taxes.len()]);
            for cut in cuts.into_iter().chain([i64::MAX]) {
                let amount = cut.min(total - before);
                let parts = taxes_of_refund(&taxes, total, before, amount);
                let sum: i64 = parts.iter().map(|tax| tax.amount).sum();
                prop_assert!(parts.iter().all(|tax| tax.amount >= 0));
                prop_assert!(sum <= amount || amount == 0 || sum - amount <= taxes.len() as i64);
                for (all, part) in given.iter_mut().zip(&parts) {
                    *all += part.amount;
                }
                before += amount;
            }
            prop_assert_eq!(given, if total > 0 { amounts } else { vec![0; taxes.len()] });
        }
    }

    #[test]
    fn rates_read_well() {
        assert_eq!(
            [190_000, 82_500, 0, 1_000_000, 123_456].map(percent),
            ["19 %", "8.25 %", "0 %", "100 %", "12.3456 %"]
        );
    }
}
