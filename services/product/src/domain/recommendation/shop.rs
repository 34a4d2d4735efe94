//! A made-up shop and a year of its orders, the same at every run: what recommendations are judged on.
//!
//! Customers have tastes that nobody sees: a few of twelve themes, and one of six styles. Products are of a theme and a style,
//! are known very unequally (Zipf) and have a season. A basket is begun with something its buyer likes and goes on with what
//! goes with it (the next kind of thing of the same theme and mostly the same style) or with whatever everybody buys. A third
//! are guests, of whom only the basket is known.

use primitives::CategoryId;
use uuid::Uuid;

/// SplitMix64: small, and the same everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to just below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, of: f64) -> bool {
        self.part() < of
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// One of the places, by their weights.
    fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.part() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (place, weight) in weights.enumerate() {
            last = place;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

const THEMES: usize = 12;
const KINDS: usize = 5;
const STYLES: usize = 6;
const PRODUCTS: usize = 1500;
const CUSTOMERS: usize = 1500;
pub(super) const DAYS: i64 = 365;

pub(super) struct Product {
    pub(super) theme: usize,
    pub(super) kind: usize,
    pub(super) style: usize,
    known: f64,
    /// The day of the year on which it sells best, if it has one.
    season: Option<i64>,
    /// On sale from this day.
    since: i64,
    pub(super) title: String,
    pub(super) description: String,
}

impl Product {
    /// The category: theme and kind.
    pub(super) fn category(&self) -> CategoryId {
        Uuid::from_u128((self.theme * KINDS + self.kind) as u128).into()
    }

    #[expect(clippy::cast_precision_loss, reason = "days of a year")]
    fn appeal(&self, day: i64) -> f64 {
        if day < self.since {
            return 0.0;
        }
        let season = self.season.map_or(1.0, |best| {
            let away = (day - best)
                .rem_euclid(365)
                .min((best - day).rem_euclid(365));
            0.2 + 2.0 * (-(away as f64 / 40.0).powi(2)).exp()
        });
        self.known * season
    }
}

pub(super) struct Order {
    pub(super) day: i64,
    pub(super) customer: Option<usize>,
    pub(super) products: Vec<usize>,
}

struct Customer {
    themes: [usize; 2],
    style: usize,
    active: f64,
}

pub(super) struct Shop {
    pub(super) products: Vec<Product>,
    /// Oldest first.
    pub(super) orders: Vec<Order>,
}

impl Shop {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    pub(super) fn new(seed: u64, orders: usize) -> Self {
        let mut dice = Dice::new(seed);
        let products: Vec<Product> = (0..PRODUCTS).map(|rank| product(&mut dice, rank)).collect();
        let customers: Vec<Customer> = (0..CUSTOMERS)
            .map(|_| Customer {
                themes: [dice.below(THEMES), dice.below(THEMES)],
                style: dice.below(STYLES),
                active: dice.part().powi(3) + 0.05,
            })
            .collect();
        let mut days: Vec<i64> = (0..orders)
            .map(|_| (dice.part() * DAYS as f64).floor() as i64)
            .collect();
        days.sort_unstable();
        let orders = days
            .into_iter()
            .map(|day| {
                let who = dice.weighted(customers.iter().map(|customer| customer.active));
                Order {
                    day,
                    products: basket(&mut dice, &products, &customers[who], day),
                    customer: (!dice.chance(0.33)).then_some(who),
                }
            })
            .collect();
        Self { products, orders }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn product(dice: &mut Dice, rank: usize) -> Product {
    let (theme, kind, style) = (dice.below(THEMES), dice.below(KINDS), dice.below(STYLES));
    let noise = dice.below(400);
    Product {
        theme,
        kind,
        style,
        known: 1.0 / (rank as f64 + 8.0).powf(0.8),
        season: dice.chance(0.4).then(|| dice.below(365) as i64),
        since: if dice.chance(0.15) {
            120 + dice.below(240) as i64
        } else {
            0
        },
        title: format!("brand{noise} theme{theme} thing{theme}x{kind} model{rank}"),
        // Some sellers describe what it looks like, others do not.
        description: if dice.chance(0.7) {
            format!("style{style} good for you and common{} words", noise % 7)
        } else {
            "good for you".to_owned()
        },
    }
}

fn basket(dice: &mut Dice, products: &[Product], buyer: &Customer, day: i64) -> Vec<usize> {
    let theme = buyer.themes[usize::from(dice.chance(0.35))];
    let style = |product: &Product| {
        if product.style == buyer.style {
            6.0
        } else {
            1.0
        }
    };
    let mut basket = vec![dice.weighted(products.iter().map(|product| {
        let liked = if product.theme == theme { 20.0 } else { 0.3 };
        product.appeal(day) * liked * style(product)
    }))];
    while basket.len() < 12 && dice.chance(0.55) {
        let before = &products[basket[basket.len() - 1]];
        let next = if dice.chance(0.25) {
            dice.weighted(products.iter().map(|product| product.appeal(day)))
        } else {
            dice.weighted(products.iter().map(|product| {
                let goes =
                    product.theme == before.theme && product.kind == (before.kind + 1) % KINDS;
                let goes = if goes { 40.0 } else { 0.1 };
                product.appeal(day)
                    * goes
                    * if product.style == before.style {
                        5.0
                    } else {
                        1.0
                    }
            }))
        };
        if !basket.contains(&next) {
            basket.push(next);
        }
    }
    basket
}
