use proptest::prelude::*;

use super::super::promotion::{Measure, TierOff, TierStep};
use super::super::shipping::Step;
use super::*;

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
