//! A model checker's proof of the saga: every order of every step of order, product, Stripe, broker, customer and staff, with the service's own
//! [`decide`](super::decide) and [`news`](crate::domain::payment::news), and product's own rule of what becomes of a hold.
//!
//! What can go wrong is part of the model: whoever is down just does nothing for as long as one likes; the order service forgets what it was about
//! to do ([`Action::Crash`]); whatever anybody ever said (an event, a webhook, an answer) arrives late, again, out of order, or never; holds, orders and
//! authorisations expire at any moment. So a state is only good if all is well in it, **and** if all ends well once everybody runs again and listens
//! ([`World::healed`]).

mod act;
mod world;

// The very file of product: what becomes of a hold is its rule, not ours.
#[path = "../../../../product/src/domain/hold.rs"]
#[expect(
    dead_code,
    reason = "names for the database, which the model does not have"
)]
mod hold;

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use self::act::Action;
use self::hold::Hold;
use self::world::{Decide, World};
use super::{Decision, Effect, Event, PaymentStatus, Refusal, State, Status, decide};
use crate::domain::payment::Capture;

/// What is played through.
#[derive(Clone, Copy)]
struct Saga {
    decide: Decide,
    capture: Capture,
    /// Whether somebody else wants the last unit.
    rival: bool,
    /// Whether the customer's bank may question the charge.
    disputes: bool,
    /// Whether parcels are sent and come back.
    parcels: bool,
    /// How many refunds staff may ask for besides those of the rules.
    refunds: usize,
    /// Whether the customer's bank may send back what was refunded.
    bounces: bool,
    /// A mistake: a payment's name is written down without a look at whether its order still waits for it.
    careless: bool,
}

const PLAIN: Saga = Saga {
    decide,
    capture: Capture::Automatic,
    rival: false,
    disputes: false,
    parcels: false,
    refunds: 0,
    bounces: false,
    careless: false,
};

impl Model for Saga {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        act::possible(self, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        act::act(self, &mut next, action);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(
                "stock is never negative, and no more is sold than there was",
                |_, world: &World| world.stock_holds(),
            ),
            Property::always(
                "refunds and chargebacks are never more than the charge",
                |_, world: &World| world.stripe.given_back() <= world.stripe.captured,
            ),
            Property::always(
                "no more is asked back than was taken",
                |_, world: &World| world.asked_back() <= world.payment.captured,
            ),
            Property::always(
                "the books claim no money that the provider did not move",
                |_, world: &World| world.books_are_true(),
            ),
            Property::always("what is written is what was decided", |_, world: &World| {
                !world.disagreed
            }),
            Property::always(
                "an order is confirmed and cancelled at most once, and stays cancelled",
                |_, world: &World| world.confirmed <= 1 && world.cancelled <= 1 && !world.came_back,
            ),
            Property::always(
                "an order is confirmed only when its money is ours or held for us",
                |_, world: &World| world.confirmed_with_money(),
            ),
            Property::always(
                "once everybody runs again, all ends well",
                |saga: &Self, world: &World| world.healed(saga).all_is_well(),
            ),
            Property::sometimes(
                "an order is cancelled and its money is back",
                |_, world: &World| {
                    world.is(Status::Cancelled)
                        && world.stripe.captured > 0
                        && world.stripe.given_back() == world.stripe.captured
                },
            ),
            Property::sometimes(
                "an order is confirmed and its stock sold",
                |_, world: &World| {
                    world.is(Status::Confirmed) && world.hold == Some(Hold::Committed)
                },
            ),
        ];
        if self.parcels {
            properties.push(Property::sometimes(
                "an order is completed",
                |_, world: &World| world.is(Status::Completed),
            ));
        }
        if self.bounces {
            properties.push(Property::sometimes(
                "money that came back goes back by another refund",
                |_, world: &World| world.went_back_after_all(),
            ));
        }
        if self.rival {
            properties.push(Property::sometimes(
                "a paid order cannot be served",
                |_, world: &World| world.hold == Some(Hold::Rejected),
            ));
        }
        if self.capture == Capture::Manual {
            properties.push(Property::sometimes(
                "a part of the held money is taken",
                |_, world: &World| {
                    world.stripe.captured > 0 && world.stripe.captured < world::TOTAL
                },
            ));
        }
        properties
    }
}

impl Saga {
    /// Plays everything through; fails with the steps that lead to what must not be, or if what should be possible is not.
    fn prove(self) {
        let checker = self
            .checker()
            .threads(2)
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        println!(
            "{} states, {} of them different, {} steps deep",
            checker.state_count(),
            checker.unique_state_count(),
            checker.max_depth()
        );
        checker.assert_properties();
    }

    /// What goes wrong soonest, and how many steps lead there.
    fn disprove(self) -> (&'static str, usize) {
        let checker = self
            .checker()
            .threads(1)
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        let fails =
            |name: &&str| checker.discovery_classification(name).to_string() == "counterexample";
        let discoveries = checker.discoveries().into_iter();
        discoveries
            .filter(|(name, _)| fails(name))
            .map(|(name, path)| (path.into_actions().len(), name))
            .min()
            .map(|(steps, name)| (name, steps))
            .expect("a wrong rule was not found")
    }
}

#[test]
fn payment_stock_and_expiry_end_well() {
    Saga {
        rival: true,
        ..PLAIN
    }
    .prove();
}

#[test]
fn held_money_is_captured_or_let_go() {
    Saga {
        capture: Capture::Manual,
        refunds: 1,
        ..PLAIN
    }
    .prove();
}

#[test]
fn held_money_and_stock_that_runs_out_end_well() {
    Saga {
        capture: Capture::Manual,
        rival: true,
        ..PLAIN
    }
    .prove();
}

