use proptest::prelude::*;
use time::macros::date;

use super::*;

const DAY: Date = date!(2026 - 11 - 01);

/// A quarter past two on a day.
fn at(day: Date) -> Moment {
    day.with_hms(14, 29, 59).unwrap().into()
}

fn line(id: u128, total: i64) -> Line {
    Line {
        id: Uuid::from_u128(id),
        product: Uuid::from_u128(id),
        seller: Uuid::from_u128(1),
        units: 2,
        gross: total,
        discount: 0,
        tax: 0,
        total,
    }
}

/// Lines of these totals, shipping of 5, and a fifth of the goods as an included tax.
fn order(totals: &[i64]) -> Order {
    let goods: i64 = totals.iter().sum();
    let lines: Vec<Line> = (1..)
        .zip(totals)
        .map(|(id, total)| line(id, *total))
        .collect();
    let tax = |line: &Line| Tax {
        line: Some(line.id),
        name: "VAT".to_owned(),
        rate_ppm: 250_000,
        base: line.total - line.total / 5,
        amount: line.total / 5,
    };
    let taxes: Vec<Tax> = lines.iter().map(tax).collect();
    Order {
        id: Uuid::nil(),
        customer: None,
        currency: "EUR".to_owned(),
        country: "DE".to_owned(),
        coupon: Some("WELCOME".to_owned()),
        confirmed: at(DAY),
        cancelled: None,
        subtotal: goods,
        discount: 0,
        shipping: 5,
        tax: taxes.iter().map(|tax| tax.amount).sum(),
        total: goods + 5,
        lines,
        taxes,
        offers: Vec::new(),
        movements: Vec::new(),
    }
}

fn movement(kind: Kind, amount: i64, reference: &str, day: Date) -> Movement {
    Movement {
        at: at(day),
        kind,
        amount,
        reference: reference.to_owned(),
        lines: Vec::new(),
    }
}

/// All of a report, over all days and keys.
fn sum(facts: &Facts, report: Report) -> Measures {
    let mut sum = Measures::default();
    for ((of, ..), measures) in &facts.parts {
        if *of == report {
            sum += *measures;
        }
    }
    sum
}

fn on(facts: &Facts, report: Report, day: Date, key: &str) -> Measures {
    let part = (report, day, key.to_owned());
    facts.parts.get(&part).copied().unwrap_or_default()
}

#[test]
fn money_back_counts_on_its_day_and_by_what_is_left() {
    let mut order = order(&[100, 300]);
    let later = date!(2026 - 12 - 24);
    let mut first = movement(Kind::Refund, 120, "a", later);
    first.lines = vec![(order.lines[0].id, 100)];
    order.movements = vec![movement(Kind::Taken, 405, "c", DAY), first];
    let facts = Facts::of(&order);
    assert_eq!(on(&facts, Report::All, DAY, "").net(), 405);
    assert_eq!(on(&facts, Report::All, later, "").net(), -120);
    assert_eq!(on(&facts, Report::Hour, later, "14:15").net(), -120);
    let of = |line: &Line| on(&facts, Report::Product, later, &line.product.to_string()).refunds;
    // The line that was named has it all back; 20 of 305 that are left are shared.
    assert_eq!((of(&order.lines[0]), of(&order.lines[1])), (100, 20));
    assert_eq!(
        on(&facts, Report::Offer, later, "coupon:WELCOME").refunds,
        120
    );
    // 80 of tax in 405, so 23 in 120.
    assert_eq!(on(&facts, Report::All, later, "").tax_back, 23);
    assert_eq!(on(&facts, Report::Tax, later, "DE/250000/VAT").tax_back, 23);
}

