//! `GET /api/products/{id}/stock/movements`

use auth_token::User;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Path, Problem, Query, Result};
use primitives::{
    LocationId, MovementId, OrderId, ProductId, ReturnId, Sku, Timestamp, UserId, VariantId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::AppState;
use crate::domain::stock::Kind;
use crate::http::access;
use crate::store::movements::{self as store, Filter};

/// Which movements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMovements {
    /// Of this variant.
    #[param(value_type = Option<String>, format = Uuid)]
    variant_id: Option<VariantId>,
    /// At this place.
    #[param(value_type = Option<String>, format = Uuid)]
    location_id: Option<LocationId>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<MovementKind>,
    /// Of this order.
    #[param(value_type = Option<String>, format = Uuid)]
    order_id: Option<OrderId>,
    /// At or after this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Why stock moved.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MovementKind {
    Receive,
    Adjust,
    Count,
    Transfer,
    Reserve,
    Release,
    Sell,
    Restock,
    Serve,
    Return,
}

impl From<MovementKind> for Kind {
    fn from(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Receive => Self::Receive,
            MovementKind::Adjust => Self::Adjust,
            MovementKind::Count => Self::Count,
            MovementKind::Transfer => Self::Transfer,
            MovementKind::Reserve => Self::Reserve,
            MovementKind::Release => Self::Release,
            MovementKind::Sell => Self::Sell,
            MovementKind::Restock => Self::Restock,
            MovementKind::Serve => Self::Serve,
            MovementKind::Return => Self::Return,
        }
    }
}

/// A row of the ledger: what changed, for whom and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockMovement {
    id: MovementId,
    variant_id: VariantId,
    sku: Sku,
    location_id: LocationId,
    /// `receive`, `adjust`, `count`, `transfer`, `reserve`, `release`, `sell`, `restock`, `serve` or `return`.
    kind: String,
    /// Units more or fewer that lie there.
    on_hand: i32,
    /// Units more or fewer that are held.
    reserved: i32,
    /// Units more or fewer that are owed.
    owed: i32,
    #[schema(nullable)]
    order_id: Option<OrderId>,
    #[schema(nullable)]
    reason: Option<String>,
    #[schema(nullable)]
    actor_id: Option<UserId>,
    /// Both rows of a transfer have the same.
    #[schema(nullable)]
    transfer_id: Option<Uuid>,
    #[schema(nullable)]
    stock_take_id: Option<Uuid>,
    /// What the customer sent back.
    #[schema(nullable)]
    return_id: Option<ReturnId>,
    created_at: Timestamp,
}

impl From<store::Movement> for StockMovement {
    fn from(movement: store::Movement) -> Self {
        Self {
            id: movement.id,
            variant_id: movement.variant_id,
            sku: movement.sku,
            location_id: movement.location_id,
            kind: movement.kind,
            on_hand: movement.on_hand,
            reserved: movement.reserved,
            owed: movement.owed,
            order_id: movement.order_id,
            reason: movement.reason,
            actor_id: movement.actor_id,
            transfer_id: movement.transfer_id,
            stock_take_id: movement.stock_take_id,
            return_id: movement.return_id,
            created_at: movement.created_at,
        }
    }
}

/// The ledger of a product, newest first. For its seller and for staff.
#[utoipa::path(
    get, path = "/api/products/{id}/stock/movements", tag = "inventory", security(("bearer" = [])),
    params(("id" = ProductId, Path), ListMovements),
    responses(
        (status = 200, body = Page<StockMovement>),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn list_movements(
    State(state): State<AppState>,
    User(viewer): User,
    Path(id): Path<ProductId>,
    Query(query): Query<ListMovements>,
) -> Result<Json<Page<StockMovement>>> {
    let before = query.cursor.as_ref().map(Cursor::decode).transpose()?;
    let limit = query.limit.unwrap_or_default();
    let filter = Filter {
        variant: query.variant_id,
        location: query.location_id,
        kind: query.kind.map(Kind::from),
        order: query.order_id,
        from: query.from,
        until: query.until,
    };
    let mut db = state.context.pool.acquire().await?;
    access::check_stock(&mut db, id, &viewer).await?;
    let rows = store::page(&mut db, id, &filter, before, limit.fetch()).await?;
    let page = Page::cut(rows, limit, |movement| movement.seq)?;
    Ok(Json(page.map(StockMovement::from)))
}
