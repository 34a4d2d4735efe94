use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
struct Row {
    in_stock: bool,
    rating: i16,
    price_min: i64,
    price_max: i64,
    category: u8,
    seller: u8,
    codes: Vec<i64>,
}

fn id(n: u8) -> Uuid {
    Uuid::from_u128(n.into())
}

fn pack(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.push(u8::from(row.in_stock));
        bytes.push(u8::try_from(row.codes.len()).unwrap());
        bytes.extend(row.rating.to_be_bytes());
        bytes.extend(row.price_min.to_be_bytes());
        bytes.extend(row.price_max.to_be_bytes());
        bytes.extend(id(row.category).as_bytes());
        bytes.extend(id(row.seller).as_bytes());
        bytes.extend(row.codes.iter().flat_map(|code| code.to_be_bytes()));
    }
    bytes
}

fn row() -> impl Strategy<Value = Row> {
    (
        any::<bool>(),
        0_i16..=5000,
        0_i64..2000,
        0_i64..500,
        0_u8..4,
        0_u8..3,
        proptest::collection::vec(0_i64..6, 0..4),
    )
        .prop_map(
            |(in_stock, rating, price, more, category, seller, mut codes)| {
                codes.sort_unstable();
                codes.dedup();
                Row {
                    in_stock,
                    rating,
                    price_min: price,
                    price_max: price + more,
                    category,
                    seller,
                    codes,
                }
            },
        )
}

fn narrowed() -> impl Strategy<Value = Narrowed> {
    let attribute =
        |codes: std::ops::Range<i64>| proptest::option::of(proptest::collection::vec(codes, 1..3));
    (
        proptest::option::of(proptest::collection::vec((1_u8..4).prop_map(id), 0..3)),
        proptest::option::of(0_i64..2000),
        proptest::option::of(0_i64..2000),
        proptest::option::of(prop_oneof![Just(1000), Just(3000)]),
        proptest::option::of((0_u8..3).prop_map(id)),
        any::<bool>(),
        attribute(0..3),
        attribute(3..6),
    )
        .prop_map(
            |(categories, min_price, max_price, rating, seller, in_stock, a, b)| Narrowed {
                categories,
                min_price,
                max_price,
                rating,
                seller,
                in_stock,
                attributes: [("a", a), ("b", b)]
                    .into_iter()
                    .filter_map(|(name, codes)| Some((name.to_owned(), codes?)))
                    .collect(),
            },
        )
}

fn matches(row: &Row, n: &Narrowed) -> bool {
    n.categories
        .as_ref()
        .is_none_or(|ids| ids.contains(&id(row.category)))
        && n.min_price.is_none_or(|min| row.price_max >= min)
        && n.max_price.is_none_or(|max| row.price_min <= max)
        && n.rating.is_none_or(|least| i32::from(row.rating) >= least)
        && n.seller.is_none_or(|seller| id(row.seller) == seller)
        && (!n.in_stock || row.in_stock)
        && n.attributes
            .iter()
            .all(|(_, wanted)| row.codes.iter().any(|code| wanted.contains(code)))
}

proptest! {
    /// Every number is the number of rows that one would get by choosing it.
    #[test]
    fn a_count_is_what_one_would_find(rows in proptest::collection::vec(row(), 0..40), n in narrowed()) {
        let counts = count(&pack(&rows), &n);
        let found = |n: &Narrowed| u32::try_from(rows.iter().filter(|row| matches(row, n)).count()).unwrap();
        prop_assert_eq!(counts.total, found(&n));
        for category in 1..4 {
            let chosen = Narrowed { categories: Some(vec![id(category)]), ..n.clone() };
            prop_assert_eq!(counts.categories.get(&id(category)).copied().unwrap_or(0), found(&chosen));
        }
        for seller in 0..3 {
            let chosen = Narrowed { seller: Some(id(seller)), ..n.clone() };
            prop_assert_eq!(counts.sellers.get(&id(seller)).copied().unwrap_or(0), found(&chosen));
        }
        for stars in 1..=5 {
            let chosen = Narrowed { rating: Some(stars * 1000), ..n.clone() };
            prop_assert_eq!(counts.at_least(usize::try_from(stars).unwrap()), found(&chosen));
        }
        prop_assert_eq!(counts.in_stock, found(&Narrowed { in_stock: true, ..n.clone() }));
        for band in counts.price_bands() {
            let chosen = Narrowed { min_price: Some(band.from), max_price: Some(band.to), ..n.clone() };
            prop_assert_eq!(band.count, found(&chosen), "{:?}", band);
        }
        for code in 0..6 {
            let name = if code < 3 { "a" } else { "b" };
            let mut chosen = n.clone();
            chosen.attributes.retain(|(other, _)| other != name);
            chosen.attributes.push((name.to_owned(), vec![code]));
            let beside = n.attributes.iter().position(|(other, _)| other == name)
                .map_or(0, |at| counts.beside[at].get(&code).copied().unwrap_or(0));
            prop_assert_eq!(counts.codes.get(&code).copied().unwrap_or(0) + beside, found(&chosen));
        }
    }

    #[test]
    fn bands_are_few_and_do_not_overlap(rows in proptest::collection::vec(row(), 0..40)) {
        let bands = count(&pack(&rows), &Narrowed::default()).price_bands();
        prop_assert!(bands.len() <= 6);
        prop_assert!(bands.windows(2).all(|pair| pair[0].to < pair[1].from));
        prop_assert!(rows.iter().all(|row| bands.iter().any(|band| (band.from..=band.to).contains(&row.price_min))));
    }

    #[test]
    fn ranges_hold_every_number_once(numbers in proptest::collection::btree_map(0_u32..1000, 1_u32..50, 0..60)) {
        let numbers: Vec<(f64, u32)> = numbers.into_iter().map(|(number, count)| (number.into(), count)).collect();
        let ranges = ranges(numbers.clone(), 5);
        prop_assert!(ranges.len() <= 5);
        prop_assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        prop_assert_eq!(ranges.iter().map(|range| range.2).sum::<u32>(), numbers.iter().map(|(_, count)| count).sum::<u32>());
    }

    #[test]
    fn bytes_that_make_no_sense_are_no_reason_to_fall(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = count(&bytes, &Narrowed::default());
    }
}

#[test]
fn bands_begin_at_round_prices() {
    assert_eq!(STEPS[..8], [0, 1, 2, 5, 10, 20, 50, 100]);
    assert!(STEPS[35] > 100_000_000_000);
}
