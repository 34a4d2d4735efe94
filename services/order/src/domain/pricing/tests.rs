//! Examples by hand, and what holds for any basket.

mod discounts;
mod properties;
mod taxes_and_shipping;

use primitives::{CouponId, PromotionId, TaxRateId};

use super::promotion::{Conditions, Rule};
use super::scope::Scope;
use super::shipping::{ShippingTax, Tariff};
use super::tax::{Percent, TaxRate};
use super::*;
use crate::domain::coupon::{CouponKind, Terms};

const NOW: i64 = 1_000;

fn line(unit_price: i64, quantity: i32, tax_class: &str) -> Line {
    Line {
        product_id: Uuid::from_u128(1).into(),
        category_ids: vec![],
        unit_price: Money::new(unit_price, Currency::EUR),
        quantity: Quantity::try_from(quantity).unwrap(),
        tax_class: tax_class.to_owned(),
        weight_grams: 250,
    }
}

fn conditions() -> Conditions {
    Conditions {
        active: true,
        starts_at: None,
        ends_at: None,
        currency: Currency::EUR,
        min_subtotal: None,
        scope: Scope::default(),
    }
}

fn promotion(id: u128, rule: Rule) -> Promotion {
    Promotion {
        id: PromotionId::from(Uuid::from_u128(id)),
        name: format!("Promotion {id}"),
        rule,
        conditions: conditions(),
        priority: 0,
        exclusive: false,
    }
}

fn coupon(kind: CouponKind, percent: Option<i32>, amount: Option<i64>) -> Coupon {
    Coupon {
        id: CouponId::from(Uuid::from_u128(50)),
        code: "SUMMER".to_owned(),
        terms: Terms {
            kind,
            percent,
            max_discount: None,
            amount,
            conditions: conditions(),
            usage_limit: None,
            used: 0,
        },
        per_customer_limit: None,
        created_at: Timestamp::from_unix(0),
        version: 1,
    }
}

fn method(tariff: Tariff) -> Method {
    Method {
        code: "standard".to_owned(),
        name: "Standard".to_owned(),
        tariff,
        free_from: Some(5000),
        tax: ShippingTax::None,
        places: vec![],
        except: vec![],
    }
}

fn rate(place: &str, class: &str, name: &str, ppm: i32, adds: bool) -> TaxRate {
    TaxRate {
        id: TaxRateId::from(Uuid::from_u128(9)),
        place: place.parse().unwrap(),
        tax_class: class.to_owned(),
        name: name.to_owned(),
        rate: Percent::from_ppm(ppm).unwrap(),
        adds,
    }
}

/// A shop with German rates that sends for 4.90, for nothing from 50.00 on.
#[derive(Debug)]
struct Shop {
    lines: Vec<Line>,
    promotions: Vec<Promotion>,
    coupon: Option<Coupon>,
    methods: Vec<Method>,
    taxes: TaxTable,
    included: bool,
}

impl Shop {
    fn with(lines: Vec<Line>) -> Self {
        let rates = [
            rate("DE", "standard", "VAT", 190_000, false),
            rate("DE", "reduced", "VAT", 70_000, false),
        ];
        Self {
            lines,
            promotions: vec![],
            coupon: None,
            methods: vec![method(Tariff::Flat(490))],
            taxes: TaxTable::of(&rates, &"DE".parse().unwrap()),
            included: false,
        }
    }

    fn promote(mut self, rule: Rule) -> Self {
        let id = self.promotions.len() as u128;
        self.promotions.push(promotion(id, rule));
        self
    }

    fn try_price(&self) -> Result<Priced, PricingError> {
        let destination = "DE".parse().unwrap();
        price(Basket {
            now: Timestamp::from_unix(NOW),
            currency: Currency::EUR,
            prices_include_tax: self.included,
            lines: &self.lines,
            promotions: &self.promotions,
            coupon: self.coupon.as_ref(),
            destination: &destination,
            taxes: &self.taxes,
            shipping: &self.methods,
        })
    }

    fn price(&self) -> Priced {
        let priced = self.try_price().unwrap();
        adds_up(self, &priced);
        priced
    }
}

