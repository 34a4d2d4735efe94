//! Random lives of a few orders over a few variants: whatever happens in whatever order, nothing is oversold, the ledger adds
//! up, and an order takes its units at most once.

use proptest::prelude::*;

use super::*;

fn variant(n: u8) -> VariantId {
    VariantId::from(uuid::Uuid::from_u128(u128::from(n)))
}

fn quantity(n: i32) -> Quantity {
    Quantity::try_from(n).unwrap()
}

#[derive(Debug, Clone)]
enum Act {
    Reserve(usize, Vec<(u8, i32)>),
    Settle(usize, OrderFate),
    Correct(u8, Correction),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let line = (0_u8..3, 1..6);
    let fate = prop_oneof![
        Just(OrderFate::Confirmed),
        Just(OrderFate::Cancelled),
        Just(OrderFate::TimedOut)
    ];
    let correction = prop_oneof![
        (0..20).prop_map(Correction::Set),
        (-9..9).prop_map(Correction::Delta)
    ];
    let act = prop_oneof![
        (0_usize..6, prop::collection::vec(line, 1..5))
            .prop_map(|(order, lines)| Act::Reserve(order, lines)),
        (0_usize..6, fate).prop_map(|(order, fate)| Act::Settle(order, fate)),
        (0_u8..3, correction).prop_map(|(variant, correction)| Act::Correct(variant, correction)),
    ];
    prop::collection::vec(act, 1..80)
}

#[derive(Default)]
struct World {
    levels: BTreeMap<VariantId, Level>,
    ledger: Vec<(Option<usize>, Change)>,
    orders: BTreeMap<usize, (Hold, Vec<Demand>)>,
}

impl World {
    fn apply(&mut self, order: Option<usize>, changes: Vec<Change>) {
        for change in changes {
            let level = self.levels.get_mut(&change.variant_id).unwrap();
            *level = level
                .after(&change)
                .expect("a decided change keeps the level sound");
            self.ledger.push((order, change));
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Reserve(order, lines) => {
                let demands =
                    demands(lines.into_iter().map(|(v, q)| (variant(v), quantity(q)))).unwrap();
                if !self.orders.contains_key(&order)
                    && let Ok(changes) = reserve(&self.levels, &demands)
                {
                    self.apply(Some(order), changes);
                    self.orders.insert(order, (Hold::Held, demands));
                }
            }
            Act::Settle(order, fate) => {
                let Some((hold, demands)) = self.orders.get(&order).cloned() else {
                    return;
                };
                let (after, changes) = match settle(Some(hold), fate) {
                    Settlement::Nothing => (hold, vec![]),
                    Settlement::SellHeld => (Hold::Committed, sell_held(&demands)),
                    Settlement::SellUnheld => match sell_unheld(&self.levels, &demands) {
                        Ok(changes) => (Hold::Committed, changes),
                        Err(short) => {
                            assert!(!short.is_empty());
                            (Hold::Rejected, vec![])
                        }
                    },
                    Settlement::Release(after) => (after, release(&demands)),
                    Settlement::Restock => (Hold::Released, restock(&demands)),
                    Settlement::Close => (Hold::Released, vec![]),
                };
                self.apply(Some(order), changes);
                self.orders.insert(order, (after, demands));
            }
            Act::Correct(v, correction) => {
                if let Ok(Some(change)) = correct(variant(v), self.levels[&variant(v)], correction)
                {
                    self.apply(None, vec![change]);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_oversold_and_the_ledger_adds_up(acts in acts()) {
        let mut world = World { levels: (0..3).map(|v| (variant(v), Level::default())).collect(), ..World::default() };
        for act in acts {
            world.act(act);
            for (variant, level) in &world.levels {
                prop_assert!(level.is_sound());
                let rows = world.ledger.iter().filter(|(_, change)| change.variant_id == *variant);
                let sums = rows.fold((0, 0), |(h, r), (_, change)| (h + change.on_hand, r + change.reserved));
                prop_assert_eq!(sums, (level.on_hand, level.reserved));
                let held: i32 = world.orders.values().filter(|(hold, _)| *hold == Hold::Held)
                    .flat_map(|(_, demands)| demands).filter(|d| d.variant_id == *variant).map(|d| d.quantity.get()).sum();
                prop_assert_eq!(held, level.reserved, "what is reserved is what orders hold");
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for (order, change) in &world.ledger {
            if let Some(order) = order {
                prop_assert!(seen.insert((*order, change.variant_id, change.kind)), "{:?} twice", change);
            }
        }
    }

    #[test]
    fn settling_twice_changes_nothing_more(hold in prop::sample::select(vec![Hold::Held, Hold::Committed, Hold::Released, Hold::Expired, Hold::Rejected])) {
        for fate in [OrderFate::Confirmed, OrderFate::Cancelled, OrderFate::TimedOut] {
            let after = match settle(Some(hold), fate) {
                Settlement::Nothing => hold,
                Settlement::SellHeld | Settlement::SellUnheld => Hold::Committed,
                Settlement::Release(after) => after,
                Settlement::Restock | Settlement::Close => Hold::Released,
            };
            prop_assert_eq!(settle(Some(after), fate), Settlement::Nothing);
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
    assert_eq!(
        summed,
        [
            Demand {
                variant_id: variant(1),
                quantity: quantity(2)
            },
            Demand {
                variant_id: variant(2),
                quantity: quantity(4)
            }
        ]
    );
    assert_eq!(
        demands([(variant(1), quantity(9_999)), (variant(1), quantity(1))]),
        Err(TooMany)
    );
}

#[test]
fn one_short_line_refuses_all() {
    let levels = BTreeMap::from([
        (
            variant(1),
            Level {
                on_hand: 5,
                reserved: 4,
            },
        ),
        (
            variant(2),
            Level {
                on_hand: 9,
                reserved: 0,
            },
        ),
    ]);
    let wanted = demands([
        (variant(1), quantity(2)),
        (variant(2), quantity(1)),
        (variant(3), quantity(1)),
    ])
    .unwrap();
    assert_eq!(
        reserve(&levels, &wanted),
        Err(vec![
            ShortLine {
                variant_id: variant(1),
                requested: 2,
                available: 1
            },
            ShortLine {
                variant_id: variant(3),
                requested: 1,
                available: 0
            },
        ])
    );
}

#[test]
fn corrections_never_take_what_is_held() {
    let level = Level {
        on_hand: 5,
        reserved: 3,
    };
    assert_eq!(
        correct(variant(1), level, Correction::Set(2)),
        Err(CorrectionError::BelowReserved)
    );
    assert_eq!(
        correct(variant(1), level, Correction::Delta(-6)),
        Err(CorrectionError::OutOfRange)
    );
    assert_eq!(correct(variant(1), level, Correction::Set(5)), Ok(None));
    assert!(fell_low(
        Level {
            on_hand: 6,
            reserved: 0
        },
        Level {
            on_hand: 6,
            reserved: 1
        },
        5
    ));
    assert!(
        !fell_low(
            Level {
                on_hand: 5,
                reserved: 0
            },
            Level {
                on_hand: 5,
                reserved: 1
            },
            5
        ),
        "said once"
    );
}
