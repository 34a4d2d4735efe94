use super::super::promotion::{Measure, Short, TierOff, TierStep};
use super::*;

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
        Err(NotApplicable::SubtotalTooLow(Short {
            has: 1500,
            needs: 1501
        }))
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
