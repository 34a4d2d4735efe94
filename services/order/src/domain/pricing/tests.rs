//! Examples by hand, and what holds for any basket.

use primitives::{CouponId, PromotionId, TaxRateId};
use proptest::prelude::*;

use super::promotion::{Conditions, Measure, Rule, TierOff, TierStep};
use super::scope::Scope;
use super::shipping::{ShippingTax, Step, Tariff};
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
fn included_taxes_are_what_prices_contain() {
    let mut shop = Shop::with(vec![line(11_900, 1, "standard"), line(1070, 1, "reduced")]);
    shop.included = true;
    shop.methods[0].free_from = None;
    shop.methods[0].tax = ShippingTax::Class("standard".to_owned());
    let priced = shop.price();
    assert_eq!((priced.total, priced.tax), (11_900 + 1070 + 490, 0));
    // Shipping's 78 of 490 are 19 % too.
    assert_eq!(
        (priced.included_tax, priced.shipping_tax),
        (1900 + 70 + 78, 78)
    );
    let bases: Vec<_> = priced.taxes().iter().map(|t| (t.base, t.amount)).collect();
    assert_eq!(bases, [(1000, 70), (10_000 + 412, 1900 + 78)]);
}

#[test]
fn shipping_is_taxed_as_configured() {
    let mut shop = Shop::with(vec![line(1000, 3, "standard"), line(1000, 1, "reduced")]);
    assert_eq!(shop.price().shipping_tax, 0);
    shop.methods[0].tax = ShippingTax::Class("reduced".to_owned());
    assert_eq!(shop.price().shipping_tax, 34);
    shop.methods[0].tax = ShippingTax::Goods;
    let priced = shop.price();
    // 368 at 19 % and 122 at 7 %.
    let parts: Vec<_> = priced
        .shipping_taxes
        .iter()
        .map(|t| (t.base, t.amount))
        .collect();
    assert_eq!(parts, [(122, 9), (368, 70)]);
}

#[test]
fn regions_replace_or_add_to_the_rates_of_their_country() {
    let rates = [
        rate("CA", "standard", "GST", 50_000, false),
        rate("CA-QC", "standard", "QST", 99_750, true),
        rate("CA-ON", "standard", "HST", 130_000, false),
    ];
    let names = |place: &str| {
        let mut shop = Shop::with(vec![line(10_000, 1, "standard")]);
        shop.taxes = TaxTable::of(&rates, &place.parse().unwrap());
        let taxes = shop.price().taxes();
        taxes
            .into_iter()
            .map(|t| (t.name, t.amount))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("CA-BC"), [("GST".to_owned(), 500)]);
    assert_eq!(
        names("CA-QC"),
        [("GST".to_owned(), 500), ("QST".to_owned(), 998)]
    );
    assert_eq!(names("CA-ON"), [("HST".to_owned(), 1300)]);
    assert_eq!(names("US-CA"), []);
}

#[test]
fn shipping_costs_what_the_tariff_says() {
    let mut shop = Shop::with(vec![line(1000, 4, "standard")]);
    assert_eq!(shop.price().shipping, 490);
    let steps = vec![
        Step {
            up_to: Some(999),
            price: 300,
        },
        Step {
            up_to: Some(1000),
            price: 400,
        },
    ];
    shop.methods = vec![method(Tariff::ByWeight(steps.clone()))];
    assert_eq!(shop.price().shipping, 400);
    shop.lines[0].quantity = Quantity::try_from(3).unwrap();
    assert_eq!(shop.price().shipping, 300);
    shop.lines[0].quantity = Quantity::try_from(5).unwrap();
    shop.lines[0].unit_price = Money::new(10, Currency::EUR);
    let priced = shop.price();
    assert_eq!(
        (priced.method, priced.not_offered),
        (None, Some(NotOffered::TooHeavy))
    );
    // The next that can be had is taken.
    shop.methods.push(method(Tariff::BySubtotal(steps)));
    let priced = shop.price();
    assert_eq!(priced.shipping, 300);
    assert_eq!(priced.method.as_ref(), shop.methods.last());
    shop.methods[1].places = vec!["AT".parse().unwrap()];
    assert_eq!(shop.price().method, None);
}

#[test]
fn shipping_is_free_for_nothing_for_much_and_by_grant() {
    assert_eq!(Shop::with(vec![]).price().total, 0);
    let shipping = |price| Shop::with(vec![line(price, 1, "none")]).price().shipping;
    assert_eq!((shipping(5000), shipping(4999)), (0, 490));
    let mut shop = Shop::with(vec![line(100, 1, "none")]);
    shop.coupon = Some(coupon(CouponKind::FreeShipping, None, None));
    let priced = shop.price();
    assert_eq!(
        (priced.total, priced.shipping_adjustments[0].amount),
        (100, 490)
    );
    // The promotion comes first and leaves nothing to the coupon.
    let priced = shop.promote(Rule::FreeShipping).price();
    assert_eq!(priced.shipping_adjustments.len(), 1);
    assert_eq!(priced.coupon, Some(Ok(Applied::default())));
}