/// What must hold of every price.
fn adds_up(shop: &Shop, priced: &Priced) {
    let of = |get: fn(&PricedLine) -> i64| priced.lines.iter().map(get).sum::<i64>();
    assert_eq!(
        priced.subtotal - priced.discount + priced.shipping + priced.tax,
        priced.total
    );
    assert_eq!(of(|l| l.subtotal), priced.subtotal);
    assert_eq!(of(|l| l.discount), priced.discount);
    let shipping_added = if shop.included {
        0
    } else {
        priced.shipping_tax
    };
    let shipping_included = priced.shipping_tax - shipping_added;
    assert_eq!(of(|l| l.tax) + shipping_added, priced.tax);
    assert_eq!(
        of(|l| l.included_tax) + shipping_included,
        priced.included_tax
    );
    assert_eq!(
        of(|l| l.total) + priced.shipping + shipping_added,
        priced.total
    );
    if shop.included {
        assert_eq!(priced.tax, 0);
    } else {
        assert_eq!(priced.included_tax, 0);
    }
    let amounts = |parts: &[TaxPart]| parts.iter().map(|part| part.amount).sum::<i64>();
    assert_eq!(amounts(&priced.shipping_taxes), priced.shipping_tax);
    assert_eq!(amounts(&priced.taxes()), priced.tax + priced.included_tax);
    for (priced, line) in priced.lines.iter().zip(&shop.lines) {
        assert_eq!(
            priced.subtotal,
            line.unit_price.amount() * i64::from(line.quantity.get())
        );
        assert!(priced.discount >= 0 && priced.discount <= priced.subtotal);
        let adjusted: i64 = priced.adjustments.iter().map(|a| a.amount).sum();
        assert_eq!(adjusted, priced.discount);
        assert!(priced.adjustments.iter().all(|a| a.amount > 0));
        assert_eq!(amounts(&priced.taxes), priced.tax + priced.included_tax);
        assert_eq!(priced.subtotal - priced.discount + priced.tax, priced.total);
        let left = priced.subtotal - priced.discount;
        for part in &priced.taxes {
            assert!(part.base >= 0 && part.amount >= 0);
            assert_eq!(part.base, left - priced.included_tax);
        }
    }
    let granted = |applied: &Applied| (applied.goods, applied.shipping);
    let promoted = priced.promotions.iter().flatten().map(granted);
    let redeemed = priced.coupon.iter().flatten().map(granted);
    let (goods, shipping) = promoted
        .chain(redeemed)
        .fold((0, 0), |(g, s), (goods, shipping)| {
            (g + goods, s + shipping)
        });
    assert_eq!(goods, priced.discount);
    let off: i64 = priced.shipping_adjustments.iter().map(|a| a.amount).sum();
    assert_eq!(shipping, off);
}

#[test]
fn an_example_by_hand() {
    let mut shop = Shop::with(vec![line(1999, 2, "standard"), line(500, 1, "reduced")]);
    shop.coupon = Some(coupon(CouponKind::Percent, Some(10), None));
    let priced = shop.price();
    assert_eq!(
        (priced.subtotal, priced.discount, priced.shipping),
        (4498, 450, 490)
    );
    let lines: Vec<_> = priced
        .lines
        .iter()
        .map(|l| (l.discount, l.tax, l.total))
        .collect();
    assert_eq!(lines, [(400, 684, 4282), (50, 32, 482)]);
    assert_eq!((priced.tax, priced.total), (716, 5254));
}
#[test]
fn prices_in_other_currencies_and_fortunes_are_refused() {
    let dollars = Line {
        unit_price: Money::new(1, "USD".parse().unwrap()),
        ..line(1, 1, "none")
    };
    let refused = |lines| Shop::with(lines).try_price().unwrap_err();
    assert_eq!(refused(vec![dollars]), PricingError::Currency);
    assert_eq!(
        refused(vec![line(i64::MAX, 2, "none")]),
        PricingError::TooMuch
    );
    assert_eq!(
        refused(vec![line(LIMIT, 1, "none"), line(1, 1, "none")]),
        PricingError::TooMuch
    );
}
