//! Random lives of a few orders over a few variants at a few places: whatever happens in whatever order, nothing is oversold, the
//! ledger adds up, an order takes its units at most once, and who was owed something gets it first.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::hold::{Hold, OrderFate, Settlement, settle};
use crate::domain::stock::{Correction, Level, Shelf, correct, fell_low, transfer};
use crate::domain::terms::{Limit, Preorder, Terms};

fn variant(n: u8) -> VariantId {
    VariantId::from(uuid::Uuid::from_u128(u128::from(n)))
}

/// The first place is [`home`].
fn place(n: u8) -> LocationId {
    LocationId::from(uuid::Uuid::from_u128(
        home().uuid().as_u128() + u128::from(n),
    ))
}

fn order(n: u8) -> OrderId {
    OrderId::from(uuid::Uuid::from_u128(u128::from(n)))
}

fn quantity(n: i32) -> Quantity {
    Quantity::try_from(n).unwrap()
}

fn noon() -> Timestamp {
    Timestamp::from_unix(1_800_000_000)
}

fn stock(on_hand: &[i32], terms: Terms) -> Stock {
    let shelves = on_hand.iter().zip(0..).map(|(on_hand, n)| Shelf {
        location: place(n),
        active: true,
        level: Level {
            on_hand: *on_hand,
            ..Level::default()
        },
    });
    Stock {
        shelves: shelves.collect(),
        terms,
    }
}

#[derive(Debug, Clone)]
enum Act {
    Reserve(u8, Vec<(u8, i32)>),
    Settle(u8, OrderFate),
    Correct(u8, u8, Correction),
    Transfer(u8, u8, u8, i32),
    Terms(u8, Terms),
    Activate(u8, bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let line = (0_u8..3, 1..6);
    let fate = prop_oneof![
        3 => Just(OrderFate::Confirmed),
        2 => Just(OrderFate::Cancelled),
        1 => Just(OrderFate::TimedOut)
    ];
    let correction = prop_oneof![
        (0..20).prop_map(Correction::Set),
        (0..20).prop_map(Correction::Counted),
        (-9..9).prop_map(Correction::Delta)
    ];
    let limit = || prop::option::of(prop::option::of(1..9).prop_map(Limit));
    let terms = (0..6, limit(), limit(), any::<bool>()).prop_map(
        |(threshold, backorder, preorder, over)| Terms {
            threshold,
            backorder,
            preorder: preorder.map(|limit| Preorder {
                available_on: if over {
                    noon()
                } else {
                    noon() + Duration::from_secs(1)
                },
                limit,
            }),
        },
    );
    let act = prop_oneof![
        4 => (0_u8..8, prop::collection::vec(line, 1..5)).prop_map(|(order, lines)| Act::Reserve(order, lines)),
        4 => (0_u8..8, fate).prop_map(|(order, fate)| Act::Settle(order, fate)),
        3 => (0_u8..3, 0_u8..3, correction).prop_map(|(variant, place, correction)| Act::Correct(variant, place, correction)),
        2 => (0_u8..3, 0_u8..3, 0_u8..3, 1..9).prop_map(|(variant, from, to, units)| Act::Transfer(variant, from, to, units)),
        1 => (0_u8..3, terms).prop_map(|(variant, terms)| Act::Terms(variant, terms)),
        1 => (0_u8..3, any::<bool>()).prop_map(|(place, active)| Act::Activate(place, active)),
    ];
    prop::collection::vec(act, 1..80)
}

/// What the service keeps.
struct World {
    stocks: Stocks,
    ledger: Vec<Change>,
    orders: BTreeMap<OrderId, (Hold, Vec<Demand>, Vec<Line>)>,
    /// In which order they were first heard of.
    heard: Vec<OrderId>,
    low: Vec<VariantId>,
    was_low: BTreeSet<VariantId>,
}

impl World {
    fn new() -> Self {
        let stocks: Stocks = (0..3)
            .map(|v| (variant(v), stock(&[0, 0, 0], Terms::default())))
            .collect();
        Self {
            was_low: stocks.keys().copied().collect(),
            stocks,
            ledger: Vec::new(),
            orders: BTreeMap::new(),
            heard: Vec::new(),
            low: Vec::new(),
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            let stock = self.stocks.get_mut(&change.variant_id).unwrap();
            stock
                .apply(&change)
                .expect("a decided change keeps the level sound");
            self.ledger.push(change);
        }
    }

