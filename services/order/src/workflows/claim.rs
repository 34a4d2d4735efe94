use auth_token::Acting;
use contracts::events::OrderClaimed;
use http_kit::{Error, Result};
use primitives::{EmailAddress, OrderId, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store;
use crate::workflows::transition::{Actor, Entry, audit, note};

/// Gives guests' orders to the user who proved that their address is theirs. Again: does nothing.
pub(crate) async fn claim(
    tx: &mut PgConnection,
    app: &AppState,
    user: UserId,
    email: &EmailAddress,
) -> std::result::Result<(), sqlx::Error> {
    give(tx, app, (user, email), None, Actor::System)
        .await
        .map(drop)
}

/// The same when staff ask for it: for what somebody with an account ordered later without signing in. Whose the address is, auth
/// says, not staff. Answers the numbers of the orders that were given.
pub(crate) async fn claim_by_staff(
    app: &AppState,
    staff: &Acting,
    user: UserId,
    only: Option<&[OrderId]>,
) -> Result<Vec<String>> {
    let user = app.auth.user(user).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    if user.closed {
        return Err(Error::conflict(
            "account_closed",
            "The account is disabled, or will be deleted: it gets no orders.",
        ));
    }
    if !user.email_verified {
        return Err(Error::conflict(
            "email_not_verified",
            "Nobody has proved that the address of this account is theirs: orders that were placed with it may be somebody else's.",
        ));
    }
    let mut tx = app.pool.begin().await?;
    let whose = (user.id, &user.email);
    let given = give(&mut tx, app, whose, only, Actor::Staff(staff)).await?;
    tx.commit().await?;
    Ok(given)
}

async fn give(
    tx: &mut PgConnection,
    app: &AppState,
    (user, email): (UserId, &EmailAddress),
    only: Option<&[OrderId]>,
    actor: Actor<'_>,
) -> std::result::Result<Vec<String>, sqlx::Error> {
    let now = app.clock.now();
    let mut numbers = Vec::new();
    for (order, number) in store::claims::claim(tx, user, email, only, now).await? {
        let entry = Entry {
            kind: "order.claimed",
            actor,
            message: "The order was added to the customer's account.".to_owned(),
            data: json!({}),
            at: now,
        };
        note(tx, app, order, entry).await?;
        let change = (json!({ "user_id": null }), json!({ "user_id": user }));
        audit(tx, app, order, actor, "order.claim", change).await?;
        let claimed = OrderClaimed {
            order_id: order,
            number: number.to_string(),
            user_id: user,
        };
        app.publisher.publish(tx, &claimed).await?;
        numbers.push(claimed.number);
    }
    Ok(numbers)
}