#[test]
fn what_was_never_taken_is_released() {
    let mut cancelled = order(&[100]);
    cancelled.cancelled = Some(at(date!(2026 - 11 - 03)));
    let facts = Facts::of(&cancelled);
    let day = on(&facts, Report::All, date!(2026 - 11 - 03), "");
    assert_eq!((day.released, day.cancelled, day.tax_back), (105, 1, 20));
    assert_eq!(sum(&facts, Report::All).net(), 0);

    let mut part = order(&[100]);
    part.movements = vec![movement(Kind::Taken, 60, "c", date!(2026 - 11 - 04))];
    let facts = Facts::of(&part);
    assert_eq!(
        on(&facts, Report::All, date!(2026 - 11 - 04), "").released,
        45
    );

    // Held, and neither taken nor let go: it is sold.
    assert_eq!(sum(&Facts::of(&order(&[100])), Report::All).net(), 105);
}

#[test]
fn a_dispute_takes_no_tax_and_gives_all_back_if_won() {
    let mut disputed = order(&[100, 7]);
    disputed.movements = vec![
        movement(Kind::Taken, 112, "c", DAY),
        movement(Kind::Dispute, 50, "d", date!(2026 - 11 - 05)),
    ];
    let facts = Facts::of(&disputed);
    assert_eq!(
        on(&facts, Report::All, date!(2026 - 11 - 05), "").charged_back,
        50
    );
    assert_eq!(sum(&facts, Report::All).tax_back, 0);
    disputed
        .movements
        .push(movement(Kind::DisputeWon, 50, "d", DAY));
    let facts = Facts::of(&disputed);
    for report in [
        Report::All,
        Report::Product,
        Report::Seller,
        Report::Country,
    ] {
        assert_eq!(sum(&facts, report).charged_back, 0);
    }
}

#[test]
fn what_has_no_tax_is_told_apart() {
    let facts = Facts::of(&order(&[100]));
    assert_eq!(on(&facts, Report::Tax, DAY, "DE/250000/VAT").gross, 80);
    assert_eq!(on(&facts, Report::Tax, DAY, "DE/untaxed").gross, 5);
}

proptest! {
    #[test]
    fn nothing_is_lost_or_made(
        totals in prop::collection::vec(0..100_000_i64, 1..6),
        back in prop::collection::vec((0..100_000_i64, 0..5_usize, any::<bool>(), any::<bool>()), 0..8),
    ) {
        let mut order = order(&totals);
        order.movements.push(movement(Kind::Taken, order.total, "c", DAY));
        let mut refunded = 0;
        for (nth, (amount, at, named, reversed)) in back.into_iter().enumerate() {
            let amount = amount.min(order.total - refunded);
            if amount == 0 {
                continue;
            }
            let reference = nth.to_string();
            let mut refund = movement(Kind::Refund, amount, &reference, DAY);
            let line = &order.lines[at % order.lines.len()];
            if named {
                refund.lines.push((line.id, amount.min(line.total)));
            }
            order.movements.push(refund);
            refunded += amount;
            if reversed {
                order.movements.push(movement(Kind::RefundReversed, amount, &reference, DAY));
                refunded -= amount;
            }
        }
        let facts = Facts::of(&order);
        let all = sum(&facts, Report::All);
        prop_assert_eq!(all.refunds, refunded);
        prop_assert_eq!(all.net(), order.total - refunded);
        for report in [Report::Country, Report::Offer, Report::Hour] {
            prop_assert_eq!(sum(&facts, report), all);
        }
        let (products, sellers) = (sum(&facts, Report::Product), sum(&facts, Report::Seller));
        prop_assert_eq!((products.units, products.gross, products.refunds), (sellers.units, sellers.gross, sellers.refunds));
        prop_assert_eq!(products.total + order.shipping, all.total);
        prop_assert!(products.refunds <= all.refunds || all.refunds < 0);
        let taxes = sum(&facts, Report::Tax);
        prop_assert_eq!((taxes.tax, taxes.tax_back), (all.tax, all.tax_back));
        prop_assert_eq!(taxes.gross + taxes.tax, order.total);
        if refunded == order.total {
            prop_assert_eq!(all.net_tax(), 0);
            prop_assert_eq!(products.net(), 0);
        }
        if refunded == 0 {
            prop_assert_eq!(all.tax_back, 0);
        }
    }
}
