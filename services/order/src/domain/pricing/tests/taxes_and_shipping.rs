use super::super::shipping::Step;
use super::*;

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