#[test]
fn coupons_hold_to_their_terms() {
    let ask = |change: fn(&mut Terms), lines: Vec<Line>| {
        let mut shop = Shop::with(lines);
        let mut coupon = coupon(CouponKind::Percent, Some(50), None);
        change(&mut coupon.terms);
        shop.coupon = Some(coupon);
        shop.price().coupon.unwrap().map(|applied| applied.goods)
    };
    let lines = || vec![line(1000, 1, "standard"), line(500, 1, "standard")];
    assert_eq!(ask(|_| {}, lines()), Ok(750));
    assert_eq!(ask(|t| t.max_discount = Some(700), lines()), Ok(700));
    assert_eq!(
        ask(|t| t.conditions.min_subtotal = Some(1500), lines()),
        Ok(750)
    );
    assert_eq!(
        ask(|t| t.conditions.min_subtotal = Some(1501), lines()),
        Err(NotApplicable::SubtotalTooLow)
    );
    assert_eq!(
        ask(
            |t| t.conditions.starts_at = Some(Timestamp::from_unix(NOW)),
            lines()
        ),
        Ok(750)
    );
    assert_eq!(
        ask(
            |t| t.conditions.starts_at = Some(Timestamp::from_unix(NOW + 1)),
            lines()
        ),
        Err(NotApplicable::TooEarly)
    );
    assert_eq!(
        ask(
            |t| t.conditions.ends_at = Some(Timestamp::from_unix(NOW)),
            lines()
        ),
        Err(NotApplicable::Expired)
    );
    assert_eq!(
        ask(|t| t.conditions.active = false, lines()),
        Err(NotApplicable::Unknown)
    );
    assert_eq!(
        ask(|t| t.usage_limit = Some(0), lines()),
        Err(NotApplicable::UsedUp)
    );
    let mut sold = lines();
    sold[1].category_ids = vec![CategoryId::from(Uuid::from_u128(7))];
    let category = |t: &mut Terms| {
        t.conditions.scope.category_ids = vec![CategoryId::from(Uuid::from_u128(7))]
    };
    assert_eq!(ask(category, sold), Ok(250));
    assert_eq!(ask(category, lines()), Err(NotApplicable::OtherProducts));
}

#[test]
fn of_what_can_be_got_the_cheapest_is() {
    let rule = |max_times| Rule::BuyXGetY {
        buy: 2,
        get: 1,
        percent: 100,
        gets: Scope::default(),
        max_times,
    };
    let off = |lines: Vec<Line>, rule: Rule| {
        let priced = Shop::with(lines).promote(rule).price();
        priced.promotions[0].map(|applied| applied.goods)
    };
    let three = vec![
        line(300, 1, "none"),
        line(100, 1, "none"),
        line(200, 1, "none"),
    ];
    assert_eq!(off(three, rule(None)), Ok(100));
    assert_eq!(
        off(vec![line(300, 2, "none")], rule(None)),
        Err(Skipped::TooFew)
    );
    assert_eq!(off(vec![line(300, 7, "none")], rule(None)), Ok(600));
    assert_eq!(off(vec![line(300, 7, "none")], rule(Some(1))), Ok(300));
}

#[test]
fn no_unit_is_both_bought_and_got() {
    let id = |number: u128| ProductId::from(Uuid::from_u128(number));
    let of = |product: u128, price: i64, quantity: i32| Line {
        product_id: id(product),
        ..line(price, quantity, "none")
    };
    let off = |lines: Vec<Line>| {
        let mut shop = Shop::with(lines).promote(Rule::BuyXGetY {
            buy: 1,
            get: 1,
            percent: 50,
            gets: Scope {
                product_ids: vec![id(2), id(3)],
                category_ids: vec![],
            },
            max_times: None,
        });
        shop.promotions[0].conditions.scope.product_ids = vec![id(1), id(2)];
        shop.price().promotions[0].map(|applied| applied.goods)
    };
    // Buying 2 can get 3, and buying 1 can get 2; a lone 2 gets nothing.
    assert_eq!(off(vec![of(2, 1000, 1)]), Err(Skipped::TooFew));
    assert_eq!(off(vec![of(2, 1000, 2)]), Ok(500));
    assert_eq!(off(vec![of(1, 5000, 1), of(2, 1000, 1)]), Ok(500));
    assert_eq!(off(vec![of(2, 1000, 1), of(3, 400, 1)]), Ok(200));
    assert_eq!(
        off(vec![of(1, 5000, 1), of(2, 1000, 1), of(3, 400, 2)]),
        Ok(400)
    );
}