    fn act(&mut self, act: Act) {
        let before = self.stocks.clone();
        match act {
            Act::Reserve(n, lines) => {
                let wanted =
                    demands(lines.into_iter().map(|(v, q)| (variant(v), quantity(q)))).unwrap();
                if !self.orders.contains_key(&order(n))
                    && let Ok(lines) = allocate(&self.stocks, &wanted, noon())
                {
                    self.apply(reserve(order(n), &lines));
                    self.orders.insert(order(n), (Hold::Held, wanted, lines));
                    self.heard.push(order(n));
                }
            }
            Act::Settle(n, fate) => self.settle(order(n), fate),
            Act::Correct(v, at, correction) => {
                let stock = &self.stocks[&variant(v)];
                if stock.shelf(place(at)).is_some_and(|shelf| shelf.active)
                    && let Ok(Some(change)) =
                        correct(variant(v), place(at), stock.level(place(at)), correction)
                {
                    self.apply(vec![change]);
                }
            }
            Act::Transfer(v, from, to, units) => {
                let stock = &self.stocks[&variant(v)];
                if stock.shelf(place(to)).is_some_and(|shelf| shelf.active)
                    && let Some(changes) =
                        transfer(variant(v), stock, place(from), place(to), units)
                {
                    self.apply(changes.to_vec());
                }
            }
            Act::Terms(v, terms) => self.stocks.get_mut(&variant(v)).unwrap().terms = terms,
            Act::Activate(n, active) => {
                let empty = self
                    .stocks
                    .values()
                    .all(|stock| stock.level(place(n)).on_hand == 0);
                let others = self.stocks[&variant(0)]
                    .shelves
                    .iter()
                    .filter(|shelf| shelf.active && shelf.location != place(n))
                    .count();
                if active || (empty && others > 0) {
                    for stock in self.stocks.values_mut() {
                        stock
                            .shelves
                            .iter_mut()
                            .filter(|shelf| shelf.location == place(n))
                            .for_each(|shelf| shelf.active = active);
                    }
                }
            }
        }
        for v in 0..3 {
            self.serve(variant(v));
            if fell_low(&before[&variant(v)], &self.stocks[&variant(v)]) {
                self.low.push(variant(v));
            }
        }
    }

    fn settle(&mut self, order: OrderId, fate: OrderFate) {
        let Some((hold, wanted, lines)) = self.orders.get(&order).cloned() else {
            return;
        };
        let forgiven = |lines: Vec<Line>| {
            lines
                .into_iter()
                .map(|line| Line { owed: 0, ..line })
                .collect()
        };
        let (after, lines) = match settle(Some(hold), fate) {
            Settlement::Nothing => (hold, lines),
            Settlement::SellHeld => {
                self.apply(sell_held(order, &lines));
                (Hold::Committed, lines)
            }
            Settlement::SellUnheld => match allocate(&self.stocks, &wanted, noon()) {
                Ok(lines) => {
                    self.apply(sell_unheld(order, &lines));
                    (Hold::Committed, lines)
                }
                Err(short) => {
                    assert!(!short.is_empty());
                    (Hold::Rejected, lines)
                }
            },
            Settlement::Release(after) => {
                self.apply(release(order, &lines));
                (after, forgiven(lines))
            }
            Settlement::Restock => {
                self.apply(restock(order, &lines, &self.stocks));
                (Hold::Released, forgiven(lines))
            }
            Settlement::WriteOff => {
                self.apply(write_off(order, &lines, &self.stocks));
                (Hold::Released, forgiven(lines))
            }
            Settlement::SellAndWriteOff => {
                self.apply(sell_held(order, &lines));
                self.apply(write_off(order, &lines, &self.stocks));
                (Hold::Released, forgiven(lines))
            }
            Settlement::Close => (Hold::Released, lines),
        };
        self.orders.insert(order, (after, wanted, lines));
    }

    fn serve(&mut self, id: VariantId) {
        let waiting: Vec<Waiting> = self
            .heard
            .iter()
            .filter_map(|order| {
                let (hold, _, lines) = &self.orders[order];
                let owed: i32 = lines
                    .iter()
                    .filter(|line| line.variant_id == id)
                    .map(|line| line.owed)
                    .sum();
                (*hold == Hold::Committed && owed > 0).then_some(Waiting {
                    order: *order,
                    owed,
                })
            })
            .collect();
        let served = serve(id, &self.stocks[&id], &waiting);
        for part in served {
            self.apply(part.changes());
            let lines = &mut self.orders.get_mut(&part.order).unwrap().2;
            let at_home = lines
                .iter_mut()
                .find(|line| line.variant_id == id && line.owed > 0)
                .unwrap();
            at_home.owed -= part.units;
            if part.location != home() {
                at_home.quantity -= part.units;
                match lines
                    .iter_mut()
                    .find(|line| line.variant_id == id && line.location == part.location)
                {
                    Some(line) => line.quantity += part.units,
                    None => lines.push(Line {
                        variant_id: id,
                        location: part.location,
                        quantity: part.units,
                        owed: 0,
                    }),
                }
                lines.retain(|line| line.quantity > 0);
            }
        }
    }

