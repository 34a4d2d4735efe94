//! How good recommendations are, on orders that they have not seen: the last tenth of a year of a made-up shop, against what
//! simply sells best. The numbers are printed (`--nocapture`) and recorded in docs/catalogue/recommendations.md.

use std::collections::{BTreeMap, BTreeSet};

use super::shop::{Order, Shop};
use super::*;

/// Means over all that was asked.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    hit_rate: f64,
    recall: f64,
    ndcg: f64,
    coverage: f64,
}

/// Collects answers to compare with what was really bought.
#[derive(Default)]
struct Judge {
    asked: f64,
    sums: Score,
    shown: BTreeSet<usize>,
}

impl Judge {
    fn hear(&mut self, answer: &[usize], bought: &BTreeSet<usize>) {
        let answer = &answer[..answer.len().min(10)];
        let gain = |place: usize| 1.0 / (f64::from(u32::try_from(place).unwrap()) + 2.0).log2();
        let hits: Vec<usize> = (0..answer.len())
            .filter(|place| bought.contains(&answer[*place]))
            .collect();
        let best: f64 = (0..bought.len().min(10)).map(gain).sum();
        self.asked += 1.0;
        self.sums.hit_rate += f64::from(u8::from(!hits.is_empty()));
        self.sums.recall += ratio(hits.len(), bought.len());
        self.sums.ndcg += hits.iter().map(|place| gain(*place)).sum::<f64>() / best;
        self.shown.extend(answer);
    }

    fn score(&self, products: usize) -> Score {
        Score {
            hit_rate: self.sums.hit_rate / self.asked,
            recall: self.sums.recall / self.asked,
            ndcg: self.sums.ndcg / self.asked,
            coverage: ratio(self.shown.len(), products),
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

/// All that is learnt from the older orders, in memory, by the rules that the job follows.
struct Learnt<'a> {
    shop: &'a Shop,
    later: &'a [Order],
    earlier: &'a [Order],
    neighbours: BTreeMap<usize, Neighbours<usize>>,
    /// What sells best now, best first.
    popular: Ranked<usize>,
}

const SPLIT: i64 = super::shop::DAYS * 9 / 10;

fn unix(day: i64) -> i64 {
    LANDMARK + day * 86_400
}

fn learn(shop: &Shop) -> Learnt<'_> {
    let split = shop.orders.partition_point(|order| order.day < SPLIT);
    let (earlier, later) = shop.orders.split_at(split);
    let mut sums = Changes::default();
    for (number, order) in earlier.iter().enumerate() {
        sums.count(
            &basket(number, order.products.iter().copied()),
            unix(order.day),
        );
    }
    let now = weight_at(unix(SPLIT));
    let weight = |id: &usize| sums.products.get(id).map_or(0.0, |sum| sum.weight);
    let mut own: BTreeMap<usize, Ranked<usize>> = BTreeMap::new();
    for ((low, high), sum) in &sums.pairs {
        for (of, other) in [(low, high), (high, low)] {
            let score = association(sum.weight, weight(of), weight(other), now);
            own.entry(*of).or_default().push((*other, score));
        }
    }
    let own: BTreeMap<usize, Ranked<usize>> = own
        .into_iter()
        .map(|(id, all)| (id, best(all, KEPT)))
        .collect();
    let similar = similar(shop);
    let neighbours = (0..shop.products.len())
        .map(|id| {
            let learnt = |id: &usize| own.get(id).cloned().unwrap_or_default();
            let like: Vec<_> = similar[id]
                .iter()
                .take(LIKE)
                .map(|(other, alike)| (*alike, learnt(other)))
                .collect();
            let near = Neighbours {
                together: together(id, &learnt(&id), &like),
                similar: similar[id].clone(),
            };
            (id, near)
        })
        .collect();
    Learnt {
        shop,
        later,
        earlier,
        neighbours,
        popular: best(
            sums.products.iter().map(|(id, sum)| (*id, sum.weight)),
            usize::MAX,
        ),
    }
}

/// By words alone, among the products of the same theme.
fn similar(shop: &Shop) -> Vec<Ranked<usize>> {
    let traits: Vec<Traits<'_>> = shop
        .products
        .iter()
        .map(|product| Traits {
            title: product.title.split(' ').collect(),
            words: product.description.split(' ').collect(),
            attributes: BTreeSet::new(),
            category: Some(product.category()),
        })
        .collect();
    (0..traits.len())
        .map(|id| {
            let theme = shop.products[id].theme;
            let others: Vec<usize> = (0..traits.len())
                .filter(|other| *other != id && shop.products[*other].theme == theme)
                .collect();
            let candidates: Vec<Traits<'_>> =
                others.iter().map(|other| traits[*other].clone()).collect();
            let scores = likeness(&traits[id], &candidates);
            best(others.into_iter().zip(scores), KEPT)
        })
        .collect()
}

fn without(list: &Ranked<usize>, known: &BTreeSet<usize>) -> Vec<usize> {
    let ids = list.iter().map(|(id, _)| *id);
    ids.filter(|id| !known.contains(id)).take(10).collect()
}

impl Learnt<'_> {
    /// One thing of each later basket is shown, the others are to be found: (by what is bought together, by what sells).
    fn bought_together(&self) -> [Score; 2] {
        let mut judges = [Judge::default(), Judge::default()];
        for order in self.later.iter().filter(|order| order.products.len() > 1) {
            for shown in &order.products {
                let rest: BTreeSet<usize> = order
                    .products
                    .iter()
                    .filter(|id| *id != shown)
                    .copied()
                    .collect();
                judges[0].hear(
                    &without(&self.neighbours[shown].together, &BTreeSet::new()),
                    &rest,
                );
                judges[1].hear(&without(&self.popular, &BTreeSet::from([*shown])), &rest);
            }
        }
        judges.map(|judge| judge.score(self.shop.products.len()))
    }