#[test]
fn refunds_and_disputes_never_exceed_the_charge() {
    Saga {
        disputes: true,
        refunds: 2,
        ..PLAIN
    }
    .prove();
}

#[test]
fn refunds_that_come_back_end_well() {
    Saga {
        refunds: 3,
        bounces: true,
        ..PLAIN
    }
    .prove();
    Saga {
        disputes: true,
        refunds: 1,
        bounces: true,
        ..PLAIN
    }
    .prove();
}

#[test]
fn parcels_and_returns_end_well() {
    Saga {
        parcels: true,
        refunds: 1,
        ..PLAIN
    }
    .prove();
    Saga {
        parcels: true,
        capture: Capture::Manual,
        ..PLAIN
    }
    .prove();
}

/// Everything that the others look at alone.
#[test]
fn all_at_once_ends_well() {
    Saga {
        capture: Capture::Manual,
        rival: true,
        disputes: true,
        parcels: true,
        refunds: 1,
        bounces: true,
        ..PLAIN
    }
    .prove();
}

/// Rules with one mistake each.
mod wrong {
    use super::*;

    fn without(
        state: State,
        event: &Event,
        unwanted: fn(&Effect) -> bool,
    ) -> Result<Decision, Refusal> {
        decide(state, event).map(|mut decision| {
            decision.effects.retain(|effect| !unwanted(effect));
            decision
        })
    }

    /// The customer's money comes for an order that is gone, and stays.
    pub(super) fn keeps_late_money(state: State, event: &Event) -> Result<Decision, Refusal> {
        if let (Status::Cancelled, Event::Paid { amount }) = (state.status, event) {
            let state = State {
                paid: *amount,
                payment: PaymentStatus::Paid,
                ..state
            };
            return Ok(Decision {
                state,
                effects: vec![],
            });
        }
        decide(state, event)
    }

    /// Money stays held for an order that is gone.
    pub(super) fn never_lets_go(state: State, event: &Event) -> Result<Decision, Refusal> {
        without(state, event, |effect| *effect == Effect::CancelPayment)
    }

    /// Goods are taken for money that was declined.
    pub(super) fn trusts_everybody(state: State, event: &Event) -> Result<Decision, Refusal> {
        match event {
            Event::Declined { .. } if state.status == Status::Pending => {
                decide(State { total: 0, ..state }, &Event::Free).map(|decision| Decision {
                    state: State {
                        total: state.total,
                        ..decision.state
                    },
                    ..decision
                })
            }
            _ => decide(state, event),
        }
    }

    /// A late payment brings a cancelled order back.
    pub(super) fn revives(state: State, event: &Event) -> Result<Decision, Refusal> {
        match (state.status, event) {
            (Status::Cancelled, Event::Paid { .. }) => decide(
                State {
                    status: Status::Pending,
                    ..state
                },
                event,
            ),
            _ => decide(state, event),
        }
    }

    /// Refunds are counted when they are done, not when they are asked for.
    pub(super) fn refunds_twice(state: State, event: &Event) -> Result<Decision, Refusal> {
        match event {
            Event::Refund { .. } => decide(
                State {
                    refunding: 0,
                    ..state
                },
                event,
            )
            .map(|decision| Decision {
                state: State {
                    refunding: decision.state.refunding + state.refunding,
                    ..decision.state
                },
                ..decision
            }),
            _ => decide(state, event),
        }
    }

    /// What a bank sent back still counts as given back.
    pub(super) fn forgets_what_came_back(state: State, event: &Event) -> Result<Decision, Refusal> {
        match event {
            Event::RefundReversed { .. } => Ok(Decision {
                state,
                effects: vec![],
            }),
            _ => decide(state, event),
        }
    }

    /// What the warehouse cannot serve is forgotten.
    pub(super) fn ignores_the_warehouse(state: State, event: &Event) -> Result<Decision, Refusal> {
        match event {
            Event::StockRejected => Ok(Decision {
                state,
                effects: vec![],
            }),
            _ => decide(state, event),
        }
    }
}

#[test]
fn wrong_rules_are_found() {
    let manual = Saga {
        capture: Capture::Manual,
        ..PLAIN
    };
    let rival = Saga {
        rival: true,
        ..PLAIN
    };
    let refunds = Saga {
        refunds: 3,
        ..PLAIN
    };
    let found = [
        (
            "keeps_late_money",
            Saga {
                decide: wrong::keeps_late_money,
                ..PLAIN
            }
            .disprove(),
        ),
        (
            "never_lets_go",
            Saga {
                decide: wrong::never_lets_go,
                ..manual
            }
            .disprove(),
        ),
        (
            "trusts_everybody",
            Saga {
                decide: wrong::trusts_everybody,
                ..PLAIN
            }
            .disprove(),
        ),
        (
            "revives",
            Saga {
                decide: wrong::revives,
                ..PLAIN
            }
            .disprove(),
        ),
        (
            "refunds_twice",
            Saga {
                decide: wrong::refunds_twice,
                ..refunds
            }
            .disprove(),
        ),
        (
            "forgets_what_came_back",
            Saga {
                decide: wrong::forgets_what_came_back,
                bounces: true,
                ..PLAIN
            }
            .disprove(),
        ),
        (
            "careless",
            Saga {
                careless: true,
                ..manual
            }
            .disprove(),
        ),
        (
            "ignores_the_warehouse",
            Saga {
                decide: wrong::ignores_the_warehouse,
                ..rival
            }
            .disprove(),
        ),
    ];
    let found: Vec<String> = found
        .iter()
        .map(|(rule, (property, steps))| format!("{rule}: not \"{property}\", in {steps} steps"))
        .collect();
    insta::assert_debug_snapshot!(found);
}
