//! `POST /api/inventory/transfers`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, FieldErrors, IdempotentJson, Json, Problem, Result, one_field};
use primitives::{LocationId, MovementId, Quantity, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::AppState;
use crate::domain::stock::Level;
use crate::domain::text::Reason;
use crate::http::access;
use crate::store::stock::Cause;
use crate::store::variants;
use crate::workflows::once::Once;
use crate::workflows::{products, stock};

/// Units that move from one place to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTransfer {
    variant_id: VariantId,
    /// Where they lie; only units that nobody holds can be moved.
    from: LocationId,
    /// Where they go; an active place.
    to: LocationId,
    quantity: Quantity,
    reason: Option<Reason>,
}

/// What lies at both places now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Transfer {
    /// The rows of the ledger have it as `transfer_id`.
    id: Uuid,
    variant_id: VariantId,
    quantity: Quantity,
    from: PlaceLevel,
    to: PlaceLevel,
}

/// What lies at a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceLevel {
    location_id: LocationId,
    on_hand: i32,
    reserved: i32,
    available: i32,
}

impl PlaceLevel {
    fn new(location_id: LocationId, level: Level) -> Self {
        Self {
            location_id,
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.free(),
        }
    }
}

/// Moves units of a variant from one place to another.
#[utoipa::path(
    post, path = "/api/inventory/transfers", tag = "inventory", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body = NewTransfer,
    responses(
        (status = 201, body = Transfer),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, description = "`insufficient_stock` with `lines`, `location_inactive`", body = Problem),
        (status = 422, description = "`validation_failed`, `idempotency_key_reused`", body = Problem),
    )
)]
pub(crate) async fn transfer_stock(
    State(state): State<AppState>,
    Seller(seller): Seller,
    request: IdempotentJson<NewTransfer>,
) -> Result<(StatusCode, Json<Value>)> {
    let body = &request.body;
    if body.from == body.to {
        return Err(one_field(
            "to",
            "invalid",
            "must be another place than from",
        ));
    }
    let cx = &state.context;
    let once = Once {
        caller: seller.user_id,
        key: request.key.as_ref(),
        hash: &request.hash,
    };
    let mut tx = cx.pool.begin().await?;
    let unknown = || one_field("variant_id", "unknown", "is not one of your variants");
    let product = variants::product_of(&mut tx, body.variant_id)
        .await?
        .ok_or_else(unknown)?;
    let locked = access::lock_own(&mut tx, product, &seller).await?;
    if let Some(answer) = once.before(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(answer)));
    }
    check_places(&mut tx, body).await?;
    let id = MovementId::new(cx.clock.now(), &cx.random).uuid();
    let cause = Cause {
        reason: body.reason.as_deref(),
        actor: Some(seller.user_id),
        transfer: Some(id),
        ..Cause::default()
    };
    let places = (body.from, body.to);
    let units = body.quantity.get();
    let (from, to) = stock::transfer(&mut tx, cx, body.variant_id, places, units, cause).await?;
    let answer = json!(Transfer {
        id,
        variant_id: body.variant_id,
        quantity: body.quantity,
        from: PlaceLevel::new(body.from, from),
        to: PlaceLevel::new(body.to, to),
    });
    let staff = Acting::of(&seller);
    let change = (Value::Null, answer.clone());
    products::audit(
        &mut tx,
        cx,
        staff.as_ref(),
        "stock.transfer",
        locked.id,
        change,
    )
    .await?;
    once.save(&mut tx, &answer, cx.clock.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Names each place that is not known.
async fn check_places(db: &mut sqlx::PgConnection, body: &NewTransfer) -> Result<(), Error> {
    let known = crate::store::locations::all(db).await?;
    let mut errors = FieldErrors::new();
    for (field, wanted) in [("from", body.from), ("to", body.to)] {
        if !known.iter().any(|place| place.id == wanted) {
            errors.push(field, "unknown", "is not a place of this shop");
        }
    }
    errors.into_result()
}
