//! What must hold of the rules, whatever happens in whatever order.

use proptest::prelude::*;

use super::*;

const NOW: i64 = LANDMARK + 300 * 86_400;

/// A basket of a small shop, and when.
fn basket_at() -> impl Strategy<Value = (Vec<u8>, i64)> {
    let products = proptest::collection::vec(0..12_u8, 1..8);
    (products, LANDMARK..NOW).prop_map(|(products, at)| (basket(at, products), at))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * (1.0 + one.abs().max(other.abs()))
}

fn titles(words: &BTreeSet<String>) -> BTreeSet<&str> {
    words.iter().map(String::as_str).collect()
}

fn same(one: &Changes<u8>, other: &Changes<u8>) -> bool {
    fn alike<K: Ord>(one: &BTreeMap<K, Sum>, other: &BTreeMap<K, Sum>) -> bool {
        let there = |sums: &BTreeMap<K, Sum>, key: &K| sums.get(key).copied().unwrap_or_default();
        one.keys().chain(other.keys()).all(|key| {
            let (one, other) = (there(one, key), there(other, key));
            one.orders == other.orders && close(one.weight, other.weight)
        })
    }
    alike(&one.products, &other.products) && alike(&one.pairs, &other.pairs)
}

proptest! {
    #[test]
    fn sums_do_not_depend_on_the_order_and_forget_what_came_back(
        baskets in proptest::collection::vec((basket_at(), any::<bool>()), 0..30),
        shuffle in any::<u64>(),
    ) {
        let mut kept = Changes::default();
        for ((basket, at), _) in baskets.iter().filter(|(_, back)| !back) {
            kept.count(basket, *at);
        }
        // All are counted and some come back, each of that at any time.
        let mut steps: Vec<(bool, &(Vec<u8>, i64))> = baskets.iter().map(|(basket, _)| (true, basket)).collect();
        steps.extend(baskets.iter().filter(|(_, back)| *back).map(|(basket, _)| (false, basket)));
        let lots = BuildHasherDefault::<DefaultHasher>::new();
        let mut order: Vec<usize> = (0..steps.len()).collect();
        order.sort_by_key(|step| lots.hash_one((shuffle, step)));
        let mut all = Changes::default();
        for (count, (basket, at)) in order.into_iter().map(|step| steps[step]) {
            if count { all.count(basket, *at) } else { all.take_back(basket, *at) }
        }
        prop_assert!(same(&kept, &all), "{kept:?}\n{all:?}");
    }

    #[test]
    fn a_basket_touches_its_own_pairs_and_no_more_than_so_many(
        products in proptest::collection::vec(any::<u16>(), 0..200), order in any::<u64>(), at in LANDMARK..NOW,
    ) {
        let counted = basket(order, products.iter().copied());
        let mut backwards = products.clone();
        backwards.reverse();
        prop_assert_eq!(&counted, &basket(order, backwards), "the same, in whatever order it is told");
        prop_assert!(counted.len() <= BASKET_MAX && counted.is_sorted_by(|one, other| one < other));
        prop_assert!(counted.iter().all(|product| products.contains(product)));
        let mut changes = Changes::default();
        changes.count(&counted, at);
        prop_assert_eq!(changes.products.len(), counted.len());
        prop_assert_eq!(changes.pairs.len(), counted.len() * counted.len().saturating_sub(1) / 2);
        prop_assert!(changes.pairs.iter().all(|((low, high), sum)| low < high && sum.orders == 1 && sum.weight >= least_of(at)));
    }

    #[test]
    fn younger_baskets_weigh_more_and_all_fade(at in LANDMARK..NOW, later in 1..40_000_000_i64, of in 0.1..900.0, other in 0.1..900.0) {
        prop_assert!(weight_at(at) < weight_at(at + later));
        let pair = f64::min(of, other) / 2.0;
        let (then, now) = (weight_at(at), weight_at(at + later));
        prop_assert!(association(pair, of, other, now) < association(pair, of, other, then));
    }

    #[test]
    fn more_common_baskets_bind_and_bestsellers_do_not(
        pair in 0.0..50.0, more in 0.1..50.0, of in 100.0..900.0, other in 100.0..900.0, now in 0.5..8.0,
    ) {
        let score = association(pair, of, other, now);
        prop_assert!((0.0..=1.0).contains(&score));
        prop_assert!(association(pair + more, of, other, now) > score);
        prop_assert!(association(pair + more, of, other + more, now) < association(pair + more, of, other, now));
    }

    #[test]
    fn nobody_is_shown_what_they_have(
        bought in proptest::collection::btree_map(0..40_u8, 1..4_i64, 1..10),
        near in proptest::collection::vec((0..40_u8, 0..40_u8, 0.0..1.0), 0..60),
        popular in proptest::collection::btree_map(0..40_u8, 0.0..9.0, 0..20),
    ) {
        let interests: Vec<(u8, Interest)> =
            bought.iter().map(|(id, orders)| (*id, Interest::Bought { orders: *orders, days_ago: 3.0 })).collect();
        let mut neighbours: BTreeMap<u8, Neighbours<u8>> = BTreeMap::new();
        for (of, other, score) in near {
            let entry = neighbours.entry(of).or_insert(Neighbours { together: Vec::new(), similar: Vec::new() });
            entry.together.push((other, score));
        }
        let popular = best(popular, KEPT);
        let shown = personal(&interests, &neighbours, &popular);
        let ids: BTreeSet<u8> = shown.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(ids.len(), shown.len(), "nothing twice");
        prop_assert!(shown.is_sorted_by(|one, other| one.1 >= other.1));
        for (id, orders) in &bought {
            prop_assert!(*orders > 1 || !ids.contains(id), "{} was bought once", id);
        }
        for (id, _) in &popular {
            prop_assert!(bought.contains_key(id) || ids.contains(id) || shown.len() == KEPT, "{} sells", id);
        }
    }

    #[test]
    fn a_shelf_keeps_its_order_but_for_what_is_sold_out(list in proptest::collection::vec((any::<u32>(), any::<bool>()), 0..30), most in 0..40_usize) {
        let shown = in_stock_first(list.iter().copied(), most);
        let there = list.iter().filter(|(_, there)| *there).chain(list.iter().filter(|(_, there)| !*there));
        let expected: Vec<u32> = there.map(|(id, _)| *id).take(most).collect();
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_is_more_alike_than_the_same(words in proptest::collection::btree_set("[a-d]{1,2}", 1..8), others in proptest::collection::vec(proptest::collection::btree_set("[a-d]{1,2}", 0..8), 0..6)) {
        let titled = |words| Traits { title: titles(words), ..Traits::default() };
        let all: Vec<Traits<'_>> = others.iter().chain([&words]).map(titled).collect();
        let own = titled(&words);
        let scores = likeness(&own, &all);
        let same = scores[scores.len() - 1];
        prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score) && *score <= same + 1e-9), "{scores:?}");
    }
}

#[test]
fn a_new_product_is_bought_with_what_things_like_it_are_bought_with() {
    let like = [(0.9, vec![('x', 0.5), ('n', 0.4)]), (0.1, vec![('y', 0.5)])];
    let learnt = together('n', &Vec::new(), &like);
    assert_eq!(
        learnt.iter().map(|(id, _)| *id).collect::<String>(),
        "xy",
        "not with itself"
    );
    let own = vec![('y', 0.9)];
    assert_eq!(
        together('n', &own, &[])[..],
        own[..],
        "with nothing like it, its own baskets say it all"
    );
}

#[test]
fn wishes_and_late_purchases_count_for_less() {
    let bought = |days_ago| {
        Interest::Bought {
            orders: 1,
            days_ago,
        }
        .weight()
    };
    assert!(bought(0.0) > Interest::Wished.weight());
    assert!(Interest::Wished.weight() > bought(200.0));
    assert!(close(bought(HALF_LIFE_DAYS), 0.5));
}
