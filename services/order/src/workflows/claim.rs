use contracts::events::OrderClaimed;
use primitives::{EmailAddress, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store;
use crate::workflows::transition::{Actor, Entry, note};

/// Gives guests' orders to the user who proved that their address is theirs. Again: does nothing.
pub(crate) async fn claim(
    tx: &mut PgConnection,
    app: &AppState,
    user: UserId,
    email: &EmailAddress,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    for (order, number) in store::claims::claim(tx, user, email, now).await? {
        let entry = Entry {
            kind: "order.claimed",
            actor: Actor::System,
            message: "The order was added to the customer's account.".to_owned(),
            data: json!({}),
            at: now,
        };
        note(tx, app, order, entry).await?;
        let claimed = OrderClaimed {
            order_id: order,
            number: number.to_string(),
            user_id: user,
        };
        app.publisher.publish(tx, &claimed).await?;
    }
    Ok(())
}
