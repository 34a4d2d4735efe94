//! What a seller offers: one simple thing, or several variants told apart by options.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{Currency, Money, Sku};

use super::text::{Barcode, Grams, Millimetres, Name, Price, Units, Value};

/// The most variants that a product may have.
pub(crate) const MAX_VARIANTS: usize = 100;
/// The most options that tell variants apart.
pub(crate) const MAX_OPTIONS: usize = 5;

/// What is told of a variant beside its price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// What it cost before, or what others ask.
    pub(crate) compare_at_price: Option<Price>,
    pub(crate) barcode: Option<Barcode>,
    pub(crate) weight: Option<Grams>,
    pub(crate) dimensions: Option<Dimensions>,
}

/// How large a thing is, packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dimensions {
    pub(crate) length: Millimetres,
    pub(crate) width: Millimetres,
    pub(crate) height: Millimetres,
}

/// A variant as it was asked for, complete on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantDraft {
    pub(crate) sku: Sku,
    pub(crate) price: Price,
    pub(crate) stock: Option<Units>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) details: Details,
}

/// A checked offer: at least one variant, all of one currency, each told from the others by its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) option_names: Vec<String>,
    pub(crate) variants: Vec<VariantDraft>,
    pub(crate) currency: Currency,
}

impl Offer {
    /// The lowest and the highest price.
    pub(crate) fn price_range(&self) -> (i64, i64) {
        let amounts = || {
            self.variants
                .iter()
                .map(|variant| variant.price.money().amount())
        };
        (amounts().min().unwrap_or(0), amounts().max().unwrap_or(0))
    }

