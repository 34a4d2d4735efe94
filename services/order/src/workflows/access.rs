//! Who may see and touch an order: its owner, staff, or who holds its token. To all others it does not exist.

use auth_token::permissions::{ManageOrders, Permission, ReadOrders};
use auth_token::{Acting, Principal};
use http_kit::{Error, Result};
use primitives::OrderId;
use sqlx::PgConnection;

use crate::domain::guest_token;
use crate::store;
use crate::store::orders::Order;
use crate::workflows::transition::Actor;

/// Who asks for an order.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Option<Principal>,
    /// The same, if they are staff.
    pub(crate) staff: Option<Acting>,
    pub(crate) order_token: Option<String>,
}

/// Finds the order that the caller may read, and says as whom.
pub(crate) async fn readable<'a>(
    conn: &mut PgConnection,
    caller: &'a Caller,
    id: OrderId,
) -> Result<(Order, Actor<'a>)> {
    let order = store::orders::find(conn, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let actor =
        actor(&order, caller, ReadOrders::allows).ok_or_else(|| Error::not_found("order"))?;
    Ok((order, actor))
}

/// Finds the order that the caller may pay, cancel or otherwise change, and says as whom. Staff who may only read learn that (403).
pub(crate) async fn changeable<'a>(
    conn: &mut PgConnection,
    caller: &'a Caller,
    id: OrderId,
) -> Result<(Order, Actor<'a>)> {
    let (order, actor) = readable(conn, caller, id).await?;
    match (&actor, &caller.principal) {
        (Actor::Staff(_), Some(principal)) if !ManageOrders::allows(principal.role) => Err(
            Error::forbidden("forbidden", "Your role may not change orders."),
        ),
        _ => Ok((order, actor)),
    }
}

fn actor<'a>(
    order: &Order,
    caller: &'a Caller,
    may: fn(auth_token::Role) -> bool,
) -> Option<Actor<'a>> {
    if let Some(principal) = &caller.principal {
        if order.user_id == Some(principal.user_id) {
            return Some(Actor::Customer);
        }
        if let Some(staff) = &caller.staff
            && may(principal.role)
        {
            return Some(Actor::Staff(staff));
        }
    }
    let token = caller.order_token.as_deref()?;
    (order.guest_token_hash.as_deref() == Some(&guest_token::hash(token)[..]))
        .then_some(Actor::Guest)
}
