//! product and auth as the order service sees them, with faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use contracts::internal::reservations::{Reservation, ReserveRequest, ReservedLine, ShortLine};
use contracts::internal::users::{
    AddressSnapshot, UserLookupRequest, UserLookupResponse, UserSnapshot,
};
use contracts::internal::variants::{Availability, LookupRequest, LookupResponse, VariantSnapshot};
use primitives::{AddressId, Currency, Money, OrderId, Timestamp, UserId, VariantId};
use serde_json::{Value, json};
use testkit::Served;
use testkit::exchange::Exchange;
use uuid::Uuid;

/// What the peer does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// Nothing is answered but 503.
    Down,
    /// The hold is made, and the answer lost: to the caller it is as if it had crashed right after.
    LosesAnswers,
    /// Nothing is given back: 503.
    ReleasesNothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HoldState {
    Held,
    Released,
    Expired,
}

#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub(crate) lines: BTreeMap<VariantId, i32>,
    pub(crate) state: HoldState,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) variants: BTreeMap<VariantId, VariantSnapshot>,
    pub(crate) holds: BTreeMap<OrderId, Hold>,
    pub(crate) users: Vec<UserSnapshot>,
    pub(crate) addresses: BTreeMap<(UserId, AddressId), AddressSnapshot>,
    pub(crate) trouble: Trouble,
    pub(crate) lookups: usize,
    /// Every call of `POST /internal/reservations`.
    pub(crate) reserves: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Peer {
    world: Arc<Mutex<World>>,
    /// Tokens that are not ours.
    pub(crate) exchange: Exchange,
}