    /// The SKUs in one text, for the search.
    pub(crate) fn skus(&self) -> String {
        self.variants
            .iter()
            .map(|variant| variant.sku.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A request's offer before it is checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawOffer {
    pub(crate) price: Option<Price>,
    pub(crate) sku: Option<Sku>,
    pub(crate) stock: Option<Units>,
    /// Of a simple product, as are the three above.
    pub(crate) details: Details,
    pub(crate) options: Option<Vec<Name>>,
    pub(crate) variants: Option<Vec<RawVariant>>,
}

/// A request's variant before it is checked.
#[derive(Debug, Clone)]
pub(crate) struct RawVariant {
    pub(crate) sku: Sku,
    pub(crate) price: Price,
    pub(crate) stock: Option<Units>,
    pub(crate) options: Option<BTreeMap<Name, Value>>,
    pub(crate) details: Details,
}

/// A field that is wrong, with a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// Checks an offer; all that is wrong is found at once.
pub(crate) fn check(mut raw: RawOffer) -> Result<Offer, Vec<Wrong>> {
    let mut wrong = Wrongs::default();
    let offer = match raw.variants.take() {
        Some(variants) => with_variants(raw, variants, &mut wrong),
        None => simple(raw, &mut wrong),
    };
    match offer {
        Some(offer) if wrong.0.is_empty() => Ok(offer),
        _ => Err(wrong.0),
    }
}

#[derive(Default)]
struct Wrongs(Vec<Wrong>);

impl Wrongs {
    fn push(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Wrong {
            field: field.into(),
            code,
            message: message.into(),
        });
    }
}

fn simple(raw: RawOffer, wrong: &mut Wrongs) -> Option<Offer> {
    if raw.options.is_some_and(|options| !options.is_empty()) {
        wrong.push("variants", "required", "is required with options");
        return None;
    }
    if raw.price.is_none() {
        wrong.push("price", "required", "is required");
    }
    if raw.sku.is_none() {
        wrong.push("sku", "required", "is required");
    }
    let (price, sku) = (raw.price?, raw.sku?);
    check_compared(price, raw.details.compare_at_price, "", wrong);
    let variant = VariantDraft {
        sku,
        price,
        stock: raw.stock,
        options: BTreeMap::new(),
        details: raw.details,
    };
    Some(Offer {
        option_names: Vec::new(),
        currency: price.money().currency(),
        variants: vec![variant],
    })
}

/// A price to compare with is of the same currency, and higher: what is crossed out is what is saved.
fn check_compared(price: Price, compared: Option<Price>, prefix: &str, wrong: &mut Wrongs) {
    let Some(compared) = compared else { return };
    let (price, compared) = (price.money(), compared.money());
    if compared.currency() != price.currency() {
        wrong.push(
            format!("{prefix}compare_at_price.currency"),
            "mixed_currencies",
            "must be the price's",
        );
    } else if compared.amount() <= price.amount() {
        wrong.push(
            format!("{prefix}compare_at_price"),
            "not_above_price",
            "must be higher than the price",
        );
    }
}

fn with_variants(simple: RawOffer, variants: Vec<RawVariant>, wrong: &mut Wrongs) -> Option<Offer> {
    let RawOffer {
        price,
        sku,
        stock,
        details,
        options,
        variants: _,
    } = simple;
    for (field, given) in [
        ("price", price.is_some()),
        ("sku", sku.is_some()),
        ("stock", stock.is_some()),
        ("compare_at_price", details.compare_at_price.is_some()),
        ("barcode", details.barcode.is_some()),
        ("weight_grams", details.weight.is_some()),
        ("dimensions", details.dimensions.is_some()),
    ] {
        if given {
            wrong.push(
                field,
                "not_allowed",
                "belongs to each variant of a product with variants",
            );
        }
    }
    let option_names: Vec<String> = options
        .unwrap_or_default()
        .into_iter()
        .map(String::from)
        .collect();
    let names: BTreeSet<&str> = option_names.iter().map(String::as_str).collect();
    if option_names.is_empty() {
        wrong.push("options", "required", "is required with variants");
    }
    if names.len() < option_names.len() {
        wrong.push("options", "duplicate", "must not name an option twice");
    }
    if option_names.len() > MAX_OPTIONS {
        wrong.push(
            "options",
            "too_many",
            format!("must be at most {MAX_OPTIONS}"),
        );
    }
    if variants.is_empty() {
        wrong.push("variants", "required", "must have at least one");
    }
    if variants.len() > MAX_VARIANTS {
        wrong.push(
            "variants",
            "too_many",
            format!("must be at most {MAX_VARIANTS}"),
        );
    }
    let currency = variants.first()?.price.money().currency();
    let drafts: Vec<VariantDraft> = variants
        .into_iter()
        .take(MAX_VARIANTS)
        .map(|raw| VariantDraft {
            sku: raw.sku,
            price: raw.price,
            stock: raw.stock,
            options: raw
                .options
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            details: raw.details,
        })
        .collect();
    let (mut skus, mut choices) = (BTreeSet::new(), BTreeSet::new());
    for (index, draft) in drafts.iter().enumerate() {
        let field = |name: &str| format!("variants[{index}].{name}");
        if draft.price.money().currency() != currency {
            wrong.push(
                field("price.currency"),
                "mixed_currencies",
                "must be the same for all variants",
            );
        }
        let prefix = format!("variants[{index}].");
        check_compared(draft.price, draft.details.compare_at_price, &prefix, wrong);
        if !skus.insert(&draft.sku) {
            wrong.push(
                field("sku"),
                "duplicate",
                "must differ from the other variants'",
            );
        }
        let given: BTreeSet<&str> = draft.options.keys().map(String::as_str).collect();
        if given != names {
            wrong.push(
                field("options"),
                "invalid",
                format!("must give a value for each of: {}", option_names.join(", ")),
            );
        } else if !choices.insert(&draft.options) {
            wrong.push(
                field("options"),
                "duplicate",
                "must differ from the other variants'",
            );
        }
    }
    Some(Offer {
        option_names,
        variants: drafts,
        currency,
    })
}

/// The average of ratings, rounded to two decimals; none is 0.
pub(crate) fn average(sum: i64, count: i32) -> f64 {
    if count == 0 {
        return 0.0;
    }
    // Half up in whole numbers first, so that the same sum always shows the same digits.
    let hundredths = (sum * 200 + i64::from(count)) / (2 * i64::from(count));
    hundredths as f64 / 100.0
}

/// Prices from the lowest to the highest.
pub(crate) fn price_range(min: i64, max: i64, currency: Currency) -> (Money, Money) {
    (Money::new(min, currency), Money::new(max, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: i64, currency: &str) -> Price {
        Price::try_from(Money::new(amount, currency.parse().unwrap())).unwrap()
    }

    fn variant(sku: &str, amount: i64, currency: &str, size: &str) -> RawVariant {
        let options = BTreeMap::from([(
            Name::try_from("size".to_owned()).unwrap(),
            Value::try_from(size.to_owned()).unwrap(),
        )]);
        RawVariant {
            sku: sku.parse().unwrap(),
            price: price(amount, currency),
            stock: None,
            options: Some(options),
            details: Details::default(),
        }
    }

    fn fields(result: Result<Offer, Vec<Wrong>>) -> Vec<String> {
        result
            .unwrap_err()
            .into_iter()
            .map(|wrong| wrong.field)
            .collect()
    }

    #[test]
    fn a_simple_offer_needs_price_and_sku() {
        assert_eq!(fields(check(RawOffer::default())), ["price", "sku"]);
        let offer = check(RawOffer {
            price: Some(price(5, "EUR")),
            sku: Some("A".parse().unwrap()),
            ..RawOffer::default()
        })
        .unwrap();
        assert_eq!(offer.price_range(), (5, 5));
    }

    #[test]
    fn variants_differ_and_share_a_currency() {
        let size = Some(vec![Name::try_from("size".to_owned()).unwrap()]);
        let raw = |variants| RawOffer {
            options: size.clone(),
            variants: Some(variants),
            ..RawOffer::default()
        };
        let good = check(raw(vec![
            variant("A", 5, "EUR", "S"),
            variant("B", 7, "EUR", "M"),
        ]))
        .unwrap();
        assert_eq!((good.price_range(), good.skus().as_str()), ((5, 7), "A B"));
        let bad = check(raw(vec![
            variant("A", 5, "EUR", "S"),
            variant("A", 7, "USD", "S"),
        ]));
        assert_eq!(
            fields(bad),
            [
                "variants[1].price.currency",
                "variants[1].sku",
                "variants[1].options"
            ]
        );
        assert_eq!(
            fields(check(RawOffer {
                variants: Some(vec![]),
                ..RawOffer::default()
            })),
            ["options", "variants"]
        );
    }

    #[test]
    fn a_price_to_compare_with_is_higher() {
        let offer = |compared| {
            check(RawOffer {
                price: Some(price(500, "EUR")),
                sku: Some("A".parse().unwrap()),
                details: Details {
                    compare_at_price: Some(compared),
                    ..Details::default()
                },
                ..RawOffer::default()
            })
        };
        assert!(offer(price(501, "EUR")).is_ok());
        assert_eq!(fields(offer(price(500, "EUR"))), ["compare_at_price"]);
        assert_eq!(
            fields(offer(price(501, "USD"))),
            ["compare_at_price.currency"]
        );
    }

    #[test]
    fn averages_have_two_decimals() {
        assert_eq!(
            (average(0, 0), average(14, 3), average(9, 2)),
            (0.0, 4.67, 4.5)
        );
    }
}