#[test]
fn the_highest_tier_reached_counts() {
    let steps = vec![
        TierStep {
            from: 3,
            off: TierOff::Percent(10),
        },
        TierStep {
            from: 5,
            off: TierOff::Percent(20),
        },
    ];
    let off = |quantities: [i32; 2], each_line| {
        let lines = quantities.map(|quantity| line(1000, quantity, "none"));
        let rule = Rule::Tiered {
            by: Measure::Quantity,
            each_line,
            steps: steps.clone(),
        };
        let priced = Shop::with(lines.to_vec()).promote(rule).price();
        priced.promotions[0].map(|applied| applied.goods)
    };
    assert_eq!(off([1, 1], false), Err(Skipped::TooFew));
    assert_eq!(off([2, 2], false), Ok(400));
    assert_eq!(off([4, 2], false), Ok(1200));
    assert_eq!(off([4, 2], true), Ok(400));
    let rule = Rule::Tiered {
        by: Measure::Subtotal,
        each_line: false,
        steps: vec![TierStep {
            from: 5000,
            off: TierOff::Amount(700),
        }],
    };
    let priced = Shop::with(vec![line(2500, 2, "none")])
        .promote(rule)
        .price();
    assert_eq!(priced.discount, 700);
}

#[test]
fn one_discount_follows_the_other_and_an_exclusive_one_stands_alone() {
    let half = Rule::Percent {
        percent: 50,
        max_discount: None,
    };
    let mut shop = Shop::with(vec![line(1000, 1, "none")])
        .promote(half.clone())
        .promote(Rule::Fixed { amount: 100 });
    assert_eq!(shop.price().discount, 600);
    // The fixed one first: half of 900 is left to the other.
    shop.promotions[1].priority = 1;
    assert_eq!(shop.price().discount, 550);
    shop.promotions[0].exclusive = true;
    let priced = shop.price();
    assert_eq!(
        (priced.discount, priced.promotions[0]),
        (100, Err(Skipped::Exclusive))
    );
    shop.promotions[1].exclusive = true;
    shop.promotions[0].priority = 2;
    assert_eq!(shop.price().discount, 500);
    shop.coupon = Some(coupon(CouponKind::Percent, Some(50), None));
    assert_eq!(shop.price().discount, 750);
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

fn any_scope() -> impl Strategy<Value = Scope> {
    let ids = || prop::collection::vec(0_u128..4, 0..3);
    (ids(), ids()).prop_map(|(products, categories)| Scope {
        product_ids: products
            .into_iter()
            .map(|id| Uuid::from_u128(id).into())
            .collect(),
        category_ids: categories
            .into_iter()
            .map(|id| Uuid::from_u128(id).into())
            .collect(),
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let off = prop_oneof![
        (1_u8..=100).prop_map(TierOff::Percent),
        (1_i64..100_000).prop_map(TierOff::Amount)
    ];
    let step = (1_i64..50_000, off).prop_map(|(from, off)| TierStep { from, off });
    let by = prop_oneof![Just(Measure::Quantity), Just(Measure::Subtotal)];
    prop_oneof![
        (1_u8..=100, prop::option::of(1_i64..100_000)).prop_map(|(percent, max_discount)| {
            Rule::Percent {
                percent,
                max_discount,
            }
        }),
        (1_i64..1_000_000).prop_map(|amount| Rule::Fixed { amount }),
        Just(Rule::FreeShipping),
        (
            1_i64..5,
            1_i64..5,
            1_u8..=100,
            any_scope(),
            prop::option::of(1_i64..9)
        )
            .prop_map(|(buy, get, percent, gets, max_times)| Rule::BuyXGetY {
                buy,
                get,
                percent,
                gets,
                max_times
            }),
        (by, any::<bool>(), prop::collection::vec(step, 1..4)).prop_map(
            |(by, each_line, mut steps)| {
                steps.sort_by_key(|step| step.from);
                Rule::Tiered {
                    by,
                    each_line,
                    steps,
                }
            }
        ),
    ]
}

fn any_promotion() -> impl Strategy<Value = Promotion> {
    (
        any_rule(),
        any_scope(),
        0_u128..9,
        -2_i32..3,
        any::<bool>(),
        prop::option::of(0_i64..100_000),
    )
        .prop_map(
            |(rule, scope, id, priority, exclusive, min_subtotal)| Promotion {
                conditions: Conditions {
                    scope,
                    min_subtotal,
                    ..conditions()
                },
                priority,
                exclusive,
                ..promotion(id, rule)
            },
        )
}

fn any_coupon() -> impl Strategy<Value = Coupon> {
    let kind = prop_oneof![
        Just(CouponKind::Percent),
        Just(CouponKind::Fixed),
        Just(CouponKind::FreeShipping)
    ];
    (
        kind,
        1_i32..=100,
        1_i64..1_000_000,
        prop::option::of(1_i64..10_000),
        any_scope(),
    )
        .prop_map(|(kind, percent, amount, cap, scope)| {
            let mut coupon = coupon(kind, Some(percent), Some(amount));
            coupon.terms.max_discount = cap;
            coupon.terms.conditions.scope = scope;
            coupon
        })
}

fn any_line() -> impl Strategy<Value = Line> {
    let class = prop::sample::select(vec!["standard", "reduced", "zero", "unknown"]);
    (
        0_i64..100_000,
        1_i32..=99,
        class,
        0_u128..4,
        prop::collection::vec(0_u128..4, 0..3),
        0_i64..50_000,
    )
        .prop_map(
            |(unit_price, quantity, class, product, categories, weight_grams)| Line {
                product_id: Uuid::from_u128(product).into(),
                category_ids: categories
                    .into_iter()
                    .map(|id| Uuid::from_u128(id).into())
                    .collect(),
                weight_grams,
                ..line(unit_price, quantity, class)
            },
        )
}

fn any_rates() -> impl Strategy<Value = TaxTable> {
    let class = prop::sample::select(vec!["standard", "reduced", "zero"]);
    let name = prop::sample::select(vec!["VAT", "GST", "QST"]);
    let rate = (class, name, 0_i32..=1_000_000)
        .prop_map(|(class, name, ppm)| rate("DE", class, name, ppm, false));
    prop::collection::vec(rate, 0..6).prop_map(|rates| TaxTable::of(&rates, &"DE".parse().unwrap()))
}

fn any_method() -> impl Strategy<Value = Method> {
    let step = (prop::option::of(0_i64..200_000), 0_i64..5_000)
        .prop_map(|(up_to, price)| Step { up_to, price });
    let tariff = prop_oneof![
        (0_i64..5_000).prop_map(Tariff::Flat),
        prop::collection::vec(step.clone(), 1..4).prop_map(Tariff::ByWeight),
        prop::collection::vec(step, 1..4).prop_map(Tariff::BySubtotal),
    ];
    let tax = prop_oneof![
        Just(ShippingTax::None),
        Just(ShippingTax::Goods),
        Just(ShippingTax::Class("standard".to_owned()))
    ];
    (tariff, prop::option::of(0_i64..100_000), tax).prop_map(|(tariff, free_from, tax)| Method {
        free_from,
        tax,
        ..method(tariff)
    })
}

prop_compose! {
    fn any_shop()(
        lines in prop::collection::vec(any_line(), 0..25),
        promotions in prop::collection::vec(any_promotion(), 0..6),
        coupon in prop::option::of(any_coupon()),
        methods in prop::collection::vec(any_method(), 0..3),
        taxes in any_rates(),
        included in any::<bool>(),
    ) -> Shop {
        Shop { lines, promotions, coupon, methods, taxes, included }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn every_sum_of_parts_is_its_whole(shop in any_shop()) {
        shop.price();
    }

    /// Prices as they are shown, with tax or without, cost the same wherever nothing is taxed.
    #[test]
    fn without_taxes_it_does_not_matter_whether_prices_include_them(mut shop in any_shop()) {
        shop.taxes = TaxTable::default();
        let prices_include_tax = !shop.included;
        let expected = Priced { prices_include_tax, ..shop.price() };
        shop.included = prices_include_tax;
        prop_assert_eq!(expected, shop.price());
    }

    #[test]
    fn a_tax_is_within_half_a_unit_of_its_rate(mut shop in any_shop()) {
        shop.included = false;
        for part in shop.price().taxes() {
            let exact = part.base as f64 * f64::from(part.rate.ppm()) / 1e6;
            prop_assert!((part.amount as f64 - exact).abs() <= 0.5 + 1e-6, "{part:?}");
        }
    }

    #[test]
    fn the_order_of_lines_does_not_change_what_goods_cost(mut shop in any_shop()) {
        // Units of equal price are chosen by their place, which may matter to what later promotions concern.
        shop.promotions.truncate(1);
        shop.coupon = None;
        let one = shop.price();
        shop.lines.reverse();
        let other = shop.price();
        prop_assert_eq!(one.subtotal, other.subtotal);
        prop_assert_eq!(one.discount, other.discount);
    }

    #[test]
    fn percentages_are_exact_in_json(ppm in 0_i32..=1_000_000) {
        let percent = Percent::from_ppm(ppm).unwrap();
        let json = serde_json::to_string(&percent).unwrap();
        prop_assert_eq!(serde_json::from_str::<Percent>(&json).unwrap(), percent, "{}", json);
    }
}