    /// What must hold at every moment.
    fn check(&self) -> Result<(), TestCaseError> {
        for (id, stock) in &self.stocks {
            for shelf in &stock.shelves {
                let level = shelf.level;
                prop_assert!(level.is_sound());
                prop_assert!(
                    shelf.active || level.on_hand == 0,
                    "an inactive place holds nothing"
                );
                prop_assert!(level.owed == 0 || shelf.location == home());
                let rows = self
                    .ledger
                    .iter()
                    .filter(|change| change.variant_id == *id && change.location == shelf.location);
                let sums = rows.fold(Level::default(), |sum, change| Level {
                    on_hand: sum.on_hand + change.on_hand,
                    reserved: sum.reserved + change.reserved,
                    owed: sum.owed + change.owed,
                });
                prop_assert_eq!(sums, level, "the ledger adds up");
                let of = |hold: &[Hold], units: fn(&Line) -> i32| -> i32 {
                    let lines = self
                        .orders
                        .values()
                        .filter(|(at, ..)| hold.contains(at))
                        .flat_map(|(_, _, lines)| lines);
                    lines
                        .filter(|line| line.variant_id == *id && line.location == shelf.location)
                        .map(units)
                        .sum()
                };
                prop_assert_eq!(
                    of(&[Hold::Held], |line| line.taken()),
                    level.reserved,
                    "what is reserved is what orders hold"
                );
                prop_assert_eq!(
                    of(&[Hold::Held, Hold::Committed], |line| line.owed),
                    level.owed,
                    "what is owed is what orders wait for"
                );
            }
            let due: i32 = self
                .orders
                .values()
                .filter(|(hold, ..)| *hold == Hold::Committed)
                .flat_map(|(_, _, lines)| lines)
                .filter(|line| line.variant_id == *id)
                .map(|line| line.owed)
                .sum();
            prop_assert!(
                due == 0 || stock.free() == 0,
                "nobody who paid waits while something is free"
            );
        }
        for (_, wanted, lines) in self.orders.values() {
            for demand in wanted {
                let of: i32 = lines
                    .iter()
                    .filter(|line| line.variant_id == demand.variant_id)
                    .map(|line| line.quantity)
                    .sum();
                prop_assert_eq!(of, demand.units(), "an order's lines are what it wants");
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn nothing_is_oversold_and_the_ledger_adds_up(acts in acts()) {
        let mut world = World::new();
        for act in acts {
            let told = world.low.len();
            world.act(act);
            world.check()?;
            // Staff hear of a variant exactly when it becomes low.
            for (id, stock) in &world.stocks {
                let newly = stock.is_low() && !world.was_low.contains(id);
                prop_assert_eq!(world.low[told..].iter().filter(|low| *low == id).count(), usize::from(newly));
            }
            world.was_low = world.stocks.iter().filter(|(_, stock)| stock.is_low()).map(|(id, _)| *id).collect();
        }
        let mut seen = BTreeSet::new();
        for change in world.ledger.iter().filter(|change| change.kind != Kind::Serve) {
            if let Some(order) = change.order {
                prop_assert!(seen.insert((order, change.variant_id, change.location, change.kind)), "{:?} twice", change);
            }
        }
    }

    #[test]
    fn an_order_gets_what_it_wants_and_no_place_gives_what_it_has_not(
        on_hand in prop::collection::vec(prop::collection::vec(0..8, 3), 3),
        wanted in prop::collection::vec((0_u8..3, 1..9), 1..4),
        backorder in prop::option::of(0..4),
    ) {
        let terms = Terms { backorder: backorder.map(|most: i32| Limit(Some(most))), ..Terms::default() };
        let stocks: Stocks = on_hand.iter().zip(0..).map(|(on_hand, v)| (variant(v), stock(on_hand, terms))).collect();
        let wanted = demands(wanted.into_iter().map(|(v, q)| (variant(v), quantity(q)))).unwrap();
        let enough = wanted.iter().all(|demand| stocks[&demand.variant_id].obtainable(noon()) >= demand.units());
        let got = allocate(&stocks, &wanted, noon());
        prop_assert_eq!(got.is_ok(), enough);
        prop_assert_eq!(&got, &allocate(&stocks, &wanted, noon()), "the same again");
        if let Ok(lines) = got {
            for line in &lines {
                prop_assert!(line.quantity > 0 && line.taken() <= stocks[&line.variant_id].level(line.location).free());
            }
            for demand in &wanted {
                let of = || lines.iter().filter(|line| line.variant_id == demand.variant_id);
                prop_assert_eq!(of().map(|line| line.quantity).sum::<i32>(), demand.units());
                let owed: i32 = of().map(|line| line.owed).sum();
                prop_assert_eq!(owed, (demand.units() - stocks[&demand.variant_id].available()).max(0), "owed is only what is not there");
            }
            let one_has_all = (0..3).any(|n| wanted.iter().all(|demand| stocks[&demand.variant_id].level(place(n)).free() >= demand.units()));
            let places: BTreeSet<LocationId> = lines.iter().map(|line| line.location).collect();
            prop_assert!(!one_has_all || places.len() == 1, "one parcel where one is enough");
        }
    }
}

#[test]
fn lines_of_one_variant_are_summed_and_sorted() {
    let summed = demands([
        (variant(2), quantity(1)),
        (variant(1), quantity(2)),
        (variant(2), quantity(3)),
    ])
    .unwrap();
    let demand = |v, q| Demand {
        variant_id: variant(v),
        quantity: quantity(q),
    };
    assert_eq!(summed, [demand(1, 2), demand(2, 4)]);
    assert_eq!(
        demands([(variant(1), quantity(9_999)), (variant(1), quantity(1))]),
        Err(TooMany)
    );
}

#[test]
fn one_short_line_refuses_all() {
    let stocks = Stocks::from([
        (variant(1), stock(&[1], Terms::default())),
        (variant(2), stock(&[9], Terms::default())),
    ]);
    let wanted = demands([
        (variant(1), quantity(2)),
        (variant(2), quantity(1)),
        (variant(3), quantity(1)),
    ])
    .unwrap();
    let short = |v, requested, available| ShortLine {
        variant_id: variant(v),
        requested,
        available,
    };
    assert_eq!(
        allocate(&stocks, &wanted, noon()),
        Err(vec![short(1, 2, 1), short(3, 1, 0)])
    );
}

#[test]
fn places_serve_in_their_order_and_alone_if_one_can() {
    let backorder = Terms {
        backorder: Some(Limit(Some(2))),
        ..Terms::default()
    };
    let take = |on_hand: &[i32], units| -> Result<Vec<(u8, i32, i32)>, _> {
        let stocks = Stocks::from([(variant(1), stock(on_hand, backorder))]);
        let wanted = demands([(variant(1), quantity(units))]).unwrap();
        let number = |line: &Line| (0..3).find(|n| place(*n) == line.location).unwrap();
        allocate(&stocks, &wanted, noon()).map(|lines| {
            lines
                .iter()
                .map(|line| (number(line), line.quantity, line.owed))
                .collect()
        })
    };
    assert_eq!(take(&[3, 5, 5], 3), Ok(vec![(0, 3, 0)]));
    assert_eq!(take(&[3, 5, 5], 4), Ok(vec![(1, 4, 0)]));
    assert_eq!(
        take(&[3, 5, 5], 9),
        Ok(vec![(0, 3, 0), (1, 5, 0), (2, 1, 0)])
    );
    assert_eq!(take(&[1, 2, 0], 5), Ok(vec![(0, 3, 2), (1, 2, 0)]));
    assert_eq!(take(&[0, 2, 0], 3), Ok(vec![(1, 2, 0), (0, 1, 1)]));
    assert!(take(&[1, 2, 0], 6).is_err());
}

#[test]
fn what_is_owed_is_served_first_come_first() {
    let mut waiting = stock(&[0, 4], Terms::default());
    waiting.shelves[0].level.owed = 6;
    let due = [(1, 3), (2, 3)].map(|(n, owed)| Waiting {
        order: order(n),
        owed,
    });
    let served = serve(variant(1), &waiting, &due);
    let got: Vec<_> = served.iter().map(|part| (part.order, part.units)).collect();
    assert_eq!(got, [(order(1), 3), (order(2), 1)]);
    for change in served.iter().flat_map(|part| part.changes()) {
        waiting.apply(&change).unwrap();
    }
    assert_eq!(
        (waiting.free(), waiting.owed(), waiting.available()),
        (0, 2, 0)
    );
}