    /// What a customer will buy for the first time in the last weeks: (personalised, what sells).
    fn personalised(&self) -> [Score; 2] {
        let mut judges = [Judge::default(), Judge::default()];
        let mut later: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for order in self.later {
            if let Some(customer) = order.customer {
                later.entry(customer).or_default().extend(&order.products);
            }
        }
        for (customer, bought) in later {
            let interests = self.interests(customer);
            let known: BTreeSet<usize> = interests.iter().map(|(id, _)| *id).collect();
            let fresh: BTreeSet<usize> = bought.difference(&known).copied().collect();
            if known.is_empty() || fresh.is_empty() {
                continue;
            }
            let popular = self.popular[..KEPT].to_vec();
            let answer = personal(&interests, &self.neighbours, &popular);
            judges[0].hear(&without(&answer, &BTreeSet::new()), &fresh);
            judges[1].hear(&without(&self.popular, &known), &fresh);
        }
        judges.map(|judge| judge.score(self.shop.products.len()))
    }

    fn interests(&self, customer: usize) -> Vec<(usize, Interest)> {
        let mut bought: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        for order in self
            .earlier
            .iter()
            .filter(|order| order.customer == Some(customer))
        {
            for id in &order.products {
                let entry = bought.entry(*id).or_default();
                *entry = (entry.0 + 1, order.day);
            }
        }
        bought
            .into_iter()
            .map(|(id, (orders, day))| {
                let days_ago = f64::from(i32::try_from(SPLIT - day).unwrap());
                (id, Interest::Bought { orders, days_ago })
            })
            .collect()
    }

    /// Of products that nobody has bought yet: how many of the ten most similar are of the same theme, kind and style, and how
    /// many would be if any of its category were shown.
    fn new_products(&self) -> [f64; 2] {
        let sold: BTreeSet<usize> = self.popular.iter().map(|(id, _)| *id).collect();
        let products = &self.shop.products;
        let (mut found, mut by_chance, mut asked) = (0.0, 0.0, 0.0);
        for id in (0..products.len()).filter(|id| !sold.contains(id)) {
            let same = |other: &usize| {
                products[*other].style == products[id].style
                    && products[*other].category() == products[id].category()
            };
            let shown: Vec<usize> = self.neighbours[&id]
                .similar
                .iter()
                .map(|(id, _)| *id)
                .take(10)
                .collect();
            let shelf: Vec<usize> = (0..products.len())
                .filter(|other| {
                    *other != id && products[*other].category() == products[id].category()
                })
                .collect();
            found += ratio(
                shown.iter().filter(|other| same(other)).count(),
                shown.len(),
            );
            by_chance += ratio(
                shelf.iter().filter(|other| same(other)).count(),
                shelf.len(),
            );
            asked += 1.0;
        }
        [found / asked, by_chance / asked]
    }
}

#[test]
fn they_find_what_is_bought_better_than_bestsellers_do() {
    for (seed, orders) in [(1, 12_000), (2, 3_000)] {
        let shop = Shop::new(seed, orders);
        let learnt = learn(&shop);
        let [together, popular] = learnt.bought_together();
        println!(
            "{orders} orders, bought together: {together:.3?}\n    what sells best: {popular:.3?}"
        );
        assert!(together.hit_rate > 1.7 * popular.hit_rate, "hit rate");
        assert!(together.recall > 1.9 * popular.recall, "recall");
        assert!(together.ndcg > 2.3 * popular.ndcg, "NDCG");
        assert!(
            together.coverage > 0.5 && popular.coverage < 0.02,
            "coverage"
        );

        let [own, everybodys] = learnt.personalised();
        println!("{orders} orders, personalised: {own:.3?}\n    what sells best: {everybodys:.3?}");
        assert!(own.hit_rate > 1.1 * everybodys.hit_rate, "hit rate");
        assert!(own.recall > 1.1 * everybodys.recall, "recall");
        assert!(own.ndcg > 1.1 * everybodys.ndcg, "NDCG");
        assert!(own.coverage > 10.0 * everybodys.coverage, "coverage");

        let [alike, chance] = learnt.new_products();
        println!(
            "{orders} orders, like what nobody bought: {alike:.3} of the same kind and style, {chance:.3} by chance"
        );
        assert!(alike > 1.5 * chance, "cold start");
    }
}