impl Peer {
    pub(crate) async fn serve(&self) -> Served {
        let router = Router::new()
            .route("/internal/variants/lookup", post(lookup))
            .route("/internal/reservations", post(reserve))
            .route("/internal/reservations/{id}/release", post(release))
            .route("/internal/reservations/{id}/commit", post(commit))
            .route("/internal/users/lookup", post(users))
            .route("/internal/users/{user}/addresses/{id}", get(address))
            .with_state(self.clone())
            .merge(self.exchange.router());
        testkit::serve(router).await
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A new variant of a product of its own.
    pub(crate) fn sell(&self, price: i64, stock: i32) -> VariantId {
        let id: VariantId = Uuid::now_v7_for_tests().into();
        let snapshot = VariantSnapshot {
            variant_id: id,
            product_id: Uuid::now_v7_for_tests().into(),
            seller_id: Uuid::from_u128(99).into(),
            sku: format!("SKU-{}", &id.to_string()[24..]).parse().unwrap(),
            title: format!("Thing for {price}"),
            slug: "thing".to_owned(),
            options: BTreeMap::from([("size".to_owned(), "M".to_owned())]),
            price: Money::new(price, Currency::EUR),
            available: stock,
            active: true,
            tax_class: "standard".to_owned(),
            weight_grams: Some(500),
            category_ids: vec![],
            availability: Availability::default(),
            available_on: None,
        };
        self.world().variants.insert(id, snapshot);
        id
    }

    /// Nothing that was held can be had any more.
    pub(crate) fn reject_all(&self) {
        for hold in self.world().holds.values_mut() {
            hold.state = HoldState::Expired;
        }
    }

    pub(crate) fn available(&self, id: VariantId) -> i32 {
        self.world().variants[&id].available
    }

    /// Orders with a hold that has not been given back.
    pub(crate) fn held(&self) -> Vec<OrderId> {
        self.world()
            .holds
            .iter()
            .filter(|(_, hold)| hold.state == HoldState::Held)
            .map(|(id, _)| *id)
            .collect()
    }
}

/// Ids for tests, which need not come from a clock of ours.
trait TestIds {
    fn now_v7_for_tests() -> Uuid;
}

impl TestIds for Uuid {
    fn now_v7_for_tests() -> Uuid {
        primitives::OrderId::new(
            primitives::Clock::system().now(),
            &primitives::Random::system(),
        )
        .uuid()
    }
}

fn problem(status: u16, code: &str, extra: Value) -> Response {
    let mut body = json!({"type": "about:blank", "title": "x", "status": status, "detail": "x", "code": code, "request_id": "x"});
    if let (Some(body), Some(extra)) = (body.as_object_mut(), extra.as_object()) {
        body.extend(extra.clone());
    }
    (
        StatusCode::from_u16(status).unwrap(),
        [("content-type", "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}

fn down() -> Response {
    problem(503, "unavailable", json!({}))
}

async fn lookup(
    State(peer): State<Peer>,
    axum::Json(request): axum::Json<LookupRequest>,
) -> Response {
    let mut world = peer.world();
    world.lookups += 1;
    if world.trouble == Trouble::Down {
        return down();
    }
    let wanted = |v: &&VariantSnapshot| {
        request.variant_ids.contains(&v.variant_id) || request.product_ids.contains(&v.product_id)
    };
    axum::Json(LookupResponse {
        variants: world.variants.values().filter(wanted).cloned().collect(),
    })
    .into_response()
}

async fn reserve(
    State(peer): State<Peer>,
    axum::Json(request): axum::Json<ReserveRequest>,
) -> Response {
    let mut world = peer.world();
    world.reserves += 1;
    if world.trouble == Trouble::Down {
        return down();
    }
    let mut lines: BTreeMap<VariantId, i32> = BTreeMap::new();
    for line in &request.lines {
        *lines.entry(line.variant_id).or_default() += line.quantity.get();
    }
    match world.holds.get(&request.order_id) {
        Some(hold) if hold.state != HoldState::Held => {
            return problem(409, "reservation_closed", json!({}));
        }
        Some(hold) if hold.lines != lines => {
            return problem(409, "reservation_mismatch", json!({}));
        }
        Some(_) => {}
        None => {
            let available = |id: &VariantId| {
                world
                    .variants
                    .get(id)
                    .filter(|v| v.active)
                    .map_or(0, |v| v.available)
            };
            let short: Vec<ShortLine> = lines
                .iter()
                .filter(|(id, wanted)| available(id) < **wanted)
                .map(|(id, wanted)| ShortLine {
                    variant_id: *id,
                    requested: *wanted,
                    available: available(id),
                })
                .collect();
            if !short.is_empty() {
                return problem(409, "insufficient_stock", json!({"lines": short}));
            }
            for (id, wanted) in &lines {
                world.variants.get_mut(id).unwrap().available -= wanted;
            }
            world.holds.insert(
                request.order_id,
                Hold {
                    lines: lines.clone(),
                    state: HoldState::Held,
                },
            );
        }
    }
    if world.trouble == Trouble::LosesAnswers {
        return (StatusCode::INTERNAL_SERVER_ERROR, "lost").into_response();
    }
    let reserved = |(id, quantity): (&VariantId, &i32)| ReservedLine {
        quantity: (*quantity).try_into().unwrap(),
        owed: 0,
        variant: world.variants[id].clone(),
    };
    axum::Json(Reservation {
        order_id: request.order_id,
        expires_at: Timestamp::from_unix(4_000_000_000),
        lines: lines.iter().map(reserved).collect(),
    })
    .into_response()
}

async fn release(State(peer): State<Peer>, Path(id): Path<OrderId>) -> Response {
    let mut world = peer.world();
    if [Trouble::Down, Trouble::ReleasesNothing].contains(&world.trouble) {
        return down();
    }
    let Some(hold) = world.holds.get_mut(&id) else {
        return problem(404, "not_found", json!({}));
    };
    if hold.state == HoldState::Held {
        hold.state = HoldState::Released;
        for (variant, quantity) in hold.lines.clone() {
            world.variants.get_mut(&variant).unwrap().available += quantity;
        }
    }
    axum::Json(json!({})).into_response()
}

async fn commit(State(peer): State<Peer>, Path(id): Path<OrderId>) -> Response {
    let world = peer.world();
    if world.trouble == Trouble::Down {
        return down();
    }
    match world.holds.get(&id).map(|hold| &hold.state) {
        None => problem(404, "not_found", json!({})),
        Some(HoldState::Held) => axum::Json(json!({"status": "committed"})).into_response(),
        Some(HoldState::Released | HoldState::Expired) => {
            problem(409, "reservation_closed", json!({}))
        }
    }
}

async fn users(
    State(peer): State<Peer>,
    axum::Json(request): axum::Json<UserLookupRequest>,
) -> Response {
    let world = peer.world();
    let found = world.users.iter();
    let users = found.filter(|user| request.ids.contains(&user.id));
    axum::Json(UserLookupResponse {
        users: users.cloned().collect(),
    })
    .into_response()
}

async fn address(
    State(peer): State<Peer>,
    Path((user, id)): Path<(UserId, AddressId)>,
) -> Response {
    match peer.world().addresses.get(&(user, id)) {
        Some(address) => axum::Json(address.clone()).into_response(),
        None => problem(404, "not_found", json!({})),
    }
}
